"""Values of every library become values of Python."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vitrify.record.data.plain import kind_of_values, plain_value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None), (pd.NA, None), (np.nan, None), (np.True_, True), (np.int8(3), 3), (np.float32(0.5), 0.5),
        (np.str_("a"), "a"), (("a", np.int8(1)), ("a", 1)), (np.timedelta64(1, "s"), "1 seconds"),
        (pd.Timestamp(2020, 1, 1), "2020-01-01 00:00:00"), (pd.Interval(0, 1), "(0, 1]"), (1j, "1j"),
    ],
)  # fmt: skip
def test_a_value_is_plain(value: object, expected: object) -> None:
    """What Python has no word for is its text."""
    found = plain_value(value)
    assert found == expected
    assert type(found) is type(expected)


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
