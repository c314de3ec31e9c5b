"""Disks that are full and folders that may not be written: an OSError, the old file, and no other."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

import vitrify
from tests.faults.children import descriptors, error_of, new_descriptors, new_threads, run, threads

LARGE = {"weights": np.arange(600_000.0)}

FULL = """
import errno, json, os, resource, sys, numpy, vitrify
from tests.faults.children import contents, descriptors, new_descriptors, new_threads, threads
folder, is_there, size = sys.argv[1], sys.argv[2] == "old", int(sys.argv[3])
path = os.path.join(folder, "model.glass")
value = {"weights": numpy.arange(float(size))}
n_bytes = len(vitrify.dumps(value))
if is_there:
    vitrify.dump(["old"], path)
before, open_before, threads_before = contents(folder), descriptors(), threads()
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
found = []
for room in [0, 1, 7, 8, 100, 600, n_bytes // 3, n_bytes // 2, n_bytes - 4097, n_bytes - 1]:
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, most))
    try:
        vitrify.dump(value, path)
        code = "saved"
    except OSError as error:
        code = errno.errorcode[error.errno]
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    n_left = len(new_threads(threads_before)), len(new_descriptors(open_before))
    found.append([code, contents(folder) == before, *n_left])
resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, most))
vitrify.dump(value, path)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
whole = contents(folder) == {"model.glass": vitrify.dumps(value)}
print(json.dumps({"found": found, "whole": whole}))
"""


@pytest.mark.parametrize("size", [10, 600_000], ids=["small", "large"])
@pytest.mark.parametrize("is_there", [True, False], ids=["old", "new"])
def test_a_disk_that_fills_up_at_any_byte(tmp_path: Path, is_there: bool, size: int) -> None:
    """The system takes a part of the bytes and refuses the next; with room for exactly the file it is saved."""
    told = run(FULL, str(tmp_path), "old" if is_there else "new", str(size))
    assert told["found"] == [["EFBIG", True, 0, 0]] * 10
    assert told["whole"] is True


@pytest.mark.parametrize("through", ["device", "link", "stream"])
def test_a_full_device_is_an_os_error(tmp_path: Path, through: str) -> None:
    """It is written directly, by its name, through a link, or as a file that the caller opened."""
    open_before, threads_before = descriptors(), threads()
    link = tmp_path / "link"
    link.symlink_to("/dev/full")
    if through == "stream":
        with open("/dev/full", "wb", buffering=0) as stream:
            caught = error_of(lambda: vitrify.dump(LARGE, stream))
    else:
        caught = error_of(lambda: vitrify.dump(LARGE, "/dev/full" if through == "device" else link))
    assert isinstance(caught, OSError)
    assert caught.errno == errno.ENOSPC
    assert os.listdir(tmp_path) == ["link"]
    assert link.is_symlink()
    assert new_threads(threads_before) == set()
    assert new_descriptors(open_before) == set()


FORBIDDEN = """
import json, os, sys, vitrify
from tests.faults.children import contents, descriptors, new_descriptors
folder = sys.argv[1]
path = os.path.join(folder, "model.glass")
vitrify.dump(["old"], path)
os.chmod(path, 0o644)
before = contents(folder)
os.chmod(folder, 0o555)
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
open_before = descriptors()
found = []
for name in ("model.glass", "new.glass"):
    try:
        vitrify.dump(["new"], os.path.join(folder, name))
        found.append("saved")
    except PermissionError:
        found.append("refused")
found += [contents(folder) == before, vitrify.load(path), len(new_descriptors(open_before))]
if os.getuid() == 0:
    os.seteuid(0)
os.chmod(folder, 0o755)
print(json.dumps(found))
"""


def test_a_folder_that_may_not_be_written_keeps_its_files(tmp_path: Path) -> None:
    """For old and new names alike; what lies there can still be read."""
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
    assert run(FORBIDDEN, str(tmp_path)) == ["refused", "refused", True, ["old"], 0]


READ_ONLY = """
import errno, json, os, sys, vitrify
from tests.faults.children import contents, descriptors, new_descriptors
folder, found = sys.argv[1], []
cached, link = os.path.join(folder, "cache", "ab12"), os.path.join(folder, "model.glass")
os.chmod(folder, 0o777)
os.mkdir(os.path.dirname(cached))
os.chmod(os.path.dirname(cached), 0o777)
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
vitrify.dump(["old"], cached)
os.chmod(cached, 0o444)
os.symlink(cached, link)
before, open_before = contents(os.path.dirname(cached)), descriptors()
for path in (cached, link):
    for write in (lambda: open(path, "wb"), lambda: vitrify.dump(["new"], path)):
        try:
            write()
            found.append("written")
        except PermissionError as error:
            found.append([str(error), error.filename == path, errno.errorcode[error.errno]])
if os.getuid() == 0:
    os.seteuid(0)
is_same = contents(os.path.dirname(cached)) == before
print(json.dumps([found, is_same, os.stat(cached).st_mode & 0o777, len(new_descriptors(open_before))]))
"""


def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path: Path) -> None:
    """Nor through a link, though the folder may be written: so DVC links to the objects of its cache."""
    for parent in tmp_path.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
    found, is_same, mode, n_left = run(READ_ONLY, str(tmp_path))
    cached, link = tmp_path / "cache" / "ab12", tmp_path / "model.glass"
    for opened, dumped, path in ((*found[:2], cached), (*found[2:], link)):
        assert opened == dumped == [f"[Errno 13] Permission denied: '{path}'", True, "EACCES"]
    assert (is_same, mode, n_left) == (True, 0o444, 0)


@pytest.mark.parametrize("call", ["dump", "load", "inspect"])
def test_a_link_to_itself_is_an_os_error(tmp_path: Path, call: str) -> None:
    """And stays what it is (attacks F40)."""
    loop = tmp_path / "loop.glass"
    loop.symlink_to(loop.name)
    with pytest.raises(OSError, match="symbolic links") as caught:
        vitrify.dump(1, loop) if call == "dump" else getattr(vitrify, call)(loop)
    assert caught.value.errno == errno.ELOOP
    assert os.listdir(tmp_path) == ["loop.glass"]
