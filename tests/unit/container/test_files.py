"""Replacing a file whole: whatever fails, the old file is there and no other is."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import vitrify
from vitrify.container.files import write_file

OLD = b"the old file"
NEW: list[bytes | memoryview] = [b"the ", memoryview(b"new"), b"", b" file"]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A file that is there already."""
    path = tmp_path / "model.glass"
    path.write_bytes(OLD)
    return path


@pytest.fixture
def umask() -> Iterator[int]:
    """A umask that is neither the usual one nor open."""
    before = os.umask(0o027)
    yield 0o027
    os.umask(before)


def mode(path: Path) -> int:
    """The permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


class Content:
    """A head, and buffers that are made as they are taken; `head()` may be asked for at any time."""

    def __init__(self, buffers: Iterable[bytes], head: bytes = b"") -> None:
        self._head = head
        self._buffers = buffers
        self.head_bytes = len(head)

    def head(self) -> bytes:
        """The first bytes."""
        return self._head

    def bodies(self) -> Iterator[bytes]:
        """The others."""
        yield from self._buffers

    def buffers(self) -> Iterator[bytes]:
        """All in order."""
        yield self._head
        yield from self._buffers


def broken() -> Iterator[bytes]:
    """Buffers of which the second cannot be made."""
    yield b"some bytes"
    raise RuntimeError("broken in the middle")


class TestReplacing:
    def test_the_new_bytes_are_there(self, target: Path) -> None:
        """All buffers, joined, and nothing else in the folder."""
        write_file(target, Content(NEW))
        assert target.read_bytes() == b"the new file"
        assert os.listdir(target.parent) == ["model.glass"]

    def test_the_head_comes_first_though_it_is_asked_for_last(self, target: Path) -> None:
        """Its room is kept free while the rest is written."""
        content = Content([b"x" * 5_000_000, b"y"])
        content.head_bytes = 4
        content.head = lambda: b"head"  # type: ignore[method-assign]  # a known length, a late head
        write_file(target, content)
        assert target.read_bytes() == b"head" + b"x" * 5_000_000 + b"y"

    @pytest.mark.parametrize("permissions", [0o600, 0o644, 0o640, 0o444])
    def test_a_replaced_file_keeps_its_mode(self, target: Path, permissions: int, umask: int) -> None:
        """Whatever the umask says."""
        target.chmod(permissions)
        write_file(target, Content(NEW))
        assert mode(target) == permissions

    def test_a_new_file_obeys_the_umask(self, tmp_path: Path, umask: int) -> None:
        """As one that `open` makes."""
        write_file(tmp_path / "new", Content(NEW))
        assert mode(tmp_path / "new") == 0o666 & ~umask

    def test_a_private_file_is_private_while_it_is_written(self, target: Path) -> None:
        """The temporary file can be read by no one else, from its first byte on."""
        target.chmod(0o600)
        seen: list[int] = []

        def watching() -> Iterator[bytes]:
            seen.extend(mode(path) for path in target.parent.iterdir())
            yield b"secret"

        write_file(target, Content(watching()))
        assert seen == [0o600, 0o600]

    def test_a_links_target_is_replaced_and_not_the_link(self, target: Path) -> None:
        """Also through two links, relative ones, and one that leads nowhere yet."""
        first, second, dangling = (target.with_name(name) for name in ("first", "second", "dangling"))
        first.symlink_to("model.glass")
        second.symlink_to(first)
        dangling.symlink_to("made.glass")
        write_file(second, Content(NEW))
        write_file(dangling, Content(NEW))
        assert second.is_symlink()
        assert dangling.is_symlink()
        assert target.read_bytes() == (target.parent / "made.glass").read_bytes() == b"the new file"

    def test_a_bare_name_and_bytes_are_paths_too(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Relative to the working directory."""
        monkeypatch.chdir(tmp_path)
        write_file("bare", Content(NEW))
        write_file(b"by\xc3\xa9", Content(NEW))
        assert sorted(os.listdir()) == ["bare", "byé"]

    def test_a_long_name_is_written(self, tmp_path: Path) -> None:
        """The temporary file's name is not longer than names may be."""
        path = tmp_path / ("x" * 255)
        write_file(path, Content(NEW))
        assert path.read_bytes() == b"the new file"


