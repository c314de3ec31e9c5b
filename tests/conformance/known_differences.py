"""Where outputs depend on where memory lies: even two unpickled copies of these differ in the last bit."""

from __future__ import annotations

import sklearn

from tests.support.estimators import CASES

_ESTIMATORS = ("KernelRidge", "LabelPropagation", "LabelSpreading")
NOT_BIT_EQUAL = frozenset(name for name in CASES if name.startswith(_ESTIMATORS))

_STOP_WORDS = ("$._stop_words_id : expected ", "the id() of an object, made again for the object that was loaded")

# Case → how the one difference begins that it must have, with the reason. Strict: another or none is a failure.
EXPECTED: dict[str, tuple[str, str]] = {
    "CountVectorizer-english": _STOP_WORDS,
    "CountVectorizer-stop-words": _STOP_WORDS,
}
if tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 4):
    EXPECTED |= {
        "HistGradientBoostingClassifier-early-stop-scorer": (
            "$._raw_predict : expected a method, found no such attribute",
            "a bound method of the model itself, left behind by scikit-learn; the class has the same method",
        ),
    }
