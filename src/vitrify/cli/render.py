"""How a summary looks on a terminal of 80 columns; in a pipe it is the same without colour."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from vitrify.cli.record import record_facts
from vitrify.cli.screen import readable_bytes, styled, visible
from vitrify.inspection import ArrayInfo, Part, Summary
from vitrify.trust import providers, unchecked_parsers

_TOP_ARRAYS = 20
_TOP_ATTRIBUTES = 40
_MAX_VALUE_CHARS = 60
_MAX_DTYPE_CHARS = 14
_MAX_ITEM_CHARS = 400
_HEADERS = ("dtype", "shape", "in file", "in memory")
_JUSTIFY: tuple[JustifyMethod, ...] = ("left", "left", "right", "right")
_LABEL_WIDTH = 14
_GUIDE_WIDTH = 4
_LEAST_WIDTH = 20
_LEAST_BESIDE_GUIDES = 33  # a line of the least width, the indent of what goes on below, and a size
_WORTH_A_SIZE_BYTES = 10_000
_LIKE_ENOUGH = 3
_INDEX = re.compile(r"(?<![^.\[])[0-9]+(?![^.\[])")
_BRACKETS = ")]}"
_QUOTES = "'\""
_CLOSING = {"(": ")", "[": "]", "{": "}", "'": "'", '"': '"'}
_CALL = re.compile(r"\w{1,50}\(")
NAME, TYPE, FAINT, SIZE, WARN = "bold", "cyan", "dim", "green", "yellow"


def print_summary(console: Console, summary: Summary, name: str, show_all: bool) -> None:
    """Everything `vitrify inspect` says of a file."""
    _Page(console, summary, show_all).print(name)


def print_array(console: Console, array: npt.NDArray[Any], show_all: bool) -> None:
    """An array as numpy shows it, with a line that says what it is."""
    console.print(describe_array(array), style=FAINT, soft_wrap=True)
    limit = max(array.size, 1) if show_all else 1000
    items = _Items(show_all)
    with np.printoptions(threshold=limit, linewidth=console.width, formatter=items.formatters()):
        for line in _text_of(array).split("\n"):
            console.print(Text(visible(line, None)), soft_wrap=True)
    if items.is_cut:
        console.print("long texts end in …; --all and --json have all of them", style=FAINT, soft_wrap=True)


class _Items:
    """Shows the items of an array, of long texts only the beginning.

    Attributes:
        is_cut: Whether a text was longer.
    """

    def __init__(self, show_all: bool) -> None:
        self._show_all = show_all
        self.is_cut = False

    def formatters(self) -> Any:
        """What numpy shall call for texts and values; the rest it shows itself."""
        if self._show_all:
            return None
        return {"numpystr": self._text, "object": self._text}

    def _text(self, item: object) -> str:
        value = item.item() if isinstance(item, np.generic) else item
        if isinstance(value, (str, bytes)) and len(value) > _MAX_ITEM_CHARS:
            self.is_cut = True
            return f"{value[:_MAX_ITEM_CHARS]!r}…"
        return repr(value)


def _text_of(array: npt.NDArray[Any]) -> str:
    try:
        return str(array)
    except ValueError as error:  # it has no text for dates without a unit
        return f"numpy cannot show the elements: {error}"


def describe_array(array: npt.NDArray[Any]) -> str:
    """Dtype, shape and size."""
    return f"{visible(str(array.dtype))} {array.shape}, {readable_bytes(array.nbytes)}"


class _Page:
    def __init__(self, console: Console, summary: Summary, show_all: bool) -> None:
        self._console = console
        self._summary = summary
        self._show_all = show_all
        tee, corner, bar, dash = ("|", "`", "|", "-") if console.options.ascii_only else ("├", "└", "│", "─")
        self._deeper = f"{dash * 3} "
        self._guides = (f"{tee}{dash}{dash} ", f"{corner}{dash}{dash} ", f"{bar}   ", "    ")

    def print(self, name: str) -> None:
        summary = self._summary
        head = styled(name, NAME).append(f"  {visible(summary.format)}", FAINT)
        self._line(head, readable_bytes(summary.file_bytes), "", "")
        self._console.print()
        self._print_part(summary.tree, "", "", is_root=True)
        self._console.print()
        self._print_arrays()
        for label, value in self._facts():
            self._fact(label, value)

    # The tree

    def _print_part(self, part: Part, first: str, rest: str, *, is_root: bool = False) -> None:
        kind, module = _split_type(part.type)
        head = Text() if is_root else styled(part.name, NAME).append("  ")
        if part.count > 1:
            head.append(f"{part.count:,} × ")
        head.append_text(styled(kind, TYPE))
        if part.text:
            head.append("  ").append_text(styled(part.text))
        size = readable_bytes(part.n_bytes) if part.n_bytes else ""
        if part.note:
            head.append("  on ", FAINT).append_text(styled(part.note))
        elif module and cell_len(first) + head.cell_len + len(module) + len(size) + 4 <= self._console.width:
            head.append("  ").append_text(styled(module, FAINT))
        self._line(head, size, first, rest)
        inner = rest + (self._guides[2] if part.children else self._guides[3])
        for attributes in self._attributes(part):
            self._wrapped(attributes, inner)
        # What lies too deep for the width stands below its holder, at the same distance from the left.
        is_deep = cell_len(rest) + _GUIDE_WIDTH > self._console.width - _LEAST_BESIDE_GUIDES
        for i, child in enumerate(part.children):
            is_last = i == len(part.children) - 1
            if is_deep:
                self._print_part(child, rest[:-_GUIDE_WIDTH] + self._deeper, rest)
            else:
                self._print_part(child, rest + self._guides[is_last], rest + self._guides[3 if is_last else 2])

    def _attributes(self, part: Part) -> Iterator[list[Text]]:
        private = part.private
        if not self._show_all:
            worth = max(_WORTH_A_SIZE_BYTES, self._summary.file_bytes // 100)
            private = {name: text for name, text in private.items() if part.sizes.get(name, 0) >= worth}
        for label, shown in (("", part.params), ("fitted: ", part.fitted), ("private: ", private)):
            tokens = [self._token(name, text, part.sizes.get(name, 0)) for name, text in shown.items()]
            if len(tokens) > _TOP_ATTRIBUTES and not self._show_all:
                tokens[_TOP_ATTRIBUTES:] = [styled(f"… and {len(tokens) - _TOP_ATTRIBUTES:,} more", FAINT)]
            if tokens:
                tokens[0] = styled(label, FAINT) + tokens[0]
                yield tokens

    def _token(self, name: str, text: str, n_bytes: int) -> Text:
        token = styled(name, FAINT if text == "None" else "")
        short = text if self._show_all else _shortened(text)
        token.append("=", FAINT).append_text(styled(short or "…", FAINT if text in ("None", "…", "") else TYPE))
        if n_bytes >= _WORTH_A_SIZE_BYTES:
            token.append(f" {readable_bytes(n_bytes)}", SIZE)
        return token

    def _wrapped(self, tokens: Sequence[Text], prefix: str) -> None:
        """Tokens with commas between them, broken between tokens where that can be."""
        room = max(_LEAST_WIDTH, self._console.width - cell_len(prefix) - 1)
        line = Text()
        for i, token in enumerate(tokens):
            token = token + styled("," if i < len(tokens) - 1 else "", FAINT)
            if line and line.cell_len + 1 + token.cell_len > room:
                self._console.print(styled(prefix, FAINT) + line, soft_wrap=True)
                line = Text()
            line = line + Text(" ") + token if line else token
            while line.cell_len > room:
                folded = line.wrap(self._console, room)
                for whole in folded[:-1]:
                    whole.rstrip()
                    self._console.print(styled(prefix, FAINT) + whole, soft_wrap=True)
                line = folded[-1]
        self._console.print(styled(prefix, FAINT) + line, soft_wrap=True)

    def _line(self, head: Text, size: str, first: str, rest: str) -> None:
        """A head with its size at the right edge; a head that is too long goes on below."""
        room = max(_LEAST_WIDTH, self._console.width - cell_len(first) - len(size) - 2)
        lines = head.wrap(self._console, room) if head.cell_len > room else [head]
        for i, line in enumerate(lines):
            line.rstrip()
            line = styled(rest + "  " if i else first, FAINT) + line
            if i == 0 and size:
                line = line + Text(" " * (self._console.width - line.cell_len - len(size)) + size, SIZE)
            self._console.print(line, soft_wrap=True)

    # The arrays

    def _print_arrays(self) -> None:
        arrays = self._summary.arrays
        if not arrays:
            return
        rows = [(a.path, a.dtype, _shape_text(a), a.stored_bytes, a.n_bytes, a.shares) for a in arrays]
        if not self._show_all:
            rows = list(_alike(arrays))
        shown = rows if self._show_all else rows[:_TOP_ARRAYS]
        cells = [
            (
                _dtype_text(dtype),
                shape,
                readable_bytes(stored_bytes) if shares is None else "-",
                readable_bytes(n_bytes),
            )
            for _, dtype, shape, stored_bytes, n_bytes, shares in shown
        ]
        widths = [max(map(len, column)) + 2 for column in zip(_HEADERS, *cells, strict=True)]
        room = max(8, self._console.width - sum(widths))
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=FAINT)
        table.add_column("array", overflow="fold")
        for header, style, justify in zip(_HEADERS, (TYPE, "", SIZE, ""), _JUSTIFY, strict=True):
            table.add_column(header, justify=justify, style=style, overflow="fold")
        for row, others in zip(shown, cells, strict=True):
            where = Text(_broken(visible(row[0], None), room))
            if row[5] is not None:
                where.append(f"\n  shares memory with {visible(row[5])}", FAINT)
            table.add_row(where, *map(Text, others))
        self._console.print(table)
        n_more = self._summary.n_arrays - sum(_n_of(row[2]) for row in shown)
        if n_more > 0:
            more = f"… and {n_more:,} more" + ("" if self._show_all else "; --all lists every one")
            self._console.print(styled(more, FAINT))
        self._console.print()

    # What else there is to say

    def _facts(self) -> Iterator[tuple[str, Text]]:
        summary = self._summary
        yield "versions", styled(" · ".join(f"{name} {version}" for name, version in summary.versions.items()))
        n_arrays = f"{summary.n_arrays:,} array{'s' * (summary.n_arrays != 1)}"
        structure = readable_bytes(summary.structure_bytes)
        decoded = readable_bytes(summary.decoded_bytes)
        yield "bytes", styled(f"{structure} header and structure · {n_arrays} · {decoded} when decoded")
        yield "integrity", styled(summary.integrity)
        if not summary.code:
            yield "code", styled("none: loading needs no trust=")
        names = [need.name for need in summary.code]
        for i, (need, (status, _)) in enumerate(zip(summary.code, providers(names), strict=True)):
            status = "pass it in converters=" if need.what == "converter" else status
            found = styled(_named(need.name), WARN).append_text(styled(f"  {need.what} at {need.path}, {status}"))
            yield "" if i else "code", found
        for note in unchecked_parsers(names):
            yield "", styled(note, WARN)
        yield "content", styled(summary.content)
        yield from record_facts(summary.record)
        if summary.not_recorded:
            yield "not recorded", styled(", ".join(summary.not_recorded))
        yield "model digest", styled(summary.model_digest, FAINT)

    def _fact(self, label: str, value: Text) -> None:
        lines = value.wrap(self._console, max(_LEAST_WIDTH, self._console.width - _LABEL_WIDTH))
        for i, line in enumerate(lines):
            line.rstrip()
            self._console.print(styled(f"{'' if i else label:<{_LABEL_WIDTH}}", FAINT) + line, soft_wrap=True)


def _named(name: str) -> str:
    """A name, in quotes where it is none: a text with blanks could stand for a line of this page."""
    return name if all(part.isidentifier() for part in name.split(".")) else repr(name)


def _split_type(type_id: str) -> tuple[str, str]:
    """The last part of a type's id, and the public package that it comes from."""
    if _named(type_id) != type_id:
        return _named(type_id), ""
    module, _, last = type_id.rpartition(".")
    steps = module.split(".")
    public = takewhile(lambda step: not step.startswith("_") or step == "__main__", steps)
    return last, ".".join(public)


