"""Chang, *Developing a Neural Network From Scratch* :cite:p:`chang`."""

from .recipe import Claim, Recipe, Setting, Variant

CHANG = Recipe(
    name="chang",
    title="Developing a Neural Network From Scratch",
    authors="Elliott Chang",
    settings=(
        Setting("hidden", (10,), "section 2"),
        Setting("activation", "relu", "section 2"),
        Setting("output", "softmax_nll", "section 2: its gradient is A - Y"),
        Setting("scaling", (0, 1), "section 2"),
        Setting("batch_size", None, "section 2"),
        Setting("reduction", "mean", "section 2"),
        Setting("learns_from", ("train", 0, 60_000)),
        Setting("learning_rate", 0.1),
        Setting("epochs", 500),
        Setting("init", "half_uniform"),
        Setting("bias_init", "half_uniform"),
        Setting("every", 10),
        Setting(
            "measured_on",
            {"training digits": ("train", 0, 60_000), "test digits": ("test", 0, 10_000)},
        ),
    ),
    claims=(Claim("training accuracy", 0.85, "section 3", ("accuracy, training digits",)),),
    variants=(
        Variant("weights within ±½"),
        Variant("He's start", {"init": "he_normal", "bias_init": "zeros"}),
        Variant("weights within ±1/√n", {"init": "fan_in_uniform", "bias_init": "zeros"}),
    ),
)
