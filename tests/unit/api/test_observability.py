"""What an operator sees of vitrify: an audit event for each load, and nothing on the terminal."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrify

# Hooks cannot be removed, so each of these programs runs in a process of its own.
_HOOK = (
    "import io, json, logging, pathlib, sys, vitrify\n"
    "seen = []\n"
    "sys.addaudithook(lambda event, args: seen.append([event, *args]) if event.startswith('vitrify') else None)\n"
)


def run(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A program in a fresh process."""
    return subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)


def events(program: str, *words: str) -> list[list[Any]]:
    """The audit events of vitrify while a program runs; it must end well."""
    done = run(f"{_HOOK}{program}\nprint(json.dumps(seen))", *words)
    assert (done.returncode, done.stderr) == (0, "")
    found: list[list[Any]] = json.loads(done.stdout)
    return found


@pytest.fixture
def path(tmp_path: Path) -> str:
    vitrify.dump({"weights": np.arange(1000.0)}, tmp_path / "churn.glass")
    return str(tmp_path / "churn.glass")


class TestAuditEvents:
    @pytest.mark.parametrize(
        "given",
        [
            "sys.argv[1]",
            "pathlib.Path(sys.argv[1])",
            "sys.argv[1].encode()",
            "open(sys.argv[1], 'rb')",
            "sys.argv[1], mmap=True",
        ],
    )
    def test_each_load_is_one_event_with_the_files_name(self, given: str, path: str) -> None:
        """For paths of every kind, open files and maps."""
        ((event, name),) = events(f"vitrify.load({given})", path)
        assert event == "vitrify.load"
        assert Path(name).name == "churn.glass"

    def test_bytes_and_streams_have_a_name_that_no_file_has(self, path: str) -> None:
        """What has no name is called by its kind."""
        program = (
            "data = open(sys.argv[1], 'rb').read()\nvitrify.loads(data)\nvitrify.load(io.BytesIO(data))\n"
            "vitrify.loads(memoryview(data))"
        )
        found = events(program, path)
        assert found == [["vitrify.load", "<bytes>"], ["vitrify.load", "<BytesIO>"], ["vitrify.load", "<bytes>"]]

    def test_a_load_that_fails_is_an_event_as_well(self, path: str) -> None:
        """It is the hostile and the missing file that an operator wants to hear of."""
        program = (
            "bad = pathlib.Path(sys.argv[1]).with_name('bad.glass'); bad.write_bytes(b'nothing')\n"
            "for name in (bad, bad.with_name('missing.glass')):\n"
            "    try: vitrify.load(name)\n"
            "    except (vitrify.errors.FormatError, FileNotFoundError): pass\n"
            "    else: raise SystemExit('loaded')"
        )
        assert events(program, path) == [["vitrify.load", "bad.glass"], ["vitrify.load", "missing.glass"]]

    def test_a_hook_can_forbid_a_load(self, path: str) -> None:
        """The event comes before the file is opened, and an error of the hook goes through unchanged."""
        program = (
            "import sys, vitrify\n"
            "order = []\n"
            "def hook(event, args):\n"
            "    if event == 'open' and str(args[0]).endswith('churn.glass'): order.append('open')\n"
            "    if event == 'vitrify.load': raise PermissionError('not here')\n"
            "sys.addaudithook(hook)\n"
            "try: vitrify.load(sys.argv[1])\n"
            "except PermissionError as error: print(error, order)\n"
        )
        done = run(program, path)
        assert (done.returncode, done.stdout, done.stderr) == (0, "not here []\n", "")

    def test_looking_inside_is_an_event_of_its_own(self, path: str) -> None:
        """So that "was this file loaded here?" has an answer; saving is none, the caller has the object already."""
        assert events("vitrify.dumps([1])\nvitrify.inspect(sys.argv[1])", path) == [["vitrify.inspect", "churn.glass"]]


class TestLogging:
    PROGRAM = (
        "model = vitrify.load(sys.argv[1])\n"
        "vitrify.dump(model, sys.argv[1])\n"
        "vitrify.loads(vitrify.dumps(model, compress=True))\n"
        "vitrify.inspect(sys.argv[1])\n"
    )

    def test_nothing_is_printed_by_default(self, path: str) -> None:
        """Neither on standard output nor on standard error, in a process that has configured nothing."""
        done = run(f"import sys, vitrify\n{self.PROGRAM}", path)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_a_warning_of_the_logger_does_not_reach_the_last_resort(self) -> None:
        """Python prints records of loggers without a handler to standard error; ours has one that is silent."""
        done = run("import logging, vitrify\nlogging.getLogger('vitrify').warning('x')\nlogging.warning('y')")
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == "WARNING:root:y\n"

    def test_the_logger_is_left_to_the_application(self) -> None:
        """No level, no propagation and no handler of the root is changed by the import."""
        program = (
            "import logging, vitrify\n"
            "log = logging.getLogger('vitrify')\n"
            "print(log.level, log.propagate, [type(h).__name__ for h in log.handlers], logging.getLogger().handlers)"
        )
        assert run(program).stdout == "0 True ['NullHandler'] []\n"

    def test_what_is_logged_comes_under_vitrifys_own_name(self, path: str) -> None:
        """With everything turned on, records that are not ours do not come from our calls."""
        program = (
            f"{_HOOK}records = []\n"
            "class Keep(logging.Handler):\n"
            "    def emit(self, record): records.append([record.name, record.getMessage()])\n"
            "logging.basicConfig(level=1, handlers=[Keep()])\n"
            f"{self.PROGRAM}"
            "logging.getLogger('vitrify').debug('turned on')\n"
            "print(json.dumps(records))"
        )
        done = run(program, path)
        assert (done.returncode, done.stderr) == (0, "")
        records = json.loads(done.stdout)
        assert records[-1] == ["vitrify", "turned on"]
        assert {name.partition(".")[0] for name, _ in records} == {"vitrify"}

    def test_each_dump_and_load_is_one_line_at_level_debug(self, path: str, caplog: pytest.LogCaptureFixture) -> None:
        """With the file's name and size, and the beginning of the digest that `inspect` shows."""
        caplog.set_level(logging.DEBUG, "vitrify")
        model = vitrify.load(path)
        vitrify.dump(model, path)
        stream = io.BytesIO()
        vitrify.dump(model, stream)
        vitrify.loads(stream.getvalue())

        n_bytes = Path(path).stat().st_size
        digest = vitrify.inspect(path).model_digest
        loaded = f"{n_bytes} bytes, model {digest[:12]}"
        assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
            ("DEBUG", f"loaded churn.glass: {loaded}"),
            ("DEBUG", f"dumped churn.glass: {n_bytes} bytes"),
            ("DEBUG", f"dumped <BytesIO>: {n_bytes} bytes"),
            ("DEBUG", f"loaded <bytes>: {loaded}"),
        ]

    def test_a_load_that_fails_is_an_error_and_no_line(self, path: str, caplog: pytest.LogCaptureFixture) -> None:
        """Whoever catches the error says what it meant; a line would be a second opinion."""
        caplog.set_level(logging.DEBUG, "vitrify")
        Path(path).write_bytes(Path(path).read_bytes()[:-1])
        with pytest.raises(vitrify.errors.FormatError, match=r"^churn\.glass: truncated"):
            vitrify.load(path)
        assert caplog.records == []
