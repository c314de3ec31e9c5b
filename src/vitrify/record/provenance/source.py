"""The code that trained a model: its commit, the script or the notebook, and the caller's own classes in the model.

Only `source=` asks for it. Texts are as they are now: a script that was edited since it was started is another.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vitrify.container.digest import hex_digest
from vitrify.container.limits import LIMITS
from vitrify.converters import default_registry
from vitrify.errors import VitrifyWarning
from vitrify.graph.encode import encode
from vitrify.graph.parse import BUILTIN_LAYOUTS
from vitrify.graph.registry import REVIEWED_LIBRARIES, find
from vitrify.graph.schema import decode_graph
from vitrify.record.provenance.git import checkout
from vitrify.record.summary import Source

_TEXT: Final = "text"
_NOTEBOOK: Final = "notebook"
_CALLER: Final = 4  # whoever called capture, which called _source, which called source
_INSTALLED: Final = frozenset({"site-packages", "dist-packages"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What runs: a script or a notebook.

    Attributes:
        name: Without its folder; empty for neither.
        digest: BLAKE3 of its bytes; of a notebook's of its text in UTF-8.
        text: Its text.
        folder: Where it lies.
        reason: Why it could not be read.
    """

    name: str = ""
    digest: str = ""
    text: str = ""
    folder: Path | None = None
    reason: str = ""


def source(mode: bool | str, model: object = None, *, start: Path | None = None) -> tuple[Source, dict[str, str]]:
    """The code that runs now, and texts of it by name; what cannot be found out is a warning.

    Args:
        mode: True for git, the script's name and its digest, `text` also for the text of the script or of the
            notebook's cells that ran, and of the caller's own classes and functions in the model; False for nothing.
        model: The model.
        start: A folder of the repository; that of the script by default, else the current one.

    Raises:
        ValueError: There is no such mode.
    """
    if mode is False:
        return Source(), {}
    if mode is not True and mode != _TEXT:
        raise ValueError(f'source= is True, False or "text", got {mode!r}')
    program = _program()
    state, reasons = checkout(start or program.folder or Path("."))
    reasons += [program.reason] if program.reason else []
    texts: dict[str, str] = {}
    if mode == _TEXT:
        texts |= {program.name: program.text} if program.text else {}
        own, more = _own_code(model, has_script=bool(program.text))
        texts = {**texts, **{name: text for name, text in own.items() if name not in texts}}
        reasons += more
    for reason in reasons:
        warnings.warn(f"source= could not note everything down: {reason}", VitrifyWarning, stacklevel=_CALLER)
    found = Source(
        remote=state.remote, commit=state.commit, branch=state.branch, is_dirty=state.is_dirty,
        script=program.name, script_digest=program.digest, texts=tuple(texts),
    )  # fmt: skip
    return found, texts


def _program() -> Program:
    """The script if one runs, else the notebook."""
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    if isinstance(path, str) and path and not path.startswith("<"):  # <stdin> is no file
        return _script(Path(path))
    shell = _shell()
    return Program() if shell is None else _notebook(shell)


def _script(path: Path) -> Program:
    import tokenize

    name = _writable(path.name)
    try:
        data = path.read_bytes()
    except OSError as error:
        return Program(name=name, reason=f"{name} cannot be read ({error.strerror or error})")
    digest = hex_digest(data)
    try:
        text = data.decode(tokenize.detect_encoding(io.BytesIO(data).readline)[0])
    except (SyntaxError, UnicodeDecodeError) as error:
        return Program(name=name, digest=digest, folder=path.parent, reason=f"{name} is no text ({error})")
    return Program(name=name, digest=digest, folder=path.parent, text=text)


def _shell() -> Any:
    """IPython's shell, where one runs; IPython is not imported for that."""
    get = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get() if callable(get) else None


def _notebook(shell: Any) -> Program:
    """The cells that ran, in the order in which they ran, as people typed them."""
    history = getattr(getattr(shell, "history_manager", None), "input_hist_raw", None)
    cells = [str(cell) for cell in history] if isinstance(history, list) else []
    # IPython numbers cells from 1.
    parts = [f"# In [{n}]\n{cell.rstrip()}\n" for n, cell in enumerate(cells) if n and cell.strip()]
    if not parts:
        return Program(reason="the notebook's cells are not known")
    text = _writable("\n".join(parts))
    path = _notebook_path(shell)
    name = _writable(path.name) if path.suffix == ".ipynb" else _NOTEBOOK
    folder = path.parent if path.is_absolute() and path.parent.is_dir() else None
    return Program(name=name, digest=hex_digest(text.encode()), text=text, folder=folder)


def _notebook_path(shell: Any) -> Path:
    """Where the notebook lies, as VS Code and Jupyter's server say; else a path without a name."""
    space = getattr(shell, "user_ns", None)
    told = space.get("__vsc_ipynb_file__") if isinstance(space, dict) else None
    return Path(str(told or os.environ.get("JPY_SESSION_NAME", "")))


def _writable(text: str) -> str:
    """The text in a form that UTF-8 has: names of files and pasted cells may hold half characters."""
    return text.encode(errors="backslashreplace").decode()


def _own_code(model: object, *, has_script: bool) -> tuple[dict[str, str], list[str]]:
    """The text of each class and function of the caller's in the model, by dotted name, and what has none."""
    try:
        names = _foreign_names(model)
    except Exception as error:  # noqa: BLE001  # code of the caller's runs here; dump tells what it does
        return {}, [f"the model's classes are not known, since it cannot be saved ({error})"]
    found: dict[str, str] = {}
    reasons: list[str] = []
    for value in _with_parents(names):
        name = f"{value.__module__}.{value.__qualname__}"
        if name in found or not _is_own(value):
            continue
        text = _text_of(value)
        if text:
            found[name] = text
        elif not (value.__module__ == "__main__" and has_script):
            reasons.append(f"the code of {name} is not at hand")
    return found, reasons


def _foreign_names(model: object) -> list[str]:
    """The dotted names that a file of the model has and the registry has not."""
    registry = default_registry()
    graph = decode_graph(encode(model, registry).graph, LIMITS)
    types = [t.type for t in graph.tables if t.layout not in BUILTIN_LAYOUTS.get(t.type, ())]
    found = [name for name in types if not registry.knows(name)]
    found += [name.name for name in graph.names if not registry.knows_name(name.name)]
    return list(dict.fromkeys(found))


def _with_parents(names: list[str]) -> list[Any]:
    """The classes and functions with these names, and the classes that they inherit from."""
    found: list[Any] = []
    for name in names:
        parts = name.split(".")
        module = next((m for n in range(len(parts) - 1, 0, -1) if (m := ".".join(parts[:n])) in sys.modules), "")
        value = find(module, name.removeprefix(f"{module}."))
        found += value.__mro__ if isinstance(value, type) else [value] if value is not None else []
    return found


def _is_own(value: Any) -> bool:
    """Whether it is neither of the standard library, nor reviewed, nor of an installed library, which has a version."""
    top = value.__module__.partition(".")[0]
    if top == "__main__":
        return True
    if top in REVIEWED_LIBRARIES or top in sys.stdlib_module_names:
        return False
    path = getattr(sys.modules.get(value.__module__), "__file__", None) or ""
    return _INSTALLED.isdisjoint(Path(path).parts)


def _text_of(value: Any) -> str:
    """Its source; empty for what was compiled, or typed in where nothing keeps it."""
    import inspect

    try:
        return inspect.getsource(value)
    except (OSError, TypeError, SyntaxError):
        return ""
