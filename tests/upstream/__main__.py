"""`python -m tests.upstream`: see `run`."""

import sys

from tests.upstream.run import main

if __name__ == "__main__":
    sys.exit(main())
