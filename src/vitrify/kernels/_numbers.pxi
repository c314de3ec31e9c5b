# Included by the kernel of packed trees, after `_buffers.pxi`: how their numbers lie (SPEC.md 4.6).

cdef struct Ints:  # numbers in planes of bytes, zigzag
    const uint8_t* data
    Py_ssize_t n
    int width

cdef struct Floats:  # in eight planes of `n`, or one after another if that is 0
    const uint8_t* data
    Py_ssize_t n

cdef struct Near:  # a bit for each number that is given, and its own bits or how far it is from what is expected
    const uint8_t* bits
    const int64_t* apart


cdef Ints _ints(_Buffers held, tuple stream):
    cdef Ints found
    found.width, found.n = stream[0], stream[1]
    found.data = held.hold(stream[2])
    return found


cdef Floats _floats(_Buffers held, tuple stream):
    cdef Floats found
    cdef bint are_planes = stream[0]
    found.data = held.hold(stream[1])
    found.n = held.n_bytes // 8 if are_planes else 0
    return found


cdef Near _near(_Buffers held, tuple stream):
    cdef Near found
    found.bits, found.apart = NULL, NULL
    if stream is not None:
        found.bits, found.apart = held.hold(stream[0]), <const int64_t*> held.hold(stream[1])
    return found


cdef inline int64_t _int(const Ints* stream, Py_ssize_t i) noexcept nogil:
    cdef uint64_t folded = 0
    cdef int k
    if stream.width == 1:
        folded = stream.data[i]
    else:
        for k in range(stream.width):
            folded |= <uint64_t> stream.data[k * stream.n + i] << (8 * k)
    return <int64_t> (folded >> 1) ^ -<int64_t> (folded & 1)


cdef inline void _float(const Floats* stream, Py_ssize_t i, uint8_t* to) noexcept nogil:
    cdef int k
    if stream.n == 0:
        memcpy(to, stream.data + 8 * i, 8)
        return
    for k in range(8):
        to[k] = stream.data[k * stream.n + i]


cdef inline double _read(const uint8_t* at) noexcept nogil:
    cdef double value
    memcpy(&value, at, 8)
    return value


cdef inline double _number(double value) noexcept nogil:
    return value if value == value else 0.0


cdef inline void _moved(const Near* near, Py_ssize_t i, double expected, uint8_t* to) noexcept nogil:
    """The number that is given, or so many steps of the last bit from what is expected."""
    cdef uint64_t bits = 0
    if not _bit(near.bits, i):
        expected = _number(expected)
        memcpy(&bits, &expected, 8)
    bits += <uint64_t> near.apart[i]
    memcpy(to, &bits, 8)


cdef inline void _shifted(
    const Near* near, Py_ssize_t i, double expected, double scale, uint8_t* to
) noexcept nogil:
    """The number that is given, or so many units of the scale from what is expected."""
    cdef uint64_t bits
    cdef double found, unit
    if _bit(near.bits, i):
        memcpy(to, &near.apart[i], 8)
        return
    memcpy(&bits, &scale, 8)
    bits = bits >> 52 & 0x7FF
    bits = bits - 55 << 52 if bits > 55 else 0
    memcpy(&unit, &bits, 8)
    found = _number(_number(expected) + <double> near.apart[i] * unit)
    memcpy(to, &found, 8)


cdef inline double _squares(const uint8_t* values, Py_ssize_t width) noexcept nogil:
    cdef double found = 0.0, value
    cdef Py_ssize_t k
    for k in range(width):
        value = _read(values + 8 * k)
        found += value * value
    return found


cdef inline bint _small(int64_t value) noexcept nogil:
    return -(<int64_t> 1 << 31) <= value <= (<int64_t> 1 << 31)


cdef inline bint _bit(const uint8_t* bits, Py_ssize_t i) noexcept nogil:
    return bits[i >> 3] >> (i & 7) & 1


cdef inline double _entropy(const uint8_t* values, Py_ssize_t width) noexcept nogil:
    cdef double found = 0.0, value
    cdef Py_ssize_t k
    for k in range(width):
        value = _read(values + 8 * k)
        if value > 0.0:
            found -= value * _log2(value)
    return found


cdef inline double _log2(double value) noexcept nogil:
    """The logarithm from arithmetic alone, in the order of operations of `nearness`."""
    cdef uint64_t bits
    cdef int64_t exponent
    cdef double fraction, slope, square, series
    cdef int term
    memcpy(&bits, &value, 8)
    exponent = <int64_t> (bits >> 52 & 0x7FF) - 1023
    bits = bits & ((<uint64_t> 1 << 52) - 1) | <uint64_t> 1023 << 52
    memcpy(&fraction, &bits, 8)
    if fraction > 1.4142135623730951:
        fraction *= 0.5
        exponent += 1
    slope = (fraction - 1.0) / (fraction + 1.0)
    square = slope * slope
    series = 1.0 / 23
    for term in range(21, 0, -2):
        series = series * square + 1.0 / term
    return slope * series * 2.885390081777927 + <double> exponent
