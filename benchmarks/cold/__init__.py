"""A cold page cache, the wait for the disk, and one core: what the other figures leave out."""
