"""Values of every library become values of Python."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from vitrify.record.data.plain import kind_of_values, plain_value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None), (pd.NA, None), (np.nan, None), (np.True_, True), (np.int8(3), 3), (np.float32(0.5), 0.5),
        (np.str_("a"), "a"), (("a", np.int8(1)), ("a", 1)), (dt.date(2020, 1, 1), "2020-01-01"),
        (pd.Timestamp(2020, 1, 1), "2020-01-01 00:00:00"), (pd.Interval(0, 1), "(0, 1]"), (1j, "1j"),
    ],
)  # fmt: skip
def test_a_value_is_plain(value: object, expected: object) -> None:
    """What Python has no word for is its text."""
    found = plain_value(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("text", ["2020-01-31 12:00:00", "1969-12-31 23:59:59.500000", "2020-02-29 00:00:00.000000001"])
def test_a_moment_has_the_text_of_pandas_whichever_library_holds_it(text: str) -> None:
    """So that the categories of a column are those of its values."""
    moment = pd.Timestamp(text)
    assert plain_value(moment) == str(moment) == text
    assert plain_value(moment.to_datetime64()) == text
    if not moment.nanosecond:
        assert plain_value(moment.to_pydatetime()) == text


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "America/St_Johns"])
def test_a_moment_in_a_zone_has_the_text_of_utc(zone: str) -> None:
    """As the values of its column have."""
    moment = pd.Timestamp("2020-07-01 12:00", tz=zone)
    expected = str(moment.tz_convert("UTC").tz_localize(None))
    assert plain_value(moment) == plain_value(moment.to_pydatetime()) == expected


@pytest.mark.parametrize(
    "ns", [0, 1, -1, 1_000, 3_600 * 10**9, 86_400 * 10**9, -86_400 * 10**9 - 1, 123_456_789_012_345]
)
def test_a_span_has_the_text_of_pandas_whichever_library_holds_it(ns: int) -> None:
    """The same for spans."""
    span = pd.Timedelta(ns)
    assert plain_value(span) == plain_value(np.timedelta64(ns, "ns")) == str(span)
    if not ns % 1000:
        assert plain_value(span.to_pytimedelta()) == str(span)


def test_moments_beyond_64_bits_count_as_columns_count_them() -> None:
    """A category and a value of it must not differ."""
    far = pd.Timestamp("9999-12-31")
    assert plain_value(far) == plain_value(np.datetime64("9999-12-31", "s").astype("M8[ns]"))


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ([str, np.str_, type(None)], "text"), ([bool, np.bool_], "bool"), ([bool, int], "object"),
        ([int, np.int8], "int"),
        ([int, float], "float"), ([list], "object"), ([str, int], "object"), ([type(None)], "object"), ([], "object"),
    ],
)  # fmt: skip
def test_types_have_a_kind(types: list[type], expected: str) -> None:
    """As columns have."""
    assert kind_of_values(types) == expected
