"""PyTorch's automatic differentiation finds the same gradients; skipped where it is missing."""

import numpy as np
import pytest

from mnist_nn import MLP
from mnist_nn import functional as F
from mnist_nn.model import ACTIVATIONS, OUTPUTS
from mnist_nn.optim import sgd_step

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
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 12, rng.integers(2, 6))
    sizes[-1] = rng.integers(2, 12)
    model = MLP(sizes, activation, output, rng=rng, dtype=np.float64)
    model.params.flat += rng.normal(scale=0.1, size=model.params.flat.size)
    M = int(rng.integers(1, 20))
    return model, rng.normal(size=(M, sizes[0])), rng.integers(0, sizes[-1], M)


@pytest.mark.parametrize("seed", range(5))
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


@pytest.mark.parametrize("output", OUTPUTS)
def test_twenty_steps_end_at_the_same_weights(rng, output):
    model = MLP((8, 7, 6, 4), output=output, rng=np.random.default_rng(1), dtype=np.float64)
    network = torch_network(model)
    weights = [linear.weight for _, linear in linears(network)]
    biases = [linear.bias for _, linear in linears(network)]
    groups = [{"params": weights, "weight_decay": 0.01}, {"params": biases}]
    optimiser = torch.optim.SGD(groups, lr=0.1)
    for _ in range(20):
        X, y = rng.normal(size=(16, 8)), rng.integers(0, 4, 16)
        sgd_step(model.params, model.loss_and_grad(X, y)[1], learning_rate=0.1, l2=0.01)
        optimiser.zero_grad()
        torch_loss(network(tensor(X)), tensor(y), output, "mean").backward()
        optimiser.step()
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
