"""Words, front-coded: what a word shares with the one before is not stored again (SPEC.md 4.8, 4.9).

Also called incremental encoding. Words are the lines of a column of text: any bytes but NUL, which joins them. A
vocabulary is the keys and the values of dicts whose values number the keys: the words are stored in the order of their
numbers, which is that of the alphabet where scikit-learn made them, and the numbers beside them. `pack` and `unpack`
know nothing of zstd, which comes after the one and before the other.
"""

from vitrify.container.words.forms import Form
from vitrify.container.words.packing import Dicts, Lines, pack, pack_vocabulary
from vitrify.container.words.unpacking import unpack, unpack_vocabulary

__all__ = ["Dicts", "Form", "Lines", "pack", "pack_vocabulary", "unpack", "unpack_vocabulary"]
