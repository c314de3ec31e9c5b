"""Records that lie: what a stranger can make `load`, `inspect`, `verify` and their like do (rows P01 … P08)."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from functools import cache, partial
from typing import Any

import pytest

from tests.attacks import recording
from tests.attacks.harness import Attack, assert_harmless, assert_refused, run_one
from tests.attacks.recording import X, Y, attack, findings_of, recorded, text_of
from tests.support.lying_writer import Lie
from tests.vectors.recorded import respelled, summary_of, with_summary
from vitrify.errors import FormatError, LimitError

EVIL = "\x1b]0;x\x07\x1b[2J[/INST][bold red]\u202e\u009b31m\r\n\x00end"
"""An escape code of each kind, markup, turned writing, line breaks."""


def _set(*path: str | int, value: Any) -> bytes:
    """The file with another value in its summary."""

    def change(told: Any) -> None:
        for step in path[:-1]:
            told = told[step]
        assert path[-1] in told
        told[path[-1]] = value

    return with_summary(recorded(), change)


class TestNumbers:
    """P01: numbers of the summary without measure."""

    @pytest.mark.parametrize("n", [2**31, 2**63 - 1, 2**63, 10**30])
    @pytest.mark.parametrize("field", ["n_rows", "n_outputs", "n_splits"])
    def test_P01_counts_are_only_shown(self, field: str, n: int) -> None:
        """Nothing is allocated or looped by them."""
        where = {"n_rows": ("data",), "n_outputs": ("target",), "n_splits": ("scores", 0, "splitter")}[field]
        outcome = attack(_set(*where, field, value=n), recording.everything)
        assert_harmless(outcome)
        assert json.loads(outcome.answers[0].text)[1:3] == ["True", "LogisticRegression"]

    def test_P01_a_number_of_columns_that_others_contradict(self) -> None:
        """What is known of two columns is not that of 2⁶²."""
        message = "the record's columns are not what SPEC.md §7 describes (names)"
        data = _set("data", "n_columns", value=2**62)
        assert findings_of(data, X=X, y=Y, cv=False) == [("schema", "fail", message)]
        assert_refused(attack(data, recording.checked), FormatError, match=r"columns are not what .*\(names\)")

    @pytest.mark.parametrize("old", ['"n_rows":24', '"share":0.25', '"large":1e16'])
    @pytest.mark.parametrize("new", ["9" * 5000, "1e999", "NaN", "-Infinity", "0x10", "1_0"])
    def test_P01_numbers_that_json_has_no_measure_for(self, old: str, new: str) -> None:
        """Refused when the file is opened, however it is opened."""
        data = respelled(recorded(), old, f"{old.partition(':')[0]}:{new}")
        outcome = run_one(Attack(data))
        assert_refused(outcome, FormatError, match=r"out of range|malformed|Expected `int`")

    def test_P01_scores_whose_squares_are_no_numbers(self) -> None:
        """They are shown all the same."""
        told = summary_of(recorded())["scores"][0]["values"]
        data = _set("scores", 0, "values", value=[1e300, -1e300, 1e300])
        assert len(told) == 3
        assert text_of(data, "inspect").startswith("0\n")

    @pytest.mark.parametrize("values", [[], [None] * 3, [1e300, -1e300, 1e300], [1e16] * 3])
    def test_P01_scores_that_cannot_be_compared_fail_or_are_told(self, values: list[Any]) -> None:
        """No such score is ever `in the same range`."""
        found = findings_of(_set("scores", 0, "values", value=values), X=X, y=Y)
        assert [check for check, _, _ in found] == ["scores:accuracy"]
        assert found[0][1] == "fail"


@cache
def _evil() -> bytes:
    """The file with such a text wherever a text may stand."""

    def change(told: dict[str, Any]) -> None:
        told |= {"notes": EVIL, "authors": [EVIL], "license": EVIL, "extra": {EVIL: [EVIL]}}
        told["versions"] |= {"python": EVIL, EVIL: EVIL}
        told["environment"] |= {"system": EVIL, "machine": EVIL, "cpu": EVIL, "distributions": {EVIL: EVIL}}
        told["data"]["reference"] = {"uri": EVIL, "version": EVIL}
        told["target"]["classes"][0]["label"] = EVIL
        told["scores"][0]["scorer"] = EVIL
        told["scores"][1]["splitter"]["type"] = EVIL
        told["probes"] |= {"methods": [EVIL], "failed": {EVIL: EVIL}}
        told["source"] |= {"remote": EVIL, "commit": EVIL, "branch": EVIL, "script": EVIL}

    return with_summary(recorded(), change)


class TestTexts:
    """P02: texts that are orders to a terminal, to rich, or to a reader's eye."""

    @pytest.mark.parametrize(
        "words", [("inspect",), ("inspect", "--json"), ("verify",), ("verify", "--json"), ("lock", "--format", "conda")]
    )
    def test_P02_what_is_printed_has_no_character_that_acts(self, words: tuple[str, ...]) -> None:
        """Control characters are spelled out, markup stands there as it is."""
        shown = text_of(_evil(), *words)
        assert int(shown.partition("\n")[0]) in (0, 1, 3)
        acting = {c for c in shown if not c.isprintable() and c != "\n"}
        assert acting == set()

    def test_P02_inspect_shows_markup_as_it_is(self) -> None:
        """Nothing is hidden by it."""
        assert "[/INST][bold red]" in text_of(_evil(), "inspect")


