"""What the benchmarks read from the system, and what they compute and draw, on inputs whose answers are known."""

from __future__ import annotations

import dataclasses
import io
import mmap
import os
import re
import sys
import xml.etree.ElementTree as ET
from argparse import ArgumentTypeError, Namespace
from pathlib import Path

import pytest

# The benchmarks are not part of the installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.__main__ import main
from benchmarks.child import action_named, sample_count
from benchmarks.cold.pages import cached_bytes, evict
from benchmarks.figures import Board, Cell, exponent
from benchmarks.kinds import KINDS
from benchmarks.options import chosen, command, positive
from benchmarks.page import Page, render, write_page
from benchmarks.plots import Curve, Panel, axis, draw
from benchmarks.progress import Progress
from benchmarks.reading.counter import bytes_read, parse_io
from benchmarks.results import Results
from benchmarks.winners import winners, wins
from benchmarks.workers.memory import parse_rollup

ROLLUP = """\
556aa7d5b000-7ffd1b5fe000 ---p 00000000 00:00 0                          [rollup]
Rss:                1000 kB
Pss:                 300 kB
Pss_Dirty:            90 kB
Pss_Anon:            100 kB
Pss_File:            200 kB
Shared_Clean:        700 kB
"""
SVG = "{http://www.w3.org/2000/svg}"


def test_memory_of_a_process_is_read_from_its_rollup() -> None:
    """1000 kB of the kernel are 1000 × 1024 bytes."""
    assert parse_rollup(ROLLUP) == {
        "rss_bytes": 1_024_000,
        "pss_bytes": 307_200,
        "pss_anon_bytes": 102_400,
        "pss_file_bytes": 204_800,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ROLLUP.replace("Pss: ", "Psst: "), "smaps_rollup has no pss_bytes"),
        ("", "smaps_rollup has no pss_bytes, rss_bytes"),
        (ROLLUP.replace("1000 kB", "1000 MB"), "Rss is in MB, expected kB"),
    ],
)
def test_a_rollup_without_its_fields_is_refused(text: str, message: str) -> None:
    """A figure that was not found must not read as zero."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_rollup(text)


def test_bytes_read_are_the_rchar_of_the_process() -> None:
    """And of nothing else in that file."""
    assert parse_io("rchar: 4321\nwchar: 5\nsyscr: 6\nread_bytes: 0\n") == 4321
    with pytest.raises(ValueError, match=r"^/proc/self/io has no rchar$"):
        parse_io("wchar: 5\n")


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="only Linux counts the bytes that a process reads")
def test_bytes_of_a_known_file_are_counted(tmp_path: Path) -> None:
    """100 000 bytes of it, and a few of the counter itself, although the file has ten times as many."""
    path = tmp_path / "file"
    path.write_bytes(bytes(1_000_000))
    descriptor = os.open(path, os.O_RDONLY)
    before = bytes_read()
    os.read(descriptor, 100_000)
    found = bytes_read() - before
    os.close(descriptor)
    assert 100_000 <= found < 101_000


@pytest.mark.skipif(sys.platform != "linux", reason="mincore and posix_fadvise are those of Linux")
def test_cached_bytes_of_a_file_are_whole_pages(tmp_path: Path) -> None:
    """What was just written is in the page cache: two pages and a bit take three."""
    path = tmp_path / "file"
    path.write_bytes(bytes(2 * mmap.PAGESIZE + 1))
    assert cached_bytes(str(path)) == 3 * mmap.PAGESIZE
    (tmp_path / "empty").touch()
    assert cached_bytes(str(tmp_path / "empty")) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="mincore and posix_fadvise are those of Linux")
def test_evicting_writes_and_then_asks_to_drop_the_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that wait to be written stay, so the order matters; a length of zero means to the end."""
    calls: list[tuple[object, ...]] = []
    monkeypatch.setattr(os, "fsync", lambda fd: calls.append(("fsync",)))
    monkeypatch.setattr(os, "posix_fadvise", lambda fd, *rest: calls.append(("advise", *rest)))
    path = tmp_path / "file"
    path.write_bytes(b"x")
    evict(str(path))
    assert calls == [("fsync",), ("advise", 0, 0, os.POSIX_FADV_DONTNEED)]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(1.0, 5.0), (10.0, 50.0), (100.0, 500.0)], 1.0),
        ([(1.0, 3.0), (10.0, 300.0)], 2.0),
        ([(1.0, 7.0), (1000.0, 7.0)], 0.0),
        # Logarithms (0, 0), (1, 1), (2, 1): the mean is (1, 2/3), the slope ((-1)(-2/3) + (1)(1/3)) / 2 = 1/2.
        ([(1.0, 1.0), (10.0, 10.0), (100.0, 10.0)], 0.5),
    ],
)
def test_exponent_is_the_slope_of_the_logarithms(points: list[tuple[float, float]], expected: float) -> None:
    """Worked out by hand."""
    assert exponent(points) == pytest.approx(expected)


