"""Loops over millions of nodes, words or numbers, compiled where the installation found a compiler.

`COMPILED` says whether they are there. Whoever calls one has a numpy version of the same, which is the reference: it
runs where there is no compiled one, and after one has said no, because it alone can say what is wrong.
`VITRIFY_PURE=1` in the environment leaves them out. Nothing here imports numpy, a library for models, or vitrify.
"""

from __future__ import annotations

import contextlib
import os
import sys

__all__ = [
    "COMPILED",
    "predictor_nodes_hold",
    "predictor_splits_hold",
    "put_entries",
    "put_planes",
    "survey_trees",
    "tree_nodes_hold",
    "unpack_trees",
    "unpack_vocabulary",
    "unpack_words",
]

COMPILED: bool = False
# The compiled loops read numbers as they lie in memory, and in a file they are little-endian.
if sys.byteorder == "little" and os.environ.get("VITRIFY_PURE", "") in ("", "0"):
    with contextlib.suppress(ImportError):  # There is none for this interpreter: numpy's versions are slower.
        from vitrify.kernels import _nodes, _shuffle, _survey, _trees, _words

        tree_nodes_hold = _nodes.tree_nodes_hold
        predictor_nodes_hold = _nodes.predictor_nodes_hold
        predictor_splits_hold = _nodes.predictor_splits_hold
        put_entries = _shuffle.put_entries
        put_planes = _shuffle.put_planes
        survey_trees = _survey.survey_trees
        unpack_trees = _trees.unpack_trees
        unpack_vocabulary = _words.unpack_vocabulary
        unpack_words = _words.unpack_words
        COMPILED = True
