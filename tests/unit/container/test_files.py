"""Replacing a file whole: whatever fails, the old file is there and no other is."""

from __future__ import annotations

import errno
import os
import re
import stat
import subprocess
import sys
import tempfile
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

    @pytest.mark.parametrize("permissions", [0o600, 0o644, 0o640, 0o200, 0o2755])
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

    def test_as_many_links_are_followed_as_the_system_follows(self, target: Path) -> None:
        """Linux follows 40; with one more the error is the system's own."""
        folder = target.parent / "links"
        folder.mkdir()
        (folder / "1").symlink_to("../model.glass")
        for i in range(2, 42):
            (folder / f"{i}").symlink_to(f"{i - 1}")
        write_file(folder / "40", Content(NEW))
        assert target.read_bytes() == b"the new file"
        assert all((folder / f"{i}").is_symlink() for i in range(1, 42))
        with pytest.raises(OSError, match="symbolic links") as caught:
            write_file(folder / "41", Content(NEW))
        assert (caught.value.errno, caught.value.filename) == (errno.ELOOP, f"{folder}/41")

    def test_a_bare_name_and_bytes_are_paths_too(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Relative to the working directory."""
        monkeypatch.chdir(tmp_path)
        write_file("bare", Content(NEW))
        write_file(b"by\xc3\xa9", Content(NEW))
        assert sorted(os.listdir()) == ["bare", "byé"]

    @pytest.mark.parametrize(
        "name",
        [b"x" * 255, "模".encode() * 85, "模".encode() * 83, "\U0001f600".encode() * 63, b"x" + "é".encode() * 127],
        ids=["ascii", "three-bytes", "fewer", "four-bytes", "cut"],
    )
    @pytest.mark.parametrize("is_text", [True, False], ids=["text", "bytes"])
    def test_a_long_name_is_written(self, tmp_path: Path, name: bytes, is_text: bool) -> None:
        """The temporary file's name is not longer than names may be, which their bytes decide."""
        path = os.path.join(os.fsencode(tmp_path), name)
        write_file(os.fsdecode(path) if is_text else path, Content(NEW))
        with open(path, "rb") as stream:
            assert stream.read() == b"the new file"
        assert os.listdir(os.fsencode(tmp_path)) == [name]

    @pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode")
    @pytest.mark.parametrize("is_text", [True, False], ids=["text", "bytes"])
    def test_a_name_that_is_no_utf8_is_written(self, tmp_path: Path, is_text: bool) -> None:
        """As bytes, or as the text that stands for them."""
        path = os.path.join(os.fsencode(tmp_path), b"\xff\xfe" * 60)
        write_file(os.fsdecode(path) if is_text else path, Content(NEW))
        assert os.listdir(os.fsencode(tmp_path)) == [b"\xff\xfe" * 60]

    def test_the_temporary_name_is_readable_and_cuts_no_character(self, tmp_path: Path) -> None:
        """80 bytes of the name at most: of three-byte characters 26, since the 27th would need 81."""
        seen: list[str] = []

        def watching() -> Iterator[bytes]:
            seen.extend(os.listdir(tmp_path))
            yield b"bytes"

        write_file(tmp_path / ("模" * 40), Content(watching()))
        assert re.fullmatch(r"\.模{26}\.[0-9a-f]{16}\.tmp", seen[0])

    def test_another_working_directory_changes_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A thread may change it while a file with a relative path is written."""
        (tmp_path / "here").mkdir()
        (tmp_path / "there").mkdir()
        monkeypatch.chdir(tmp_path / "here")

        def moving() -> Iterator[bytes]:
            os.chdir(tmp_path / "there")
            yield b"bytes"

        write_file("model.glass", Content(moving()))
        assert os.listdir(tmp_path / "here") == ["model.glass"]
        assert os.listdir(tmp_path / "there") == []


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
        with pytest.raises(vitrify.errors.UnsupportedError, match=r"cannot save a lambda - at \$\[1\]"):
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

    def test_a_file_that_may_not_be_written_is_not_replaced(
        self, target: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The error is the one of opening it, which knows why: the file's mode, or a disk that is only read."""
        asked: list[tuple[object, ...]] = []

        def refuse(path: str, flags: int, **_: int) -> int:
            asked.append((path, flags))
            raise OSError(errno.EROFS, "Read-only file system", path)

        with monkeypatch.context() as patched:
            patched.setattr(os, "access", lambda path, mode, **_: (path, mode) != (str(target), os.W_OK))
            patched.setattr(os, "open", refuse)
            with pytest.raises(OSError, match="Read-only file system") as caught:
                write_file(target, Content(NEW))
        assert (caught.value.errno, caught.value.filename) == (errno.EROFS, str(target))
        assert asked == [(str(target), os.O_WRONLY)]
        assert target.read_bytes() == OLD
        assert os.listdir(target.parent) == ["model.glass"]

    @pytest.mark.parametrize("is_link", [False, True], ids=["path", "link"])
    def test_a_new_path_that_ends_in_a_slash_is_that_of_a_directory(self, tmp_path: Path, is_link: bool) -> None:
        """As for `open`, also where a link leads to such a path."""
        path = f"{tmp_path}/new.glass/"
        if is_link:
            path = f"{tmp_path}/link"
            os.symlink("new.glass/", path)
        before = os.listdir(tmp_path)
        with pytest.raises(IsADirectoryError) as expected:
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        with pytest.raises(IsADirectoryError) as caught:
            write_file(path, Content(NEW))
        assert str(caught.value) == str(expected.value)
        assert (caught.value.errno, caught.value.filename) == (errno.EISDIR, path)
        assert os.listdir(tmp_path) == before

    def test_links_that_become_a_loop_are_an_os_error(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """After the system has followed them, so that nothing but the count of links ends it."""
        loop = tmp_path / "loop"

        def missing(path: str) -> os.stat_result:
            loop.symlink_to("loop")
            raise FileNotFoundError(path)

        with monkeypatch.context() as patched:
            patched.setattr(os, "stat", missing)
            with pytest.raises(OSError, match="symbolic links") as caught:
                write_file(loop, Content(NEW))
        assert caught.value.errno == errno.ELOOP
        assert os.listdir(tmp_path) == ["loop"]

    @pytest.mark.parametrize("path", ["", b""])
    def test_an_empty_path_is_an_os_error(self, path: str | bytes) -> None:
        """It says what is wrong, which the system does not."""
        with pytest.raises(FileNotFoundError, match="the path of the file is empty") as caught:
            write_file(path, Content(NEW))
        assert caught.value.errno == errno.ENOENT

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


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="this system has no paths for descriptors")
class TestDescriptors:
    """Paths that stand for an open file: what its name was, or is by now, does not matter."""

    @pytest.mark.parametrize("folder", ["/proc/self/fd", "/dev/fd", "/proc/thread-self/fd"])
    def test_a_file_without_a_name_is_written(self, tmp_path: Path, folder: str) -> None:
        """The file itself, and no other that has a similar name."""
        with tempfile.TemporaryFile(dir=tmp_path) as stream:
            write_file(f"{folder}/{stream.fileno()}", Content(NEW, head=b"head "))
            stream.seek(0)
            assert stream.read() == b"head the new file"
        assert os.listdir(tmp_path) == []

    def test_a_file_that_lost_its_name_to_another_is_written(self, target: Path) -> None:
        """And the other is left as it is."""
        with target.open("r+b") as stream:
            target.unlink()
            target.write_bytes(b"another")
            stream.seek(0, os.SEEK_END)
            write_file(f"/dev/fd/{stream.fileno()}", Content(NEW))
            stream.seek(0)
            assert stream.read() == OLD + b"the new file"
        assert target.read_bytes() == b"another"
        assert os.listdir(target.parent) == ["model.glass"]

    def test_a_link_to_a_descriptor_leads_to_it(self, tmp_path: Path) -> None:
        """As `/dev/stdout` is one, through a relative link and an absolute one."""
        first, second = tmp_path / "first", tmp_path / "second"
        with tempfile.TemporaryFile(dir=tmp_path) as stream:
            first.symlink_to(f"/proc/self/fd/{stream.fileno()}")
            second.symlink_to("first")
            write_file(second, Content(NEW))
            stream.seek(0)
            assert stream.read() == b"the new file"
        assert sorted(os.listdir(tmp_path)) == ["first", "second"]
        assert first.is_symlink()

    @pytest.mark.parametrize(("mode", "before"), [("ab", b"the log\n"), ("wb", b"")], ids=[">>", ">"])
    def test_a_log_that_standard_output_is_added_to_keeps_what_it_has(
        self, tmp_path: Path, mode: str, before: bytes
    ) -> None:
        """What comes before and after in the same stream stays in its place."""
        log = tmp_path / "log"
        log.write_bytes(b"the log\n")
        program = (
            "import os, vitrify\nos.write(1, b'before|')\nvitrify.dump([1, 2], '/dev/stdout')\nos.write(1, b'|after')"
        )
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        with log.open(mode) as stream:
            subprocess.run([sys.executable, "-c", program], stdout=stream, check=True, env=env)
        assert log.read_bytes() == before + b"before|" + vitrify.dumps([1, 2]) + b"|after"
        assert os.listdir(tmp_path) == ["log"]

    def test_a_descriptor_of_another_process_is_opened(self, tmp_path: Path) -> None:
        """Its file has no name left; what it had is replaced, as `open` does."""
        with tempfile.TemporaryFile(dir=tmp_path) as stream:
            stream.write(b"something that is longer than the new file")
            stream.flush()
            sleeping = subprocess.Popen(["sleep", "60"], stdout=stream)
            try:
                write_file(f"/proc/{sleeping.pid}/fd/1", Content(NEW))
            finally:
                sleeping.kill()
                sleeping.wait()
            stream.seek(0)
            assert stream.read() == b"the new file"
        assert os.listdir(tmp_path) == []

    def test_a_descriptor_that_is_only_read_is_an_os_error(self, target: Path) -> None:
        """And its file keeps what it has."""
        with target.open("rb") as stream, pytest.raises(OSError, match="Bad file descriptor") as caught:
            write_file(f"/dev/fd/{stream.fileno()}", Content(NEW))
        assert caught.value.errno == errno.EBADF
        assert target.read_bytes() == OLD

    @pytest.mark.parametrize("entry", ["cwd", "root"])
    def test_a_folder_of_a_process_is_left_to_the_system(
        self, target: Path, monkeypatch: pytest.MonkeyPatch, entry: str
    ) -> None:
        """What such a link says may be another folder here; only the system knows which it is."""
        monkeypatch.chdir(target.parent)
        monkeypatch.setattr(os, "readlink", lambda path: pytest.fail(f"followed {path}"))
        write_file({"cwd": "/proc/self/cwd/model.glass", "root": f"/proc/self/root{target}"}[entry], Content(NEW))
        monkeypatch.undo()
        assert target.read_bytes() == b"the new file"
        assert os.listdir(target.parent) == ["model.glass"]


class Owners:
    """Owners as the system has them: who made a file owns it, and what may be changed is up to the test."""

    def __init__(self, old: os.stat_result, made: tuple[int, int], *, allowed: str) -> None:
        self.ids = {"uid": made[0], "gid": made[1]}
        self._old, self._allowed = old, allowed

    def fstat(self, fd: int) -> os.stat_result:
        """With the owner and the group that the file has by now."""
        found = list(os.stat(fd))
        found[stat.ST_UID], found[stat.ST_GID] = self.ids["uid"], self.ids["gid"]
        return os.stat_result(found)

    def fchown(self, fd: int, uid: int, gid: int) -> None:
        """As the system does it, for those that are allowed."""
        for name, number in (("uid", uid), ("gid", gid)):
            if number == -1:
                continue
            if name not in self._allowed:
                raise PermissionError(errno.EPERM, "Operation not permitted")
            self.ids[name] = number


class TestOwners:
    @pytest.mark.parametrize(
        ("made", "allowed", "before", "after"),
        [
            ("both", "uid gid", 0o6755, 0o6755),
            ("both", "gid", 0o640, 0o640),
            ("both", "gid", 0o6755, 0o755),
            ("both", "", 0o6755, 0o755),
            ("both", "", 0o660, 0o600),
            ("both", "", 0o664, 0o644),
            ("group", "", 0o2775, 0o755),
            ("group", "", 0o604, 0o600),
            ("owner", "", 0o660, 0o660),
        ],
    )
    def test_what_cannot_be_kept_gives_nobody_more(
        self, target: Path, monkeypatch: pytest.MonkeyPatch, made: str, allowed: str, before: int, after: int
    ) -> None:
        """An owner or a group that has to be another gets no setuid or setgid, and a group only what others had."""
        target.chmod(before)
        old = target.stat()
        makers = {"both": (1234, 4321), "group": (old.st_uid, 4321), "owner": (1234, old.st_gid)}
        owners = Owners(old, makers[made], allowed=allowed)
        monkeypatch.setattr(os, "fstat", owners.fstat)
        monkeypatch.setattr(os, "fchown", owners.fchown)
        write_file(target, Content(NEW))
        monkeypatch.undo()
        assert owners.ids == {
            "uid": old.st_uid if "uid" in allowed else makers[made][0],
            "gid": old.st_gid if "gid" in allowed else makers[made][1],
        }
        assert mode(target) == after

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to somebody else")
    def test_root_leaves_a_file_to_its_owner(self, target: Path) -> None:
        """Who could read it before can read it after."""
        os.chown(target, 1234, 4321)
        target.chmod(0o640)
        write_file(target, Content(NEW))
        assert (target.stat().st_uid, target.stat().st_gid, mode(target)) == (1234, 4321, 0o640)

    def test_the_owner_is_changed_before_the_mode(self, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Until it is the right one's, a file is open to nobody else, and setuid never stands with another owner."""
        target.chmod(0o4755)
        old = target.stat()
        modes: list[int] = []
        owners = Owners(old, (1234, 4321), allowed="uid gid")

        def watching(fd: int, *ids: int) -> None:
            modes.append(stat.S_IMODE(os.stat(fd).st_mode))
            owners.fchown(fd, *ids)

        monkeypatch.setattr(os, "fstat", owners.fstat)
        monkeypatch.setattr(os, "fchown", watching)
        write_file(target, Content(NEW))
        monkeypatch.undo()
        assert modes == [0o600, 0o600]
        assert mode(target) == 0o4755

    def test_another_name_of_a_file_keeps_the_old_one(self, target: Path) -> None:
        """A hard link is another name of what is replaced."""
        other = target.with_name("other")
        os.link(target, other)
        write_file(target, Content(NEW))
        assert (target.read_bytes(), other.read_bytes()) == (b"the new file", OLD)


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
