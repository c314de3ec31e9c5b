"""What installed projects say that they need, compared with the `packaging` library."""

from __future__ import annotations

from importlib import metadata

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from vitrify.record.provenance import markers
from vitrify.record.provenance.markers import is_met, project_name, read_requirement

INSTALLED = sorted({line for found in metadata.distributions() for line in found.requires or ()})
CONDITIONS = [
    'python_version >= "3.8"',
    'python_version < "3.10"',
    'python_version == "3.*"',
    'python_version != "3.11.*"',
    'python_version ~= "3.6"',
    'python_version ~= "2.6"',
    'python_version in "2.7 3.11"',
    'python_version not in "2.7, 3.3"',
    'python_version <= "3.11.0"',
    "python_full_version < '3.14.0rc1'",
    "python_full_version > '3.0.0a1'",
    'implementation_version >= "3.1"',
    'os_name == "posix" or os_name == "nt"',
    'os_name == "nt" and python_version < "3" or sys_platform == "linux"',
    'os_name == "nt" and (python_version < "3" or sys_platform == "linux")',
    "platform_python_implementation != 'PyPy'",
    'platform_system == "Linux" and platform_machine in "x86_64 aarch64"',
    "'linux' in sys_platform",
    '"3.8" <= python_version',
    'os.name != "nt"',
    "platform_machine == 'no version'",
    "platform_release == '6.18-generic'",
    "python_full_version == '3.11x'",
    'extra == "Test_Extra"',
    'extra != "test-extra"',
    'extra == "other" or python_version < "4"',
    'implementation_name == "cpython" and extra == "test.extra"',
]


@pytest.mark.parametrize("extra", ["", "test-extra"])
@pytest.mark.parametrize("condition", CONDITIONS)
def test_conditions_hold_where_packaging_says_so(condition: str, extra: str) -> None:
    """Versions, texts, parentheses and extras in any spelling."""
    assert is_met(condition, extra) is Marker(condition).evaluate({"extra": extra})


def test_every_requirement_that_is_installed_here_is_read_as_packaging_does() -> None:
    """Hundreds of lines that real projects wrote."""
    assert len(INSTALLED) > 200
    for line in INSTALLED:
        theirs, ours = Requirement(line), read_requirement(line)
        assert ours is not None, line
        assert ours.name == canonicalize_name(theirs.name)
        assert set(ours.extras) == set(map(canonicalize_name, theirs.extras))
        for extra in ("", "test", "all", "docs"):
            expected = theirs.marker is None or theirs.marker.evaluate({"extra": extra})
            assert is_met(ours.condition, extra) is expected, line


@pytest.mark.parametrize("release", ["3.9.0", "3.10.4", "3.11.0", "3.14.0a7", "3.14.0rc1", "3.14.2"])
@pytest.mark.parametrize("other", ["3.9", "3.10", "3.11", "3.14", "3.14.0", "3.14.0b2", "3.14.1"])
@pytest.mark.parametrize("operator", ["<", "<=", "==", "!=", ">=", ">"])
def test_versions_compare_as_packaging_compares_them(
    release: str, other: str, operator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also 3.9 and 3.10, and what comes before a release."""
    # Not in `platform`, which packaging asks once and for all.
    monkeypatch.setattr(markers, "_here", lambda: {"python_full_version": release})
    condition = f"python_full_version {operator} '{other}'"
    assert is_met(condition) is Marker(condition).evaluate({"python_full_version": release})


@pytest.mark.parametrize(
    "condition",
    [
        "weather == 'fine'", "python_version", "python_version <", "(python_version < '3'", "python_version < '3')",
        "python_version = '3'", "os_name ~= 'posix'", "< '3'", "os_name 'posix' ==", "&", "python_version < '3.*'",
    ],
)  # fmt: skip
def test_what_is_not_understood_counts_as_needed(condition: str) -> None:
    """A project too much does no harm."""
    assert is_met(condition) is True


def test_texts_have_the_order_of_texts() -> None:
    """As PEP 508 says of what is no version."""
    assert is_met("sys_platform < 'zebra'") is True
    assert is_met("sys_platform > 'zebra'") is False


@pytest.mark.parametrize(
    ("line", "name", "extras", "condition"),
    [
        ("A.B_c", "a-b-c", (), ""),
        ("dask [Data_Frame, complete]>=2", "dask", ("data-frame", "complete"), ""),
        ("x @ https://host/x.whl;a=1 ; os_name == 'nt'", "x", (), "os_name == 'nt'"),
        ("x (>=1.0) ; os_name == 'nt'", "x", (), "os_name == 'nt'"),
        ("x[]>=1", "x", (), ""),
    ],
)
def test_a_requirement_has_a_name_extras_and_a_condition(
    line: str, name: str, extras: tuple[str, ...], condition: str
) -> None:
    """Versions are left aside: what is installed has one."""
    found = read_requirement(line)
    assert found is not None
    assert (found.name, found.extras, found.condition) == (name, extras, condition)


def test_what_names_no_project_is_none() -> None:
    """Damaged metadata."""
    assert read_requirement("") is None
    assert read_requirement("-r other.txt") is None


@pytest.mark.parametrize("name", ["Jinja2", "ruamel.yaml", "python_dateutil", "a-_.b"])
def test_names_have_one_spelling(name: str) -> None:
    """That of PEP 503."""
    assert project_name(name) == canonicalize_name(name)
