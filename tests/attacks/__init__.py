"""The attack catalogue: one hostile file or call for each row, run in a child process; README.md is the table."""