class TestSize:
    """P03: summaries of any size and depth."""

    def test_P03_a_summary_that_fills_the_header(self) -> None:
        """It counts as a header, which has at most 100 000 000 bytes."""
        data = with_summary(recorded(), lambda told: told.update(notes="x" * 10**8))
        assert_refused(run_one(Attack(data)), LimitError, match="header")

    @pytest.mark.parametrize("depth", [100, 900, 100_000])
    def test_P03_json_in_json(self, depth: int) -> None:
        """Deep values load or are malformed; they are shown, in both forms."""
        data = respelled(recorded(), '"ticket":12', f'"ticket":{"[" * depth}{"]" * depth}')
        outcome = attack(data, recording.everything)
        assert_harmless(outcome)
        loaded = json.loads(outcome.answers[0].text)[0]
        assert loaded == ("FormatError" if depth == 100_000 else "LogisticRegression")
        codes = {text_of(data, "inspect", *more).partition("\n")[0] for more in ([], ["--json"])}
        assert codes == {"3" if depth == 100_000 else "0"}

    def test_P03_versions_of_ten_thousand_libraries(self) -> None:
        """Each would cost a look at what is installed: a record has a hundred at most."""
        names = {f"library{i}": "1.0" for i in range(10**4)}
        outcome = attack(with_summary(recorded(), lambda told: told["versions"].update(names)), recording.lookups)
        assert_refused(outcome, FormatError, match="Expected `object` of length <= 100")


