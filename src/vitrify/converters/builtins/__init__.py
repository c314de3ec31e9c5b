"""What is reviewed of builtins; nothing of it is imported here."""

from __future__ import annotations

from typing import Final

from vitrify.graph.registry import Family

FAMILIES: Final[tuple[Family, ...]] = ()
ATTRS: Final[dict[str, str]] = {}
NAMES: Final[dict[str, tuple[str, str]]] = {}
RULES: Final[dict[str, str]] = {}
