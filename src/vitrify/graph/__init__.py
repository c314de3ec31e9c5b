"""Objects ⇄ tables: the columnar object graph (SPEC.md §6).

A model is not a tree of unlike things, so objects are stored by shape: one table for all objects of one type and one
set of attributes, one row an object, one column an attribute, and the encoding is chosen by column.

From low to high: `schema` (what the graph's JSON says), `dtypes` (numpy dtypes as text), `cells` (where column bytes
lie), `columns` (values ⇄ columns), `converter` (the protocol for types that need more than attributes), `registry`
(which types those are), `paths` (where in the model a row is), `shapes` and `encode` (objects to tables), `order` and
`decode` (tables to objects), `rows` (columns as the content checks see them).
"""
