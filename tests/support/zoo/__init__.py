"""Fitted models of every kind, for tests: `tests.support.estimators` is the way in."""
