"""How much memory workers need together that predict with the same model."""
