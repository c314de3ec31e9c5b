"""Files for the container's tests, made by a few lines here and not by the writer."""

from __future__ import annotations

import pytest

from tests.property import profiles
from tests.support.lying_writer import Chunk, assemble

profiles.load()


@pytest.fixture
def glass() -> bytes:
    """Two numbered blocks, cells and a graph that nothing here looks into."""
    return assemble(
        [
            Chunk(bytearray(bytes(range(256)) * 16), "bytes", "U8", [4096]),
            Chunk(bytearray(b"\0\0\x80\x3f" * 2048), "ones", "F32", [2048]),
        ],
        cells=b"\1" + bytes(7),
        graph=b'{"any":"thing"}',
    )
