"""What the page says of stages: the mean of each tool's ratios, under its rows."""

from __future__ import annotations

from benchmarks.figures import Cell
from benchmarks.results import Results
from benchmarks.stages.child import n_calls
from benchmarks.stages.section import section


def stages(load_s: float, checks_s: float) -> dict[str, tuple[float, ...]]:
    """Figures of a tool, of which only these two and the calls matter here."""
    load = {"load_s": load_s, "bytes_s": 0.5, "container_s": 0.5, "checks_s": checks_s, "load_calls": 1600.0}
    save = {"save_s": load_s, "written_s": 0.5, "graph_s": 0.5, "save_calls": 1500.0}
    return {name: (value,) for name, value in {**load, **save}.items()}


def rows(*checks_s: float) -> list[list[str]]:
    """The cells of the first table's rows, for models that take twice and eight times as long as pickle."""
    pickled = {name: (value,) for name, value in {"load_s": 1.0, "made_s": 0.25, "save_s": 1.0, "taken_s": 0.5}.items()}
    cells = [Cell(model=f"m{i}", tool="pickle", samples=pickled, errors={}) for i in range(2)]
    for i, (load_s, share) in enumerate(zip((2.0, 8.0), checks_s, strict=True)):
        cells.append(Cell(model=f"m{i}", tool="vitrify", samples=stages(load_s, share), errors={}))
    labels = {"pickle": "pickle 5", "vitrify": "vitrify"}
    results = Results(
        environment={}, command="", reference="pickle", scale=1.0, titles={}, labels=labels, cells=tuple(cells)
    )
    lines = section(results)
    table = lines[lines.index("### Load") : lines.index("### Save")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table if line.startswith("|")][2:]


def test_the_last_row_is_the_geometric_mean_of_the_ratios() -> None:
    """Of 2 and 8 it is 4; times of different models have no mean."""
    mean = ["*geometric mean*", "vitrify", "–", "–", "4.00×", "–", "0.50×", "0.75×", "–", "–", "0.25×", "–", "–"]
    assert rows(0.25, 0.25)[-1] == mean


def test_a_share_of_nothing_has_no_mean() -> None:
    """A model may have no content to check."""
    assert rows(0.25, 0.0)[-1][10] == "–"


def test_best_is_the_floor_and_the_objects_by_pickle() -> None:
    """0.5 to read and digest, 0.25 to make the objects, where pickle takes 1 in all."""
    assert [row[7] for row in rows(0.25, 0.25)] == ["0.75×"] * 3


def test_calls_are_counted_and_not_timed() -> None:
    """The last column, as a whole number."""
    assert [row[-1] for row in rows(0.25, 0.25)] == ["1 600", "1 600", "–"]


def test_calls_of_python_and_of_compiled_functions_count() -> None:
    """The function itself, and two that it calls."""
    assert n_calls(lambda: len(str.upper("text"))) == 3