def _shortened(text: str) -> str:
    """A long value cut, a collection after a whole item where it can be; of an object only its type is left."""
    if len(text) <= _MAX_VALUE_CHARS:
        return text
    call = _CALL.match(text)
    if call is not None:
        return call[0] + "…)"
    short = text[: _MAX_VALUE_CHARS - 3]
    whole, comma, _ = short.rpartition(", ")
    kept = whole + comma if comma and _CLOSING.get(text[0], "'") in _BRACKETS else short
    return f"{kept}…{_closing(kept)}"


def _closing(text: str) -> str:
    """The quote and the brackets that are open at the end of a value."""
    open_: list[str] = []
    for char in text:
        if open_ and char == open_[-1]:
            open_.pop()
        elif char in _CLOSING and not (open_ and open_[-1] in _QUOTES):
            open_.append(_CLOSING[char])
    return "".join(reversed(open_))


def _dtype_text(dtype: str) -> str:
    """A dtype that fits its column; of a structured one, how many fields it has."""
    if not dtype.startswith("{"):
        return visible(dtype, _MAX_DTYPE_CHARS)
    n_fields = dtype.count(": ") - dtype.count(": {")
    return f"{n_fields} field{'s' * (n_fields != 1)}"


def _shape_text(array: ArrayInfo) -> str:
    return " × ".join(map(str, array.shape)) if array.shape else "scalar"


