"""How time and size grow with the number of trees, of words and of bytes."""
