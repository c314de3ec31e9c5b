"""The rows M and R03 on arrays that only count together, told to skops, pickle and joblib: the model itself is changed.

`test_memory_content.py` says which lies these are; a file is the one that the peer writes of such a model.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from tests.attacks.harness import run_one
from tests.attacks.peer_memory import PEERS, UNSAVED, Ending, asked, needed, word_of
from tests.attacks.test_memory_content import M09, M12, M15, M16, M19, M29, R03, Lie
from tests.attacks.test_memory_networks import NETWORKS

CONTENT: Final = [
    (row, lie)
    for row, lies in (
        ("M09", M09), ("M12", M12), ("M15", M15), ("M16", M16), ("M19", M19), ("M29", [*M29, *NETWORKS]), ("R03", R03),
    )
    for lie in lies
]  # fmt: skip
"""Row and lie."""


def content_endings(rows: tuple[str, ...], peers: list[str]) -> Iterator[Ending]:
    """Tell each lie of the rows whose names begin with one of `rows` to each peer."""
    for row, lie in CONTENT:
        if row.startswith(rows):
            for peer in peers:
                yield content_ending(row, lie, peer)


def content_ending(row: str, lie: Lie, peer: str) -> Ending:
    """Tell one lie to one peer."""
    model, dump = copy.deepcopy(lie.make()), PEERS[peer][0]
    told = {"row": row, "model": str(lie), "peer": peer}
    try:
        attack, answers = asked(peer, dump(model), lie.use)
        lie.edit(model)
        data = dump(model)
    except (*UNSAVED, RecursionError) as error:
        return Ending(**told, word="cannot save", detail=f"{type(error).__name__}: {error}"[:160])
    word, detail = word_of(run_one(replace(attack, data=data, label=str(lie))), answers)
    trust = needed(attack.data) if peer == "skops" else ()
    return Ending(**told, word=word, detail=detail[:160], trust=trust)
