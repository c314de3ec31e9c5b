"""What errors say: short, and nothing in it that a terminal would act on or hide."""

from __future__ import annotations

import logging
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrify
from tests.support import own_code
from tests.support.lying_writer import Lie
from vitrify.cli.screen import visible
from vitrify.errors import FormatError, StateError, UnsupportedError, VitrifyError, VitrifyWarning, spelled_out
from vitrify.graph.paths import cut
from vitrify.inspection import read_array
from vitrify.trust import Need
from vitrify.verification import verify

NAME = "\x1b[31mx\u202e\u3164\n.glass"
SHOWN = r"\x1b[31mx\u202e\u3164\n.glass"

# Of each range of Default_Ignorable_Code_Point in Unicode's DerivedCoreProperties.txt the first and the last.
IGNORABLE = [
    0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180D, 0x180E, 0x180F, 0x200B, 0x200F, 0x202A, 0x202E,
    0x2060, 0x2064, 0x2065, 0x2066, 0x206F, 0x3164, 0xFE00, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF0, 0xFFF8, 0x1BCA0, 0x1BCA3,
    0x1D173, 0x1D17A, 0xE0000, 0xE0001, 0xE0002, 0xE001F, 0xE0020, 0xE007F, 0xE0080, 0xE00FF, 0xE0100, 0xE01EF, 0xE01F0,
    0xE0FFF,
]  # fmt: skip
SEEN = "aé漢א \u0301\u034e\u0350\u115e\u1161\u17b3\u180a\u27ff\u2801\u3163\u3165\ufdff\uff9f\uffa1[]\\'\""


class TestSpelling:
    @pytest.mark.parametrize("code", [*IGNORABLE, 0x2800, 0x0, 0x1B, 0x7F, 0x9B, 0xA0, 0x2028])
    def test_what_does_not_show_is_spelled_out_everywhere(self, code: int) -> None:
        """On the command line, in errors and in paths, as Python spells it."""
        escape = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
        text = f"é{chr(code)}b"
        assert spelled_out(text) == visible(text) == cut(text) == VitrifyError(text).message == f"é{escape}b"

    def test_what_shows_stays(self) -> None:
        """The neighbours of what does not show, letters of any script and marks; a backslash is no escape yet."""
        assert spelled_out(SEEN) == visible(SEEN) == cut(SEEN) == SEEN

    def test_a_path_of_a_key_that_does_not_show_can_be_typed(self, tmp_path: Path) -> None:
        """It stands in quotes, where Python reads the escape."""
        vitrify.dump({"a\u3164": np.arange(3.0), "a": np.arange(2.0)}, tmp_path / "keys.glass")
        paths = [array.path for array in vitrify.inspect(tmp_path / "keys.glass").arrays]
        typed = [visible(path) for path in paths]
        assert sorted(typed) == [r"['a\u3164']", "a"]
        assert [len(read_array(tmp_path / "keys.glass", path)) for path in sorted(typed)] == [3, 2]


class TestFields:
    def test_no_field_is_longer_than_four_thousand_characters(self) -> None:
        """Whatever comes along from a file; what ends in … was longer."""
        error = VitrifyError("m" * 10**6, path="\x1b" * 10**6, hint="h" * 4001)
        assert error.message == error.args[0] == "m" * 3999 + "…"
        assert (error.path, error.hint) == ("\\x1b" * 999 + "\\x1…", "h" * 3999 + "…")
        assert VitrifyError("m" * 4000).message == "m" * 4000

    def test_nothing_of_a_path_or_a_hint_acts_on_a_terminal(self) -> None:
        """Nor are they lines of their own; a message may have several, but for those that are read from bytes."""
        error = UnsupportedError("two\nlines\x1b", path="$\n\u202e", hint="Go\x07\n")
        assert str(error) == "two\nlines\\x1b - at $\\n\\u202e. Go\\x07\\n"
        assert [kind("two\nlines").message for kind in (FormatError, StateError)] == ["two\\nlines"] * 2

    def test_what_code_reads_stays_whole(self) -> None:
        """The problems that `dump` found, and all fields through a pickle, as between processes."""
        with pytest.raises(UnsupportedError) as caught:
            vitrify.dumps([object() for _ in range(1000)])
        error = pickle.loads(pickle.dumps(caught.value))
        assert (len(error.problems), len(error.message), error.message[-1]) == (1000, 4000, "…")
        assert error.problems[-1][0] == "$[999]"


