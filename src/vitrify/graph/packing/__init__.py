"""Which pieces are stored together: what lies in one follows in part from what lies in the others."""

from vitrify.graph.packing.trees import Places, tree_groups
from vitrify.graph.packing.vocabularies import vocabulary_groups

__all__ = ["Places", "tree_groups", "vocabulary_groups"]
