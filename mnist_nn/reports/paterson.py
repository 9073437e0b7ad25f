"""Paterson, *MNIST Classifier Neural Network from Scratch* :cite:p:`paterson`."""

from .recipe import Claim, Recipe, Setting, Variant

PATERSON = Recipe(
    name="paterson",
    title="MNIST Classifier Neural Network from Scratch",
    authors="Philip Paterson",
    settings=(
        Setting("learns_from", ("train", 0, 50_000), "section 3, but for which 50,000"),
        Setting("activation", "relu", "section 2"),
        Setting("c", 0.0, "section 2.3.2"),
        Setting("output", "softmax_nll", "section 2.1"),
        Setting("init", "fan_in_uniform", "section 3"),
        Setting("batch_size", 50, "sections 2.2 and 3"),
        Setting("reduction", "mean", "section 2.2"),
        Setting("learning_rate", 0.13, "sections 2.2 and 3"),
        Setting("epochs", 2, "section 2.2"),
        Setting("hidden", (100, 100)),
        Setting("bias_init", "zeros"),
        Setting("scaling", (0, 1)),
        Setting(
            "measured_on",
            {
                "first 4,000 test digits": ("test", 0, 4000),
                "last 4,000 test digits": ("test", 6000, 10_000),
                "all 10,000 test digits": ("test", 0, 10_000),
                "training digits": ("train", 0, 50_000),
            },
            "section 3, but for which 4,000",
        ),
    ),
    claims=(
        Claim(
            "accuracy on 4,000 test digits",
            0.972,
            "section 4",
            (
                "accuracy, first 4,000 test digits",
                "accuracy, last 4,000 test digits",
                "accuracy, all 10,000 test digits",
            ),
        ),
    ),
    variants=(
        Variant("100 and 100 units"),
        Variant("20 and 20 units", {"hidden": (20, 20)}),
        Variant("50 and 50 units", {"hidden": (50, 50)}),
        Variant("300 and 100 units", {"hidden": (300, 100)}),
        Variant("500 and 300 units", {"hidden": (500, 300)}),
        Variant("100 and 100 units, He's start", {"init": "he_normal"}),
        Variant("300 and 100 units, He's start", {"init": "he_normal", "hidden": (300, 100)}),
        Variant("100 and 100 units, standardised pixels", {"scaling": (-0.4245, 2.8170)}),
        Variant("100 and 100 units, 10 epochs", {"epochs": 10}),
        Variant("300 and 100 units, 10 epochs", {"epochs": 10, "hidden": (300, 100)}),
    ),
)
