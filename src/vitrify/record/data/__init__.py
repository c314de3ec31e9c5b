"""What is kept of the training data: fingerprint, schema and statistics, read from tables of any library."""
