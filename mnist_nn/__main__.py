"""``python -m mnist_nn`` is the command ``mnist-nn``."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
