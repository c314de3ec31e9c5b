"""Every kind of measurement once, as small as it gets: the figures mean nothing, but they are all there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# The benchmarks are not part of the installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks import measure, sized
from benchmarks.__main__ import main
from benchmarks.arrays import measure as arrays
from benchmarks.figures import Board
from benchmarks.kinds import KINDS
from benchmarks.results import Results, parse_results

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="memory and bytes are counted as Linux does"),
]

ARGUMENTS = {
    "compression": ("--models=logistic", "--tools=vitrify-compress"),
    "stages": ("--models=logistic", "--budget=0.1"),
    "arrays": ("--gigabytes=0.001", "--tools=pickle,vitrify-compress"),
    "growth": ("--trees=1", "--words=10000", "--largest=0.1", "--tools=vitrify"),
    "workers": ("--cases=array-fork", "--workers=2", "--megabytes=4", "--tools=vitrify-mmap"),
    "cold": ("--models=logistic", "--tools=pickle"),
    "reading": ("--megabytes=1", "--tools=pickle-array,vitrify-array,vitrify-inspect"),
}
METRICS = {
    "compression": {
        "save_s",
        "file_bytes",
        "load_fresh_s",
        "load_warm_s",
        "save_extra_bytes",
        "load_peak_bytes",
        "load_held_bytes",
    },
    "stages": {"save_s", "file_bytes", "load_s"},
    "arrays": {"save_s", "file_bytes", "load_s", "used_s"},
    "workers": {"pss_bytes", "rss_bytes", "pss_anon_bytes", "pss_file_bytes", "ready_s"},
    "cold": {"save_s", "fsync_s", "file_bytes", "left_share", "save_one_s"}
    | {f"{what}{how}_s" for what in ("load", "predict") for how in ("", "_cold", "_one")},
    "reading": {"file_bytes", "read_bytes", "read_s"},
}


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for results; models and files lie beside it, and are gone after the test."""
    monkeypatch.setattr(measure, "CACHE", tmp_path / "cache")
    return tmp_path / "results"


def measured(kind: str, folder: Path) -> Results:
    """One run with one process per figure, in which nothing failed."""
    assert main([kind, *ARGUMENTS[kind], "--repeat=1", f"--into={folder}"]) == 0
    results = parse_results((folder / f"{kind}.json").read_text())
    assert [cell.errors for cell in results.cells if cell.errors] == []
    assert not list(measure.CACHE.glob("run-*"))
    return results


