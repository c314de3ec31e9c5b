"""`vitrify lock`: where the text goes, what programs read, and what a forged record cannot do."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.linear_model import LogisticRegression

import vitrify
from tests.support.lying_writer import Lie
from tests.unit.cli.terminal import run
from vitrify.record.summary import Environment, Summary, write_summary

X = np.random.default_rng(0).normal(size=(40, 3))
y = (X[:, 0] > 0).astype(int)
PINS = {"numpy": np.__version__, "scikit-learn": sklearn.__version__, "vitrify": vitrify.__version__}
FORGED = {"numpy": "1.26.4", "evil\n--index-url=http://host": "1.0", "a\x1b[2J": "1.0"}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lock") / "churn.glass"
    vitrify.dump(LogisticRegression().fit(X, y), path)
    return path


def forged(path: Path, distributions: dict[str, str], **versions: str) -> Path:
    """A file whose record names these."""
    place = Environment(implementation="CPython", system="Linux", machine="x86_64", distributions=distributions)
    lie = Lie(vitrify.dumps({"a": 1}))
    lie.metadata["record"] = write_summary(Summary(versions=versions, environment=place if distributions else None))
    path.write_bytes(lie.file())
    return path


def text_of(*words: str, given: bytes = b"") -> str:
    done = run("lock", *words, given=given)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode("ascii")


def pins(text: str) -> list[str]:
    return [line.strip(" -") for line in text.splitlines() if "==" in line and not line.lstrip().startswith("#")]


class TestText:
    def test_a_plain_file_gives_what_its_types_need(self, plain: Path) -> None:
        """The digest is the one that inspect shows."""
        text = text_of(str(plain))
        assert pins(text) == [f"{name}=={version}" for name, version in PINS.items()]
        assert vitrify.inspect(plain).model_digest in text.split("\n")[0]
        assert "Dependencies are not recorded" in text

    def test_conda_is_another_form(self, plain: Path) -> None:
        """The same pins."""
        text = text_of(str(plain), "--format", "conda")
        assert "dependencies:\n  - python=3." in text
        assert pins(text) == [f"{name}=={version}" for name, version in PINS.items()]

    def test_standard_input_does(self, plain: Path) -> None:
        """As everywhere."""
        assert text_of("-", given=plain.read_bytes()) == text_of(str(plain))

    def test_json_has_the_fields(self, plain: Path) -> None:
        """All of them, for programs."""
        found = json.loads(text_of(str(plain), "--json"))
        python = found.pop("python")
        assert python.startswith("3.")
        assert found == {
            "format": "requirements",
            "model_digest": vitrify.inspect(plain).model_digest,
            "pins": PINS,
            "left_out": [],
            "has_dependencies": False,
        }

    def test_a_forged_record_gives_no_option_and_no_escape_code(self, tmp_path: Path) -> None:
        """What is left out is told on standard error, too."""
        path = forged(tmp_path / "forged.glass", FORGED, python="3.11.7")
        done = run("lock", str(path))
        assert done.returncode == 0
        assert done.stderr == b"vitrify: forged.glass: 2 names of the record are left out\n"
        text = done.stdout.decode("ascii")
        assert "\x1b" not in text
        assert [line for line in text.splitlines() if not line.startswith("#")] == ["numpy==1.26.4"]
        assert text.count("\n# left out, not the name of a project: ") == 2
        listed = json.loads(run("lock", str(path), "--json").stdout)["left_out"]
        assert {one["name"] for one in listed} == set(FORGED) - {"numpy"}

    def test_nothing_of_the_model_is_read(self, plain: Path, tmp_path: Path) -> None:
        """The header is enough, and a file cut off behind it is not whole."""
        lie = plain.read_bytes()
        (tmp_path / "cut.glass").write_bytes(lie[:-8])
        done = run("lock", str(tmp_path / "cut.glass"))
        assert (done.returncode, done.stdout) == (3, b"")
        assert done.stderr.startswith(b"vitrify: cut.glass: ")


class TestOut:
    def test_the_text_goes_into_a_new_file(self, plain: Path, tmp_path: Path) -> None:
        """Standard output says what was written."""
        out = tmp_path / "requirements.txt"
        assert text_of(str(plain), "-o", str(out)) == f"{out}: 3 pinned\n"
        assert out.read_text() == text_of(str(plain))
        assert list(tmp_path.iterdir()) == [out]

    def test_an_old_file_is_replaced_only_by_force(self, plain: Path, tmp_path: Path) -> None:
        """Also a link to nothing counts."""
        out, link = tmp_path / "requirements.txt", tmp_path / "link.txt"
        out.write_text("mine\n")
        link.symlink_to("absent")
        for path in (out, link):
            done = run("lock", str(plain), "--out", str(path))
            assert (done.returncode, done.stdout) == (2, b"")
            assert done.stderr.decode() == f"vitrify: {path} exists; --force replaces it\n"
        assert out.read_text() == "mine\n"
        text_of(str(plain), "--out", str(out), "--force")
        assert out.read_text() == text_of(str(plain))
        assert sorted(os.listdir(tmp_path)) == ["link.txt", "requirements.txt"]

    def test_json_and_a_file_go_together(self, plain: Path, tmp_path: Path) -> None:
        """The file has the text."""
        out = tmp_path / "environment.yml"
        found = json.loads(text_of(str(plain), "-o", str(out), "--json", "--format", "conda"))
        assert (found["format"], found["pins"]) == ("conda", PINS)
        assert out.read_text() == text_of(str(plain), "--format", "conda")


class TestErrors:
    @pytest.mark.parametrize(
        ("words", "code", "message"),
        [
            (["--force"], 2, "--force goes with --out"),
            (["--format", "poetry"], 2, "'poetry' is not one of 'requirements', 'conda'"),
            (["-o", "absent/x.txt"], 3, "absent/x.txt: No such file or directory"),
        ],
    )
    def test_wrong_usage_is_one_line(self, words: list[str], code: int, message: str, plain: Path) -> None:
        """With the exit code of every verb."""
        done = run("lock", str(plain), *words)
        assert (done.returncode, done.stdout) == (code, b"")
        assert message in done.stderr.decode()
        assert done.stderr.count(b"\n") == 1

    @pytest.mark.parametrize(
        ("data", "message"),
        [(None, "absent.glass: No such file"), (b"root:x:0", "absent.glass: not a glass file")],
    )
    def test_what_is_no_glass_file_is_named(self, data: bytes | None, message: str, tmp_path: Path) -> None:
        """Exit code 3."""
        path = tmp_path / "absent.glass"
        if data is not None:
            path.write_bytes(data)
        done = run("lock", str(path))
        assert (done.returncode, message in done.stderr.decode()) == (3, True)

    def test_a_record_without_names_is_an_error(self, tmp_path: Path) -> None:
        """Nothing to install is no environment."""
        versions: dict[str, Any] = {"python": "3.11.7"}
        done = run("lock", str(forged(tmp_path / "bare.glass", {}, **versions)))
        assert (done.returncode, done.stdout) == (3, b"")
        assert done.stderr.startswith(
            b"vitrify: bare.glass: the record names no project with a version. Save the model"
        )
