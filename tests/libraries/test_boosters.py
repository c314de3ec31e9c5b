"""Models of XGBoost and LightGBM, alone and in scikit-learn's, come out of a glass file with `trust=` as they went in.

What is expected comes from the model that was saved; what is compared comes from a process that has only the file.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import vitrify
from tests.support.equality import assert_same
from tests.support.own_code import Plain, Reduced, squared_error
from vitrify.errors import StateError, UntrustedTypeError, VersionWarning

ROOT = Path(__file__).parents[2]
XGB = {"n_estimators": 10, "n_jobs": 1, "max_depth": 3, "random_state": 0}
LGB = {"n_estimators": 10, "n_jobs": 1, "num_leaves": 5, "random_state": 0, "verbose": -1}
LIBRARIES = ("xgboost", "lightgbm")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A model and what it is asked.

    Attributes:
        make: Nothing → the model, not fitted.
        data: Nothing → X and y.
        names: What its file needs trusted, in the order of the file.
        fit: X and y → further arguments of `fit`.
        model: The slot of the booster in the arguments of `fit`; empty where it cannot be trained further.
    """

    make: Callable[[], Any]
    data: Callable[[], tuple[Any, Any]]
    names: tuple[str, ...]
    fit: Callable[[Any, Any], Mapping[str, Any]] = field(default=lambda X, y: {})
    more: str = ""

    def fitted(self) -> Any:
        """The model, trained."""
        X, y = self.data()
        return self.make().fit(X, y, **self.fit(X, y))


def _rows() -> Any:
    return np.random.RandomState(0).randn(200, 4)


def two_classes() -> tuple[Any, Any]:
    """X is `(200, 4) float64`, y is `(200,) int64`: XGBoost takes classes as numbers only."""
    X = _rows()
    return X, (X[:, 0] + X[:, 1] > 0).astype(int)


def three_texts() -> tuple[Any, Any]:
    """Three classes that are texts, which only LightGBM takes."""
    X = _rows()
    return X, np.array(["low", "mid", "top"])[np.digitize(X[:, 0], [-0.5, 0.5])]


def numbers() -> tuple[Any, Any]:
    """A target that is a number."""
    X = _rows()
    return X, X[:, 0] * 2 + np.sin(X[:, 1])


def frame() -> tuple[Any, Any]:
    """A table with a column of categories, one of whole numbers and a missing value."""
    X, y = numbers()
    table = pd.DataFrame(X, columns=["height", "weight", "age", "größe"])
    table["age"] = np.arange(200) % 50
    table["town"] = pd.Categorical(np.array(["Graz", "Linz", "Wien"])[np.arange(200) % 3])
    table.loc[3, "weight"] = np.nan
    return table, y + table["town"].cat.codes.to_numpy()


def _xgboost(name: str, **params: Any) -> Callable[[], Any]:
    return lambda: getattr(importlib.import_module("xgboost"), name)(**{**XGB, **params})


def _lightgbm(name: str, **params: Any) -> Callable[[], Any]:
    return lambda: getattr(importlib.import_module("lightgbm"), name)(**{**LGB, **params})