@pytest.mark.parametrize("points", [[], [(1.0, 2.0)], [(1.0, 2.0), (1.0, 3.0)], [(1.0, 0.0), (2.0, 1.0)]])
def test_one_size_has_no_exponent(points: list[tuple[float, float]]) -> None:
    """A slope needs two sizes, and zero has no logarithm."""
    assert exponent(points) is None


@pytest.mark.parametrize(
    ("first_s", "budget_s", "count"), [(0.1, 3.0, 20), (0.5, 3.0, 6), (0.5, 1.0, 2), (10.0, 3.0, 2), (20.1, 3.0, 0)]
)
def test_samples_fill_their_budget(first_s: float, budget_s: float, count: int) -> None:
    """2 to 20 of them; none beyond the first where that took more than 20 s."""
    assert sample_count(first_s, budget_s) == count


def board(**save_s: float) -> Board:
    """One model, and how long each tool took to save it."""
    cells = [
        Cell(model="m", tool=tool.replace("_", "-"), samples={"save_s": (value,)}, errors={})
        for tool, value in save_s.items()
    ]
    return Board(cells, "pickle")


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (board(pickle=1.0, joblib=3.0, vitrify=2.0, vitrify_mmap=4.0), ("pickle", "vitrify", 0.5)),
        (board(pickle=1.0, vitrify=2.0, vitrify_mmap=0.5), None),
        (board(pickle=0.96, vitrify=1.0), None),
        (board(bare=0.1, nothing=0.1, pickle=2.0, vitrify=1.0), None),
        (board(pickle=1.0), None),
    ],
)
def test_a_peer_wins_against_the_best_mode_beyond_noise(measured: Board, expected: object) -> None:
    """Bare bytes and no model at all are no peers."""
    assert wins(measured, "m", "save_s") == expected


def results(measured: Board) -> Results:
    """A run around these cells."""
    return Results(
        environment={"cpu": "Abacus"},
        command="python -m benchmarks some",
        reference="pickle",
        scale=1.0,
        titles={"m": "A model"},
        labels={tool: tool.upper() for tool in measured.tools},
        cells=tuple(measured.cells.values()),
    )


def test_the_page_says_where_a_peer_wins_and_where_none_does() -> None:
    """Whatever the figures are."""
    worse, better = board(pickle=1.0, vitrify=2.0), board(pickle=2.0, vitrify=1.0)
    assert winners(worse, results(worse), {"save_s": "save"}, ["m"])[-1] == "- save: PICKLE 0.50× VITRIFY"
    assert winners(better, results(better), {"save_s": "save"}, ["m"]) == [
        "No other tool is better than the best mode of vitrify by more than 5 % in any of these."
    ]


def test_a_picture_shows_every_point_at_its_logarithm() -> None:
    """10 lies halfway between 1 and 100, on both axes; labels are text, not markup."""
    curve = Curve(label="a<b>", points=((1.0, 1.0), (10.0, 10.0), (100.0, 100.0)))
    root = ET.fromstring(draw("Growth", [Panel(title="save, s", across="trees", curves=(curve,))]))
    (line,) = root.iter(f"{SVG}polyline")
    (x0, y0), (x1, y1), (x2, y2) = (tuple(map(float, each.split(","))) for each in line.attrib["points"].split())
    assert x0 < x1 < x2
    assert y0 > y1 > y2
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2)
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.2)
    texts = ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]
    assert {"save, s", "trees", "a<b>", "slope 1"} <= set(texts)


@pytest.mark.parametrize("points", [((1.0, 1.0), (100.0, 100.0)), ((1.0, 50.0), (1000.0, 50.0)), ((5.0, 0.001),)])
def test_the_dashed_line_has_slope_one(points: tuple[tuple[float, float], ...]) -> None:
    """A decade across is a decade upwards, in the decades that the grid shows, and it stays within the frame."""
    text = draw("Growth", [Panel(title="save", across="n", curves=(Curve(label="a", points=points),))])
    root = ET.fromstring(text)
    (dashed,) = [each for each in root.iter(f"{SVG}line") if each.get("class") == "slope-1"]
    (frame,) = root.iter(f"{SVG}rect")
    across = axis((x for x, _ in points), 0.0, float(frame.attrib["width"]))
    upwards = axis((y for _, y in points), 0.0, float(frame.attrib["height"]))
    x1, y1, x2, y2 = (float(dashed.attrib[name]) for name in ("x1", "y1", "x2", "y2"))
    decades_across = (x2 - x1) / (across.at(10.0) - across.at(1.0))
    decades_upwards = (y1 - y2) / (upwards.at(10.0) - upwards.at(1.0))
    assert decades_across > 0
    assert decades_across == pytest.approx(decades_upwards, rel=0.02)
    left, top = float(frame.attrib["x"]), float(frame.attrib["y"])
    assert left - 0.1 <= x1 < x2 <= left + float(frame.attrib["width"]) + 0.1
    assert top - 0.1 <= y2 < y1 <= top + float(frame.attrib["height"]) + 0.1


