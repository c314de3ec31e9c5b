"""What a file says, without loading it: parts, parameters, sizes, arrays, versions, and the code it would need.

No object of the file is built and no machine-learning library is imported, so this works on files from strangers and
on machines where scikit-learn is not installed. It does not judge what the values mean: only loading and verifying do.

From low to high: `summary` (what is given back), `address` (how places in a model are written), `tables` (the parsed
tables as something to walk), `origins` (where each object is first reached), `arrays` and `text` (arrays and values
for people), `parts` (what the model consists of), `sizes` (which part owns which bytes), `inspecting` (the calls).
"""

from vitrify.inspection.inspecting import FileLike, inspect, read_array, read_attached
from vitrify.inspection.summary import ArrayInfo, Part, Summary
from vitrify.record.attached import Attached

__all__ = ["ArrayInfo", "Attached", "FileLike", "Part", "Summary", "inspect", "read_array", "read_attached"]
