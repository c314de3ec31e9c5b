"""Where a value sits in a graph: a chain of steps from the root, turned into text only when it is printed."""

from __future__ import annotations

__all__ = ["ROOT", "Step"]

_SHOWN_STEPS = 12


class Step:
    """One step down from `parent`; `str()` gives a path such as `$.steps[1].coef_`.

    `mark` says how to print `key`: "." attribute, "[" item, "<" a part that is neither (a dict key, a state).
    """

    __slots__ = ("key", "mark", "parent")

    def __init__(self, parent: Step | None, mark: str, key: object) -> None:
        self.parent = parent
        self.mark = mark
        self.key = key

    def __str__(self) -> str:
        texts: list[str] = []
        step: Step | None = self
        while step is not None:
            texts.append(step._text())
            step = step.parent
        texts.reverse()
        if len(texts) > 2 * _SHOWN_STEPS:
            hidden = len(texts) - 2 * _SHOWN_STEPS
            texts[_SHOWN_STEPS:-_SHOWN_STEPS] = [f" … {hidden} steps … "]
        return "".join(texts)

    def _text(self) -> str:
        if self.parent is None:
            return "$"
        if self.mark == "[":
            return f"[{_text_of_key(self.key)[:60]}]"
        return f"<{self.key}>" if self.mark == "<" else f".{self.key}"


def _text_of_key(key: object) -> str:
    """A key as it would be typed, indices of a matrix as `2, 1`; of what may have a huge `repr`, the type."""
    if isinstance(key, tuple) and all(type(part) is int for part in key):
        return ", ".join(map(str, key))
    return repr(key) if isinstance(key, str | bytes | bool | float) or type(key) is int else f"a {type(key).__name__}"


ROOT = Step(None, "", "")