class TestTextsOfFiles:
    def test_a_field_that_does_not_belong_is_named_in_short(self) -> None:
        """In the header, the record and the object graph: other libraries repeat it whole."""
        long = "Q" * 10**6
        data = vitrify.dumps({"a": np.arange(2000.0)})
        lie = Lie(data)
        lie.metadata["record"] = lie.metadata["record"][:-1] + f',"{long}":1}}'
        in_graph = Lie(data)
        in_graph.graph["tables"][0][long] = 1

        def rename(header: dict[str, Any]) -> None:
            blocks = [(name, header.pop(name)) for name in [*header] if not name.startswith("_")]
            for name, block in blocks:
                header |= {name: block} if name.startswith("$") else {long: {**block, "dtype": "F9"}}

        for hostile in (lie.file(), in_graph.file(), Lie(data).file(header=rename)):
            with pytest.raises(FormatError) as caught:
                vitrify.loads(hostile)
            assert "QQQ" in caught.value.message
            assert len(caught.value.message) < 500

    def test_a_summary_is_shown_in_short(self) -> None:
        """Types have names as long as somebody likes, and a file needs as many as somebody likes."""
        lie = Lie(vitrify.dumps(own_code.Plain(1)))
        lie.tables(f"{own_code.__name__}.Plain")[0]["type"] = f"tests.{'Q' * 10**6}"
        found = vitrify.inspect(lie.file())
        shown = f"tests.{'Q' * 54}…"
        size = found.file_bytes
        assert repr(found) == f"<Summary of '{shown}', {size} bytes, 0 arrays, code: ['{shown}']>"
        needs = tuple(Need(name=f"a.F{i}", what="class", path="$") for i in range(50))
        listed = repr([f"a.F{i}" for i in range(20)] + ["and 30 more"])
        assert repr(replace(found, code=needs)).endswith(f"code: {listed}>")


class TestNamesOfFiles:
    @pytest.mark.parametrize("read", [vitrify.load, vitrify.inspect])
    def test_they_are_spelled_out_in_messages(self, read: object, tmp_path: Path) -> None:
        """Once, in front."""
        (tmp_path / NAME).write_bytes(b"junk" * 100)
        with pytest.raises(FormatError) as caught:
            read(tmp_path / NAME)  # type: ignore[operator]  # one of two functions
        assert caught.value.message.startswith(f"{SHOWN}: not a glass file")
        assert caught.value.args == (caught.value.message,)

    def test_they_are_spelled_out_in_warnings_and_logs(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """A line of a log is one line."""
        from sklearn.feature_extraction.text import CountVectorizer

        with caplog.at_level(logging.DEBUG, "vitrify"):
            vitrify.dump(CountVectorizer(input="filename"), tmp_path / NAME)
            with pytest.warns(VitrifyWarning) as caught:
                vitrify.load(tmp_path / NAME)
        assert [line.partition(":")[0] for line in caplog.messages] == [f"dumped {SHOWN}", f"loaded {SHOWN}"]
        assert str(caught[0].message).startswith(f"{SHOWN}: $ opens")

    def test_a_report_has_the_name_itself(self, tmp_path: Path) -> None:
        """To find the file by; its findings are to be read."""
        (tmp_path / NAME).write_bytes(b"junk" * 100)
        report = verify(tmp_path / NAME)
        assert report.file == NAME
        assert r"\x1b[31mx\u202e" in repr(report)
        assert all(finding.message == spelled_out(finding.message) for finding in report.findings)
