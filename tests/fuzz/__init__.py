"""Mutation fuzzing: valid, correctly digested files of every estimator with one thing changed, loaded and used."""