class TestPaths:
    """P04: addresses and paths; P05: names and versions for `lock`."""

    @pytest.fixture
    def listening(self) -> Iterator[tuple[int, list[Any]]]:
        """A port, and who has called there."""
        calls: list[Any] = []
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0.05)
            is_done = threading.Event()

            def listen() -> None:
                while not is_done.is_set():
                    try:
                        calls.append(server.accept())
                    except TimeoutError:
                        continue

            thread = threading.Thread(target=listen)
            thread.start()
            yield server.getsockname()[1], calls
            is_done.set()
            thread.join()

    @pytest.mark.parametrize(
        "uri", ["/etc/hostname", "file:///etc/hostname", "../secret.parquet", "http://127.0.0.1:{port}/x"]
    )
    def test_P04_no_verb_opens_what_a_record_names(self, uri: str, listening: tuple[int, list[Any]]) -> None:
        """Neither data nor remote nor script: the audit hook sees every file and socket."""
        port, calls = listening
        where = uri.format(port=port)

        def change(told: dict[str, Any]) -> None:
            told["data"]["reference"] = {"uri": where}
            told["source"] |= {"remote": where, "script": where}

        outcome = attack(with_summary(recorded(), change), recording.everything)
        assert_harmless(outcome)
        expected = ["LogisticRegression", "True", "LogisticRegression", "[]", "True", "LogisticRegression"]
        assert json.loads(outcome.answers[0].text) == expected
        assert calls == []

    @pytest.mark.parametrize("form", ["requirements", "conda"])
    def test_P05_only_names_and_versions_become_lines(self, form: str) -> None:
        """All else is a comment, in quotes and ASCII."""
        names = [
            "-r/etc/passwd", "numpy\n--index-url http://evil", "numpy @ http://evil/x.whl", "../numpy", "nu mpy",
            "--extra-index-url", "git+https://evil/x", "\uff4eumpy", "numpy[x]", "",
        ]  # fmt: skip
        versions = ["1 --index-url=http://evil", "1\n-e .", "1; import os", "*", "1 # x", "", "1\r-e .", "\uff11"]
        pairs = dict.fromkeys(names, "1") | {f"project{i}": version for i, version in enumerate(versions)}
        data = with_summary(
            recorded(), lambda told: told["environment"].update(distributions={"scipy": "1.17.1"} | pairs)
        )
        code, *lines = text_of(data, "lock", "--format", form).splitlines()
        assert code == "0"
        assert lines.pop() == f"vitrify: attack.glass: {len(pairs)} names of the record are left out"
        acting = [line.strip().removeprefix("- ") for line in lines if not line.lstrip().startswith("#")]
        own = {"name: model", "channels:", "conda-forge", "dependencies:", "python=3.11.7", "pip", "pip:"}
        assert [line for line in acting if line not in own] == ["scipy==1.17.1"]
        assert all(line.isascii() and line.isprintable() for line in lines)


SCORERS = [
    ("os.system", "os.system is a scorer of the caller's own"),
    ("builtins.eval", "builtins.eval is a scorer of the caller's own"),
    ('sklearn.metrics.get_scorer(scoring="accuracy")', "is a scorer of the caller's own"),
    ('sklearn.datasets.load_files(container_path="/etc")', "is a scorer of the caller's own"),
    ("__import__", "has no scorer __import__"),
    ("accuracy\n", r"has no scorer accuracy\n"),
    ('sklearn.metrics.fbeta_score(beta=__import__("os"))', "beta= is no JSON"),
    ("sklearn.metrics.fbeta_score(beta=" + "[" * 3900 + ")", "beta= is no JSON"),
    ("sklearn.metrics.fbeta_score(beta=1, sample_weight=[1])", "cannot be called as the file says"),
    ("sklearn.metrics.fbeta_score(beta=1) on fit", "cannot be called as the file says"),
    ("sklearn.metrics.fbeta_score(beta=1) on set_params", "cannot be called as the file says"),
]
SPLITTERS: list[tuple[str, dict[str, Any], str]] = [
    ("os.path.join", {}, "os.path.join, which no file holds"),
    ("sklearn.model_selection.GridSearchCV", {}, "GridSearchCV, which no file holds"),
    ("sklearn.model_selection.KFold", {"memory": "/tmp/x"}, "KFold has no parameters memory"),
    ("sklearn.model_selection.KFold", {"n_jobs": 10**6}, "KFold has no parameters n_jobs"),
    ("sklearn.model_selection.KFold", {"__class__": "x"}, "KFold has no parameters __class__"),
    ("sklearn.model_selection.KFold", {"n_splits": 10**9}, "makes 1,000,000,000 folds, more than the 10,000"),
    ("sklearn.model_selection.KFold", {"n_splits": [3]}, "cannot be made with the stored parameters"),
    ("sklearn.model_selection.ShuffleSplit", {"n_splits": 10**9}, "makes 1,000,000,000 folds"),
    ("sklearn.model_selection.ShuffleSplit", {"test_size": 10**12}, "cannot split this data"),
    ("sklearn.model_selection.RepeatedKFold", {"n_splits": 10**9, "n_repeats": 10**9}, "more than the 10,000"),
    ("sklearn.model_selection.LeavePOut", {"p": 12}, "makes 2,704,156 folds, more than the 10,000"),
    ("sklearn.model_selection.LeavePOut", {"p": 10**9}, "cannot split this data"),
    ("sklearn.model_selection.LeavePOut", {"p": -1}, "cannot split this data"),
    ("sklearn.model_selection.TimeSeriesSplit", {"n_splits": 3, "gap": 10**12}, "cannot split this data"),
    ("sklearn.model_selection.GroupKFold", {"n_splits": 3}, "splits by groups: give them as groups="),
]


