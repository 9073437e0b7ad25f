"""Qin, *Two-Layer Neural Network for Digit Classification on MNIST* :cite:p:`qin`."""

from .recipe import Claim, Recipe, Setting, Variant

# The last six: drawn once from [480, 540] with default_rng(0), since the report's are not given.
_WIDTHS = (128, 256, 482, 495, 498, 509, 516, 527)

# Our squared error sums over the ten classes, where the report's equation 1 takes the mean, so that
# η (g / 10 + λ W) = η / 10 (g + 10 λ W): η is a tenth, and λ ten times, what the report says.
_MSE = {"output": "softmax_mse", "l2": 1e-3, "l2_per_example": False}

QIN = Recipe(
    name="qin",
    title="Two-Layer Neural Network for Digit Classification on MNIST",
    authors="Kexin Qin",
    settings=(
        Setting("learns_from", ("train", 0, 60_000), "section 3.2"),
        Setting("scaling", (0.01, 1), "section 3.2"),
        Setting("hidden", (512,), "table 1"),
        Setting("activation", "relu", "section 2"),
        Setting("output", "softmax_nll", "section 2.2: its gradient is a - y"),
        Setting("l2", 1e-4, "table 1"),
        Setting("l2_per_example", True, "section 2.2"),
        Setting("reduction", "mean", "section 2.2"),
        Setting("init", "he_normal", "section 3.3.1"),
        Setting("bias_init", "he_normal", "section 3.3.1"),
        Setting("learning_rate", 0.1, "table 1"),
        Setting("decay", 0.95, "section 3.3.1"),
        Setting("batch_size", 64, "section 3.3.1"),
        Setting("epochs", 50, "section 3.3.1"),
        Setting(
            "measured_on",
            {"training digits": ("train", 0, 60_000), "test digits": ("test", 0, 10_000)},
            "section 3.2",
        ),
    ),
    claims=(
        Claim("training accuracy", 0.9987, "section 4", ("accuracy, training digits",)),
        Claim("test accuracy", 0.9817, "section 4", ("accuracy, test digits",)),
        Claim(
            "training loss, about",
            0.035,
            "section 4",
            ("softmax_nll, training digits",),
        ),
        Claim(
            "test loss, about",
            0.053,
            "section 4",
            ("softmax_nll, test digits",),
        ),
    ),
    variants=(
        Variant("the gradient as stated"),
        Variant("the loss as stated", _MSE | {"learning_rate": 0.01}),
        Variant("the loss as stated, η = 1", _MSE | {"learning_rate": 0.1}),
        *(Variant(f"{n} units", {"hidden": (n,)}, tuning=True) for n in _WIDTHS),
        *(
            Variant(f"η = {eta:g}", {"learning_rate": eta}, tuning=True)
            for eta in (0.01, 1e-3, 1e-4)
        ),
        *(Variant(f"λ = {x:g}", {"l2": x}, tuning=True) for x in (1e-6, 1e-5, 1e-3)),
        Variant("λ, not λ/m", {"l2_per_example": False}, tuning=True),
        # As in the program that the report links to (commit 592a03a), which plots equation 2.
        Variant(
            "one digit a step",
            {"batch_size": 1, "l2_per_example": False, "also": "softmax_mse"},
            tuning=True,
        ),
    ),
)
