"""``python -m mnist_nn`` is the command ``mnist-nn``."""

from .cli import process

if __name__ == "__main__":
    process()
