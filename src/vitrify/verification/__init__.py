"""Is it still the same model? What a file says of itself, replayed here and now."""

from vitrify.verification.inputs import check_input
from vitrify.verification.rebuilding import Rebuilt
from vitrify.verification.renewing import rebuild
from vitrify.verification.report import Finding, Report
from vitrify.verification.verifying import verify

__all__ = ["Finding", "Rebuilt", "Report", "check_input", "rebuild", "verify"]
