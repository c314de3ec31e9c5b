"""Scorers as text, and text as scorers.

A scorer is kept by its name in scikit-learn (`roc_auc`), as `score` for the model's own method, or as the metric it
calls: `sklearn.metrics.fbeta_score(beta=2)`, with `-` before it where lower is better, and with ` on predict_proba`
behind it where it reads something else than `predict`. The caller's own are kept by their dotted names alone.

Nothing is imported because a file names it: a text stands for a scorer that scikit-learn lists by name, for a metric
of the reviewed list with keywords of its review, or for a scorer that the caller gives again.
"""

from __future__ import annotations

import difflib
import functools
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from vitrify.converters import default_registry
from vitrify.converters.builtins.calls import refusal
from vitrify.errors import UnsupportedError
from vitrify.graph.paths import cut, with_article

OWN_METHOD: Final = "score"
Call = Callable[..., Any]
_METRIC: Final = re.compile(r"(-?)(sklearn\.metrics\.\w+)\((.*)\)(?: on (\w+(?:\|\w+)*))?", re.ASCII | re.DOTALL)
_KEYWORD: Final = re.compile(r"(\w+)=", re.ASCII)
_RESPONSES: Final = frozenset({"predict", "predict_proba", "predict_log_proba", "decision_function"})
_RESPONSES_OF_CLASSES: Final = {
    "_PredictScorer": ("predict",),
    "_ProbaScorer": ("predict_proba",),
    "_ThresholdScorer": ("decision_function", "predict_proba"),
}  # of scikit-learn before 1.4
_MAX_CHARS: Final = 4000


class Named(NamedTuple):
    """A scorer with the text that stands for it."""

    text: str
    call: Call


def named_scorers(scoring: Any) -> dict[str, Named]:
    """The scorers that `scoring` asks for, by the keys that `cross_validate` has for them: `score` for a single one.

    Raises:
        UnsupportedError: It is no scorer, scikit-learn has none of this name, or two have one text.
    """
    if scoring is None or isinstance(scoring, str) or callable(scoring):
        return {OWN_METHOD: _named(scoring)}
    if isinstance(scoring, Mapping):
        asked = {str(key): _named(value) for key, value in scoring.items()}
    elif isinstance(scoring, (list, tuple, set, frozenset)) and all(isinstance(name, str) for name in scoring):
        names = sorted(scoring) if isinstance(scoring, (set, frozenset)) else scoring
        asked = {name: _named(name) for name in names}
    else:
        raise UnsupportedError(
            f"scoring= is {with_article(type(scoring).__name__)}, which names no scorers",
            hint="Give the name of a scorer, a list of names, a scorer, or a dict of these",
        )
    if not asked:
        raise UnsupportedError("scoring= is empty", hint="Name at least one scorer, or leave it out")
    for text in dict.fromkeys(named.text for named in asked.values()):
        if len({id(named.call) for named in asked.values() if named.text == text}) > 1:
            raise UnsupportedError(
                f"two scorers of scoring= would both be kept as {cut(text)}", hint="Give each a name of its own"
            )
    return asked


def _named(scoring: Any) -> Named:
    if scoring is None:
        return Named(OWN_METHOD, own_score)
    if isinstance(scoring, str):
        found = scorer_of(scoring)
        if isinstance(found, str):
            raise UnsupportedError(found, hint=_nearest(scoring))
        return Named(scoring, found)
    if not callable(scoring):
        raise UnsupportedError(
            f"scoring= holds {with_article(type(scoring).__name__)}, which is no scorer",
            hint="Give the name of a scorer, or what make_scorer returned",
        )
    module = str(getattr(scoring, "__module__", ""))
    if module.startswith("sklearn.metrics.") and not module.startswith("sklearn.metrics._scorer"):
        raise UnsupportedError(
            f"scoring= is {cut(getattr(scoring, '__name__', str(module)))}, a metric, which takes no model",
            hint="Give the name of a scorer, or make one with sklearn.metrics.make_scorer",
        )
    text = text_of(scoring)
    return Named(text, own_score if text == OWN_METHOD else scoring)


def own_score(model: Any, *data: Any) -> Any:
    """What the model's own `score` gives."""
    return model.score(*data)


def text_of(scorer: Any) -> str:
    """The text that stands for a scorer; keywords that JSON has no form for are `…`, which stands for nothing."""
    kind = type(scorer)
    if kind.__name__ == "_PassthroughScorer" or getattr(scorer, "__name__", "") == "_passthrough_scorer":
        return OWN_METHOD
    function = getattr(scorer, "_score_func", None)
    if function is None or not kind.__module__.startswith("sklearn."):
        return _dotted(scorer)
    from sklearn.metrics import get_scorer, get_scorer_names

    for name in get_scorer_names():
        if _is_same(get_scorer(name), scorer):
            return str(name)
    given = sorted(scorer._kwargs.items())
    text = f"{_dotted(function)}({', '.join(f'{keyword}={_json(value)}' for keyword, value in given)})"
    responses = _responses(scorer)
    if responses != ("predict",):
        text += f" on {'|'.join(responses)}"
    return text if scorer._sign > 0 else f"-{text}"


