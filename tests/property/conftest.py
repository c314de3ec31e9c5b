"""The same examples every time; see `profiles`."""

from __future__ import annotations

from tests.property import profiles

profiles.load()
