"""The version warning that also is scikit-learn's own, so that filters for either catch it."""

from __future__ import annotations

from vitrify.errors import VersionWarning

try:
    from sklearn.exceptions import InconsistentVersionWarning
except ImportError:  # before scikit-learn 1.3
    SklearnVersionWarning: type[VersionWarning] = VersionWarning
else:

    class _SklearnVersionWarning(VersionWarning, InconsistentVersionWarning):  # type: ignore[misc]  # untyped base
        """Another version of scikit-learn wrote the file.

        Attributes:
            estimator_name: What the file holds, for code that reads scikit-learn's fields.
            current_sklearn_version: The version here.
            original_sklearn_version: The version that wrote the file.
        """

        def __init__(self, message: str, current: str, original: str) -> None:
            self.message = message
            self.estimator_name = "glass file"
            self.current_sklearn_version = current
            self.original_sklearn_version = original

        def __str__(self) -> str:
            return self.message

    SklearnVersionWarning = _SklearnVersionWarning


def sklearn_warning(message: str, current: str, original: str) -> VersionWarning:
    """An instance, whichever class this scikit-learn allows."""
    if SklearnVersionWarning is VersionWarning:
        return VersionWarning(message)
    return SklearnVersionWarning(message, current, original)
