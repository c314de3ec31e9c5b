# cython: language_level=3, auto_pickle=False, wraparound=False, boundscheck=False, cdivision=True
"""Planes and entries of dictionaries to where the fields of items lie, in one pass each.

`vitrify.container.shuffle.unpacking` is the reference, and says what is wrong where this one only says no. Every
length is compared here before anything is written: item `i` has `item_bytes` of `out` at `i * item_bytes`, and the
field `width` of these at `offset`.
"""

from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcpy


cdef class _Buffer:
    """A buffer, held while it is used."""

    cdef Py_buffer view

    def __cinit__(self, object data, bint writable=False):
        PyObject_GetBuffer(data, &self.view, PyBUF_WRITABLE if writable else PyBUF_SIMPLE)

    def __dealloc__(self):
        PyBuffer_Release(&self.view)


cdef bint _has_room(
    Py_ssize_t n_out, Py_ssize_t n, Py_ssize_t offset, Py_ssize_t width, Py_ssize_t item_bytes
) noexcept:
    return 0 <= offset < item_bytes and 0 < width <= item_bytes - offset and 0 <= n <= n_out // item_bytes


def put_planes(data, out, Py_ssize_t offset, Py_ssize_t width, Py_ssize_t item_bytes) -> bool:
    """Put the numbers of `width` bytes, whose planes `data` holds, into the field; False where there is no room."""
    cdef _Buffer source = _Buffer(data), target = _Buffer(out, True)
    cdef Py_ssize_t n = source.view.len // width if width > 0 else 0
    if n * width != source.view.len or not _has_room(target.view.len, n, offset, width, item_bytes):
        return False
    if n == 0:  # there may be no such place as that of the field
        return True
    cdef const uint8_t* planes = <const uint8_t*> source.view.buf
    cdef uint8_t* field = <uint8_t*> target.view.buf + offset
    cdef Py_ssize_t i, j
    with nogil:
        if width == 8:
            for i in range(n):
                for j in range(8):
                    field[i * item_bytes + j] = planes[j * n + i]
        elif width == 4:
            for i in range(n):
                for j in range(4):
                    field[i * item_bytes + j] = planes[j * n + i]
        elif width == 2:
            for i in range(n):
                for j in range(2):
                    field[i * item_bytes + j] = planes[j * n + i]
        else:
            for j in range(width):
                for i in range(n):
                    field[i * item_bytes + j] = planes[j * n + i]
    return True


def put_entries(entries, table, used, out, Py_ssize_t offset, Py_ssize_t width, Py_ssize_t item_bytes) -> bool:
    """Put the entries of a dictionary with these numbers, uint32, into the field, and mark them in `used`.

    False where a number has no entry, or there is no room.
    """
    cdef _Buffer source = _Buffer(entries), values = _Buffer(table)
    cdef _Buffer marks = _Buffer(used, True), target = _Buffer(out, True)
    cdef Py_ssize_t n = source.view.len // 4, n_entries = marks.view.len
    if not _has_room(target.view.len, n, offset, width, item_bytes):
        return False
    if values.view.len % width or values.view.len // width != n_entries:  # and no product, which may be too large
        return False
    if n == 0:  # there may be no such place as that of the field
        return True
    cdef const uint32_t* numbers = <const uint32_t*> source.view.buf
    cdef const uint8_t* entry = <const uint8_t*> values.view.buf
    cdef uint8_t* is_used = <uint8_t*> marks.view.buf
    cdef uint8_t* field = <uint8_t*> target.view.buf + offset
    cdef Py_ssize_t i, number
    cdef bint is_right = True
    with nogil:
        for i in range(n):
            number = numbers[i]
            if number >= n_entries:
                is_right = False
                break
            is_used[number] = 1
            if width == 8:
                memcpy(field + i * item_bytes, entry + number * 8, 8)
            elif width == 4:
                memcpy(field + i * item_bytes, entry + number * 4, 4)
            elif width == 1:
                field[i * item_bytes] = entry[number]
            else:
                memcpy(field + i * item_bytes, entry + number * width, width)
    return is_right
