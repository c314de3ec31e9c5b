"""Files with records for the attacks on them, and what is done with such files inside a child."""

from __future__ import annotations

import contextlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from typing import Any
from unittest import mock

import vitrify
from tests.attacks.harness import Attack, Outcome, assert_harmless, run_one
from tests.vectors.generate import RECORDS
from tests.vectors.valid_records import data_of

Finding = tuple[str, str, str]
X, Y = data_of("full")
"""The data that the model of `recorded` was trained on."""


@cache
def recorded() -> bytes:
    """A classifier with everything that `capture` keeps: two columns, 24 rows, scores of three folds, probes."""
    return (RECORDS / "valid" / "full.glass").read_bytes()


@cache
def bundled() -> bytes:
    """A regression in a list in a dict, with less of it."""
    return (RECORDS / "valid" / "bundle.glass").read_bytes()


def attack(data: bytes, verb: Callable[..., Any], **how: Any) -> Outcome:
    """Run a verb of this module in a child that has imported all that verbs need."""
    before = warm_to_print if verb is printed else warm
    return run_one(Attack(data, partial(verb, **how.pop("given", {})), before=before, then=[as_text], **how))


def findings_of(data: bytes, **given: Any) -> list[Finding]:
    """What `verify` finds in a child, other than what passes; it must do no harm."""
    outcome = attack(data, verified, given=given)
    assert_harmless(outcome)
    return [(check, status, message) for check, status, message in json.loads(outcome.answers[0].text)]


def text_of(data: bytes, *words: str) -> str:
    """What the command line prints in a child; it must do no harm."""
    outcome = attack(data, printed, given={"words": words})
    assert_harmless(outcome)
    return outcome.answers[0].text


# Inside the child


def warm(room: str) -> None:
    """Import what the verbs import, whatever the file."""
    import pandas as pd
    import scipy.special  # noqa: F401

    file = _good(room)
    vitrify.verify(file, X, Y)
    vitrify.check_input(file, pd.DataFrame(X))
    vitrify.loads(bundled(), verify="probes")
    repr(vitrify.inspect(file))


def warm_to_print(room: str) -> None:
    """The same for the command line."""
    import typer.main

    typer.main.get_command = cache(typer.main.get_command)  # it evaluates the annotations of the command line itself
    file = _good(room)
    for words in (["inspect"], ["inspect", "--json"], ["verify"], ["lock"]):
        printed(b"", str(file), words=words)


def _good(room: str) -> Path:
    file = Path(room, "good.glass")
    file.write_bytes(recorded())
    return file


def verified(data: bytes, path: str, **given: Any) -> list[Finding]:
    """The findings of `vitrify.verify` that do not pass; without `X`, those of the file alone."""
    report = vitrify.verify(path, **given)
    found: list[Finding] = [
        (one.check[:60], one.status, one.message[:160]) for one in report.findings if one.status != "pass"
    ]
    assert report.ok == all(status != "fail" for _, status, _ in found)
    return found[:6]


def lookups(data: bytes, path: str) -> int:
    """How many libraries `load` looks for among what is installed."""
    with mock.patch.object(metadata, "version", return_value="1.0") as version:
        vitrify.load(path, versions="error")
    return version.call_count


def replayed(data: bytes, path: str) -> str:
    """`load` with the probes."""
    return type(vitrify.load(path, verify="probes")).__name__


def checked(data: bytes, path: str) -> list[str]:
    """`check_input` of the data that the file was made with."""
    return [one.message[:160] for one in vitrify.check_input(path, X)]


def everything(data: bytes, path: str) -> list[str]:
    """Every verb that reads records, one after the other; errors other than ours are raised."""
    return [_name(partial(verb, data, path)) for verb in (_loaded, _looked, replayed, checked, _verified, _rebuilt)]


def printed(data: bytes, path: str, *, words: Iterable[str]) -> str:
    """What `vitrify VERB FILE …` prints, and its exit code before it."""
    from vitrify.cli.app import main

    verb, *more = words
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = main([verb, path, *more])
    return f"{code}\n{out.getvalue()}"


def ends(data: bytes, path: str, *, files: Iterable[bytes], **given: Any) -> dict[str, int]:
    """How `verify` ends over many files: the checks that fail, or `ok`; errors other than ours are raised."""
    found: Counter[str] = Counter()
    for file in files:
        failed = [one.check for one in vitrify.verify(io.BytesIO(file), **given).findings if one.status == "fail"]
        found[failed[0].partition(":")[0] if failed else "ok"] += 1
    return dict(sorted(found.items()))


def as_text(value: Any) -> str:
    """What a child sends back."""
    return value if isinstance(value, str) else json.dumps(value)


def _name(verb: Callable[[], Any]) -> str:
    try:
        return f"{verb()}"
    except vitrify.errors.VitrifyError as error:
        return type(error).__name__


def _loaded(data: bytes, path: str) -> str:
    return type(vitrify.load(path)).__name__


def _looked(data: bytes, path: str) -> str:
    return str(len(repr(vitrify.inspect(path))) > 0)


def _verified(data: bytes, path: str) -> str:
    return str(vitrify.verify(path, X, Y).ok)


def _rebuilt(data: bytes, path: str) -> str:
    return type(vitrify.rebuild(path, X, Y).model).__name__
