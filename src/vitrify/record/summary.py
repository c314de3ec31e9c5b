"""The part of a record that stands in the header: small, closed, and readable by any safetensors reader (SPEC.md §7).

What grows with the number of columns or rows (statistics, probes, texts) lies in a block of its own; see `Attached`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from vitrify.errors import FormatError

Json = str | int | float | bool | None | list[Any] | dict[str, Any]
Form = Literal["array", "frame", "sparse", "texts", "records"]
"""The forms that data comes in; see `record.data.tables`."""
ScoreOrigin = Literal["cross_validate", "search", "given", "holdout"]
ProbeOrigin = Literal["synthetic", "sample"]
Count = Annotated[int, msgspec.Meta(ge=0)]
Versions = Annotated[dict[str, str], msgspec.Meta(max_length=100)]
"""Few, since each costs a look at what is installed."""
Digest = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all parts have in common: fields that are not given are not written."""


class ThreadLibrary(_Part, frozen=True, kw_only=True):
    """A library that computes in threads: its results differ in the last bits from those of another.

    Attributes:
        name: Such as openblas, mkl, openmp.
        version: Its version, as far as it says.
        architecture: For which kind of CPU its kernels were chosen.
        n_threads: How many threads it used.
    """

    name: str
    version: str = ""
    architecture: str = ""
    n_threads: Count = 0


class Environment(_Part, frozen=True, kw_only=True):
    """Where a model was made.

    Attributes:
        implementation: Of Python, such as CPython.
        system: The operating system.
        machine: The architecture, such as x86_64.
        cpu: The CPU's own name.
        thread_libraries: BLAS and OpenMP libraries that were loaded.
        distributions: Project name → version, for all that the model's types need.
    """

    implementation: str
    system: str
    machine: str
    cpu: str = ""
    thread_libraries: tuple[ThreadLibrary, ...] = ()
    distributions: dict[str, str] = {}


class Reference(_Part, frozen=True, kw_only=True):
    """A snapshot of data that never changes.

    Attributes:
        uri: What names it: a URI or a path, as the caller gave it; vitrify never opens it.
        version: A revision, a tag or a digest, where the URI does not hold it.
    """

    uri: str
    version: str = ""


class Data(_Part, frozen=True, kw_only=True):
    """The data a model was trained on.

    Attributes:
        form: What it came in.
        n_rows: The number of rows.
        n_columns: The number of columns; 0 where rows have none (texts, records).
        fingerprint: BLAKE3 of all values in their canonical form, and of the names (SPEC.md §7).
        n_missing: How many values are missing.
        reference: Where the data can be had again.
    """

    form: Form
    n_rows: Count
    n_columns: Count
    fingerprint: Digest
    n_missing: Count = 0
    reference: Reference | None = None


class ClassCount(_Part, frozen=True, kw_only=True):
    """How often a class occurs: its value as Python writes it."""

    label: str
    n: Count


class Target(_Part, frozen=True, kw_only=True):
    """What was to be predicted.

    Attributes:
        form: As of `Data`.
        n_outputs: The number of outputs; 1 for one column.
        fingerprint: As of `Data`.
        classes: For classification, how often each class occurs, the most frequent first; at most 100.
        n_classes: How many there are.
        mean: For regression, over all outputs.
        deviation: For regression, the standard deviation over all outputs.
    """

    form: Form
    n_outputs: Count
    fingerprint: Digest
    classes: tuple[ClassCount, ...] = ()
    n_classes: Count = 0
    mean: float | None = None
    deviation: float | None = None


class Splitter(_Part, frozen=True, kw_only=True):
    """How data was split into folds.

    Attributes:
        type: The dotted name of its class.
        parameters: Those of its constructor.
        n_splits: How many folds it made.
        has_groups: Whether it was given groups.
    """

    type: str
    parameters: dict[str, Json] = {}
    n_splits: Count = 0
    has_groups: bool = False


class Score(_Part, frozen=True, kw_only=True):
    """What a scorer gave.

    Attributes:
        scorer: Its name in scikit-learn, or the dotted name of a function.
        values: One for each fold, in their order; higher is better, and None stands for what is not finite.
        fit_seconds: How long each fit took.
        score_seconds: How long each scoring took.
        splitter: How the folds were made; None for scores that came without.
        origin: Where it comes from.
        fingerprint: For `holdout`: that of its data; else empty.
    """

    scorer: str
    values: tuple[float | None, ...]
    origin: ScoreOrigin
    fit_seconds: tuple[float, ...] = ()
    score_seconds: tuple[float, ...] = ()
    splitter: Splitter | None = None
    fingerprint: Digest | Literal[""] = ""


class ProbeSummary(_Part, frozen=True, kw_only=True):
    """Rows of input with the outputs they gave.

    Attributes:
        n_rows: How many rows.
        origin: `synthetic`, or `sample` for rows of the training data.
        methods: The methods whose outputs are kept.
        failed: Method → why it gave nothing.
    """

    n_rows: Count
    origin: ProbeOrigin
    methods: tuple[str, ...]
    failed: dict[str, str] = {}


class Source(_Part, frozen=True, kw_only=True):
    """The code that trained a model.

    Attributes:
        remote: The git remote, without user and password.
        commit: The full commit.
        branch: Its branch.
        is_dirty: Whether the tree differed from the commit.
        script: The name of the script or notebook, without its folder.
        script_digest: BLAKE3 of its text.
        texts: The names of the texts that are attached.
    """

    remote: str = ""
    commit: str = ""
    branch: str = ""
    is_dirty: bool | None = None
    script: str = ""
    script_digest: str = ""
    texts: tuple[str, ...] = ()


class Summary(_Part, frozen=True, kw_only=True):
    """The record as it stands in the header.

    Attributes:
        versions: Library → version, for Python, vitrify and the libraries that the model's types come from.
        model_path: Where in the object the model is that was captured: the keys and places that lead to it; none where
            it is the object itself.
        environment: Where it was made.
        data: What it was trained on.
        target: What it was to predict.
        scores: How good it was.
        probes: What it predicted.
        source: The code that trained it.
        notes: Free text.
        authors: Who made it.
        license: An SPDX expression, or free text.
        extra: Whatever else the caller gave.
        parents: The digests of the models that it was made from.
    """

    versions: Versions
    model_path: tuple[str | int, ...] = ()
    environment: Environment | None = None
    data: Data | None = None
    target: Target | None = None
    scores: tuple[Score, ...] = ()
    probes: ProbeSummary | None = None
    source: Source | None = None
    notes: str = ""
    authors: tuple[str, ...] = ()
    license: str = ""
    extra: dict[str, Json] = {}
    parents: tuple[Digest, ...] = ()


_DECODER: Final = msgspec.json.Decoder(Summary)  # made here, not in two threads at once: see `container.layout`


def write_summary(summary: Summary) -> str:
    """The one spelling of a summary."""
    return msgspec.json.encode(summary).decode()


def read_summary(text: str) -> Summary:
    """Parse and check what the header says.

    Raises:
        FormatError: It is not a record, or not in its one spelling.
    """
    try:
        summary = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise FormatError(f"the record is not what SPEC.md §7 describes ({error!s:.400})") from error
    if write_summary(summary) != text:
        raise FormatError("the record is not in canonical form")
    return summary
