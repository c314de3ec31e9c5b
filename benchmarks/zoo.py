"""The models that every tool has to save and load, each built from fixed seeds.

`scale` shrinks rows, trees, words and layers for a smoke run; figures count only at scale 1. Nothing is
downloaded. scikit-learn is imported when a model is built, never before, so that the process that starts the
others stays small; by name, because it ships no types.
"""

from __future__ import annotations

import hashlib
import inspect
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np

SEED = 20260


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A fitted model and one row that it can predict."""

    model: Any
    row: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A named way to build a model, and the modules to import before its load is timed."""

    name: str
    build: Callable[[float], Built]
    modules: tuple[str, ...]

    @property
    def title(self) -> str:
        """The first line of the builder's docstring."""
        return (inspect.getdoc(self.build) or self.name).splitlines()[0].rstrip(".")

    def cache_key(self, scale: float) -> str:
        """A file name that changes with the builder's text, the scale and the libraries that it uses."""
        libraries = [f"{name}={version(name)}" for name in ("scikit-learn", "numpy", "scipy", "pandas")]
        text = "\n".join([inspect.getsource(self.build), platform.python_version(), *libraries])
        digest = hashlib.sha256(text.encode()).hexdigest()[:10]
        return f"{self.name}-sklearn{version('scikit-learn')}-scale{scale:g}-{digest}"


def shrunk(count: int, scale: float, at_least: int) -> int:
    """`count × scale`, but never below `at_least`."""
    return max(at_least, round(count * scale))


def words(count: int) -> list[str]:
    """`count` different words of seven letters, in an order that looks random."""
    # An odd factor permutes the integers below 2**32, and seven letters hold 26**7 > 2**32 of them:
    # no word repeats.
    number = np.arange(count, dtype=np.uint64) * np.uint64(2_654_435_761) % np.uint64(2**32)
    letters = np.empty((count, 7), dtype=np.uint32)
    for place in range(7):
        number, letters[:, place] = np.divmod(number, np.uint64(26))
    text: list[str] = np.ascontiguousarray(letters + ord("a")).view("U7").ravel().tolist()
    return text


def logistic(_scale: float) -> Built:
    """LogisticRegression on iris."""
    X, y = import_module("sklearn.datasets").load_iris(return_X_y=True)
    model = import_module("sklearn.linear_model").LogisticRegression(max_iter=1000)
    return Built(model=model.fit(X, y), row=X[:1])


def grid_search(scale: float) -> Built:
    """GridSearchCV over Pipeline(StandardScaler, RandomForestClassifier), with its cv_results_."""
    X, y = import_module("sklearn.datasets").load_iris(return_X_y=True)
    forest = import_module("sklearn.ensemble").RandomForestClassifier(random_state=SEED)
    scaler = import_module("sklearn.preprocessing").StandardScaler()
    pipeline = import_module("sklearn.pipeline").Pipeline([("scale", scaler), ("forest", forest)])
    trees = [shrunk(50, scale, 2), shrunk(100, scale, 3)]
    grid = {"forest__n_estimators": trees, "forest__max_depth": [3, None], "forest__min_samples_leaf": [1, 3]}
    search = import_module("sklearn.model_selection").GridSearchCV(pipeline, grid, cv=5)
    return Built(model=search.fit(X, y), row=X[:1])


def gradient_boosting(scale: float) -> Built:
    """GradientBoostingClassifier, 1 000 stages × 3 classes = 3 000 trees."""
    X, y = import_module("sklearn.datasets").make_classification(
        600, 10, n_informative=6, n_classes=3, flip_y=0.3, random_state=SEED
    )
    ensemble = import_module("sklearn.ensemble")
    model = ensemble.GradientBoostingClassifier(n_estimators=shrunk(1000, scale, 5), random_state=SEED)
    return Built(model=model.fit(X, y), row=X[:1])


def forest(scale: float) -> Built:
    """RandomForestClassifier, 200 trees on 40 000 × 20, about 1.6 million nodes."""
    X, y = import_module("sklearn.datasets").make_classification(
        shrunk(40_000, scale, 200), 20, n_informative=10, n_classes=3, flip_y=0.02, random_state=SEED
    )
    ensemble = import_module("sklearn.ensemble")
    model = ensemble.RandomForestClassifier(shrunk(200, scale, 4), n_jobs=2, random_state=SEED)
    return Built(model=model.fit(X, y), row=X[:1])


def hist_boosting(scale: float) -> Built:
    """HistGradientBoostingClassifier, 300 iterations × 3 classes."""
    X, y = import_module("sklearn.datasets").make_classification(
        shrunk(10_000, scale, 300), 20, n_informative=10, n_classes=3, flip_y=0.1, random_state=SEED
    )
    ensemble = import_module("sklearn.ensemble")
    model = ensemble.HistGradientBoostingClassifier(
        max_iter=shrunk(300, scale, 4), early_stopping=False, random_state=SEED
    )
    return Built(model=model.fit(X, y), row=X[:1])


