"""The command `vitrify`: the verbs, the exit codes, and the one place that prints errors.

Exit codes: 0 all is well · 1 a finding failed · 2 usage · 3 not a whole glass file · 4 untrusted or unsupported ·
130 interrupted · 141 whoever read the output went away.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from vitrify.cli.inspect import inspect_file
from vitrify.cli.lock import lock_file
from vitrify.cli.options import Debug, UsageError, settings
from vitrify.cli.rebuild import rebuild_file
from vitrify.cli.screen import visible
from vitrify.cli.verify import check_input_file, verify_file
from vitrify.cli.versions import version_lines
from vitrify.errors import UntrustedTypeError, VitrifyError
from vitrify.trust import can_be_spelled

USAGE: Final = 2
NOT_A_FILE: Final = 3
INTERNAL: Final = 70
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141
_COMPLETION: Final = frozenset({"--install-completion", "--show-completion"})
# typer does not export the class that its own parser raises for wrong usage: it is the one below BadParameter.
_ParserError: Final = typer.BadParameter.__bases__[0]

app = typer.Typer(
    name="vitrify",
    help="Look into glass files: trained models that run no code when they are opened.",
    epilog="Exit codes: 0 ok, 1 a finding failed, 2 usage, 3 not a whole glass file, 4 untrusted or unsupported.",
    pretty_exceptions_enable=False,
    invoke_without_command=True,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write("\n".join(version_lines()) + "\n")
        raise typer.Exit


@app.callback()
def _before(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Show versions and exit.")
    ] = False,
    _debug: Debug = False,
) -> None:
    if context.invoked_subcommand is None and not version:
        sys.stdout.write(context.get_help() + "\n")


app.command("inspect")(inspect_file)
app.command("verify")(verify_file)
app.command("check-input")(check_input_file)
app.command("rebuild")(rebuild_file)
app.command("lock")(lock_file)


def main(arguments: Sequence[str] | None = None, *, name: str = "vitrify") -> int:
    """Run the command line and give the exit code.

    Args:
        arguments: The words after the command; those of the process by default.
        name: What the command is called in its own help.
    """
    settings.debug = False
    words = list(sys.argv[1:] if arguments is None else arguments)
    if _COMPLETION.intersection(words):
        name = "vitrify"  # Shells complete a command, never a module.
    try:
        command = typer.main.get_command(app)
        result = command.main(words, prog_name=name, standalone_mode=False)
        sys.stdout.flush()
    except SystemExit as exit_:
        return _closed() if _is_broken_pipe(exit_) else _code_of(exit_)
    except BaseException as error:  # noqa: BLE001  # whatever happens ends in one line and an exit code
        return _report(error, name)
    return result if isinstance(result, int) else 0


def _report(error: BaseException, name: str) -> int:
    """Print what went wrong to standard error, and give the exit code."""
    if _is_broken_pipe(error):
        return _closed()
    if settings.debug:
        traceback.print_exception(error)
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        return INTERRUPTED
    message, code = _describe(error, name)
    sys.stderr.write("\n".join(visible(line, None) for line in f"vitrify: {message}".split("\n")) + "\n")
    return code


def _describe(error: BaseException, name: str) -> tuple[str, int]:
    if isinstance(error, UntrustedTypeError) and error.is_grantable and can_be_spelled(error.names):
        return f"{error}\nHere that is {' '.join(f'--trust {found}' for found in error.names)}", error.exit_code
    if isinstance(error, VitrifyError):
        return str(error), error.exit_code
    if isinstance(error, UsageError):
        return visible(str(error), None), USAGE
    if isinstance(error, _ParserError):
        message = getattr(error, "format_message", lambda: str(error))().rstrip(".")
        verb = getattr(getattr(error, "ctx", None), "command_path", name)
        message = visible(message, None)
        return f"{message}{'' if message.endswith('?') else '.'} {verb} --help tells more", USAGE
    if isinstance(error, OSError):
        return f"{_shown(error.filename)}: {visible(error.strerror or str(error))}", NOT_A_FILE
    if isinstance(error, MemoryError):
        return "out of memory", NOT_A_FILE
    return f"internal error ({type(error).__name__}: {visible(str(error))}); --debug shows where", INTERNAL


def _shown(filename: object) -> str:
    """The name of the file that an error is about; an empty one can only be seen in quotes."""
    return "the file" if filename is None else visible(str(filename), None) or "''"


def _is_broken_pipe(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, BrokenPipeError):
            return True
        error = error.__context__
    return False


def _closed() -> int:
    """Let the interpreter flush into nothing when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE_CLOSED


def _code_of(exit_: SystemExit) -> int:
    return exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
