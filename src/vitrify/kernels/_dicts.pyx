# cython: language_level=3, auto_pickle=False
"""Dicts with room for many items: a dict that grows as it is filled moves all it holds again and again."""

cdef extern from *:
    dict __Pyx_PyDict_NewPresized(Py_ssize_t n)  # Cython's own name for what the interpreter builds literals with


def roomy_dict(Py_ssize_t n):
    """An empty dict with room for `n` items."""
    return __Pyx_PyDict_NewPresized(n)
