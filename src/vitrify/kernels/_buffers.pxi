# Included by kernels that read and write several buffers.

from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from libc.stdint cimport uint8_t


cdef class _Buffers:
    """The memory of arrays, held while it is used; `n_bytes` is the size of the last that was asked for."""

    cdef Py_buffer views[24]
    cdef int n
    cdef Py_ssize_t n_bytes

    def __cinit__(self):
        self.n = 0
        self.n_bytes = 0

    def __dealloc__(self):
        cdef int i
        for i in range(self.n):
            PyBuffer_Release(&self.views[i])

    cdef uint8_t* hold(self, object data, bint writable=False) except? NULL:
        if self.n == 24:
            raise IndexError("more buffers than there is room for")
        PyObject_GetBuffer(data, &self.views[self.n], PyBUF_WRITABLE if writable else PyBUF_SIMPLE)
        self.n += 1
        self.n_bytes = self.views[self.n - 1].len
        return <uint8_t*> self.views[self.n - 1].buf

    cdef uint8_t* room(self, object data, Py_ssize_t n_bytes) except? NULL:
        """Memory to write to, of so many bytes or more."""
        cdef uint8_t* found = self.hold(data, True)
        if self.n_bytes < n_bytes:
            raise ValueError("an array is too short")
        return found
