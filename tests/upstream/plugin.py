"""A pytest plugin: whatever a test fits is dumped, loaded, compared, and replaced by what was loaded.

    python -m pytest -p tests.upstream.plugin --pyargs sklearn.tree

Two environment variables say more: `VITRIFY_UPSTREAM_LOG` names the file to which a line of JSON is added for each
test and each thing noted, `VITRIFY_UPSTREAM_USE` what of the loaded estimator is used: `all` its attributes,
those that are not parameters of the constructor (`fitted`), or `none`, which only compares.
The plugin stops no test; what is refused stays as it was.
"""

from __future__ import annotations

import functools
import json
import os
import re
import sys
import threading
import types
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

import vitrify
from tests.support.equality import differences
from tests.upstream import trees

METHODS: Final = ("fit", "partial_fit", "fit_transform", "fit_predict")
_COMPARED_BYTES: Final = 1 << 19
_SENT_IN_A_TEST: Final = 200
_SHOWN_CHARS: Final = 300
_OF_THE_SUITE: Final = re.compile(
    r"sklearn\.(.*\.)?(tests\.|conftest|utils\._mocking|utils\._testing|utils\.estimator_ch)"
)
_ALIAS: Final = "suite_of_"
_ATOMS: Final = (str, bytes, bool, int, float, type(None))
_VARYING: Final = re.compile(r"0x[0-9a-f]+|\d+")