class TestFailing:
    def test_a_failure_in_the_middle_leaves_the_old_file_and_no_other(self, target: Path) -> None:
        """And the error comes through."""
        with pytest.raises(RuntimeError, match="in the middle"):
            write_file(target, Content(broken()))
        assert target.read_bytes() == OLD
        assert os.listdir(target.parent) == ["model.glass"]

    def test_a_failure_leaves_no_new_file(self, tmp_path: Path) -> None:
        """Not even an empty one."""
        with pytest.raises(RuntimeError):
            write_file(tmp_path / "new", Content(broken()))
        assert os.listdir(tmp_path) == []

    @pytest.mark.parametrize("step", ["fsync", "replace"])
    def test_a_full_disk_leaves_the_old_file(self, target: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
        """Where syncing or renaming fails."""

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, step, full)
        with pytest.raises(OSError, match="No space left"):
            write_file(target, Content(NEW))
        monkeypatch.undo()
        assert target.read_bytes() == OLD
        assert os.listdir(target.parent) == ["model.glass"]

    def test_a_model_that_cannot_be_saved_leaves_the_old_file(self, target: Path) -> None:
        """Nothing is written before everything is encoded."""
        with pytest.raises(vitrify.errors.UnsupportedError):
            vitrify.dump([1, lambda: None], target)
        assert target.read_bytes() == OLD
        assert os.listdir(target.parent) == ["model.glass"]

    def test_a_killed_process_leaves_the_old_file(self, target: Path) -> None:
        """The write stops in the middle for good (attacks F41)."""
        program = (
            "import os, sys\nfrom vitrify.container.files import write_file\n"
            "class Content:\n head_bytes = 4\n def bodies(self):\n"
            "  yield b'half'\n  yield b'x' * 5_000_000\n  os.kill(os.getpid(), 9)\n"
            "write_file(sys.argv[1], Content())\n"
        )
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", program, str(target)], check=False, env=env)
        assert done.returncode == -9
        assert target.read_bytes() == OLD

    def test_a_directory_and_a_missing_folder_are_os_errors(self, tmp_path: Path) -> None:
        """With nothing written."""
        with pytest.raises(IsADirectoryError):
            write_file(tmp_path, Content(NEW))
        with pytest.raises(FileNotFoundError):
            write_file(tmp_path / "no" / "folder", Content(NEW))
        assert os.listdir(tmp_path) == []


class TestPipesAndDevices:
    def test_a_fifo_is_written_directly(self, tmp_path: Path) -> None:
        """It cannot be replaced; more than it holds at once goes through."""
        path = tmp_path / "pipe"
        os.mkfifo(path)
        found: list[bytes] = []
        reader = threading.Thread(target=lambda: found.append(path.read_bytes()))
        reader.start()
        write_file(path, Content([b"x" * 300_000, b"y"], head=b"head"))
        reader.join()
        assert found == [b"head" + b"x" * 300_000 + b"y"]
        assert os.listdir(tmp_path) == ["pipe"]

    def test_standard_output_is_written_directly(self) -> None:
        """`/dev/stdout` of a pipeline leads to a name that does not exist."""
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        program = "import vitrify; vitrify.dump([1, 2], '/dev/stdout')"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=env)
        assert vitrify.loads(done.stdout) == [1, 2]

    def test_dev_null_takes_everything(self) -> None:
        """And stays what it is."""
        write_file("/dev/null", Content(NEW))
        assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


class TestShortWrites:
    @pytest.mark.parametrize("at_once", [1, 3, 1000])
    def test_what_the_system_does_not_take_is_written_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
    ) -> None:
        """Many buffers, a few bytes at a time."""
        write = os.write

        def short(fd: int, queue: list[memoryview]) -> int:
            return write(fd, b"".join(queue)[:at_once])

        monkeypatch.setattr(os, "writev", short)
        buffers = [bytes([i % 256]) * (i % 5) for i in range(700)]
        write_file(tmp_path / "f", Content(buffers))
        assert (tmp_path / "f").read_bytes() == b"".join(buffers)

    def test_a_system_without_writev_is_served(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Windows has none."""
        monkeypatch.delattr(os, "writev")
        write_file(tmp_path / "f", Content(NEW))
        assert (tmp_path / "f").read_bytes() == b"the new file"
