"""All parameters in one vector, seen layer by layer."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_nn import MLP, Params
from mnist_nn.params import check_sizes

quick = settings(max_examples=50)


def test_the_vector_holds_w1_b1_w2_b2_in_this_order():
    params = Params((2, 3, 1))
    params.flat[:] = range(13)
    np.testing.assert_array_equal(params.W[1], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(params.b[1], [6, 7, 8])
    np.testing.assert_array_equal(params.W[2], [[9], [10], [11]])
    np.testing.assert_array_equal(params.b[2], [12])


def test_a_new_vector_is_zero():
    assert not Params((2, 3, 1)).flat.any()


def test_the_course_network_has_89610_parameters():
    # 784·100 + 100 + 100·100 + 100 + 100·10 + 10
    assert Params((784, 100, 100, 10)).flat.size == 89_610


@quick
@given(st.lists(st.integers(1, 6), min_size=2, max_size=5))
def test_layers_cover_the_vector_without_gap_or_overlap(sizes):
    params = Params(sizes)
    assert params.sizes == tuple(sizes)
    assert list(params.W) == list(params.b) == list(range(1, len(sizes)))
    for l in params.W:
        assert params.W[l].shape == (sizes[l - 1], sizes[l])
        assert params.b[l].shape == (sizes[l],)
        for view in (params.W[l], params.b[l]):
            assert np.shares_memory(view, params.flat)
            view += 1
    np.testing.assert_array_equal(params.flat, np.ones(params.flat.size))


def test_writing_to_the_vector_writes_to_the_layers():
    params = Params((2, 2))
    params.flat += 5
    assert (params.W[1] == 5).all()
    assert (params.b[1] == 5).all()


def test_every_weight_matrix_lies_in_memory_row_by_row():
    for W in Params((3, 4, 5)).W.values():
        assert W.flags.c_contiguous


@pytest.mark.parametrize("dtype", [np.float32, np.float64, "float32", "float64", float])
def test_the_dtype_is_the_one_asked_for(dtype):
    params = Params((2, 3), dtype)
    for x in (params.flat, params.W[1], params.b[1]):
        assert x.dtype == np.dtype(dtype)


def test_float32_is_the_default():
    assert Params((2, 3)).flat.dtype == np.float32


def copies():
    return {
        "copy()": Params.copy,
        "copy.copy": copy.copy,
        "copy.deepcopy": copy.deepcopy,
        "pickle": lambda params: pickle.loads(pickle.dumps(params)),
    }


@pytest.mark.parametrize("how", copies())
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_copy_has_the_same_values_and_its_own_memory(how, dtype):
    params = Params((2, 3, 1), dtype)
    params.flat[:] = range(13)
    twin = copies()[how](params)
    assert twin.sizes == params.sizes
    assert twin.flat.dtype == dtype
    np.testing.assert_array_equal(twin.flat, range(13))
    twin.flat[:] = 0
    np.testing.assert_array_equal(params.flat, range(13))


@pytest.mark.parametrize("how", copies())
def test_the_layers_of_a_copy_are_views_of_its_vector(how):
    twin = copies()[how](Params((2, 3, 1)))
    twin.flat[:] = range(13)
    np.testing.assert_array_equal(twin.W[2], [[9], [10], [11]])
    np.testing.assert_array_equal(twin.b[1], [6, 7, 8])


def test_a_copied_network_can_be_changed_as_a_whole():
    model = MLP((2, 3, 1), rng=np.random.default_rng(0))
    before = model.logits(np.ones((1, 2), np.float32))
    twin = copy.deepcopy(model)
    np.testing.assert_array_equal(twin.logits(np.ones((1, 2), np.float32)), before)
    twin.params.flat[:] = 0
    assert not twin.logits(np.ones((1, 2), np.float32)).any()
    np.testing.assert_array_equal(model.logits(np.ones((1, 2), np.float32)), before)


def test_the_text_says_sizes_count_and_dtype():
    assert repr(Params((784, 100, 10))) == "Params(784-100-10: 79,510 numbers, float32)"


def test_sizes_may_be_any_integers():
    assert check_sizes([784, 10]) == (784, 10)
    assert check_sizes(np.array([784, 10])) == (784, 10)
    assert all(type(n) is int for n in check_sizes(np.array([784, 10])))


def test_assigning_to_a_view_or_to_flat_writes_into_the_vector():
    params = Params((3, 2), np.float64)
    flat = params.flat
    params.W[1] = np.arange(6.0).reshape(3, 2)
    params.b[1] = params.b[1] + 7
    assert params.flat is flat
    np.testing.assert_array_equal(flat, [0, 1, 2, 3, 4, 5, 7, 7])
    params.flat = params.flat * 2
    assert params.flat is flat
    np.testing.assert_array_equal(params.W[1], [[0, 2], [4, 6], [8, 10]])
    with pytest.raises(ValueError, match="broadcast"):
        params.W[1] = np.zeros((4, 2))