def test_progress_says_what_runs_and_how_many_are_left() -> None:
    """Runs that are skipped are not left."""
    stream = io.StringIO()
    progress = Progress("zoo", 4, stream)
    progress.run("save")
    progress.skip(2)
    progress.run("load")
    assert stream.getvalue().splitlines() == ["zoo 1/4, 3 left: save", "zoo 2/2, 0 left: load"]


def test_a_kind_that_did_not_run_is_said_to_be_missing() -> None:
    """And one that did brings its command."""
    page = render({"zoo": results(board(pickle=1.0, vitrify=2.0))})
    assert page.text.count("Not measured.") == len(KINDS) - 1
    assert "python -m benchmarks some" in page.text
    assert page.pictures == {}


def test_all_runs_each_kind_and_shows_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In order, with what was asked for; the page comes after each, so the first one does not know the second."""
    pages: list[int] = []

    def run(options: Namespace) -> Results:
        page = tmp_path / "docs" / "benchmark.md"
        pages.append(page.read_text().count("Not measured.") if page.exists() else -1)
        assert (options.repeat, options.into) == (3, tmp_path)
        assert getattr(options, "budget", 1.0) == 1.0
        return results(board(pickle=1.0, vitrify=2.0))

    for kind in ("zoo", "compression"):
        monkeypatch.setitem(KINDS, kind, dataclasses.replace(KINDS[kind], run=run))
    arguments = ["--repeat=3", "--budget=1", f"--into={tmp_path}", f"--docs={tmp_path / 'docs'}"]
    assert main(["all", "--kinds=zoo,compression", *arguments]) == 0
    assert pages == [-1, len(KINDS) - 1]
    assert (tmp_path / "docs" / "benchmark.md").read_text().count("Not measured.") == len(KINDS) - 2
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in told] == ["[1/2] zoo"] * 2 + ["[2/2] compression"] * 2


def test_all_refuses_kinds_that_there_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything runs."""
    with pytest.raises(SystemExit) as caught:
        main(["all", "--kinds=zoo,tea"])
    assert caught.value.code == 2
    assert "error: unknown kind: tea\n" in capsys.readouterr().err


def test_pictures_that_a_page_no_longer_shows_are_removed(tmp_path: Path) -> None:
    """The folder holds what the page shows, and nothing else."""
    write_page(Page(text="old\n", pictures={"a.svg": "<svg/>", "b.svg": "<svg/>"}), tmp_path)
    write_page(Page(text="new\n", pictures={"b.svg": "<svg></svg>"}), tmp_path)
    assert (tmp_path / "benchmark.md").read_text() == "new\n"
    assert [path.name for path in (tmp_path / "benchmark").iterdir()] == ["b.svg"]
    assert (tmp_path / "benchmark" / "b.svg").read_text() == "<svg></svg>"


def test_a_command_names_what_was_asked_for() -> None:
    """Settings that are off or empty are left out."""
    options = Namespace(models=None, extra=False, tools="a,b", scale=0.5, repeat=2)
    assert command("cold", options, ("models", "extra", "tools", "scale", "repeat")) == (
        "python -m benchmarks cold --tools a,b --scale 0.5 --repeat 2"
    )


def test_unknown_names_end_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """With what there is."""
    with pytest.raises(SystemExit) as caught:
        chosen("a,c", {"a": 1, "b": 2}, [1])
    assert caught.value.code == 2
    assert capsys.readouterr().err == "unknown name: c; known: a, b\n"
    assert chosen("b,a", {"a": 1, "b": 2}, []) == [1, 2]


@pytest.mark.parametrize("text", ["0", "-1", "inf", "nan"])
def test_sizes_are_above_zero(text: str) -> None:
    """And finite."""
    with pytest.raises(ArgumentTypeError, match=f"^needs a number above zero, found {text}$"):
        positive(text)


def test_actions_of_a_kind_are_those_of_its_child() -> None:
    """`arrays.save` is another than `save`."""
    assert action_named("arrays.save").__module__ == "benchmarks.arrays.child"
    assert action_named("save").__module__ == "benchmarks.child"
