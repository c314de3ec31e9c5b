"""`python -m vitrify`: the same as the command `vitrify`."""

import sys

from vitrify.cli.app import main

if __name__ == "__main__":
    sys.exit(main(name="python -m vitrify"))
