"""The command itself: exit codes, errors in one line, versions, help, interruptions."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import vitrify
from tests.unit.cli.terminal import run, start
from vitrify import kernels
from vitrify.cli.app import main


@pytest.fixture(scope="module")
def glass(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("cli") / "bundle.glass"
    value = {"a": np.arange(3000.0), "objects": np.array([[1], {}], object), "many": [np.arange(9)] * 1}
    vitrify.dump(value, path)
    return str(path)


def one_line(error: bytes) -> str:
    """The text of an error, which is one line and no traceback."""
    text = error.decode()
    assert text.startswith("vitrify: ")
    assert text.endswith("\n")
    assert text.count("\n") == 1
    return text


class TestExitCodes:
    def test_success_is_zero_and_says_nothing_on_standard_error(self, glass: str) -> None:
        """A file that can be read gives 0."""
        done = run("inspect", glass)
        assert (done.returncode, done.stderr) == (0, b"")

    @pytest.mark.parametrize(
        ("words", "text"),
        [
            (["inspect"], "Missing argument 'FILE'"),
            (["inspect", "x", "--bogus"], "--bogus"),
            (["bogus"], "bogus"),
            (["inspekt"], "Did you mean 'inspect'? python -m vitrify --help"),
            (["inspect", "x", "--force"], "--array"),
            (["inspect", "x", "--out", "y.npy"], "--array"),
        ],
    )
    def test_wrong_usage_is_two(self, words: list[str], text: str) -> None:
        """The line says what is wrong; nothing is opened."""
        done = run(*words)
        assert done.returncode == 2
        assert text in one_line(done.stderr)

    def test_an_unknown_array_is_two(self, glass: str) -> None:
        """A path that leads nowhere is a mistake in the command, and the line helps to mend it."""
        done = run("inspect", glass, "--array", "b")
        assert done.returncode == 2
        assert "nothing is at 'b'" in one_line(done.stderr)

    @pytest.mark.parametrize(
        ("content", "text"),
        [(b"", "empty"), (b"\x80\x05K\x01.", "pickle"), (b"<html>", "web page"), (None, "No such file")],
    )
    def test_what_is_no_glass_file_is_three(self, tmp_path: Path, content: bytes | None, text: str) -> None:
        """Missing, empty and foreign files are named for what they are."""
        path = tmp_path / "model.glass"
        if content is not None:
            path.write_bytes(content)
        done = run("inspect", str(path))
        assert done.returncode == 3
        assert text in one_line(done.stderr)

    def test_an_empty_name_is_shown_in_quotes(self) -> None:
        """As after `vitrify inspect "$unset"`."""
        done = run("inspect", "")
        assert done.returncode == 3
        assert one_line(done.stderr) == "vitrify: '': No such file or directory\n"

    def test_a_directory_is_three(self, tmp_path: Path) -> None:
        """A folder is not a file."""
        done = run("inspect", str(tmp_path))
        assert done.returncode == 3
        assert "directory" in one_line(done.stderr)

    def test_a_damaged_file_is_three(self, glass: str, tmp_path: Path) -> None:
        """Damage anywhere is found, since inspect reads every byte."""
        data = bytearray(Path(glass).read_bytes())
        data[len(data) // 2] ^= 1
        path = tmp_path / "damaged.glass"
        path.write_bytes(data)
        done = run("inspect", str(path))
        assert done.returncode == 3
        assert "does not match its digest" in one_line(done.stderr)

    def test_what_is_not_supported_is_four(self, glass: str) -> None:
        """An array of objects cannot be shown without building them."""
        done = run("inspect", glass, "--array", "objects")
        assert done.returncode == 4
        assert "holds objects" in one_line(done.stderr)

    def test_a_defect_of_ours_is_seventy(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """One line that says so and how to see more, never a traceback unasked."""

        def defect(file: object) -> None:
            raise ZeroDivisionError("by zero")

        monkeypatch.setattr("vitrify.cli.inspect.inspect", defect)
        assert main(["inspect", "x"]) == 70
        error = capsys.readouterr().err
        assert one_line(error.encode()) == "vitrify: internal error (ZeroDivisionError: by zero); --debug shows where\n"

    def test_interruption_is_130_and_silent(self) -> None:
        """Ctrl-C ends it without a traceback."""
        process = start("inspect", "-")
        assert process.stdin is not None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(5)  # until it has been imported
        process.send_signal(signal.SIGINT)
        _, error = process.communicate()
        assert process.returncode == 130
        assert error == b""

    @pytest.mark.parametrize("words", [["--all"], ["--json"]])
    def test_a_reader_that_goes_away_is_no_error(self, glass: str, words: list[str]) -> None:
        """`vitrify inspect … | head` prints no traceback."""
        process = start("inspect", glass, *words)
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, error = process.communicate()
        assert process.returncode == 141
        assert error == b""


class TestErrors:
    def test_a_traceback_is_shown_only_when_asked_for(self, tmp_path: Path) -> None:
        """`--debug` works before and after the verb."""
        missing = str(tmp_path / "missing")
        assert b"Traceback" not in run("inspect", missing).stderr
        for words in (["--debug", "inspect", missing], ["inspect", missing, "--debug"]):
            done = run(*words)
            assert done.returncode == 3
            assert b"Traceback" in done.stderr
            assert b"\nvitrify: " in done.stderr

    def test_text_of_a_file_cannot_steer_the_terminal(self, tmp_path: Path) -> None:
        """Control characters in an error are spelled out, and it stays one line."""
        name = "a\x1b[2J\u202eb.glass"
        done = run("inspect", str(tmp_path / name))
        assert done.returncode == 3
        assert "a\\x1b[2J\\u202eb.glass" in one_line(done.stderr)


class TestAnswers:
    def test_version_names_what_runs(self) -> None:
        """vitrify, Python, numpy and the kernels in use."""
        done = run("--version")
        lines = dict(line.split(None, 1) for line in done.stdout.decode().splitlines())
        assert done.returncode == 0
        assert lines["vitrify"] == vitrify.__version__
        assert lines["python"].startswith(platform.python_version())
        assert lines["numpy"] == np.__version__
        assert lines["kernels"] == ("compiled" if kernels.COMPILED else "numpy")

    @pytest.mark.parametrize("words", [[], ["--help"], ["inspect", "--help"]])
    def test_help_fits_eighty_columns(self, words: list[str]) -> None:
        """Without words, and with `--help`, it explains itself."""
        done = run(*words)
        assert done.returncode == 0
        text = done.stdout.decode()
        assert "Usage: " in text
        assert all(len(line) <= 80 for line in text.splitlines())

    def test_the_command_and_the_module_are_one(self) -> None:
        """`vitrify` is installed as the same function that `python -m vitrify` runs."""
        program = "import sys\nfrom vitrify.cli.app import main\nsys.exit(main(['--version']))"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
        assert done.stdout == run("--version").stdout

    def test_importing_vitrify_leaves_the_command_line_out(self) -> None:
        """Libraries for the terminal are loaded by the command alone."""
        program = "import sys, vitrify\nprint(*{'vitrify.cli', 'typer', 'rich', 'click'} & set(sys.modules))"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
        assert done.stdout == b"\n"


COMMAND = "import sys; from vitrify.cli.app import main; sys.exit(main())"
BASH = """
eval "$(vitrify --show-completion)"
complete -p vitrify
COMP_WORDS=({words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_vitrify_completion vitrify "${{COMP_WORDS[COMP_CWORD]}}"
printf '%s\n' "${{COMPREPLY[@]}}"
"""


class TestCompletion:
    @pytest.mark.parametrize(
        ("words", "completions"),
        [
            ("vitrify ins", ["inspect"]),
            ("vitrify ''", ["inspect", "verify", "check-input", "rebuild", "lock"]),
            ("vitrify --ver", ["--version"]),
            ("vitrify inspect --a", ["--array", "--all"]),
            ("vitrify inspect --j", ["--json"]),
            ("vitrify inspect chu", [""]),
        ],
    )
    def test_bash_completes_verbs_and_options(self, words: str, completions: list[str], tmp_path: Path) -> None:
        """With the script that `--show-completion` prints in a bash; what we leave empty bash takes for file names."""
        command = tmp_path / "vitrify"
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{COMMAND}" "$@"\n')
        command.chmod(0o755)
        environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(
            ["bash", "-c", BASH.format(words=words)], capture_output=True, text=True, check=True, env=environment
        )
        first, *found = done.stdout.splitlines()
        assert first == "complete -o default -F _vitrify_completion vitrify"
        assert found == completions

    @pytest.mark.parametrize(
        ("shell", "words", "shown"),
        [
            ("zsh", "vitrify ins", '"inspect":'),
            ("zsh", "vitrify inspect --a", '"--array":'),
            ("zsh", "vitrify inspect chu", "_files"),
            ("fish", "vitrify ins", "inspect\t"),
            ("fish", "vitrify inspect --a", "--array\t"),
        ],
    )
    def test_zsh_and_fish_are_answered_in_their_own_form(self, shell: str, words: str, shown: str) -> None:
        """What their scripts ask the command for."""
        asked = {
            "_VITRIFY_COMPLETE": f"complete_{shell}",
            "_TYPER_COMPLETE_ARGS": words,
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        }
        done = subprocess.run(
            [sys.executable, "-c", COMMAND], capture_output=True, text=True, check=True, env={**os.environ, **asked}
        )
        assert shown in done.stdout

    def test_the_script_is_installed_in_the_home_folder(self, tmp_path: Path) -> None:
        """It sources what it adds, and says where."""
        script = f"{sys.executable} -m vitrify --install-completion; exit $?"
        done = subprocess.run(
            ["bash", "-c", script],
            capture_output=True,
            text=True,
            env={**os.environ, "HOME": str(tmp_path)},
            check=True,
        )
        installed = tmp_path / ".bash_completions" / "vitrify.sh"
        assert str(installed) in done.stdout
        assert str(installed) in (tmp_path / ".bashrc").read_text()
        assert subprocess.run(["bash", "-n", installed], check=False).returncode == 0
