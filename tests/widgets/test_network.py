"""The network of the figures is small, and reads more than 98 % of the test digits."""

import base64

import numpy as np
import pytest

import mnist_nn as nn
from mnist_nn.widgets.network import PATH, load_network, pack


def test_it_reads_the_test_digits() -> None:
    assert nn.evaluate(load_network(), nn.load_mnist().test)[1] > 0.98


def test_it_is_small_on_a_page() -> None:
    with np.load(PATH, allow_pickle=False) as arrays:
        content = b"".join(arrays[name].tobytes() for name in arrays)
    assert len(base64.b64encode(content)) < 250_000  # bytes


@pytest.mark.parametrize("seed", range(3))
def test_packing_loses_less_than_half_a_step(seed: int) -> None:
    model = nn.MLP((7, 5, 3), rng=np.random.default_rng(seed))
    arrays = pack(model)
    for l, W in model.params.W.items():
        step = arrays[f"scale{l}"]
        assert arrays[f"W{l}"].dtype == np.int8
        assert np.all(abs(arrays[f"W{l}"] * step - W) <= 0.501 * step)
        assert np.array_equal(arrays[f"b{l}"], model.params.b[l])


def test_what_is_stored_is_what_is_loaded() -> None:
    with np.load(PATH, allow_pickle=False) as arrays:
        again = pack(load_network())
        assert all(np.array_equal(again[name], arrays[name]) for name in arrays if name[0] != "s")


def test_callers_do_not_share_it() -> None:
    load_network().params.flat[:] = 0
    assert load_network().params.flat.any()
