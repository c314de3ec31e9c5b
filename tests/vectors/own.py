"""Classes and functions of "the caller's own" that the golden files use; their names are in the files."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any


class Row:
    """An object that is its attributes."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

        def __setattr__(self, name: str, value: Any) -> None: ...


class Slotted:
    """An object with slots."""

    __slots__ = ("left", "right")

    def __init__(self, left: Any, right: Any) -> None:
        self.left, self.right = left, right


class Money:
    """An object that is rebuilt by calling its class."""

    def __init__(self, units: int, currency: str) -> None:
        self.units, self.currency = units, currency

    def __reduce__(self) -> tuple[Any, ...]:
        return Money, (self.units, self.currency)

    def parts(self) -> tuple[str, dict[str, Any]]:
        """Layout and fields in the file."""
        return "call", {"args": (self.units, self.currency)}


class Stack(list[Any]):
    """An object that is rebuilt by `__new__`, from state and items."""

    label = ""

    def parts(self) -> tuple[str, dict[str, Any]]:
        """Layout and fields in the file."""
        return "new", {"state": self.__dict__, "items": list(self)}


class Color(enum.Enum):
    """An enumeration."""

    RED = 1
    GREEN = "green"


class Access(enum.Flag):
    """Flags, whose combinations have no member."""

    READ = 1
    WRITE = 2
    RUN = 4


def double(value: float) -> float:
    """Twice the value."""
    return 2 * value


OWN = {f"{__name__}.{thing.__qualname__}": thing for thing in (Row, Slotted, Money, Stack, Color, Access, double)}
