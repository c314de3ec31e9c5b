"""How fast and how small vitrify is beside the tools that people use today: `python -m benchmarks`."""
