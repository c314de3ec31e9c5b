"""Every error and warning that vitrify raises on purpose.

Nothing here is raised for a defect of vitrify itself, and no error carries the object being saved. What an error says
can be printed: `spelled_out` writes what a terminal would act on, or not show, as Python spells it.

    VitrifyError
    ├── FormatError            (ValueError)   the bytes are not a well-formed glass file
    │   ├── NotGlassFileError                 they are something else: a pickle, a zip, nothing at all
    │   ├── NewerFormatError                  they are a glass file that a later vitrify wrote
    │   └── IntegrityError                    they do not match the file's own digests
    ├── LimitError             (ValueError)   they ask for more than `limits` allows
    ├── StateError             (ValueError)   well-formed, but no object of that type can hold these values
    ├── PathError              (LookupError)  no array of the file has the path that was asked for
    ├── UnsupportedError       (TypeError)    a value or type that vitrify cannot save or rebuild
    ├── UntrustedTypeError     (TypeError)    a class or function that the caller has not named in `trust=`
    ├── VersionError           (RuntimeError) loading here would give other results than where it was saved
    └── VerificationError      (RuntimeError) the model does not predict what it did when it was saved

    VitrifyWarning             (UserWarning)
    ├── VersionWarning                        another version wrote the file (see `versions=`)
    ├── NotRestoredWarning                    what a glass file never carries (`memory=`, callbacks)
    ├── MainModuleWarning                     something of `__main__`: how it must be loaded elsewhere
    └── ReadsFilesWarning                     what was loaded opens the files whose names it is given
"""

from __future__ import annotations

from typing import ClassVar, Final

MAX_CHARS: Final = 4000
"""The length of a message, a path or a hint, at most."""
_UNSEEN: Final = (
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164), (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""First and last of what is drawn as nothing, whatever `str.isprintable` says: `Default_Ignorable_Code_Point`, as
DerivedCoreProperties.txt of Unicode 14.0 has it, which letters and marks are among, and the blank of braille."""


def spelled_out(text: str, kept: str = "") -> str:
    """The text with escapes for what would act on a terminal or not show at all, but for the characters in `kept`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in kept or _is_seen(c) else c.encode("unicode_escape").decode() for c in text)


def _is_seen(character: str) -> bool:
    code = ord(character)
    return character.isprintable() and not any(first <= code <= last for first, last in _UNSEEN)


def _short(text: str, kept: str = "") -> str:
    """The text spelled out, cut where it is longer than `MAX_CHARS`."""
    shown = spelled_out(text[: MAX_CHARS + 1], kept)
    return shown if len(shown) <= MAX_CHARS else shown[: MAX_CHARS - 1] + "…"


class VitrifyError(Exception):
    """The root of all errors; `message`, and where known `path`, `hint`, `limit`, `actual`.

    Texts are spelled out and cut here, as names and values of a file come along in them.

    Args:
        message: What is wrong, expected and found.
        path: Where inside the model, in the form `$.steps[1].coef_`.
        hint: What to do about it.
        limit: The bound that was exceeded, in the unit that the message names.
        actual: What was found instead, in the same unit.
    """

    exit_code: ClassVar[int] = 3
    _kept: ClassVar[str] = "\n"  # of what is not printable in a message

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        hint: str | None = None,
        limit: int | None = None,
        actual: int | None = None,
    ) -> None:
        self.message = _short(message, self._kept)
        self.path = None if path is None else _short(path)
        self.hint = None if hint is None else _short(hint)
        self.limit = limit
        self.actual = actual
        super().__init__(self.message)

    def __str__(self) -> str:
        text = self.message
        if self.path is not None:
            text += f" - at {self.path}"
        if self.hint is not None:
            text += f". {self.hint}"
        return text

    def name_file(self, shown: str) -> None:
        """Put the name of the file in front of the message, if it does not stand there yet."""
        shown = spelled_out(shown)
        if not self.message.startswith(shown):
            self.message = _short(f"{shown}: {self.message}", self._kept)
            self.args = (self.message,)

    def __reduce__(self) -> tuple[object, ...]:
        """Keep every field through the pipes of process pools, which pickle exceptions."""
        return (_rebuild, (type(self), dict(self.__dict__)))


def _rebuild(cls: type[VitrifyError], fields: dict[str, object]) -> VitrifyError:
    error = cls.__new__(cls, fields.get("message"))
    error.__dict__.update(fields)
    return error


class FormatError(VitrifyError, ValueError):
    """The bytes break a clause of SPEC.md."""

    _kept = ""


class NotGlassFileError(FormatError):
    """The bytes are another kind of file; the message says which."""


class NewerFormatError(FormatError):
    """The file was written by a vitrify that this one does not know yet."""


class IntegrityError(FormatError):
    """A digest does not match: the file was damaged after it was written."""


class LimitError(VitrifyError, ValueError):
    """The file asks for more memory, rows or bytes than `limits` allows."""


class StateError(VitrifyError, ValueError):
    """The values cannot belong to an object of that type, so it is not built."""

    _kept = ""


class PathError(VitrifyError, LookupError):
    """No array has this path; the hint names those that come near."""

    exit_code = 2


class UnsupportedError(VitrifyError, TypeError):
    """A value that cannot be saved, or a type that cannot be rebuilt.

    `problems` holds one `(path, what, hint)` for each value that `dump` refused, also where the message is cut.
    """

    exit_code = 4

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        hint: str | None = None,
        problems: tuple[tuple[str, str, str], ...] = (),
    ) -> None:
        super().__init__(message, path=path, hint=hint)
        self.problems = problems


class UntrustedTypeError(VitrifyError, TypeError):
    """The file needs classes or functions that the caller has not named in `trust=`.

    `names` holds all the dotted names as the file has them, in the order in which it first uses them; `is_grantable`
    says whether all of them are here and could be trusted.
    """

    exit_code = 4

    def __init__(self, message: str, *, names: tuple[str, ...] = (), is_grantable: bool = False) -> None:
        super().__init__(message)
        self.names = names
        self.is_grantable = is_grantable


class VersionError(VitrifyError, RuntimeError):
    """The versions here are known to give other results than those that wrote the file."""

    exit_code = 4


class VerificationError(VitrifyError, RuntimeError):
    """The loaded model does not predict what it did when it was saved, or nothing says what it did."""

    exit_code = 1


class VitrifyWarning(UserWarning):
    """The root of all warnings."""


class VersionWarning(VitrifyWarning):
    """Another version of a library wrote the file."""


class NotRestoredWarning(VitrifyWarning):
    """What a glass file never carries was left out: a cache folder, callbacks."""


class MainModuleWarning(VitrifyWarning):
    """A class or function of `__main__` was saved by name."""


class ReadsFilesWarning(VitrifyWarning):
    """What was loaded takes names of files for its input, and opens them: mind whose names they are."""
