"""Ray, slides *MNIST Digit Classification with Neural Net* :cite:p:`ray`."""

from .recipe import Recipe, Setting, Variant

_HELD_OUT = {
    "validation digits": ("train", 55_000, 60_000),
    "test digits": ("test", 0, 10_000),
}

RAY = Recipe(
    name="ray",
    title="MNIST Digit Classification with Neural Net",
    authors="Nilanjan Ray",
    settings=(
        Setting("learns_from", ("train", 0, 55_000), 'slide "MNIST dataset"'),
        Setting("measured_on", _HELD_OUT, 'slide "MNIST dataset"'),
        Setting("activation", "relu", 'slide "NN Architecture"'),
        Setting("output", "softmax_nll", 'slide "Softmax and cross-entropy loss"'),
        Setting("scaling", (0, 1), 'slide "MNIST classification problem"'),
        Setting("hidden", (100, 100)),
        Setting("init", "he_normal"),
        Setting("bias_init", "zeros"),
        Setting("batch_size", 50),
        Setting("reduction", "mean"),
        Setting("learning_rate", 0.1),
        Setting("epochs", 10),
    ),
    claims=(),
    variants=(
        Variant("cross-entropy"),
        Variant("cross-entropy, η = 0.01", {"learning_rate": 0.01}),
        Variant("cross-entropy, η = 0.5", {"learning_rate": 0.5}),
        Variant("cross-entropy, 300 and 100 units", {"hidden": (300, 100)}),
        Variant("cross-entropy, sums, η = 0.002", {"reduction": "sum", "learning_rate": 0.002}),
        Variant("L2 loss", {"output": "softmax_mse"}),
        Variant("L2 loss, η = 0.01", {"output": "softmax_mse", "learning_rate": 0.01}),
        Variant("L2 loss, η = 0.5", {"output": "softmax_mse", "learning_rate": 0.5}),
    ),
)
