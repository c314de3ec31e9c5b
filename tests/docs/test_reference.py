"""The reference pages say what the code is, and leave nothing out."""

from __future__ import annotations

import inspect
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

import vitrify
from tests.docs.pages import ROOT, blocks
from vitrify import errors, inspection
from vitrify.cli.app import app
from vitrify.inspection import ArrayInfo, Part, Summary
from vitrify.testing import check_converter

API = (ROOT / "docs/reference/api.md").read_text(encoding="utf-8")
CLI = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
ERRORS = (ROOT / "docs/reference/errors.md").read_text(encoding="utf-8")
LIMITS = (ROOT / "docs/limits.md").read_text(encoding="utf-8")
EXPORTS = [name for name in vitrify.__all__ if not name.startswith("__")]
CALLABLES = [name for name in EXPORTS if callable(getattr(vitrify, name))]
CLASSES = [
    name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)
]  # fmt: skip


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ (.+)$", text, re.MULTILINE)


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of the same level."""
    return text.split(f"\n## {heading}\n")[1].split("\n## ", maxsplit=1)[0]


def arguments(value: Any) -> list[inspect.Parameter]:
    """What a call may give: `*_no_more: Never` and `**_no_others: Never` only catch what it may not."""
    return [found for found in inspect.signature(value).parameters.values() if found.annotation != "Never"]


def spelled(name: str, value: Any) -> str:
    """A signature without types and what no call may give; defaults that have no short spelling in words."""
    parameters = []
    for parameter in arguments(value):
        default = parameter.default
        if default is vitrify.LIMITS:
            shown = "LIMITS"
        elif inspect.isfunction(default):
            shown = "<a == b>" if default.__name__ == "<lambda>" else "<accepts all>"
        else:
            shown = repr(default)
        is_first_keyword = parameter.kind is parameter.KEYWORD_ONLY and "*" not in parameters
        parameters += ["*"] * is_first_keyword
        parameters.append(parameter.name + ("" if default is parameter.empty else f"={shown}"))
    return f"{name}({', '.join(parameters)})"


@pytest.mark.parametrize("name", EXPORTS)
def test_every_export_has_a_section(name: str) -> None:
    """`vitrify.__all__` is the list."""
    assert f"vitrify.{name}" in headings(API)


def test_every_section_is_an_export() -> None:
    """A page about something that is gone would be a lie."""
    found = [h.removeprefix("vitrify.") for h in headings(API) if h.startswith("vitrify.")]

    assert set(found) == {*EXPORTS, "inspection", "testing"}


@pytest.mark.parametrize("name", CALLABLES)
def test_signatures_are_those_of_the_code(name: str) -> None:
    """Names, order and defaults."""
    shown = [block.code.strip() for block in blocks(section(API, f"vitrify.{name}"))]

    assert spelled(f"vitrify.{name}", getattr(vitrify, name)) in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vitrify.testing.check_converter", check_converter),
        ("vitrify.inspection.read_array", inspection.read_array),
        ("vitrify.inspection.read_attached", inspection.read_attached),
    ],
)
def test_functions_of_the_public_modules_are_described(name: str, value: Any) -> None:
    """Those that `import vitrify` does not give."""
    assert spelled(name, value) in API


@pytest.mark.parametrize("name", CALLABLES)
def test_every_argument_is_explained_somewhere(name: str) -> None:
    """In a table, here or on the page that the section leads to."""
    pages = API + LIMITS + (ROOT / "docs/how-to/converter.md").read_text(encoding="utf-8")
    for argument in arguments(getattr(vitrify, name)):
        assert f"`{argument.name}`" in pages or argument.name == "data", argument


@pytest.mark.parametrize("cls", [Summary, Part, ArrayInfo])
def test_every_field_of_a_summary_is_named(cls: type) -> None:
    """In the section on `inspect`."""
    for field in cls.__dataclass_fields__:  # type: ignore[attr-defined]  # a dataclass
        assert f"`{field}`" in section(API, "vitrify.inspect"), field


def verbs() -> list[str]:
    return [command.name or "" for command in app.registered_commands]


def test_every_verb_has_a_section_with_its_help() -> None:
    """What the help says is compared when the page's blocks run."""
    assert isinstance(app, typer.Typer)
    assert "vitrify --help" in section(CLI, "vitrify")
    for verb in verbs():
        assert f"$ vitrify {verb} --help" in section(CLI, f"vitrify {verb}")


def test_every_verb_that_a_page_uses_exists() -> None:
    """No page promises a verb that is not there."""
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for verb in re.findall(r"`vitrify ([a-z][a-z-]*)", page.read_text(encoding="utf-8")):
            assert verb in verbs(), page.name


def test_the_tree_of_errors_is_that_of_the_code() -> None:
    """Letter for letter the drawing in the module's docstring, which is compared with the classes below."""
    assert errors.__doc__ is not None
    drawing = inspect.cleandoc(errors.__doc__[errors.__doc__.index("    VitrifyError\n") :])

    assert inspect.cleandoc(drawing) in ERRORS


@pytest.mark.parametrize("name", CLASSES)
def test_every_error_is_drawn_with_its_builtin_and_explained(name: str) -> None:
    """Its line names the builtin that people already catch, unless its parent's does."""
    cls = getattr(errors, name)
    assert name in headings(ERRORS)
    (line,) = [line for line in ERRORS.splitlines() if re.match(rf"[│├└─ ]*{name} ", line + " ")]
    builtins = [base.__name__ for base in cls.__bases__ if base.__module__ == "builtins" and base is not Exception]
    for builtin in builtins:
        assert f"({builtin})" in line


@pytest.mark.parametrize("name", [name for name in CLASSES if issubclass(getattr(errors, name), errors.VitrifyError)])
def test_exit_codes_of_errors(name: str) -> None:
    """The table at the end of the page."""
    if name != "VitrifyError":
        (row,) = [line for line in ERRORS.splitlines() if line.startswith("|") and f"`{name}`" in line]

        assert row.endswith(f"| {getattr(errors, name).exit_code} |")


def test_defaults_of_limits() -> None:
    """The table has each field with its default."""
    for field in vitrify.Limits.__dataclass_fields__:
        assert f"| `{field}` | {getattr(vitrify.LIMITS, field)} |" in LIMITS


def test_the_table_of_folders_is_in_the_order_of_the_layers() -> None:
    """CONTRIBUTING says that imports point one way; the linter's contract is what holds."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| `src/vitrify/(\w+)(?:\.py)?` \|", text.split("## Where to change what")[0], re.MULTILINE)
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]

    assert shown == [name for name in dict.fromkeys(re.findall(r"\w+", " ".join(layers))) if name in shown]
    assert {"cli", "api", "converters", "trust", "graph", "container", "errors"} <= set(shown)


def test_the_changelog_is_in_order() -> None:
    """Security, Removed, Deprecated, Added, Changed, Fixed; the first version is the one in the code."""
    text = Path(ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    order = ["Security", "Removed", "Deprecated", "Added", "Changed", "Fixed"]
    versions = text.split("\n## ")[1:]

    assert versions[0].startswith(vitrify.__version__)
    for version in versions:
        found = re.findall(r"^### (.+)$", version, re.MULTILINE)
        assert found == [name for name in order if name in found]
