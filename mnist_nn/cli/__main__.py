"""``python -m mnist_nn.cli`` is the command ``mnist-nn``."""

import sys

from . import main

if __name__ == "__main__":
    sys.exit(main())
