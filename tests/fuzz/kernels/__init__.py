"""The compiled loops under sanitizers: valid and changed inputs, each beside what numpy makes of it."""
