"""Bytes ⇄ named blocks: the strict safetensors file that every glass file is (SPEC.md §1-§3).

From low to high: `limits` (bounds), `digest` (BLAKE3), `codecs` (block compression), `layout` (what the header
says), `sniff` (what other files look like), `memory` (where
big blocks are read to), `sources` (where bytes come from), `reader` (bytes to blocks),
`writer` (blocks to bytes), `files` (replacing a file whole).

Nothing here knows models, Python objects or any machine-learning library.
"""