def _n_of(shape: str) -> int:
    """How many arrays a row stands for."""
    count, _, word = shape.partition(" ")
    return int(count.replace(",", "")) if word == "arrays" else 1


def _alike(arrays: Sequence[ArrayInfo]) -> Iterator[tuple[str, str, str, int, int, str | None]]:
    """Rows of the table: arrays whose paths differ in positions only, such as those of a forest's trees, share one."""
    groups: dict[tuple[str, str], list[ArrayInfo]] = {}
    for array in arrays:
        groups.setdefault((_INDEX.sub("*", array.path), array.dtype), []).append(array)
    rows: list[tuple[str, str, str, int, int, str | None]] = []
    for members in groups.values():
        if len(members) < _LIKE_ENOUGH:
            rows += [(a.path, a.dtype, _shape_text(a), a.stored_bytes, a.n_bytes, a.shares) for a in members]
            continue
        stored, n_bytes = sum(a.stored_bytes for a in members), sum(a.n_bytes for a in members)
        rows.append((_common_path(members), members[0].dtype, f"{len(members):,} arrays", stored, n_bytes, None))
    rows.sort(key=lambda row: -row[3])
    yield from rows


def _common_path(members: Sequence[ArrayInfo]) -> str:
    """The path of all of them, with `*` where their positions differ."""
    places = [_INDEX.findall(array.path) for array in members]
    kept = iter([column[0] if len(set(column)) == 1 else "*" for column in zip(*places, strict=True)])
    return _INDEX.sub(lambda _: next(kept), members[0].path)


def _broken(path: str, width: int) -> str:
    """A path in lines of at most `width` characters, broken before dots where that can be."""
    lines: list[str] = []
    while len(path) > width:
        cut = max(path.rfind(".", 1, width + 1), path.rfind("[", 1, width + 1))
        cut = cut if cut > 2 else width
        lines.append(path[:cut])
        path = "  " + path[cut:]
    return "\n".join([*lines, path])
