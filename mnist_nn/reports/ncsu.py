"""Bhalasubbramanian, Shekhar and Dhyade, *Classification of MNIST image data* :cite:p:`ncsu`."""

from .recipe import Claim, Recipe, Setting, Variant

# Pixels with mean 0 and variance 1: Scaling.standard of the 3,000 training images.
_STANDARD = (-0.4245, 2.8171)

_NORMAL = {"init": "standard_normal", "bias_init": "standard_normal"}

_THEN = {
    "learns_from": ("train", 0, 13_000),
    "learning_rate": 0.001,
    "batch_size": 128,
    "epochs": 100,
    "warm": True,
    "measured_on": {"test digits": ("test", 0, 10_000)},
}

NCSU = Recipe(
    name="ncsu",
    title="Classification of MNIST image data using Backpropagation algorithm on Multi Layer "
    "Perceptron",
    authors="Priyanka Bhalasubbramanian, Shashank Shekhar, Shraddha Dhyade",
    settings=(
        Setting("hidden", (20,), "section II"),
        Setting("activation", "sigmoid", "section II"),
        Setting("output", "sigmoid_bernoulli_nll", "sections II and IV"),
        Setting("learns_from", ("train", 0, 3000), "section V"),
        Setting(
            "grid",
            {"learning_rate": (0.0001, 0.001, 0.01), "batch_size": (128, 256, 384)},
            "sections I and V",
        ),
        Setting("epochs", 100, "section V"),
        Setting("chosen_on", "validation digits", "section V"),
        Setting("then", _THEN, "section V, but for the number of epochs"),
        Setting("bias_init", "glorot_uniform", "section V: random, by which law is our choice"),
        Setting("reduction", "mean"),
        Setting("init", "glorot_uniform"),
        Setting("scaling", (0, 1)),
        Setting("measured_on", {"validation digits": ("train", 3000, 13_000)}),
    ),
    claims=(
        Claim("validation accuracy, about", 0.84, "section VI", ("accuracy, validation digits",)),
        Claim(
            "best test accuracy",
            0.7508,
            "section VI",
            ("accuracy, test digits", "best accuracy, test digits"),
        ),
    ),
    variants=(
        Variant("mean"),
        Variant("sum", {"reduction": "sum"}),
        Variant("mean, normal start", _NORMAL),
        Variant("sum, normal start", _NORMAL | {"reduction": "sum"}),
        Variant("mean, pixels 0 to 255", {"scaling": (0, 255)}),
        Variant("sum, pixels 0 to 255", {"reduction": "sum", "scaling": (0, 255)}),
        Variant("mean, standardised pixels", {"scaling": _STANDARD}),
        Variant("sum, standardised pixels", {"reduction": "sum", "scaling": _STANDARD}),
        Variant(
            "mean, standardised pixels, second training from new weights",
            {"scaling": _STANDARD, "then": _THEN | {"warm": False}},
        ),
        Variant(
            "sum, standardised pixels, second training from new weights",
            {"reduction": "sum", "scaling": _STANDARD, "then": _THEN | {"warm": False}},
        ),
    ),
)