@pytest.mark.parametrize("kind", METRICS)
def test_every_tool_has_every_figure(kind: str, small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No model at all takes no file; whatever ran can be shown as a page."""
    results = measured(kind, small)
    for cell in results.cells:
        wanted = METRICS[kind] | ({"file_bytes"} if kind == "workers" and cell.tool != "nothing" else set())
        if kind == "stages" and cell.tool == "pickle":
            wanted |= {"taken_s", "made_s"}
        elif kind == "stages":
            wanted |= {"written_s", "graph_s", "bytes_s", "container_s", "checks_s"}
            wanted |= {"save_calls", "load_calls"}
        assert set(cell.samples) == wanted, cell.tool
        assert all(len(values) == 1 for values in cell.samples.values())
    assert ", 0 left: " in capsys.readouterr().err
    assert main(["page", f"--from={small}", f"--docs={small}"]) == 0
    page = (small / "benchmark.md").read_text()
    assert f"python -m benchmarks {kind} " in page
    assert page.count("Not measured.") == len(KINDS) - 1
    check(kind, Board(results.cells, results.reference))


def check(kind: str, board: Board) -> None:
    """What is known beforehand of these figures."""
    if kind == "arrays":
        assert board.median("noise", "bare", "file_bytes") == 1_000_000
        compressed = board.median("rounded", "vitrify-compress", "file_bytes")
        assert compressed is not None
        assert compressed < 500_000
    elif kind == "workers":
        for model in board.models:
            pss, rss = (board.median(model, "pickle", field) for field in ("pss_bytes", "rss_bytes"))
            assert pss is not None
            assert rss is not None
            assert 0 < pss < rss
    elif kind == "stages":
        stages = [cell for cell in board.cells.values() if cell.tool != "pickle"]
        assert all(value > 0 for cell in stages for values in cell.samples.values() for value in values)
    elif kind == "cold":
        left = board.median("logistic", "pickle", "left_share")
        assert left is not None
        assert left >= 0
    elif kind == "reading":
        whole, one, layer = 1_000_000, board.median("one array", "vitrify-array", "read_bytes"), 100_000
        assert one is not None
        assert layer <= one < whole / 2
        pickled, inspected = (
            board.median(case, tool, "read_bytes")
            for case, tool in (("one array", "pickle-array"), ("contents", "vitrify-inspect"))
        )
        assert pickled is not None
        assert inspected is not None
        assert pickled >= whole
        assert inspected >= whole


def test_growth_has_a_picture_for_each_family(small: Path) -> None:
    """10 000 words and 0.1 GB: each cell knows its size, and 0.1 GB take pickle a little more."""
    results = measured("growth", small)
    board = Board(results.cells, results.reference)
    sizes = {model: board.median(model, "vitrify", "size") for model in board.models}
    assert sizes == {"words 10000": 10_000.0, "arrays 0.1": 0.1}
    pickled = board.median("arrays 0.1", "pickle", "file_bytes")
    assert pickled is not None
    assert 100_000_000 < pickled < 100_001_000
    assert main(["page", f"--from={small}", f"--docs={small}"]) == 0
    pictures = sorted(path.name for path in (small / "benchmark").iterdir())
    assert pictures == ["growth-arrays.svg", "growth-words.svg"]
    page = (small / "benchmark.md").read_text()
    assert all(f"(benchmark/{name})" in page for name in pictures)


@pytest.mark.parametrize("way", ["spawn", "loky"])
def test_workers_meet_however_they_are_started(way: str, tmp_path: Path) -> None:
    """Three processes without a model: none holds more than all, and shared pages count once."""
    order = {"tool": "nothing", "file": str(tmp_path / "file"), "row": "", "modules": ["json"], "n_workers": 2}
    figures = measure.run_child({**order, "action": "workers.run", "way": way}, 120.0)
    assert 0 < figures["pss_bytes"] < figures["rss_bytes"]
    assert figures["ready_s"] > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("way", ["spawn", "fork"])
def test_a_worker_that_fails_ends_the_others(way: str, tmp_path: Path) -> None:
    """With its own error, and without waiting for what will not come."""
    order = {"tool": "pickle", "file": str(tmp_path / "file"), "row": "", "modules": [], "n_workers": 2}
    with pytest.raises(measure.ChildError, match=r"No such file or directory: '…'$"):
        measure.run_child({**order, "action": "workers.run", "way": way}, 120.0)


def test_repeated_trees_predict_as_often_as_they_are_there() -> None:
    """Twenty trees are the ten that were fitted, twice: what they add to the first guess doubles."""
    ten, twenty = sized.trees(10), sized.trees(20)
    guess = ten.model.init_.predict(ten.row)
    assert len({id(tree) for tree in twenty.model.estimators_.ravel()}) == 20
    assert (twenty.model.predict(ten.row) - guess).tolist() == pytest.approx(
        (2 * (ten.model.predict(ten.row) - guess)).tolist()
    )


def test_words_of_a_vocabulary_are_as_many_as_asked_for() -> None:
    """Each with a column of its own."""
    steps = sized.vocabulary(300).model.named_steps
    assert sorted(steps["words"].vocabulary_.values()) == list(range(300))
    assert steps["linear"].coef_.shape == (1, 300)


def test_coefficients_take_as_much_as_asked_for() -> None:
    """4 MB are 500 000 numbers of 8 bytes."""
    assert sized.coefficients(4).model.coef_.size == 500_000


def test_a_tool_that_fails_is_an_error_and_nothing_else(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that may take no time is stopped, and its tool is left out of what remains."""
    monkeypatch.setitem(ARGUMENTS, "reading", ("--megabytes=1", "--tools=vitrify-inspect", "--limit=0.001"))
    assert main(["reading", *ARGUMENTS["reading"], "--repeat=1", f"--into={small}"]) == 0
    (cell,) = parse_results((small / "reading.json").read_text()).cells
    assert cell.samples == {}
    assert cell.errors == {"reading.save": "stopped after 0.001 s"}
    assert main(["page", f"--from={small}", f"--docs={small}"]) == 0
    assert (
        "\nErrors:\n\n- contents, inspect, reading save: `stopped after 0.001 s`\n"
        in (small / "benchmark.md").read_text()
    )


@pytest.mark.parametrize(("kind", "phase"), [("arrays", "make"), ("workers", "train"), ("cold", "train")])
def test_what_cannot_be_made_is_an_error_of_every_tool(
    kind: str, phase: str, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the other kinds can still run."""
    monkeypatch.setattr(measure, "BUILD_LIMIT_S", 0.001)
    monkeypatch.setattr(arrays, "BUILD_LIMIT_S", 0.001)
    assert main([kind, *ARGUMENTS[kind], "--repeat=1", f"--into={small}"]) == 0
    cells = parse_results((small / f"{kind}.json").read_text()).cells
    assert len(cells) > 0
    assert {tuple(cell.errors.items()) for cell in cells} == {((phase, "stopped after 0.001 s"),)}


def test_a_page_of_nothing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rather than written empty over one that says something."""
    with pytest.raises(SystemExit) as caught:
        main(["page", f"--from={tmp_path}", f"--docs={tmp_path}"])
    assert caught.value.code == 2
    assert f"no results in {tmp_path}" in capsys.readouterr().err
    assert not (tmp_path / "benchmark.md").exists()