class Sending:
    """What went through files in this process, and what was noted about it.

    Attributes:
        use: `all`, `fitted` or `none`.
        counts: How many estimators were `sent`, `loaded`, `compared`; and what kinds of trees lay in them.
        types: How often each class was loaded.
    """

    def __init__(self, log: str, use: str) -> None:
        self.use = use
        self.counts: Counter[str] = Counter()
        self.types: Counter[str] = Counter()
        self._log = log
        self._test = ""
        self._in_this_test = 0
        self._seen: Counter[tuple[str, str, str]] = Counter()
        self._depth = threading.local()

    def write(self, **line: object) -> None:
        """Add a line to the log at once, so that it is there if the process crashes."""
        if self._log:
            with open(self._log, "a", encoding="utf-8") as stream:
                stream.write(json.dumps(line) + "\n")

    def begin(self, test: str) -> None:
        """From here on, what is noted belongs to this test."""
        self._test, self._in_this_test = test, 0
        self.write(kind="start", test=test)

    def note(self, kind: str, subject: str, text: str) -> None:
        """Write what is noted for the first time; numbers in the text make no difference."""
        key = kind, subject, _VARYING.sub("#", text)
        self._seen[key] += 1
        if self._seen[key] == 1:
            self.write(kind=kind, subject=subject, text=text[:_SHOWN_CHARS], test=self._test)

    def end(self) -> None:
        """Write the counts."""
        noted = [[*key, n] for key, n in self._seen.items()]
        self.write(kind="end", counts=self.counts, types=self.types, noted=noted)

    def hook(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The method, followed by the way through a file when its outermost call has returned."""

        @functools.wraps(function)
        def method(estimator: Any, *args: Any, **kwargs: Any) -> Any:
            depth = getattr(self._depth, "now", 0)
            self._depth.now = depth + 1
            try:
                result = function(estimator, *args, **kwargs)
                if depth == 0 and threading.current_thread() is threading.main_thread():
                    self.send(estimator)
            finally:
                self._depth.now = depth
            return result

        return method

    def send(self, estimator: Any) -> None:
        """Dump, load and compare one estimator, and let it go on with what was loaded."""
        self._in_this_test += 1
        if self._in_this_test > _SENT_IN_A_TEST:
            self.counts["left out"] += 1
            return
        name = f"{type(estimator).__module__}.{type(estimator).__qualname__}"
        self.counts["sent"] += 1
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            loaded = self._through(estimator, name)
        for warning in caught:
            self.note("warning", name, f"{warning.category.__name__}: {warning.message}")
        if loaded is None:
            return
        self.counts["loaded"] += 1
        self.types[name] += 1
        self.counts.update(trees.kinds(loaded))
        if self.use != "none":
            kept = self._kept(estimator, loaded)
            vars(estimator).clear()
            vars(estimator).update(vars(loaded) | kept)

    def _kept(self, estimator: Any, loaded: Any) -> dict[str, Any]:
        """The attributes that stay the original's: equal texts and numbers, and with `fitted` all parameters."""
        mine, its = vars(estimator), vars(loaded)
        kept = {k: v for k, v in mine.items() if type(v) in _ATOMS and type(its.get(k)) is type(v) and its[k] == v}
        if self.use == "fitted":
            kept |= {k: mine[k] for k in estimator.get_params(deep=False) if k in mine}
        return kept

    def _through(self, estimator: Any, name: str) -> Any:
        """The estimator as it comes out of a file, or None if it does not; why not is noted."""
        with _outside_of_sklearn() as trusted:
            try:
                data = vitrify.dumps(estimator)
            except vitrify.errors.UnsupportedError as error:
                for _, what, _ in error.problems or ((None, error.message, None),):
                    self.note("refused", name, f"{type(error).__name__}: {what}")
                return None
            except Exception as error:  # whatever it is, it is a defect that must be seen
                self.note("defect", name, f"dumps: {type(error).__name__}: {error}")
                return None
            try:
                loaded = vitrify.loads(data, trust=trusted)
            except Exception as error:  # the same
                self.note("defect", name, f"loads: {type(error).__name__}: {error}")
                return None
            if type(loaded) is not type(estimator):
                self.note("difference", name, f"$ : is a {type(loaded).__qualname__}")
                return None
            if len(data) <= _COMPARED_BYTES:
                self._compare(estimator, loaded, name)
                if vitrify.dumps(loaded) != data:
                    self.note("difference", name, "the loaded object gives other bytes")
        return loaded

    def _compare(self, estimator: Any, loaded: Any, name: str) -> None:
        self.counts["compared"] += 1
        try:
            lines = differences(estimator, loaded)
        except Exception as error:  # the objects of tests may refuse to be compared
            lines = [f"$ : cannot be compared, {type(error).__name__}: {error}"]
        for line in lines:
            self.note("difference", name, line)


@contextmanager
def _outside_of_sklearn() -> Iterator[dict[str, Any]]:
    """Classes and functions of the tests seem to lie elsewhere for a while, and can be trusted: name → object.

    Nothing within scikit-learn can, except what is reviewed.
    """
    moved: list[tuple[Any, str]] = []
    trusted: dict[str, Any] = {}
    for name in [name for name in sys.modules if _OF_THE_SUITE.match(name + ".")]:
        module = sys.modules[name]
        for thing in list(vars(module).values()):
            if isinstance(thing, (type, types.FunctionType)) and thing.__module__ == name:
                moved.append((thing, name))
                trusted[f"{_ALIAS}{name}.{thing.__qualname__}"] = thing
        sys.modules[_ALIAS + name] = module
    added = {_ALIAS + name for _, name in moved}
    top = _ALIAS + "sklearn"
    try:
        for thing, name in moved:
            thing.__module__ = _ALIAS + name
        yield trusted
    finally:
        for thing, name in moved:
            thing.__module__ = name
        for alias in [name for name in sys.modules if name in added or name.startswith(top)]:
            del sys.modules[alias]


def install(sending: Sending) -> int:
    """Hook the methods of every estimator of scikit-learn and of the classes they inherit from; how many."""
    from sklearn.utils import all_estimators

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        owners = {owner: None for _, cls in all_estimators() for owner in cls.__mro__ if owner is not object}
    n_hooked = 0
    for owner in owners:
        for name in METHODS:
            found = vars(owner).get(name)
            if isinstance(found, types.FunctionType):
                setattr(owner, name, sending.hook(found))
            elif type(found).__name__ == "_AvailableIfDescriptor":
                found.fn = sending.hook(found.fn)
            else:
                continue
            n_hooked += 1
    return n_hooked


class Plugin:
    """The hooks of pytest, for one `Sending`."""

    def __init__(self, sending: Sending) -> None:
        self.sending = sending

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.sending.begin(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            text = str(report.longrepr)[-2000:] if report.failed else ""
            self.sending.write(kind="test", test=report.nodeid, outcome=report.outcome, text=text)

    def pytest_sessionfinish(self) -> None:
        self.sending.end()


def pytest_configure(config: pytest.Config) -> None:
    """Install the hooks before any test is collected; with `off`, only outcomes are written."""
    use = os.environ.get("VITRIFY_UPSTREAM_USE", "all")
    sending = Sending(os.environ.get("VITRIFY_UPSTREAM_LOG", ""), use)
    if use != "off":
        install(sending)
    config.pluginmanager.register(Plugin(sending), "vitrify-upstream")