def text(scale: float) -> Built:
    """Pipeline(TfidfVectorizer, SGDClassifier), a vocabulary of 900 000 words."""
    vocabulary = words(shrunk(900_000, scale, 500))
    rng = np.random.default_rng(SEED)
    order = np.concatenate([rng.permutation(len(vocabulary)) for _ in range(2)])
    starts = range(0, len(order), 100)
    documents = [" ".join(vocabulary[index] for index in order[start : start + 100]) for start in starts]
    y = rng.integers(0, 2, len(documents))
    vectorizer = import_module("sklearn.feature_extraction.text").TfidfVectorizer()
    classifier = import_module("sklearn.linear_model").SGDClassifier(random_state=SEED)
    pipeline = import_module("sklearn.pipeline").Pipeline([("tfidf", vectorizer), ("sgd", classifier)])
    return Built(model=pipeline.fit(documents, y), row=documents[:1])


def categories(scale: float) -> Built:
    """ColumnTransformer with a OneHotEncoder of 100 000 categories on a DataFrame, LogisticRegression."""
    names = words(shrunk(100_000, scale, 200))
    n_rows = 2 * len(names)
    rng = np.random.default_rng(SEED)
    columns = {
        "customer": names + names,
        "age": rng.integers(18, 90, n_rows),
        "income": rng.normal(40_000, 9_000, n_rows),
    }
    frame = import_module("pandas").DataFrame(columns)
    preprocessing = import_module("sklearn.preprocessing")
    encoder = preprocessing.OneHotEncoder(handle_unknown="ignore")
    transformer = import_module("sklearn.compose").ColumnTransformer(
        [("category", encoder, ["customer"]), ("number", preprocessing.StandardScaler(), ["age", "income"])]
    )
    classifier = import_module("sklearn.linear_model").LogisticRegression(max_iter=50)
    steps = [("columns", transformer), ("logistic", classifier)]
    pipeline = import_module("sklearn.pipeline").Pipeline(steps)
    return Built(model=pipeline.fit(frame, rng.integers(0, 2, n_rows)), row=frame.iloc[:1])


def neighbours_brute(scale: float) -> Built:
    """KNeighborsClassifier, brute force, 1 000 000 × 40."""
    return neighbours(shrunk(1_000_000, scale, 500), 40, "brute")


def neighbours_tree(scale: float) -> Built:
    """KNeighborsClassifier, kd_tree, 300 000 × 10."""
    return neighbours(shrunk(300_000, scale, 500), 10, "kd_tree")


def neighbours(n_samples: int, n_features: int, algorithm: str) -> Built:
    """A KNeighborsClassifier on normal noise."""
    rng = np.random.default_rng(SEED)
    X = rng.standard_normal((n_samples, n_features))
    y = rng.integers(0, 2, n_samples)
    model = import_module("sklearn.neighbors").KNeighborsClassifier(algorithm=algorithm)
    return Built(model=model.fit(X, y), row=X[:1])


def support_vectors(scale: float) -> Built:
    """SVC with an RBF kernel, 8 000 × 20."""
    X, y = import_module("sklearn.datasets").make_classification(
        shrunk(8_000, scale, 200), 20, n_informative=10, flip_y=0.1, random_state=SEED
    )
    return Built(model=import_module("sklearn.svm").SVC(random_state=SEED).fit(X, y), row=X[:1])


def network(scale: float) -> Built:
    """MLPClassifier, hidden layers of 4 000 and 2 000 on 2 000 features, with its Adam state."""
    rng = np.random.default_rng(SEED)
    X = rng.standard_normal((32, shrunk(2000, scale, 20)))
    y = np.arange(len(X)) % 2
    layers = (shrunk(4000, scale, 40), shrunk(2000, scale, 20))
    model = import_module("sklearn.neural_network").MLPClassifier(layers, max_iter=1, random_state=SEED)
    return Built(model=model.fit(X, y), row=X[:1])


def recipe(build: Callable[[float], Built], *modules: str) -> Recipe:
    """The recipe of a builder, named after it."""
    return Recipe(
        name=build.__name__.replace("_", "-"),
        build=build,
        modules=tuple(f"sklearn.{name}" for name in modules),
    )


RECIPES: tuple[Recipe, ...] = (
    recipe(logistic, "linear_model"),
    recipe(grid_search, "ensemble", "model_selection", "pipeline", "preprocessing"),
    recipe(gradient_boosting, "ensemble"),
    recipe(forest, "ensemble"),
    recipe(hist_boosting, "ensemble"),
    recipe(text, "feature_extraction.text", "linear_model", "pipeline"),
    recipe(categories, "compose", "linear_model", "pipeline", "preprocessing"),
    recipe(neighbours_brute, "neighbors"),
    recipe(neighbours_tree, "neighbors"),
    recipe(support_vectors, "svm"),
    recipe(network, "neural_network"),
)
ZOO: Mapping[str, Recipe] = {each.name: each for each in RECIPES}
