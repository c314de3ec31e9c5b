"""Text to install from: what may stand in it, and what of a forged record never does."""

from __future__ import annotations

import re
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from vitrify.errors import StateError
from vitrify.record.provenance.lock import FORMS, lock, lock_text
from vitrify.record.summary import Environment, Summary
from vitrify.record.versions import is_version

DIGEST = "0123456789abcdef" * 4
PYTHON = {"python": "3.11.7"}


def recorded(distributions: dict[str, str], versions: dict[str, str] = PYTHON) -> Summary:
    place = Environment(implementation="CPython", system="Linux 6", machine="x86_64", distributions=distributions)
    return Summary(versions=versions, environment=place)


def active_lines(text: str) -> list[str]:
    """What pip does not take for a comment."""
    return [line for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")]


def test_requirements_are_pinned_and_sorted_under_their_origin() -> None:
    """The whole text."""
    text = lock_text(recorded({"scipy": "1.17.1", "NumPy": "2.4.6"}), "requirements", digest=DIGEST)
    assert text == (
        f"# Read before you install: whoever wrote the file (model digest {DIGEST}) chose these names and versions.\n"
        "# Python 3.11.7\n"
        "numpy==2.4.6\n"
        "scipy==1.17.1\n"
    )


def test_conda_has_python_and_the_rest_from_pip() -> None:
    """Names of conda's own are not guessed."""
    text = lock_text(recorded({"scipy": "1.17.1", "torch": "2.4+cpu"}), "conda", digest=DIGEST)
    assert text.split("\n", 2)[2] == (
        "name: model\n"
        "channels:\n"
        "  - conda-forge\n"
        "dependencies:\n"
        "  - python=3.11.7\n"
        "  - pip\n"
        "  - pip:\n"
        "    - scipy==1.17.1\n"
        "    # torch: a local version, which the public index does not have\n"
        "    - torch==2.4+cpu\n"
    )


def test_the_conda_form_is_yaml() -> None:
    """As a parser reads it that others wrote."""
    yaml = pytest.importorskip("yaml", reason="only the pages' tools bring a parser")
    summary = recorded({"null": "1.0", "yes": "1!2.0", "3.14": "1", "x": "1.0.post1+a.b", "- bad": "1"})
    found = yaml.safe_load(lock_text(summary, "conda", digest=DIGEST))
    pins = ["3-14==1", "null==1.0", "x==1.0.post1+a.b", "yes==1!2.0"]
    assert found["dependencies"] == ["python=3.11.7", "pip", {"pip": pins}]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("-r /etc/passwd", "1.0"), ("--index-url", "1.0"), ("-e", "1"), ("a\n--index-url=http://x", "1.0"),
        ("a\r-e .", "1.0"), ("a\u2028-e .", "1"), ("a\x85b", "1"), ("a @ https://host/a.whl", "1.0"),
        ("https://host/a.whl", "1.0"), ("./a.whl", "1.0"), ("a[b]", "1.0"), ("a; os_name == 'nt'", "1.0"),
        ("a # b", "1"), ("a\\", "1"), ("${HOME}", "1"), ("a\n", "1"), ("a ", "1"), ("", "1"), ("_a", "1"), ("a-", "1"),
        ("ſcipy", "1.0"), ("\u212Aeras", "1.0"), ("nump\u0443", "1"), ("a" * 101, "1.0"),
        ("ok", "1.0 --hash=sha256:00"), ("ok", "1.*"), ("ok", "1.0\n-e ."), ("ok", "1.0; os_name"), ("ok", ""),
        ("ok", ">=1"), ("ok", "1.0 "), ("ok", "latest"), ("ok", "1.0 # x"), ("ok", "1,<2"), ("ok", "\u0661.0"),
        ("ok", "1." * 60 + "0"), ("ok", "1.0+"), ("ok", "1.0+ubuntu/1"), ("ok", "1.0\n"), ("ok", "@ file:///x"),
    ],
)  # fmt: skip
def test_what_is_no_project_and_version_is_left_out(name: str, version: str, form: Any) -> None:
    """It is told in a comment, in ASCII and on one line."""
    text = lock_text(recorded({name: version, "numpy": "2.4.6"}), form, digest=DIGEST)
    clean = lock_text(recorded({"numpy": "2.4.6"}), form, digest=DIGEST)
    assert active_lines(text) == active_lines(clean)
    assert re.sub(r"[^\n -~]", "", text) == text
    *_, last, end = text.split("\n")
    assert (last.startswith("# left out, not "), end) == (True, "")
    (found,) = lock(recorded({name: version, "numpy": "2.4.6"})).left_out
    assert (found.name, found.version) == (name, version)


