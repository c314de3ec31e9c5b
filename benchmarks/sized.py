"""Models of a given size, for what grows and what is shared; `scale` is a count here, and each builder says of what."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from importlib import import_module

import numpy as np

from benchmarks.zoo import SEED, ZOO, Built, Recipe, words

_FITTED_TREES = 10
_LABELS = 2000


def trees(count: float) -> Built:
    """GradientBoostingRegressor of this many small trees: copies of ten that were fitted."""
    rng = np.random.default_rng(SEED)
    X = rng.standard_normal((300, 8))
    y = X[:, 0] * X[:, 1] + rng.standard_normal(300)
    model = import_module("sklearn.ensemble").GradientBoostingRegressor(n_estimators=_FITTED_TREES, random_state=SEED)
    model.fit(X, y)
    fitted, n = model.estimators_[:, 0], int(count)
    repeated = np.empty((n, 1), dtype=object)
    for index in range(n):
        tree = copy.copy(fitted[index % _FITTED_TREES])
        tree.tree_ = copy.deepcopy(tree.tree_)
        repeated[index, 0] = tree
    model.estimators_, model.n_estimators, model.n_estimators_ = repeated, n, n
    model.train_score_ = np.resize(model.train_score_, n)
    return Built(model=model, row=X[:1])


def vocabulary(count: float) -> Built:
    """Pipeline(CountVectorizer, LogisticRegression) with a vocabulary of this many words."""
    text, linear = import_module("sklearn.feature_extraction.text"), import_module("sklearn.linear_model")
    made = words(int(count))
    vectorizer = text.CountVectorizer().fit(made[:2])
    classifier = linear.LogisticRegression().fit(vectorizer.transform(made[:2]), [0, 1])
    vectorizer.vocabulary_ = {word: index for index, word in enumerate(made)}
    classifier.coef_ = np.random.default_rng(SEED).standard_normal((1, len(made)))
    classifier.n_features_in_ = len(made)
    pipeline = import_module("sklearn.pipeline").Pipeline([("words", vectorizer), ("linear", classifier)])
    return Built(model=pipeline, row=[" ".join(made[:20])])


def coefficients(megabytes: float) -> Built:
    """Ridge with this many MB of coefficients, all of which a prediction reads."""
    n_features = max(2, int(megabytes * 1e6 / 8 / _LABELS))
    rng = np.random.default_rng(SEED)
    X, targets = rng.standard_normal((20, n_features)), rng.standard_normal((20, _LABELS))
    return Built(model=import_module("sklearn.linear_model").Ridge().fit(X, targets), row=X[:1])


SIZED: Mapping[str, Recipe] = {
    "trees": Recipe(name="trees", build=trees, modules=("sklearn.ensemble",)),
    "words": Recipe(
        name="words",
        build=vocabulary,
        modules=("sklearn.feature_extraction.text", "sklearn.linear_model", "sklearn.pipeline"),
    ),
    "coefficients": Recipe(name="coefficients", build=coefficients, modules=("sklearn.linear_model",)),
}


def recipe_named(name: str) -> Recipe:
    """A recipe of the zoo, or one of a given size."""
    return SIZED[name] if name in SIZED else ZOO[name]
