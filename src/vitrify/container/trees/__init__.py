"""Decision trees, packed: what follows from the rest is not stored (SPEC.md 4.6).

A group of trees is the nodes and the values of each, as scikit-learn's `Tree` keeps them: records of 56 or 64 bytes
and `width` float64 numbers a node. Of a tree that grew depth first, one bit a node gives all children; sums give the
sample counts of inner nodes; counts give values and Gini impurity to the last bit. Means, weighted shares, squared
errors and entropies follow but for their last bits, and these are kept. Each column says which it is. `pack` keeps what
does not follow as it is, so that `unpack` gives the very bytes back, whatever they are.
"""

from vitrify.container.trees.packing import pack
from vitrify.container.trees.places import NODES, Group
from vitrify.container.trees.unpacking import Columns, unpack

__all__ = ["NODES", "Columns", "Group", "pack", "unpack"]
