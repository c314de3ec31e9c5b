"""The short table of README.md: its figures by hand, and where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks import __main__ as command
from benchmarks.figures import Cell
from benchmarks.readme import BEGIN, END, replaced
from benchmarks.results import Results, write_text


def cell(model: str, tool: str, **samples: float) -> Cell:
    return Cell(model=model, tool=tool, samples={name: (value,) for name, value in samples.items()}, errors={})


def results(*cells: Cell) -> Results:
    labels = {name: name for name in ("pickle", "vitrify", "vitrify-mmap", "vitrify-compress", "joblib-zlib", "skops")}
    return Results(
        environment={"vitrify": "9.1", "scikit-learn": "8.2", "numpy": "7.3", "cores": "6"},
        command="",
        reference="pickle",
        scale=1.0,
        titles={"tree": "A tree", "big": "A big one"},
        labels=labels,
        cells=cells,
    )


ZOO = results(
    cell("tree", "pickle", load_warm_s=1e-4, save_s=2e-3, file_bytes=100.0, load_held_bytes=10.0),
    cell("tree", "vitrify", load_warm_s=4e-4, save_s=1e-3, file_bytes=200.0),
    cell("big", "pickle", load_warm_s=0.5, save_s=1.0, file_bytes=2e6, load_held_bytes=3e6, start_s=2.0),
    cell("big", "vitrify", load_warm_s=0.5, save_s=2.5, file_bytes=2e6, start_s=1.0),
    cell("big", "vitrify-mmap", load_warm_s=0.01),
    cell("big", "skops", load_warm_s=5.0, save_s=20.0),
)
SMALL = results(
    cell("tree", "pickle", file_bytes=100.0),
    cell("big", "pickle", file_bytes=2e6),
    cell("big", "joblib-zlib", file_bytes=1e6),
    cell("big", "vitrify-compress", file_bytes=250_000.0),
)


def test_figures_are_those_of_the_results() -> None:
    text = replaced(f"a\n{BEGIN}\noutdated\n{END}\nz\n", ZOO, SMALL)
    lines = text.split("\n")
    assert lines[:2] == ["a", BEGIN]
    assert lines[-3:] == [END, "z", ""]
    assert "outdated" not in text
    assert "vitrify 9.1, scikit-learn 8.2, numpy 7.3, 6 cores." in text
    rows = {
        line.split("|")[1].strip(): [part.strip() for part in line.split("|")[2:-1]] for line in lines if "|" in line
    }
    assert rows["tree"] == ["< 0.1 MB", "4.00× (+0.300 ms)", "–", "0.50×", "2.00×", "–"]
    assert rows["big"] == ["3.00 MB", "1.00×", "0.020×", "2.50× (+1 500 ms)", "1.00×", "0.12×"]
    assert "takes 1.00× of pickle's time over the 1 models" in text
    assert "and 2.00× over all 2." in text
    assert "first prediction it is 0.50×." in text
    assert "skops: 10.0× to load, 20.0× to save." in text
    assert "are 0.25× of joblib's with zlib (level 3), over 1 models above 100 kB, without neighbours-brute and" in text


def test_without_compression_there_is_no_such_figure() -> None:
    text = replaced(f"{BEGIN}{END}", ZOO, None)
    assert "compress=True" not in text


@pytest.mark.parametrize(("text", "lacking"), [(f"{END}", BEGIN), (f"{BEGIN}", END)])
def test_a_text_without_the_place_is_refused(text: str, lacking: str) -> None:
    with pytest.raises(ValueError, match=f"the text lacks {lacking}"):
        replaced(text, ZOO, None)


def test_page_renews_the_table(tmp_path: Path) -> None:
    """From the folder of results; the rest of the file stays."""
    readme = tmp_path / "README.md"
    write_text(tmp_path / "from" / "zoo.json", ZOO.as_json())
    write_text(readme, f"# x\n{BEGIN}\n{END}\nrest\n")
    words = ["page", "--from", str(tmp_path / "from"), "--docs", str(tmp_path / "docs"), "--readme", str(readme)]
    assert command.main(words) == 0
    assert readme.read_text("utf-8") == replaced(f"# x\n{BEGIN}\n{END}\nrest\n", ZOO, None)
    assert (tmp_path / "docs" / "benchmark.md").exists()
