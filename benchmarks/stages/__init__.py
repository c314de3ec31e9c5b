"""Where the time of a save and of a load goes, and what no tool that checks its bytes can do without."""