def _dotted(function: Any) -> str:
    known = default_registry().name_of(function)
    if known is not None:
        return known
    owner = function if hasattr(function, "__qualname__") else type(function)
    return f"{owner.__module__}.{owner.__qualname__}"


def _is_same(one: Any, other: Any) -> bool:
    if one._score_func is not other._score_func or one._sign != other._sign or _responses(one) != _responses(other):
        return False
    return {k: _json(v) for k, v in one._kwargs.items()} == {k: _json(v) for k, v in other._kwargs.items()}


def _responses(scorer: Any) -> tuple[str, ...]:
    old = _RESPONSES_OF_CLASSES.get(type(scorer).__name__)
    if old is not None:
        return old
    asked = scorer._response_method
    return (asked,) if isinstance(asked, str) else tuple(asked)


def _json(value: Any) -> str:
    try:
        return json.dumps(value, default=_plain)
    except (TypeError, ValueError, RecursionError):
        return "…"


def _plain(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)) and not value.dtype.hasobject:
        return value.tolist()
    raise TypeError


def scorer_of(text: str, scoring: Any = None) -> Call | str:
    """The scorer that a text stands for, or why there is none here.

    Args:
        text: As `text_of` gave it, from a file: it is not believed.
        scoring: The caller's own scorers, in any form that `cross_validate` takes; the keys of a dict may be texts as
            well, which gives a scorer in the place of one that is gone or was moved.
    """
    given = _given(scoring)
    whole, _, key = text.removesuffix("]").partition("[") if text.endswith("]") else (text, "", "")
    if text in given:
        return given[text]
    if key and whole in given:
        return _picked(given[whole], key)
    if text == OWN_METHOD:
        return own_score
    if "." not in text:
        return _by_name(text)
    match = _METRIC.fullmatch(text) if len(text) <= _MAX_CHARS else None
    if match is None or not default_registry().knows_name(match[2]):
        return f"{cut(text)} is a scorer of the caller's own, which must be given again with scoring="
    return _metric(match)


def _given(scoring: Any) -> dict[str, Call]:
    if scoring is None:
        return {}
    named = named_scorers(scoring)
    keyed = {key: one.call for key, one in named.items()} if isinstance(scoring, Mapping) else {}
    return keyed | {one.text: one.call for one in named.values()}


def _picked(call: Call, key: str) -> Call:
    """One of the values of a scorer that gives several."""

    @functools.wraps(call)
    def pick(model: Any, *data: Any) -> Any:
        found = call(model, *data)
        return found[key]

    return pick


def _by_name(name: str) -> Call | str:
    from sklearn.metrics import get_scorer, get_scorer_names

    if name not in get_scorer_names():
        import sklearn

        return f"scikit-learn {sklearn.__version__} has no scorer {cut(name)}"
    scorer: Call = get_scorer(name)
    return scorer


def _nearest(name: str) -> str:
    from sklearn.metrics import get_scorer_names

    if "." in name:
        return "Give the scorer itself"
    near = difflib.get_close_matches(name, get_scorer_names(), n=3)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    return "sklearn.metrics.get_scorer_names() lists those that there are"


def _metric(match: re.Match[str]) -> Call | str:
    sign, name, inner, responses = match.groups()
    asked = responses.split("|") if responses else ["predict"]
    keywords = _keywords(inner)
    if isinstance(keywords, str):
        return f"the keywords of {name} could not be kept ({keywords}): give the scorer again with scoring="
    try:
        function = default_registry().resolve_name(name)
    except UnsupportedError as error:
        return error.message
    reason = refusal(function, (), keywords)
    if reason is None and not _RESPONSES.issuperset(asked):
        reason = f"it reads {cut(responses)}, which no reviewed scorer does"
    if reason is not None:
        return f"{name} cannot be called as the file says: {reason}"
    return _made(function, sign == "", asked, keywords)


def _keywords(inner: str) -> dict[str, Any] | str:
    found: dict[str, Any] = {}
    rest = inner
    while rest:
        match = _KEYWORD.match(rest)
        if match is None:
            return "not in their form"
        try:
            found[match[1]], end = json.JSONDecoder().raw_decode(rest, match.end())
        except (ValueError, RecursionError):
            return f"{match[1]}= is no JSON"
        rest = rest[end:].removeprefix(", ")
    return found


def _made(function: Any, is_greater_better: bool, asked: list[str], keywords: dict[str, Any]) -> Call | str:
    from inspect import signature

    from sklearn.metrics import make_scorer

    reads: dict[str, Any]
    if "response_method" in signature(make_scorer).parameters:
        reads = {"response_method": asked[0] if len(asked) == 1 else tuple(asked)}
    elif asked == ["predict"]:
        reads = {}
    elif asked == ["predict_proba"]:
        reads = {"needs_proba": True}
    elif asked == ["decision_function", "predict_proba"]:
        reads = {"needs_threshold": True}
    else:
        return f"this version of scikit-learn has no scorers that read {' or '.join(asked)}"
    try:
        scorer: Call = make_scorer(function, greater_is_better=is_greater_better, **reads, **keywords)
    except (TypeError, ValueError) as error:
        return f"sklearn.metrics.make_scorer refuses it ({error})"
    return scorer
