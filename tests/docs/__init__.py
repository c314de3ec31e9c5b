"""The prose of the project is true: blocks run, references match the code, links lead somewhere.

`pages` cuts Markdown into blocks, `session` runs the Python of a page in a process of its own, `running` runs a whole
page in an empty folder. `python -m tests.docs` checks pages by hand; with `--write` it puts what was printed into them.
"""
