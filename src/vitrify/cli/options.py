"""What every verb shares: its options, and the error for wrong usage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer


class UsageError(Exception):
    """Options that do not go together, or that would destroy something."""


@dataclass(slots=True)
class Settings:
    """What holds for one run of the command line."""

    debug: bool = False


settings = Settings()


def _set_debug(wanted: bool) -> None:
    settings.debug = settings.debug or wanted


Target = Annotated[str, typer.Option("--target", metavar="COLUMN", help="The column of --data to predict.")]
Groups = Annotated[str, typer.Option("--groups", metavar="COLUMN", help="The column of --data with groups.")]
Trust = Annotated[
    list[str] | None, typer.Option("--trust", metavar="NAME", help="A class or function of yours in the model.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Debug = Annotated[
    bool,
    typer.Option("--debug", is_eager=True, callback=_set_debug, help="Show the traceback of an error."),
]
