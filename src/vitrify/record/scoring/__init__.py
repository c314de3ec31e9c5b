"""How good the model is: scores by cross-validation, kept so that they can be computed again and compared."""