def test_nothing_of_the_file_stands_in_the_first_two_lines() -> None:
    """There pip looks for the name of an encoding."""
    evil = "coding: utf-7 "
    text = lock_text(recorded({evil: "1", "a": "1"}, {"python": evil}), "requirements", digest=evil)
    assert not any(re.search(r"coding[:=]\s*([-\w.]+)", line) for line in text.split("\n")[:2])
    assert evil.strip() in text.split("\n")[3]


@pytest.mark.parametrize(
    "version",
    [
        "1", "1.0", "2.4.6", "1!2.0", "1.0a1", "1.0-beta.2", "1.0rc1", "1.0.post3", "1.0-3", "1.0.dev7", "1.0.r4",
        "v1.0", "2.4+cpu", "2.4+cu12.8", "1.0RC1", "1.0a1.post2.dev3+x-y_z", "2026.10.18", "1.0_pre", "0.3.31.188.0",
        "", "x", "1.0x", "1..0", "1.0+", "1.0+a..b", "==1.0", "1.0.", "1.0-a-b-c", "1.0post", "1.0-", "+a",
    ],
)  # fmt: skip
def test_versions_are_those_of_packaging(version: str) -> None:
    """PEP 440, in every spelling that it allows."""
    try:
        Version(version)
        expected = True
    except InvalidVersion:
        expected = False
    assert is_version(version) is expected


def test_every_line_is_one_pin_for_packaging() -> None:
    """A name, `==` and a version, and nothing else."""
    wanted = {"a": "1", "B.c": "1!2.0rc1", "torch": "2.4+cpu"}
    for line in active_lines(lock_text(recorded(wanted), "requirements")):
        found = Requirement(line)
        assert (found.url, found.marker, found.extras) == (None, None, set())
        assert [one.operator for one in found.specifier] == ["=="]


def test_two_spellings_of_one_name_are_one_pin() -> None:
    """Two would be refused when they are installed; which one counts is told."""
    text = lock_text(recorded({"Foo_Bar": "1.0", "foo-bar": "2.0"}), "requirements")
    assert active_lines(text) == ["foo-bar==1.0"]
    assert text.endswith("# left out, another spelling of a name above: 'foo-bar' '2.0'\n")


def test_a_record_without_environment_gives_the_libraries_of_its_types() -> None:
    """Modules whose project is known, by the project's name; the standard library is none."""
    versions = {"python": "3.11.7", "vitrify": "0.1.0", "numpy": "2.4.6", "sklearn": "1.9.1", "acme": "7.0"}
    found = Summary(versions={**versions, "decimal": "1.70"})
    text = lock_text(found, "requirements")
    assert active_lines(text) == ["numpy==2.4.6", "scikit-learn==1.9.1", "vitrify==0.1.0"]
    assert "# Dependencies are not recorded" in text
    assert text.endswith("# left out, a module, whose project is not recorded: 'acme' '7.0'\n")
    assert lock(found).has_dependencies is False


def test_a_record_that_names_nothing_is_an_error() -> None:
    """An empty list would install nothing, and look well."""
    for summary in (Summary(versions={}), Summary(versions={"python": "3.11.7", "acme": "1"}), recorded({"-e .": "1"})):
        with pytest.raises(StateError, match="names no project") as caught:
            lock_text(summary, "requirements")
        assert "X=X" in str(caught.value.hint)


def test_only_so_many_are_listed() -> None:
    """A forged record may hold thousands."""
    text = lock_text(recorded({"a": "1"} | {f"-e {i:04}": "1" for i in range(500)}), "requirements")
    assert text.count("\n# left out, not") == 20
    assert text.endswith("# left out: 480 more\n")
    assert len(lock_text(recorded({"a": "1", "-" * 10**6: "1" * 10**6}), "requirements")) < 1000


@pytest.mark.parametrize(
    ("python", "shown", "conda"),
    [
        ("3.11.7", "# Python 3.11.7", "python=3.11.7"),
        ("3.14.0rc1", "# Python 3.14.0rc1", "python=3.14"),
        ("3.14.0+", "# Python 3.14.0", "python=3.14.0"),
        ("3.14", "# Python 3.14", "python=3.14"),
        ("3.11.7\n  - evil", "# Python 3.11.7", "python=3.11.7"),
        ("evil", "# The version of Python is not recorded.", "python"),
        ("", "# The version of Python is not recorded.", "python"),
    ],
)
def test_python_is_told_and_pinned_for_conda(python: str, shown: str, conda: str) -> None:
    """Only its numbers where the rest is no version."""
    text = lock_text(recorded({"a": "1"}, {"python": python}), "conda")
    assert text.split("\n")[1] == shown
    assert text.split("\n")[6] == f"  - {conda}"


def test_there_are_two_forms() -> None:
    """Another one is a mistake of the caller's."""
    with pytest.raises(ValueError, match="requirements and conda, got 'poetry'"):
        lock_text(recorded({"a": "1"}), "poetry")  # type: ignore[arg-type]  # that is the point
