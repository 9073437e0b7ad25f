"""``mnist-nn predict``."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checkpoint import load_model
from ..data.digits import CLASSES, HEIGHT, WIDTH
from .console import (
    DONE,
    ERROR,
    Commands,
    Console,
    HelpFormatter,
    add_json,
    percent,
    sentence,
)

_EPILOG = """\
examples:
  mnist-nn predict my-digit.png
  mnist-nn predict *.png --model best.npz --show
"""
_INK = " .:-=+*#%@"


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "predict",
        help="read the digit in a picture of your own",
        description="Read the digits in pictures, one in each: of any size, grey or colour, dark "
        "on light or light on dark. A picture is first made like those of MNIST.",
        epilog=_EPILOG,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="a picture file")
    parser.add_argument(
        "--model",
        type=Path,
        default=Path("model.npz"),
        metavar="MODEL",
        help="a file that train has saved (default: %(default)s)",
    )
    parser.add_argument("--show", action="store_true", help="draw what the network sees")
    add_json(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Read the pictures; return the exit code."""
    from ..data.picture import read_picture

    model = load_model(args.model)
    if model.sizes[0] != HEIGHT * WIDTH or model.sizes[-1] != CLASSES:
        raise ValueError(
            f"{args.model} goes from {model.sizes[0]} numbers to {model.sizes[-1]} classes; "
            f"expected {HEIGHT * WIDTH} pixels and {CLASSES} digits"
        )
    pictures: list[dict[str, Any]] = []
    lines, code = [], DONE
    for path in args.images:
        try:
            pixels = read_picture(path)  # (28, 28)
        except (MemoryError, OSError, ValueError) as error:  # the others can be read still
            why = f"{path} is too large" if isinstance(error, MemoryError) else sentence(error)
            console.complain(why)
            pictures.append({"picture": str(path), "error": why})
            code = ERROR
            continue
        X = model.scaling(pixels.reshape(1, HEIGHT * WIDTH), model.dtype)  # (28, 28) → (1, 784)
        p = model.predict_proba(X)[0]  # (1, K) → (K,)
        first, second = (int(k) for k in np.argsort(-p, kind="stable")[:2])
        pictures.append(
            {
                "picture": str(path),
                "digit": first,
                "probability": float(p[first]),
                "second": second,
                "second_probability": float(p[second]),
                "probabilities": p.tolist(),
            }
        )
        lines.append(
            f"{path}: {first} ({percent(float(p[first]))}), "
            f"or else {second} ({percent(float(p[second]))})"
        )
        if args.show:
            lines += _draw(pixels)
    console.answer({"model": str(args.model), "pictures": pictures}, lines)
    return code


def _draw(pixels: NDArray[np.uint8]) -> list[str]:
    """Draw an image in letters, each pixel two wide, as they are twice as high."""
    shades = pixels.astype(int) * len(_INK) // 256  # (28, 28)
    return ["".join(_INK[shade] * 2 for shade in row).rstrip() for row in shades]