class TestScores:
    """P06: scorers that are none; P07: splitters that are none, or make folds without end."""

    @pytest.mark.parametrize(("scorer", "message"), SCORERS)
    def test_P06_scorers_are_looked_up_in_lists(self, scorer: str, message: str) -> None:
        """Nothing is imported or called; the finding says that nothing was compared."""
        ((check, status, told),) = findings_of(_set("scores", 0, "scorer", value=scorer), X=X, y=Y)
        assert (check.partition(":")[0], status) == ("scores", "warn")
        assert message in told

    @pytest.mark.parametrize(("splitter", "parameters", "message"), SPLITTERS)
    def test_P07_splitters_are_looked_up_in_a_table(self, splitter: str, parameters: Any, message: str) -> None:
        """Nothing is imported, kept or counted to the end."""

        def change(told: dict[str, Any]) -> None:
            given = {"parameters": parameters} if parameters else {}
            told["scores"] = [told["scores"][0] | {"splitter": {"type": splitter, **given}}]

        ((check, status, told),) = findings_of(with_summary(recorded(), change), X=X, y=Y)
        has_failed = "cannot split" in message or "folds, more" in message or "more than the 10,000" in message
        has_failed = has_failed or "makes 1,000" in message
        assert (check, status) == ("scores:accuracy", "fail" if has_failed else "warn")
        assert message in told


def test_P08_flipped_bits_of_a_record_are_damage() -> None:
    """One bit at every byte of the summary and of the block: each is a failing finding, of the bytes."""
    data = recorded()
    text = json.dumps(Lie(data).metadata["record"], ensure_ascii=False).encode()[1:-1]
    begin, block = data.index(text), Lie(data).record
    assert block is not None
    places = [*range(begin, begin + len(text)), *range(len(data) - len(block), len(data))]
    for part in range(0, len(places), 2000):
        files = [_flipped(data, at, at % 8) for at in places[part : part + 2000]]
        outcome = run_one(
            Attack(data, partial(recording.ends, files=files), then=[recording.as_text], before=recording.warm)
        )
        assert_harmless(outcome)
        assert json.loads(outcome.answers[0].text) == {"integrity": len(files)}


def _flipped(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def test_P08_flipped_bits_of_a_summary_under_renewed_digests() -> None:
    """Refused, or another summary: nobody raises anything else, and no such record makes the model another."""
    data = recorded()
    text = Lie(data).metadata["record"].encode()
    files = []
    for at in range(0, len(text), 4):
        changed = _flipped(text, at, at % 7).decode("utf-8", "replace")
        lie = Lie(data)
        lie.metadata["record"] = changed
        files.append(lie.file())
    given = {"files": files, "X": X, "y": Y, "cv": False}
    outcome = run_one(Attack(data, partial(recording.ends, **given), then=[recording.as_text], before=recording.warm))
    assert_harmless(outcome)
    found = json.loads(outcome.answers[0].text)
    assert set(found) <= {"record", "schema", "ok", "versions"}
    assert sum(found.values()) == len(files)
    assert found["record"] > len(files) // 4
