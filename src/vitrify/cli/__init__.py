"""The command line: one function per verb, and the only code of vitrify that prints.

`app` parses arguments, decides exit codes and prints errors; a module per verb says what to do; `render` lays out
what people read. Nothing of it is imported by `import vitrify`.
"""
