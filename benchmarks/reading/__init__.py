"""How much of a large file is read to look into it, and to get one of its arrays."""
