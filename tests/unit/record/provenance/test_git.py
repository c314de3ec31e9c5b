"""What git is asked, in repositories made for it, and which part of a remote's address is nobody's business."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from vitrify.record.provenance import git
from vitrify.record.provenance.git import Checkout, checkout, public_address

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


class Repository:
    """A folder with a commit in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self("init", "--quiet", "--initial-branch=trunk")

    def __call__(self, *words: str) -> str:
        who = ("-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
        command = ["git", "-C", str(self.folder), *who, *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def commit(self, name: str = "train.py", text: str = "x = 1\n") -> str:
        (self.folder / name).write_text(text)
        self("add", name)
        self("commit", "--quiet", "--message", "a commit")
        return self("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return Repository(tmp_path / "work")


@needs_git
class TestCheckout:
    def test_commit_branch_and_remote_are_those_of_the_repository(self, repository: Repository) -> None:
        """Also from a folder in it."""
        commit = repository.commit()
        repository("remote", "add", "a-fork", "https://host/fork")
        repository("remote", "add", "origin", "https://me:secret@host/team/churn.git")
        (repository.folder / "deep").mkdir()
        expected = Checkout(commit=commit, branch="trunk", remote="https://host/team/churn.git", is_dirty=False)
        assert checkout(repository.folder) == (expected, [])
        assert checkout(repository.folder / "deep") == (expected, [])

    def test_changed_files_and_new_code_make_it_dirty(self, repository: Repository) -> None:
        """Data and models that lie there do not; nor does what git is told to ignore."""
        repository.commit(".gitignore", "ignored.py\n")
        repository.commit()
        (repository.folder / "deep").mkdir()
        for name, is_dirty in (("data.csv", False), ("ignored.py", False), ("new.py", True)):
            (repository.folder / name).write_text("x = 2\n")
            for folder in (repository.folder, repository.folder / "deep"):
                assert checkout(folder)[0].is_dirty is is_dirty, name
        (repository.folder / "new.py").unlink()
        (repository.folder / "train.py").write_text("x = 3\n")
        assert checkout(repository.folder / "deep")[0].is_dirty is True

    def test_before_the_first_commit_there_is_only_a_branch(self, repository: Repository) -> None:
        """Nothing to differ from."""
        assert checkout(repository.folder) == (Checkout(branch="trunk"), [])

    def test_a_commit_without_branch_has_none(self, repository: Repository) -> None:
        """As in many build services."""
        commit = repository.commit()
        repository("checkout", "--quiet", "--detach")
        assert checkout(repository.folder) == (Checkout(commit=commit, is_dirty=False), [])

    def test_without_origin_the_first_remote_counts(self, repository: Repository) -> None:
        """By name; settings that rewrite addresses, often to put a token in, are not asked."""
        repository("remote", "add", "zebra", "git@host:z.git")
        repository("remote", "add", "ant", "git@host:a.git")
        repository("config", "url.https://token@host/.insteadOf", "git@host:")
        assert checkout(repository.folder)[0].remote == "host:a.git"

    def test_a_folder_without_repository_tells_nothing(self, tmp_path: Path) -> None:
        """No warning: nobody said that there was one."""
        assert checkout(tmp_path) == (Checkout(), [])

    def test_a_bare_repository_is_neither_clean_nor_dirty(self, repository: Repository, tmp_path: Path) -> None:
        """It has no files."""
        commit = repository.commit()
        repository("clone", "--quiet", "--bare", str(repository.folder), str(tmp_path / "bare"))
        assert checkout(tmp_path / "bare") == (Checkout(commit=commit, branch="trunk"), [])

    def test_a_repository_that_cannot_be_read_gives_reasons(self, repository: Repository, tmp_path: Path) -> None:
        """Damaged, or absent: what git says of it."""
        repository.commit()
        (repository.folder / ".git" / "index").write_bytes(b"broken")
        found, reasons = checkout(repository.folder)
        assert (found.branch, found.is_dirty, len(reasons)) == ("trunk", None, 1)
        assert reasons[0].startswith("git status: ")
        (repository.folder / ".git" / "HEAD").write_text("ref: refs/heads/trunk\n")
        (repository.folder / ".git" / "config").write_text("[nonsense")
        assert checkout(repository.folder)[1][0].startswith("git rev-parse: ")
        assert checkout(tmp_path / "absent")[1][0].startswith("git rev-parse: ")
        assert checkout(Path("a\0b"))[1][0].startswith("git could not be started")

    @pytest.mark.skipif(os.name == "nt", reason="the program is a script of the shell")
    def test_no_monitor_or_hook_of_the_repository_runs(self, repository: Repository, tmp_path: Path) -> None:
        """Its settings name programs, which git would start."""
        repository.commit()
        witness, program = tmp_path / "witness", tmp_path / "program"
        program.write_text(f"#!/bin/sh\ntouch {witness}\n")
        program.chmod(0o755)
        repository("config", "core.fsmonitor", str(program))
        repository("config", "core.hooksPath", str(tmp_path))
        repository("status")
        assert witness.exists()  # so it is a test
        witness.unlink()
        assert checkout(repository.folder)[0].is_dirty is False
        assert not witness.exists()

    def test_nothing_in_the_repository_is_written(self, repository: Repository) -> None:
        """Not even the index, which `git status` refreshes otherwise."""
        repository.commit()
        os.utime(repository.folder / "train.py", (1, 1))
        before = {path: path.stat().st_mtime_ns for path in (repository.folder / ".git").rglob("*")}
        assert checkout(repository.folder)[0].is_dirty is False
        assert {path: path.stat().st_mtime_ns for path in (repository.folder / ".git").rglob("*")} == before

    def test_the_repository_of_a_hook_is_not_asked(
        self, repository: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Git tells its hooks by variables which one is theirs."""
        commit = repository.commit()
        other = Repository(repository.folder.parent / "other")
        monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
        monkeypatch.setenv("GIT_INDEX_FILE", str(other.folder / ".git" / "absent"))
        assert checkout(repository.folder) == (Checkout(commit=commit, branch="trunk", is_dirty=False), [])


class TestPrograms:
    def test_without_git_nothing_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It need not be installed."""
        monkeypatch.setenv("PATH", str(tmp_path))
        assert checkout(tmp_path) == (Checkout(), [])

    @pytest.mark.skipif(os.name == "nt", reason="the program is a script")
    @pytest.mark.parametrize(
        ("body", "timeout_s", "reason"),
        [
            ("import time; time.sleep(60)", 0.5, "git rev-parse took more than 0.5 seconds"),
            ("raise SystemExit(3)", 60, "git rev-parse: exit code 3"),
        ],
    )
    def test_a_git_that_does_not_answer_is_not_waited_for(
        self, body: str, timeout_s: float, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A folder on a slow network."""
        (tmp_path / "git").write_text(f"#!{sys.executable}\n{body}\n")
        (tmp_path / "git").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(git, "_TIMEOUT_S", timeout_s)
        assert checkout(tmp_path) == (Checkout(), [reason])

    @pytest.mark.skipif(os.name == "nt", reason="the program is a script")
    def test_each_question_is_answered_for_itself(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Here all fail but the first."""
        program = "import sys\nsys.exit('broken') if '--is-inside-work-tree' not in sys.argv else print('true')"
        (tmp_path / "git").write_text(f"#!{sys.executable}\n{program}\n")
        (tmp_path / "git").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        # The code 1 means "there is none" where git may say so.
        assert checkout(tmp_path) == (Checkout(), [])
        (tmp_path / "git").write_text((tmp_path / "git").read_text().replace("'broken'", "3"))
        reasons = [f"git {verb}: exit code 3" for verb in ("rev-parse", "symbolic-ref", "config")]
        assert checkout(tmp_path) == (Checkout(), reasons)


@pytest.mark.parametrize(
    ("remote", "shown"),
    [
        ("https://host/team/x.git", "https://host/team/x.git"),
        ("https://me@host/x", "https://host/x"),
        ("https://me:secret@host:8443/x", "https://host:8443/x"),
        ("https://me:p@ss@host/x", "https://host/x"),
        ("https://:token@host/x", "https://host/x"),
        ("https://host/@scope/x", "https://host/@scope/x"),
        ("https://host/x?token=secret", "https://host/x"),
        ("https://host/x#secret", "https://host/x"),
        ("ssh://git@host:22/x", "ssh://host:22/x"),
        ("git+ssh://git@host/x", "git+ssh://host/x"),
        ("ssh://git@[2001:db8::1]:22/x", "ssh://[2001:db8::1]:22/x"),
        ("git@host:team/x.git", "host:team/x.git"),
        ("me:secret@host:team/x", "host:team/x"),
        ("host:team/@x", "host:team/@x"),
        ("me@[::1]:x", "[::1]:x"),
        ("git@host:/srv/x", "host:/srv/x"),
        ("", ""),
        # A path on this machine is of no use elsewhere, and often holds the user's name.
        ("/home/me/x", ""), ("../x", ""), ("file:///home/me/x", ""), ("C:/me/x", ""), ("c:\\me\\x", ""), ("x", ""),
        # Where it is not clear what is secret, nothing is told.
        ("https://me:sec/ret@host/x", ""), ("https://me:sec\\ret@ho st/x", ""), ("ext::sh -c secret", ""),
        ("hg::https://me:secret@host/x", ""), ("codecommit::eu-west-1://me@x", ""), ("https://", ""),
        ("https://host/x\nsecret", ""), ("://me:secret@host/x", ""), ("me:secret@host", ""),
    ],
)  # fmt: skip
def test_addresses_are_shown_without_user_and_password(remote: str, shown: str) -> None:
    """Also as scp writes them."""
    assert public_address(remote) == shown
    assert "secret" not in public_address(remote)
