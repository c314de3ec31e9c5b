"""One page's Python in a process of its own: `python -m tests.docs.session`.

Reads a JSON text a line (code, file name, first line), runs it in one `__main__`, and answers with a JSON text a line:
what it printed. Warnings print their class and message; so does an error, which ends nothing.
"""

from __future__ import annotations

import json
import os
import sys
import types
import warnings
from typing import TextIO


def run(code: str, filename: str, line: int, namespace: dict[str, object]) -> str:
    """What the code prints to standard output or error, also from processes that it forks."""
    with open(".printed", "w+", encoding="utf-8", buffering=1) as printed:
        before = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = printed
        try:
            exec(compile("\n" * (line - 1) + code, filename, "exec"), namespace)
        except BaseException as error:
            print(_described(type(error), error))
        finally:
            sys.stdout, sys.stderr = before
        os.unlink(".printed")
        printed.seek(0)
        return printed.read()


def _described(kind: type, what: object) -> str:
    module = "" if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}."
    return f"{module}{kind.__qualname__}: {what}"


def _show(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    print(_described(category, message))


def main() -> None:
    """Answer every request; what the code itself does with the standard streams does not get in the way."""
    requests, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1):
        os.dup2(nothing, fd)
    warnings.simplefilter("always")
    warnings.showwarning = _show
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    sys.path.insert(0, "")
    for request in requests:
        code, filename, line = json.loads(request)
        answers.write(json.dumps(run(code, filename, line, vars(module))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
