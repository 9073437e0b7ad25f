"""PyTorch's automatic differentiation finds the same gradients; skipped where it is missing."""

import numpy as np
import pytest

from mnist_nn import MLP, Examples, TrainConfig, fit
from mnist_nn import functional as F
from mnist_nn.model import ACTIVATIONS, OUTPUTS

torch = pytest.importorskip("torch")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def close(actual, expected, tolerance=1e-10):
    expected = expected.detach().numpy()
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def tensor(x, learn=False):
    return torch.tensor(x, requires_grad=learn)


def torch_loss(Z, y, output, reduction):
    """Return PyTorch's own loss of the logits Z: sum over classes, mean or sum over examples."""
    functional = torch.nn.functional
    Y = functional.one_hot(y, Z.shape[1]).to(Z.dtype)
    if output == "softmax_nll":
        return functional.cross_entropy(Z, y, reduction=reduction)
    if output == "softmax_mse":
        total = functional.mse_loss(torch.softmax(Z, dim=1), Y, reduction="sum")
    else:
        total = functional.binary_cross_entropy_with_logits(Z, Y, reduction="sum")
    return total / len(Z) if reduction == "mean" else total


def torch_network(model):
    """Return PyTorch's layers with the same weights. It keeps a row for each unit: W is turned."""
    layers = []
    for l, W in model.params.W.items():
        linear = torch.nn.Linear(*W.shape, dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(tensor(W.T.copy()))
            linear.bias.copy_(tensor(model.params.b[l]))
        activation = torch.nn.ReLU() if model.activation == "relu" else torch.nn.Sigmoid()
        layers += [linear, activation]
    return torch.nn.Sequential(*layers[:-1])


def linears(network):
    return enumerate((x for x in network if isinstance(x, torch.nn.Linear)), start=1)


def some_network(activation, output, seed):
    """Return a network of one to five layers with up to 40 units each, and up to 50 examples."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 41, rng.integers(2, 7))
    model = MLP(sizes, activation, output, bias_init="half_uniform", rng=rng, dtype=np.float64)
    M = int(rng.integers(1, 51))
    return model, rng.normal(size=(M, sizes[0])), rng.integers(0, sizes[-1], M)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("output", OUTPUTS)
def test_gradients_of_random_networks_are_those_of_autograd(activation, output, reduction, seed):
    model, X, y = some_network(activation, output, seed)
    network = torch_network(model)
    Z = network(tensor(X))
    expected = torch_loss(Z, tensor(y), output, reduction)
    expected.backward()
    loss, grad = model.loss_and_grad(X, y, reduction)
    close(model.logits(X), Z)
    close(loss, expected)
    for l, linear in linears(network):
        close(grad.W[l], linear.weight.grad.T)
        close(grad.b[l], linear.bias.grad)


def train_in_torch(network, output, examples, config, rng):
    """Do what `fit` does with PyTorch's optimiser; return the number of steps."""
    weights = [linear.weight for _, linear in linears(network)]
    biases = [linear.bias for _, linear in linears(network)]
    optimiser = torch.optim.SGD(
        [{"params": weights}, {"params": biases}], config.learning_rate, config.momentum
    )
    M, steps = len(examples), 0
    size = config.batch_size or M
    for _ in range(config.epochs):
        order = rng.permutation(M) if config.shuffle and size < M else np.arange(M)
        for start in range(0, M, size):
            rows = order[start : start + size]
            if config.drop_last and len(rows) < size:
                break
            l2 = config.l2 / len(rows) if config.l2_per_example else config.l2
            optimiser.param_groups[0]["weight_decay"] = l2
            optimiser.zero_grad()
            Z = network(tensor(examples.X[rows]))
            torch_loss(Z, tensor(examples.labels[rows]), output, config.reduction).backward()
            optimiser.step()
            steps += 1
        for group in optimiser.param_groups:
            group["lr"] *= config.decay
        # Our velocity v has η in it, and PyTorch's does not: its is v/η, and η has changed.
        for state in optimiser.state.values():
            if state.get("momentum_buffer") is not None:
                state["momentum_buffer"] /= config.decay
    return steps


# Of 64 examples: 20 batches of 13, the last of each epoch with 12; or as it says.
PLAIN = {"epochs": 4, "batch_size": 13, "learning_rate": 0.1}
SUM = {"reduction": "sum", "learning_rate": 0.01}
TRAININGS = {
    "plain": {},
    "sum": SUM,
    "decay": {"decay": 0.7},
    "momentum": {"momentum": 0.9},
    "momentum and decay": {"momentum": 0.9, "decay": 0.7},
    "L2": {"l2": 0.1},
    "L2 per example": {"l2": 0.5, "l2_per_example": True},
    "momentum and L2": {"momentum": 0.5, "l2": 0.1},
    "sum, momentum and L2 per example": SUM | {"momentum": 0.5, "l2": 2.0, "l2_per_example": True},
    "in order": {"shuffle": False},
    "short batch dropped": {"drop_last": True, "epochs": 5},
    "short batch dropped, with all else": SUM
    | {"drop_last": True, "epochs": 5, "momentum": 0.9, "l2": 0.1, "decay": 0.9},
    "full batch": {"batch_size": None, "epochs": 20},
    "full batch, with all else": SUM
    | {"batch_size": None, "epochs": 20, "momentum": 0.9, "l2": 0.1, "decay": 0.9},
}


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("settings", TRAININGS.values(), ids=TRAININGS)
def test_twenty_steps_end_at_the_same_weights(rng, settings, output, activation):
    config = TrainConfig(**PLAIN | settings)
    examples = Examples(rng.normal(size=(64, 8)), rng.integers(0, 4, 64))
    model = MLP((8, 7, 6, 4), activation, output, rng=rng, dtype=np.float64)
    start, network = model.params.copy(), torch_network(model)
    steps = train_in_torch(network, output, examples, config, np.random.default_rng(1))
    fit(model, examples, config, np.random.default_rng(1), progress=False)
    assert steps == 20
    for l, linear in linears(network):
        close(model.params.W[l], linear.weight.T)
        close(model.params.b[l], linear.bias)
        assert np.abs(model.params.W[l] - start.W[l]).max() > 1e-4, "it has moved"


def test_twenty_full_batches_of_many_blocks_end_at_the_same_weights(rng):
    config = TrainConfig(epochs=20, batch_size=None, learning_rate=0.1, momentum=0.9, l2=0.01)
    examples = Examples(rng.normal(size=(2500, 8)), rng.integers(0, 4, 2500))
    model = MLP((8, 7, 4), rng=rng, dtype=np.float64)
    network = torch_network(model)
    assert train_in_torch(network, model.output, examples, config, rng) == 20
    fit(model, examples, config, rng, progress=False)
    for l, linear in linears(network):
        close(model.params.W[l], linear.weight.T)
        close(model.params.b[l], linear.bias)


@pytest.mark.parametrize("scale", [1, 30, 1e4])
def test_functions_are_those_of_pytorch(rng, scale):
    Z = scale * rng.normal(size=(6, 5))
    close(F.softmax(Z), torch.softmax(tensor(Z), dim=1))
    close(F.log_softmax(Z), torch.log_softmax(tensor(Z), dim=1))
    close(F.logsumexp(Z), torch.logsumexp(tensor(Z), dim=1))
    close(F.sigmoid(Z), torch.sigmoid(tensor(Z)))
    close(F.relu(Z), torch.relu(tensor(Z)))


def test_the_jacobian_of_softmax_is_that_of_autograd(rng):
    z = rng.normal(size=5)
    expected = torch.autograd.functional.jacobian(lambda z: torch.softmax(z, dim=0), tensor(z))
    close(F.softmax_jacobian(F.softmax(z)), expected)


def test_softmax_backward_is_that_of_autograd(rng):
    Z, dP = rng.normal(size=(6, 5)), rng.normal(size=(6, 5))
    logits = tensor(Z, learn=True)
    torch.softmax(logits, dim=1).backward(tensor(dP))
    close(F.softmax_backward(dP, F.softmax(Z)), logits.grad)


def test_the_derivative_of_relu_at_zero_is_the_one_pytorch_chose():
    z = tensor(np.array([-1.0, 0.0, 1.0]), learn=True)
    torch.relu(z).sum().backward()
    close(F.relu_backward(np.ones(3), z.detach().numpy()), z.grad)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("c", [0.0, 0.25, 1.0])
def test_networks_with_units_at_zero_have_the_gradients_of_pytorch_only_if_c_is_0(
    rng, c, activation
):
    X, y = rng.normal(size=(6, 5)), rng.integers(0, 3, 6)
    X[::2] = 0  # without biases, every Z of the first layer is then 0
    model = MLP((5, 4, 4, 3), activation, c=c, rng=rng, dtype=np.float64)
    _, grad = model.loss_and_grad(X, y)
    network = torch_network(model)
    torch_loss(network(tensor(X)), tensor(y), model.output, "mean").backward()
    same = [np.allclose(grad.b[l], x.bias.grad, rtol=1e-10) for l, x in linears(network)]
    assert same == [c == 0 or activation == "sigmoid"] * 2 + [True]