def _scaled(make: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: Pipeline([("scale", StandardScaler()), ("model", make())])


def _early_xgboost(X: Any, y: Any) -> Mapping[str, Any]:
    return {"eval_set": [(X[100:], y[100:])], "verbose": False}


def _xgboost_stop() -> Any:
    return importlib.import_module("xgboost.callback").EarlyStopping(rounds=2, save_best=True)


def _early_lightgbm(X: Any, y: Any) -> Mapping[str, Any]:
    stop = importlib.import_module("lightgbm").early_stopping(2, verbose=False)
    return {"eval_X": X[100:], "eval_y": y[100:], "callbacks": [stop]}


def _x(*names: str) -> tuple[str, ...]:
    return tuple(f"xgboost.{name}" for name in names)


def _l(*names: str) -> tuple[str, ...]:
    return tuple(f"lightgbm.{name}" for name in names)


X_CLASSIFIER, X_REGRESSOR = _x("sklearn.XGBClassifier", "core.Booster"), _x("sklearn.XGBRegressor", "core.Booster")
L_CLASSIFIER, L_REGRESSOR = _l("sklearn.LGBMClassifier", "basic.Booster"), _l("sklearn.LGBMRegressor", "basic.Booster")
BOTH = (X_CLASSIFIER[0], L_CLASSIFIER[0], X_CLASSIFIER[1], L_CLASSIFIER[1])
OBJECTIVE = f"{squared_error.__module__}.{squared_error.__qualname__}"


def _pair() -> list[tuple[str, Any]]:
    return [("x", _xgboost("XGBClassifier")()), ("l", _lightgbm("LGBMClassifier")())]


CASES = {
    "xgb-classifier": Case(
        make=_xgboost("XGBClassifier"), data=two_classes, names=X_CLASSIFIER, more="xgb_model",
    ),
    "xgb-regressor": Case(
        make=_xgboost("XGBRegressor", enable_categorical=True, early_stopping_rounds=2, learning_rate=1.0),
        data=frame, names=X_REGRESSOR, fit=_early_xgboost, more="xgb_model",
    ),
    "xgb-dart": Case(
        make=_xgboost("XGBRegressor", booster="dart", rate_drop=0.5), data=numbers, names=X_REGRESSOR,
    ),
    "xgb-forest": Case(
        make=_xgboost("XGBRFClassifier"), data=two_classes, names=_x("sklearn.XGBRFClassifier", "core.Booster"),
    ),
    "xgb-objective": Case(
        make=_xgboost("XGBRegressor", objective=squared_error), data=numbers,
        names=(*X_REGRESSOR, OBJECTIVE), more="xgb_model",
    ),
    "xgb-callback": Case(
        make=lambda: _xgboost("XGBRegressor")().set_params(callbacks=[_xgboost_stop()]), data=numbers,
        names=(*X_REGRESSOR, *_x("callback.EarlyStopping")), fit=_early_xgboost, more="xgb_model",
    ),
    "xgb-ranker": Case(
        make=_xgboost("XGBRanker"), data=two_classes, names=_x("sklearn.XGBRanker", "core.Booster"),
        fit=lambda X, y: {"qid": np.arange(200) // 10},
    ),
    "xgb-pipeline": Case(
        make=_scaled(_xgboost("XGBClassifier")), data=two_classes, names=X_CLASSIFIER, more="model__xgb_model",
    ),
    "xgb-regressor-pipeline": Case(
        make=_scaled(_xgboost("XGBRegressor")), data=numbers, names=X_REGRESSOR, more="model__xgb_model",
    ),
    "xgb-search": Case(
        make=lambda: GridSearchCV(_scaled(_xgboost("XGBClassifier"))(), {"model__max_depth": [1, 2]}, cv=2),
        data=two_classes, names=X_CLASSIFIER,
    ),
    "xgb-calibrated": Case(
        make=lambda: CalibratedClassifierCV(_xgboost("XGBClassifier")(), cv=2), data=two_classes, names=X_CLASSIFIER,
    ),
    "lgb-classifier": Case(
        make=_lightgbm("LGBMClassifier", class_weight="balanced"), data=three_texts, names=L_CLASSIFIER,
        more="init_model",
    ),
    "lgb-regressor": Case(
        make=_lightgbm("LGBMRegressor", learning_rate=1.0), data=frame, names=L_REGRESSOR, fit=_early_lightgbm,
        more="init_model",
    ),
    "lgb-objective": Case(
        make=_lightgbm("LGBMRegressor", objective=squared_error), data=numbers,
        names=(*L_REGRESSOR, OBJECTIVE), more="init_model",
    ),
    "lgb-ranker": Case(
        make=_lightgbm("LGBMRanker"), data=two_classes, names=_l("sklearn.LGBMRanker", "basic.Booster"),
        fit=lambda X, y: {"group": [10] * 20},
    ),
    "lgb-pipeline": Case(
        make=_scaled(_lightgbm("LGBMClassifier")), data=three_texts, names=L_CLASSIFIER, more="model__init_model",
    ),
    "lgb-regressor-pipeline": Case(
        make=_scaled(_lightgbm("LGBMRegressor")), data=numbers, names=L_REGRESSOR, more="model__init_model",
    ),
    "lgb-search": Case(
        make=lambda: GridSearchCV(_lightgbm("LGBMClassifier")(), {"num_leaves": [3, 4]}, cv=2),
        data=two_classes, names=L_CLASSIFIER,
    ),
    "lgb-calibrated": Case(
        make=lambda: CalibratedClassifierCV(_lightgbm("LGBMClassifier")(), cv=2), data=two_classes, names=L_CLASSIFIER,
    ),
    "both-voting": Case(make=lambda: VotingClassifier(_pair(), voting="soft"), data=two_classes, names=BOTH),
    "both-stacked": Case(make=lambda: StackingClassifier(_pair(), cv=2), data=two_classes, names=BOTH),
}  # fmt: skip
BOOSTERS = {
    "xgb-booster": _x("core.Booster"),
    "lgb-booster": _l("basic.Booster"),
}
NAMES = sorted(CASES)


# What a model says


def answers(model: Any, X: Any) -> dict[str, Any]:
    """All that a fitted model can be asked: outputs, leaves, parameters, names and the course of its training."""
    found: dict[str, Any] = {"predict": model.predict(X)}
    if hasattr(model, "predict_proba"):
        found["predict_proba"] = model.predict_proba(X)
    last, inner = (model[-1], model[:-1].transform(X)) if isinstance(model, Pipeline) else (model, X)
    if hasattr(last, "apply"):
        found["apply"] = last.apply(inner)
    if hasattr(last, "booster_"):
        found["apply"] = last.predict(inner, pred_leaf=True)
        found["trees"] = last.booster_.model_to_string()
    if hasattr(last, "get_booster"):
        booster = last.get_booster()
        found["trees"] = booster.get_dump(dump_format="json", with_stats=True)
        found["names"] = (booster.feature_names, booster.feature_types, booster.attributes())
    for name in ("classes_", "feature_names_in_", "n_features_in_", "best_iteration_", "best_score_", "evals_result_",
                 "best_iteration", "feature_name_", "feature_importances_", "n_iter_"):  # fmt: skip
        try:
            found[name] = getattr(last, name)
        except AttributeError:
            found[name] = "none"
    params = model.get_params().items()
    found["params"] = {k: v for k, v in params if not hasattr(v, "get_params") and not isinstance(v, list)}
    return found


def train_further(model: Any, case: Case) -> Any:
    """The model with ten more trees on top of those that it has."""
    X, y = case.data()
    last = model[-1] if isinstance(model, Pipeline) else model
    trees = last.get_booster() if hasattr(last, "get_booster") else last.booster_
    return model.fit(X, y, **case.fit(X, y), **{case.more: trees})


def n_trees(model: Any) -> int:
    """How many trees a model has."""
    last = model[-1] if isinstance(model, Pipeline) else model
    return int(last.get_booster().num_boosted_rounds() if hasattr(last, "get_booster") else last.booster_.num_trees())


def raw_booster(name: str) -> Any:
    """A booster without scikit-learn around it."""
    X, y = two_classes()
    if name == "xgb-booster":
        xgboost = importlib.import_module("xgboost")
        table = pd.DataFrame(X, columns=list("abcd"))
        return xgboost.train({"nthread": 1, "objective": "binary:logistic"}, xgboost.DMatrix(table, label=y), 10)
    lightgbm = importlib.import_module("lightgbm")
    params = {"num_threads": 1, "verbose": -1, "objective": "binary"}
    return lightgbm.train(params, lightgbm.Dataset(X, y, params={"verbose": -1}), 10)


def raw_answers(name: str, booster: Any) -> dict[str, Any]:
    """What such a booster says."""
    X, _ = two_classes()
    if name == "xgb-booster":
        table = importlib.import_module("xgboost").DMatrix(pd.DataFrame(X, columns=list("abcd")))
        return {"predict": booster.predict(table), "leaves": booster.predict(table, pred_leaf=True),
                "config": booster.save_config(), "names": booster.feature_names}  # fmt: skip
    return {"predict": booster.predict(X), "leaves": booster.predict(X, pred_leaf=True),
            "text": booster.model_to_string(), "params": booster.params}  # fmt: skip


# The other process


def answer(folder: Path) -> None:
    """For every file: follow the line that the refusal prints, load, ask, dump again; this is the other process."""
    warnings.simplefilter("error")
    for path in sorted(folder.glob("*.glass")):
        name = path.stem
        try:
            vitrify.load(path)
        except UntrustedTypeError as error:
            trust = follow(error)
        loaded = vitrify.load(path, trust=trust)
        is_same = vitrify.dumps(loaded) == path.read_bytes()
        if name in BOOSTERS:
            found = {"answers": raw_answers(name, loaded)}
        else:
            case = CASES[name]
            found = {"answers": answers(loaded, case.data()[0])}
            if case.more:
                found["further"] = answers(train_further(loaded, case), case.data()[0])
        with open(path.with_suffix(".found"), "wb") as stream:
            pickle.dump({"same bytes": is_same, **found}, stream)


def follow(error: UntrustedTypeError) -> Any:
    """What the last line of the message stands for, when all that it lists has been imported as a reader would."""
    namespace: dict[str, Any] = {}
    for name in error.names:
        module, _, last = name.rpartition(".")
        exec(f"import {module}\nfrom {module} import {last}", namespace)
    line = str(error).splitlines()[-1].strip()
    assert line.startswith("trust=["), line
    return eval(line.removeprefix("trust="), namespace)


def _run(code: str, *arguments: str) -> str:
    env = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=env, timeout=300, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


@functools.cache
def _model(name: str) -> Any:
    return raw_booster(name) if name in BOOSTERS else CASES[name].fitted()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for every model."""
    folder = tmp_path_factory.mktemp("boosters")
    for name in (*CASES, *BOOSTERS):
        vitrify.dump(_model(name), folder / f"{name}.glass")
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    """What the other process found, by the name of the model."""
    _run("import sys; from tests.libraries.test_boosters import *; answer(Path(sys.argv[1]))", str(folder))
    return {path.stem: pickle.loads(path.read_bytes()) for path in folder.glob("*.found")}


# Refused


@pytest.fixture(scope="module")
def refusals(folder: Path) -> dict[str, Any]:
    """The names and message for each file, and which libraries were imported, in a process that has only vitrify."""
    code = (
        "import json, sys, pathlib, vitrify\n"
        "told = {}\n"
        "for path in pathlib.Path(sys.argv[1]).glob('*.glass'):\n"
        "    try:\n"
        "        vitrify.load(path)\n"
        "    except vitrify.errors.UntrustedTypeError as error:\n"
        f"        imported = [name for name in {LIBRARIES!r} if name in sys.modules]\n"
        "        told[path.stem] = [error.names, str(error), imported]\n"
        "print(json.dumps(told))\n"
    )
    told: dict[str, Any] = json.loads(_run(code, str(folder)))
    return told


@pytest.mark.parametrize("name", [*NAMES, *BOOSTERS])
def test_without_trust_all_names_are_listed_and_nothing_is_imported(name: str, refusals: dict[str, Any]) -> None:
    """Each with its place, at once; and that another parser will see the bytes."""
    expected = BOOSTERS.get(name) or CASES[name].names
    names, message, imported = refusals[name]
    lines = message.splitlines()

    assert imported == []
    assert tuple(names) == expected
    assert lines[0].startswith(f"{name}.glass needs {len(expected)} name")
    for line, dotted in zip(lines[1:], expected, strict=False):
        assert line.split()[0] == dotted
        assert line.split()[2].startswith("$")
    for library, what in (("xgboost", "core.Booster reads its bytes"), ("lightgbm", "basic.Booster reads its text")):
        sentence = (
            f"{library}.{what} with {library}'s own parser, which vitrify does not check: "
            "load only files of people you trust."
        )
        assert lines.count(sentence) == any(dotted.startswith(library) for dotted in expected)


def test_the_place_of_a_booster_is_its_path(refusals: dict[str, Any]) -> None:
    """Through pipelines and ensembles."""
    assert "$.steps[1][1]._Booster" in refusals["xgb-pipeline"][1]
    assert "$.estimators_[1]._Booster" in refusals["both-voting"][1]
    assert "$.objective" in refusals["xgb-objective"][1]


def test_two_boosters_are_told_apart_in_the_line_to_copy(refusals: dict[str, Any]) -> None:
    """Both are called Booster, and only one of them can be imported under that name."""
    line = refusals["both-voting"][1].splitlines()[-1]

    assert line == "  trust=[XGBClassifier, LGBMClassifier, xgboost.core.Booster, lightgbm.basic.Booster]"


@pytest.mark.parametrize("name", ["xgb-pipeline", "lgb-pipeline", "both-voting"])
def test_part_of_the_trust_is_not_enough(name: str, folder: Path) -> None:
    """What is missing is still listed."""
    case = CASES[name]
    for left_out in case.names:
        with pytest.raises(UntrustedTypeError) as caught:
            vitrify.load(folder / f"{name}.glass", trust=[dotted for dotted in case.names if dotted != left_out])
        assert caught.value.names == (left_out,)


def test_inspect_says_that_another_parser_will_see_the_bytes(folder: Path) -> None:
    """Beside the names of the classes, without importing their libraries."""
    code = (
        "import sys; from vitrify.cli.app import main\n"
        f"print('ended', main(sys.argv[1:]), [name for name in {LIBRARIES!r} if name in sys.modules])\n"
    )
    text = " ".join(_run(code, "inspect", str(folder / "both-voting.glass")).split())

    assert "xgboost.core.Booster reads its bytes with xgboost's own parser, which vitrify does not check" in text
    assert "lightgbm.basic.Booster reads its text with lightgbm's own parser, which vitrify does not check" in text
    assert text.endswith("ended 0 []")


# Loaded


@pytest.mark.parametrize("name", NAMES)
def test_in_a_fresh_process_with_trust_it_answers_the_same(name: str, found: dict[str, Any]) -> None:
    """Predictions and leaves to the bit, trees, parameters, names of features, course of training."""
    expected = answers(_model(name), CASES[name].data()[0])

    assert_same(expected, found[name]["answers"])


@pytest.mark.parametrize("name", BOOSTERS)
def test_a_booster_alone_answers_the_same(name: str, found: dict[str, Any]) -> None:
    """Without scikit-learn around it."""
    assert_same(raw_answers(name, _model(name)), found[name]["answers"])


@pytest.mark.parametrize("name", [*NAMES, *BOOSTERS])
def test_a_second_dump_gives_the_same_bytes(name: str, found: dict[str, Any]) -> None:
    """In another process with another hash seed: the libraries write what they have read."""
    assert found[name]["same bytes"]


@pytest.mark.parametrize("name", [name for name in NAMES if CASES[name].more])
def test_training_goes_on_as_it_would_have(name: str, found: dict[str, Any]) -> None:
    """More trees on top of those of the loaded model are those that the saved model would have got."""
    case = CASES[name]
    model = case.fitted()
    before = n_trees(model)
    expected = answers(train_further(model, case), case.data()[0])

    assert n_trees(model) > before
    assert_same(expected, found[name]["further"])


@pytest.mark.parametrize("name", NAMES)
def test_names_as_texts_are_trust_enough(name: str, folder: Path) -> None:
    """The exact names, in place of the objects."""
    case = CASES[name]
    loaded = vitrify.load(folder / f"{name}.glass", trust=case.names)
    X, _ = case.data()

    assert_same(_model(name).predict(X), loaded.predict(X))


@pytest.mark.parametrize(("make", "name"), [(_xgboost("XGBClassifier"), X_CLASSIFIER[0]),
                                            (_lightgbm("LGBMRegressor"), L_REGRESSOR[0])])  # fmt: skip
def test_a_model_that_was_never_fitted_needs_its_class_only(make: Callable[[], Any], name: str) -> None:
    """There is no booster yet."""
    model = make()
    loaded = vitrify.loads(vitrify.dumps(model), trust=[name])

    assert type(loaded) is type(model)
    assert_same(model.get_params(), loaded.get_params())


def test_features_and_the_early_stop_are_what_they_should_be(found: dict[str, Any]) -> None:
    """Names with any letter, a column of categories, and fewer trees than asked for: the cases test what they say."""
    xgb, lgb = found["xgb-regressor"]["answers"], found["lgb-regressor"]["answers"]

    assert xgb["names"][:2] == (
        ["height", "weight", "age", "größe", "town"], ["float", "float", "int", "float", "c"],
    )  # fmt: skip
    assert list(xgb["feature_names_in_"]) == list(lgb["feature_name_"]) == xgb["names"][0]
    assert 0 <= xgb["best_iteration"] < XGB["n_estimators"]
    assert 0 < lgb["best_iteration_"] <= LGB["n_estimators"]
    assert list(xgb["evals_result_"]) == ["validation_0"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_another_version_of_the_library_warns(library: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The libraries promise nothing for the bytes of other versions."""
    monkeypatch.setattr(importlib.import_module(library), "__version__", "99.0.0")
    name = f"{library[0]}gb-classifier"
    with pytest.warns(VersionWarning, match=rf"{name}.glass was written with {library} .* \(here 99.0.0\)"):
        vitrify.load(folder / f"{name}.glass", trust=CASES[name].names)


# Hostile


def test_a_file_cannot_have_a_booster_called() -> None:
    """XGBoost's constructor would open a path from the file."""
    asks_for_a_call = vitrify.dumps(Reduced(3))
    booster = importlib.import_module("xgboost").Booster

    with pytest.raises(StateError, match="asks for a call of its class, which has no __reduce__"):
        vitrify.loads(asks_for_a_call, trust={"tests.support.own_code.Reduced": booster})


@pytest.mark.parametrize(("library", "attribute"), [("xgboost", "handle"), ("lightgbm", "_handle")])
def test_a_file_cannot_set_the_pointer_of_a_booster(library: str, attribute: str, tmp_path: Path) -> None:
    """A number in its place goes through the state method of the class; as an attribute, it would end the process."""
    lie = Plain(None)
    setattr(lie, attribute, 12345)
    vitrify.dump(lie, tmp_path / "lie.glass")
    code = (
        f"import sys, vitrify; from {library} import Booster\n"
        "try:\n"
        "    vitrify.load(sys.argv[1], trust={'tests.support.own_code.Plain': Booster})\n"
        "except vitrify.errors.StateError as error:\n"
        "    print(error)\n"
    )

    assert "cannot be rebuilt from these values" in _run(code, str(tmp_path / "lie.glass"))


@pytest.mark.parametrize("name", ["xgb-classifier", "lgb-classifier"])
def test_a_damaged_file_never_reaches_the_parser(name: str, folder: Path) -> None:
    """The digests are compared first."""
    data = bytearray((folder / f"{name}.glass").read_bytes())
    data[len(data) // 2] ^= 1
    with pytest.raises(vitrify.errors.IntegrityError, match="does not match its digest"):
        vitrify.loads(data, trust=CASES[name].names)
