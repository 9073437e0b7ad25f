"""Chapter 8: stochastic gradient descent."""

from copy import deepcopy
from typing import Any

import numpy as np

from ..exercise import Exercise, Function, Probe

_rng = np.random.default_rng(8)

# ------------------------------------------------------------ learning_rate


def _learning_rate(eta, decay, epoch):
    return eta * decay**epoch


learning_rate = Exercise(
    name="learning_rate",
    title="A learning rate that falls",
    chapter=8,
    level=1,
    minutes=5,
    equation="eq-decay",
    reference=_learning_rate,
    probes=(
        Probe("the third epoch", (0.1, 0.5, 2)),
        Probe("the first epoch, epoch 0", (0.1, 0.95, 0)),
        Probe("the second epoch", (0.3, 0.95, 1)),
        Probe("the last of Qin's 50 epochs", (0.1, 0.95, 49)),
        Probe("no decay", (0.25, 1.0, 7)),
        Probe("a quick decay", (2.0, 0.3, 4)),
    ),
    hints=(
        "Write down the rates of epochs 0, 1, 2 and 3 by hand. How often has decay been "
        "multiplied in?",
        "Epoch 0 still has the full rate. From one epoch to the next comes one factor of decay, so "
        "after t epochs there are t of them.",
        "It is eta times decay to the power epoch; a power is ** in Python.",
    ),
)


@learning_rate.right
def _(eta, decay, epoch):
    rate = eta
    for _ in range(epoch):
        rate *= decay
    return rate


@learning_rate.right
def _(eta, decay, epoch):
    return np.exp(np.log(eta) + epoch * np.log(decay))


@learning_rate.right
def _(eta, decay, epoch):
    return np.float32(eta) * np.prod(np.full(epoch, decay, np.float32))


@learning_rate.right
def _(eta, decay, epoch):
    return eta if epoch == 0 else decay * _learning_rate(eta, decay, epoch - 1)


@learning_rate.wrong()
def epochs_counted_from_1(eta, decay, epoch):
    """One factor of decay is missing: your rate belongs to the epoch before. Epochs are counted
    from 0 here, and in epoch 1 the rate has fallen once."""
    return eta * decay ** (epoch - 1)


@learning_rate.wrong()
def one_factor_too_many(eta, decay, epoch):
    """There is one factor of decay too many. Epoch 0 is the first, and it has the full rate."""
    return eta * decay ** (epoch + 1)


@learning_rate.wrong()
def falls_once(eta, decay, epoch):
    """Your rate is multiplied by decay once, whatever the epoch. The factor comes again after each
    epoch: what do t factors make?"""
    return eta * decay


@learning_rate.wrong()
def a_product_with_the_epoch(eta, decay, epoch):
    """You multiply by the number of the epoch. Then the rate is 0 in epoch 0, and grows. A factor
    that comes again and again makes a power."""
    return eta * decay * epoch


@learning_rate.wrong()
def decay_as_the_part_that_goes(eta, decay, epoch):
    """You take decay for the part of the rate that is lost. It is the factor that stays: with 0.95
    the rate keeps 95 per cent, and with 1 it does not fall at all."""
    return eta * (1 - decay) ** epoch


@learning_rate.wrong()
def a_hyperbola(eta, decay, epoch):
    """This is another schedule, eta / (1 + decay · epoch), which some libraries call decay. Ours
    multiplies by the same factor after every epoch."""
    return eta / (1 + decay * epoch)


@learning_rate.wrong()
def exponential_of_minus_decay(eta, decay, epoch):
    """exp(-decay · epoch) multiplies by exp(-decay) in each epoch, and not by decay. With decay = 1
    the rate must stay as it is."""
    return eta * np.exp(-decay * epoch)


@learning_rate.wrong()
def the_rate_to_the_power_too(eta, decay, epoch):
    """The power takes hold of eta as well. Only decay comes once for every epoch."""
    return (eta * decay) ** epoch


@learning_rate.wrong()
def linear_fall(eta, decay, epoch):
    """Your rate loses the same amount in every epoch, and falls below 0 in the end. It should lose
    the same share: multiply."""
    return eta - eta * (1 - decay) * epoch


@learning_rate.wrong()
def a_rate_that_stays(eta, decay, epoch):
    """Your rate is the same in every epoch: decay and epoch are not used."""
    return eta


@learning_rate.wrong()
def decay_alone(eta, decay, epoch):
    """That is the factor by which the rate has fallen. Multiply the first rate by it."""
    return decay**epoch


@learning_rate.wrong()
def a_rate_that_rises(eta, decay, epoch):
    """You divide by decay in every epoch, and the rate rises. Multiply."""
    return eta / decay**epoch


@learning_rate.wrong()
def eta_and_decay_exchanged(eta, decay, epoch):
    """The power belongs to decay. You take that of eta."""
    return decay * eta**epoch


# ------------------------------------------------------------ batches


def _batches(M, B, rng):
    order = rng.permutation(M)
    return [order[start : start + B] for start in range(0, M, B)]


def _deal(answer: Function, M: int, B: int, rng: np.random.Generator) -> Any:
    """Deal out two epochs, and say what there is to see."""
    twin, other = deepcopy(rng), np.random.default_rng(88)
    dealt = answer(M, B, rng)
    if dealt is None:
        return None
    one, fault = _arrays(dealt)
    facts: dict[str, Any] = {"what comes back": fault or "a list of batches of indices"}
    if fault:
        return facts
    two, again, elsewhere = (_arrays(answer(M, B, g))[0] for g in (rng, twin, other))
    order = np.concatenate([*one, []])
    facts |= {
        "sizes of the batches": np.array([len(batch) for batch in one]),
        "all indices are from 0 to M - 1": bool(((order >= 0) & (order < M)).all()),
        "no example comes twice in a batch": all(len(np.unique(b)) == len(b) for b in one),
        "every example comes once": np.array_equal(np.sort(order), np.arange(M)),
        "generators of the same seed give the same": _equal(one, again),
    }
    if M >= 10:  # where it cannot be so by chance
        in_order = np.sum(np.diff(order) == 1) > M / 2
        facts["the examples are shuffled"] = not in_order
        facts["the next epoch is another"] = not _equal(one, two)
        facts["generators of different seeds differ"] = not _equal(one, elsewhere)
    if M >= 100 and 1 < B < M:
        # A batch of one or two comes again by chance.
        sets, later = (
            {frozenset(batch.tolist()) for batch in dealt if len(batch) > 2} for dealt in (one, two)
        )
        facts["no batch has the same members in the next epoch"] = later.isdisjoint(sets)
        # Cards that are dealt well lie anywhere: no batch stays in one part of the file.
        spread = [np.ptp(batch) > 0.55 * M for batch in one if len(batch) >= 30]
        facts["a batch takes examples from everywhere"] = bool(np.all(spread))
    return facts


def _arrays(dealt: Any) -> tuple[list[np.ndarray], str]:
    """Return the batches as arrays of indices, or in words why they are none."""
    if isinstance(dealt, str | dict | set) or not hasattr(dealt, "__iter__"):
        return [], f"no list of batches, but a {type(dealt).__name__}"
    arrays = []
    for batch in dealt:
        indices = np.asarray(batch)
        if indices.ndim != 1:
            return [], "something else than batches of indices"
        if indices.dtype.kind not in "iu" and indices.size:
            return [], "batches, but they do not hold whole numbers"
        arrays.append(indices)
        if len(arrays) > 10_000:
            return [], "batches without an end"
    return arrays, "" if arrays else "an empty list"


def _equal(one: list[np.ndarray], two: list[np.ndarray]) -> bool:
    return len(one) == len(two) and all(map(np.array_equal, one, two))


batches = Exercise(
    name="batches",
    title="Deal the examples out",
    chapter=8,
    level=2,
    minutes=15,
    equation="eq-steps",
    reference=_batches,
    call=_deal,
    probes=(
        Probe("ten examples in batches of 4", (10, 4, np.random.default_rng(0))),
        Probe("batches that leave nothing over", (120, 30, np.random.default_rng(1))),
        Probe("a short last batch", (403, 50, np.random.default_rng(2))),
        Probe("one example left over", (121, 40, np.random.default_rng(3))),
        Probe("all examples in one batch", (150, 150, np.random.default_rng(4))),
        Probe("fewer examples than a batch takes", (110, 500, np.random.default_rng(5))),
        Probe("batches of one", (12, 1, np.random.default_rng(6))),
        Probe("a single example", (1, 3, np.random.default_rng(7))),
    ),
    hints=(
        "Think of a pack of cards: shuffle it once, then deal it out, B cards at a time. Which "
        "numbers are on the cards?",
        "rng.permutation(M) is the shuffled pack: the numbers from 0 to M - 1, each once. Cut it "
        "into pieces: the first starts at 0, the next at B, then 2 B, ...",
        "With order = rng.permutation(M), the piece that starts at s is order[s : s + B], and s "
        "runs over range(0, M, B). A slice may reach beyond the end: it is then just shorter.",
    ),
)


@batches.right
def _(M, B, rng):
    order = np.arange(M)
    rng.shuffle(order)
    dealt = []
    while len(order):
        dealt.append(order[:B])
        order = order[B:]
    return dealt


@batches.right
def _(M, B, rng):
    order = [int(i) for i in np.argsort(rng.random(M))]
    dealt = [[]]
    for i in order:
        if len(dealt[-1]) == B:
            dealt.append([])
        dealt[-1].append(i)
    return dealt


@batches.right
def _(M, B, rng):
    return np.split(rng.permutation(M), range(B, M, B))


@batches.right
def _(M, B, rng):
    left = list(range(M))
    dealt = []
    for n in range(-(-M // B)):
        batch = []
        for _ in range(min(B, M - n * B)):
            batch.append(left.pop(int(rng.integers(len(left)))))
        dealt.append(np.array(batch, dtype=np.int32))
    return tuple(dealt)


@batches.wrong("eq-minibatch-gradient")
def never_shuffled(M, B, rng):
    """The examples come in the order of the file, in every epoch. If that order is sorted, no batch
    is an estimate of the whole. What is rng for?"""
    return [np.arange(start, min(start + B, M)) for start in range(0, M, B)]


@batches.wrong()
def last_batch_left_out(M, B, rng):
    """What is left over when B does not divide M gets lost. Here the last batch may be short: count
    the steps with the formula that rounds up."""
    order = rng.permutation(M)
    return [order[n * B : (n + 1) * B] for n in range(M // B)]


@batches.wrong()
def an_empty_batch_at_the_end(M, B, rng):
    """When B divides M, your last batch is empty, and the mean over it is 0 / 0. M // B + 1 is not
    the number of batches then: round M / B up instead."""
    order = rng.permutation(M)
    return [order[n * B : (n + 1) * B] for n in range(M // B + 1)]


@batches.wrong("eq-minibatch-gradient")
def only_the_order_of_the_batches(M, B, rng):
    """You cut first and shuffle the batches afterwards. The same examples meet again in every
    epoch. Shuffle the examples, then cut."""
    dealt = [np.arange(start, min(start + B, M)) for start in range(0, M, B)]
    return [dealt[n] for n in rng.permutation(len(dealt))]


@batches.wrong("eq-minibatch-gradient")
def shuffled_within_each_batch(M, B, rng):
    """You cut first and shuffle inside each batch. Its members stay the same in every epoch, and a
    mean does not see their order. Shuffle all examples, then cut."""
    return [rng.permutation(np.arange(s, min(s + B, M))) for s in range(0, M, B)]


@batches.wrong()
def drawn_with_replacement(M, B, rng):
    """Examples may come twice, and others not at all: you draw each index by itself. In an epoch
    every example comes once, like a card of a pack."""
    order = rng.integers(M, size=M)
    return [order[start : start + B] for start in range(0, M, B)]


@batches.wrong()
def shuffled_again_for_each_batch(M, B, rng):
    """You shuffle anew for every batch, so that some examples come in several batches of the epoch
    and some in none. Shuffle once, before the loop, then deal out."""
    return [rng.permutation(M)[start : start + B] for start in range(0, M, B)]


@batches.wrong()
def examples_in_several_batches(M, B, rng):
    """Some examples come in several batches of the epoch, and some in none. Is every batch drawn
    anew? Shuffle once, then deal out. Or do your slices overlap? Batch n begins at n times B."""
    steps = -(-M // B)
    return [rng.choice(M, min(B, M), replace=False) for _ in range(steps)]


@batches.wrong()
def each_batch_drawn_with_replacement(M, B, rng):
    """Every batch is drawn anew, and an example may come twice even within one. Shuffle once, then
    deal out: so every example comes once in the epoch."""
    return [rng.choice(M, B) for _ in range(-(-M // B))]


@batches.wrong("eq-minibatch-gradient")
def a_generator_of_its_own(M, B, rng):
    """Your function makes a generator of its own, with the same seed in every call: every epoch is
    the same. Draw from the rng that is given, as it is."""
    order = np.random.default_rng(0).permutation(M)
    return [order[start : start + B] for start in range(0, M, B)]


@batches.wrong("eq-minibatch-gradient")
def chance_from_elsewhere(M, B, rng):
    """The order does not come from rng: with generators of the same seed you deal differently, and
    nobody can repeat your training. Use rng's own methods, and not np.random's or random's."""
    order = np.random.permutation(M)  # noqa: NPY002
    return [order[start : start + B] for start in range(0, M, B)]


@batches.wrong()
def only_the_first_batch(M, B, rng):
    """There is a single batch. Does your function return inside its loop, after the first one?
    Collect the batches, and return them when all are dealt."""
    return [rng.permutation(M)[:B]]


@batches.wrong()
def rows_of_a_table(M, B, rng):
    """You make a table with rows of B numbers out of the shuffled order. That works only if B
    divides M. The last batch may be short, so cut slices instead."""
    return rng.permutation(M).reshape(-1, B)


@batches.wrong()
def spread_evenly(M, B, rng):
    """The number of batches is right, but you make them nearly equal. All but the last should hold
    B examples."""
    return np.array_split(rng.permutation(M), -(-M // B))


@batches.wrong()
def as_many_batches_as_a_batch_should_hold(M, B, rng):
    """You make B batches. B is how many examples there are in one batch."""
    return np.array_split(rng.permutation(M), B)


@batches.wrong()
def counted_from_1(M, B, rng):
    """Your indices run from 1 to M. An array of M examples is indexed from 0 to M - 1: yours never
    uses the first example, and fails at the last."""
    order = rng.permutation(M) + 1
    return [order[start : start + B] for start in range(0, M, B)]


@batches.wrong()
def one_piece(M, B, rng):
    """You return the indices in one piece. Shuffle them, cut them into batches of B, and return a
    list of these."""
    return rng.permutation(M)


# ------------------------------------------------------------ sgd_step


def _sgd_step(theta, gradient, eta):
    return theta - float(eta) * gradient


def _step(answer: Function, theta: Any, gradient: Any, eta: Any) -> Any:
    """Take a step, and look at the dtype too."""
    after = answer(theta, gradient, eta)
    if after is None:
        return after
    dtype = after.dtype if isinstance(after, np.ndarray) else theta.dtype  # a list has none
    return {"the result": after, "its dtype": str(dtype)}


_DIRECTION = _rng.normal(size=(3, 4))
sgd_step = Exercise(
    name="sgd_step",
    title="One step of descent",
    chapter=8,
    level=1,
    minutes=5,
    equation="eq-sgd-step",
    reference=_sgd_step,
    call=_step,
    probes=(
        Probe("two numbers", (np.array([1.0, -2.0]), np.array([4.0, -1.0]), 0.1)),
        Probe("a matrix of weights", (_rng.normal(size=(3, 4)), _DIRECTION, 0.03)),
        Probe("a vector of biases", (_rng.normal(size=5), _rng.normal(size=5), 0.5)),
        Probe(
            "parameters of very different sizes",
            (np.array([[2e-3, -3e-4], [1e-4, 5e-4]]), np.array([[-1.0, 2e-3], [0.5, 30.0]]), 1e-4),
        ),
        Probe("a gradient of zeros", (np.array([[3.0], [-1.0]]), np.zeros((2, 1)), 0.3)),
        Probe("a step of length 1", (np.array([0.0, 5.0, -3.0]), np.array([2.0, 0.5, 1.0]), 1.0)),
        Probe(
            "float32",
            (np.float32([[1, 2, 3], [4, 5, 6]]), np.float32([[1, 0, -1], [2, -2, 0.5]]), 0.25),
        ),
        Probe(
            "float32, with a rate from np.logspace",
            (np.float32([1, 2, 3]), np.float32([0.5, -1, 4]), np.logspace(-2, 0, 3)[1]),
        ),
    ),
    hints=(
        "The gradient points to where the loss rises. Which way do you want to go?",
        "Take eta times the gradient away from theta, entry by entry: NumPy does it for arrays of "
        "any shape. A float64 number from NumPy makes float32 arrays float64; what makes a plain "
        "Python number of it?",
        "theta minus float(eta) times gradient: a new array, so do not use -=.",
    ),
)


@sgd_step.right
def _(theta, gradient, eta):
    new = theta.copy()
    new -= eta * gradient
    return new


@sgd_step.right
def _(theta, gradient, eta):
    new = np.empty_like(theta)
    for place in np.ndindex(theta.shape):
        new[place] = theta[place] - eta * gradient[place]
    return new


@sgd_step.right
def _(theta, gradient, eta):
    return np.add(theta, -float(eta) * gradient, dtype=theta.dtype)


@sgd_step.right
def _(theta, gradient, eta):
    steps = zip(theta.ravel().tolist(), gradient.ravel().tolist(), strict=True)
    return np.reshape([t - eta * g for t, g in steps], theta.shape).tolist()


@sgd_step.right
def _(theta, gradient, eta):
    return (theta - eta * gradient).astype(theta.dtype)


@sgd_step.wrong()
def uphill(theta, gradient, eta):
    """You go with the gradient, to where the loss rises. Descent goes against it."""
    return theta + float(eta) * gradient


@sgd_step.wrong()
def changes_theta(theta, gradient, eta):
    """The numbers are right, but -= writes into the array that your function was given, and its
    caller has lost the old numbers. Make a new array: theta - ..."""
    theta -= eta * gradient
    return theta


@sgd_step.wrong()
def without_the_rate(theta, gradient, eta):
    """The step is as long as the gradient: eta is not used. It is what the gradient is multiplied
    by."""
    return theta - gradient


@sgd_step.wrong()
def only_the_step(theta, gradient, eta):
    """That is the change alone. Return where one is after the step."""
    return -float(eta) * gradient


@sgd_step.wrong()
def the_rate_times_everything(theta, gradient, eta):
    """eta multiplies theta as well, so that the parameters shrink in every step. Look at your
    brackets: eta belongs to the gradient."""
    return float(eta) * (theta - gradient)


@sgd_step.wrong("eq-sum-or-mean")
def divided_once_more(theta, gradient, eta):
    """You divide the gradient by a size of theta. The gradient is a mean over the examples already,
    and how many parameters there are has nothing to do with it."""
    return theta - float(eta) * gradient / len(theta)


@sgd_step.wrong("eq-sum-or-mean")
def divided_by_the_number_of_parameters(theta, gradient, eta):
    """You divide the gradient by the number of parameters. The mean in the loss is over examples,
    and it is in the gradient already."""
    return theta - float(eta) * gradient / theta.size


@sgd_step.wrong()
def always_downwards(theta, gradient, eta):
    """Every parameter of yours gets smaller. Where the gradient is negative the loss falls with a
    larger parameter: keep the sign."""
    return theta - float(eta) * np.abs(gradient)


@sgd_step.wrong()
def one_number_for_all(theta, gradient, eta):
    """You add the gradient up, so that every parameter moves by the same amount. Each has an entry
    of the gradient of its own."""
    return theta - float(eta) * gradient.sum()


@sgd_step.wrong()
def only_the_direction(theta, gradient, eta):
    """You divide the gradient by its length, so that all steps are equally long. At a gradient of 0
    that is 0 / 0, and near the lowest point the steps never get short."""
    return theta - float(eta) * gradient / np.linalg.norm(gradient)


@sgd_step.wrong()
def only_the_signs(theta, gradient, eta):
    """You use the signs of the gradient and not its size. Where it is steeper, the step is
    longer."""
    return theta - float(eta) * np.sign(gradient)


@sgd_step.wrong()
def the_rate_changes_the_dtype(theta, gradient, eta):
    """The numbers are right, but with a rate from np.logspace float32 becomes float64: since NumPy
    2, a float64 number of NumPy does that to every float32 array it meets. A Python number does
    not: float(eta)."""
    return theta - eta * gradient


@sgd_step.wrong()
def a_result_in_float64(theta, gradient, eta):
    """The numbers are right, but the array that you make for the result is float64, whatever theta
    is. Give it the dtype of theta."""
    new = np.zeros(theta.shape)
    new[:] = theta - eta * gradient
    return new


@sgd_step.wrong()
def a_result_in_float32(theta, gradient, eta):
    """The numbers are right to seven digits, but the result is float32, whatever theta is. It
    should have the dtype of theta."""
    return (theta - float(eta) * gradient).astype(np.float32)


# ------------------------------------------------------------ l2_step


def _l2_step(W, dW, eta, lam):
    return W - eta * (dW + lam * W)


_W, _DW = _rng.normal(size=(2, 4, 3))
l2_step = Exercise(
    name="l2_step",
    title="A step with weight decay",
    chapter=8,
    level=2,
    minutes=10,
    equation="eq-l2-step",
    reference=_l2_step,
    probes=(
        Probe(
            "four weights",
            (np.array([[1.0, -2.0], [0.0, 4.0]]), np.array([[1.0, 1.0], [2.0, 0.0]]), 0.1, 0.5),
        ),
        Probe("four rows, three columns", (_W, _DW, 0.5, 0.3)),
        Probe("no regularisation", (_W.T, _DW.T, 0.2, 0.0)),
        Probe("a gradient of zeros", (_W, np.zeros((4, 3)), 0.25, 0.4)),
        Probe("weights of zero", (np.zeros((2, 5)), _rng.normal(size=(2, 5)), 0.3, 0.8)),
        Probe("a single row", (_rng.normal(size=(1, 6)), _rng.normal(size=(1, 6)), 1.0, 0.6)),
        Probe("float32", (np.float32(_W[:2]), np.float32(_DW[:2]), 0.125, 0.5)),
        Probe("large weights, larger gradients", (30 * _W, 2000 * _DW, 0.01, 2.0)),
    ),
    hints=(
        "L2 changes the loss, and so its gradient. What is the derivative of λ/2 w² with respect "
        "to w?",
        "The gradient of the weights becomes dW + lam W. With that gradient the step is the usual "
        "one: all of it is multiplied by eta.",
        "W minus eta times the bracket (dW + lam * W), as a new array.",
    ),
)


@l2_step.right
def _(W, dW, eta, lam):
    return (1 - eta * lam) * W - eta * dW


@l2_step.right
def _(W, dW, eta, lam):
    new = np.zeros(W.shape)
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            new[i, j] = W[i, j] - eta * dW[i, j] - eta * lam * W[i, j]
    return new


@l2_step.right
def _(W, dW, eta, lam):
    total = np.float32(dW) + np.float32(lam) * np.float32(W)
    return np.float32(W) - np.float32(eta) * total


@l2_step.right
def _(W, dW, eta, lam):
    three = np.array([1, -eta, -eta * lam])
    return np.einsum("s,sij->ij", three, np.stack([W, dW, W])).tolist()


@l2_step.wrong()
def no_decay(W, dW, eta, lam):
    """That is the step without L2: lam is not used. What does λ/2 ΣW² add to the gradient?"""
    return W - eta * dW


@l2_step.wrong("eq-l2")
def without_the_half(W, dW, eta, lam):
    """The weights shrink twice as much as they should. The loss has λ/2 W², whose derivative is
    λ W: the ½ is there to take the 2 away."""
    return W - eta * (dW + 2 * lam * W)


@l2_step.wrong("eq-l2")
def half_of_it(W, dW, eta, lam):
    """The weights shrink by half of what they should. The ½ of λ/2 W² goes when you take the
    derivative."""
    return W - eta * (dW + lam / 2 * W)


@l2_step.wrong()
def decay_without_the_rate(W, dW, eta, lam):
    """The weights shrink by the factor 1 - λ. λW is a part of the gradient, and eta multiplies the
    whole gradient."""
    return W - eta * dW - lam * W


@l2_step.wrong()
def weights_that_grow(W, dW, eta, lam):
    """Your weights grow: the sign of the L2 term is wrong. λW is added to the gradient, and the
    gradient is taken away."""
    return W - eta * (dW - lam * W)


@l2_step.wrong()
def uphill_with_decay(W, dW, eta, lam):
    """You add eta times the gradient. Descent goes against it."""
    return W + eta * (dW + lam * W)


@l2_step.wrong()
def the_new_weights_shrink(W, dW, eta, lam):
    """You take the step first and shrink afterwards, so that the gradient shrinks as well. It is
    the old W that is multiplied by 1 - ηλ."""
    return (1 - eta * lam) * (W - eta * dW)


@l2_step.wrong()
def lambda_divided_by_a_size(W, dW, eta, lam):
    """You divide λ by a size. The term λ/2 ΣW² is not a mean, and its gradient is λW, undivided.
    One of the five reports divides it too, by the size of the batch."""
    return W - eta * (dW + lam / len(W) * W)


@l2_step.wrong("eq-l2")
def l1(W, dW, eta, lam):
    """Every weight moves towards 0 by the same amount, whatever its size: that is the gradient of
    λΣ|w|, called L1. The derivative of a square grows with w."""
    return W - eta * (dW + lam * np.sign(W))


@l2_step.wrong("eq-l2")
def lambda_times_the_gradient(W, dW, eta, lam):
    """You multiply dW by λ. The L2 term of the loss depends on the weights, and so does its
    gradient: λW."""
    return W - eta * (dW + lam * dW)


@l2_step.wrong()
def only_the_shrinking(W, dW, eta, lam):
    """The weights shrink as they should, but dW has no part in your step."""
    return (1 - eta * lam) * W


@l2_step.wrong()
def the_step_alone(W, dW, eta, lam):
    """That is the change of the weights. Return the weights after it."""
    return -eta * (dW + lam * W)


@l2_step.wrong()
def the_gradient_alone(W, dW, eta, lam):
    """That is the gradient with its L2 term, and it is right. Now take the step with it."""
    return dW + lam * W


@l2_step.wrong()
def changes_the_weights(W, dW, eta, lam):
    """The numbers are right, but you write into the W that was given. Make a new array."""
    W *= 1 - eta * lam
    W -= eta * dW
    return W


# ------------------------------------------------------------ momentum_step


def _momentum_step(theta, v, gradient, eta, mu):
    v = mu * v + eta * gradient
    return theta - v, v


_THETA, _V, _G = _rng.normal(size=(3, 4, 3))
momentum_step = Exercise(
    name="momentum_step",
    title="A step with momentum",
    chapter=8,
    level=2,
    minutes=10,
    equation="eq-momentum",
    reference=_momentum_step,
    probes=(
        Probe(
            "three numbers",
            (
                np.array([1.0, 2.0, 3.0]),
                np.array([0.5, 0.0, -1.0]),
                np.array([1.0, 2.0, 0.0]),
                0.1,
                0.9,
            ),
        ),
        Probe("a matrix of weights", (_THETA, _V, _G, 0.3, 0.8)),
        Probe("the first step, from velocity 0", (_THETA[0], np.zeros(3), _G[0], 0.2, 0.9)),
        Probe("no momentum", (_THETA.T, _V.T, _G.T, 0.5, 0.0)),
        Probe("a gradient of zeros", (_THETA, _V, np.zeros((4, 3)), 0.5, 0.7)),
        Probe("a large velocity and large gradients", (_THETA, 40 * _V, 2000 * _G, 0.02, 0.6)),
        Probe(
            "float32", (np.float32(_THETA[:2]), np.float32(_V[:2]), np.float32(_G[:2]), 0.25, 0.5)
        ),
    ),
    hints=(
        "There are two lines, and their order matters: which velocity moves theta?",
        "First the new velocity: the old one fades by mu, and eta times the gradient comes to it. "
        "Then take the new velocity away from theta.",
        "v_new = mu * v + eta * gradient; return theta - v_new and v_new, in this order.",
    ),
)


@momentum_step.right
def _(theta, v, gradient, eta, mu):
    return theta - mu * v - eta * gradient, mu * v + eta * gradient


@momentum_step.right
def _(theta, v, gradient, eta, mu):
    new, velocity = theta.copy(), v.copy()
    for place in np.ndindex(theta.shape):
        velocity[place] = mu * velocity[place] + eta * gradient[place]
        new[place] -= velocity[place]
    return [new, velocity]


@momentum_step.right
def _(theta, v, gradient, eta, mu):
    v = np.float32(mu) * np.float32(v) + np.float32(eta) * np.float32(gradient)
    return (np.float32(theta) - v).tolist(), v.tolist()


@momentum_step.right
def _(theta, v, gradient, eta, mu):
    v = np.einsum("s,s...->...", [mu, eta], np.stack([v, gradient]))
    return np.stack([theta - v, v])


@momentum_step.wrong()
def moved_by_the_old_velocity(theta, v, gradient, eta, mu):
    """The new velocity is right, but theta is moved by the old one, so that this gradient has no
    effect before the next step. Compute v first."""
    return theta - v, mu * v + eta * gradient


@momentum_step.wrong()
def the_rate_times_the_velocity(theta, v, gradient, eta, mu):
    """Your velocity is a sum of gradients, and eta multiplies it when theta moves. Some libraries
    do it so; in our equation eta is inside the velocity, and theta - v has no eta."""
    v = mu * v + gradient
    return theta - eta * v, v


@momentum_step.wrong()
def a_weighted_mean(theta, v, gradient, eta, mu):
    """You multiply the gradient by 1 - mu. That makes a mean of the steps out of their sum; the
    equation has a sum, which a steady gradient takes up to 1/(1 - mu) times the plain step."""
    v = mu * v + (1 - mu) * eta * gradient
    return theta - v, v


@momentum_step.wrong()
def velocity_uphill(theta, v, gradient, eta, mu):
    """You add the velocity to theta. Ours points uphill, like the gradient, and is taken away."""
    v = mu * v + eta * gradient
    return theta + v, v


@momentum_step.wrong()
def a_sign_in_both_places(theta, v, gradient, eta, mu):
    """You take the gradient away in the velocity, and the velocity away from theta: twice minus.
    One of the two is right, and in our equation the minus stands with theta."""
    v = mu * v - eta * gradient
    return theta - v, v


@momentum_step.wrong()
def velocity_of_the_other_sign(theta, v, gradient, eta, mu):
    """Your velocity points downhill and is added. That can be done, but then the velocity that you
    are given has to be of that kind, too. Ours points uphill: look at the signs of both lines."""
    v = mu * v - eta * gradient
    return theta + v, v


@momentum_step.wrong()
def nothing_fades(theta, v, gradient, eta, mu):
    """The old velocity stays whole: mu is not used. Then nothing is ever forgotten, and the steps
    grow and grow."""
    v = v + eta * gradient
    return theta - v, v


@momentum_step.wrong()
def nothing_is_kept(theta, v, gradient, eta, mu):
    """That is the plain step: the old velocity has no part in it."""
    v = eta * gradient
    return theta - v, v


@momentum_step.wrong()
def velocity_without_the_rate(theta, v, gradient, eta, mu):
    """eta is not used: the gradient comes to the velocity as it is."""
    v = mu * v + gradient
    return theta - v, v


@momentum_step.wrong()
def looks_ahead(theta, v, gradient, eta, mu):
    """That is Nesterov's momentum, which goes on by mu v + eta gradient with the new v. Ours moves
    theta by the new velocity itself."""
    v = mu * v + eta * gradient
    return theta - mu * v - eta * gradient, v


@momentum_step.wrong()
def theta_alone(theta, v, gradient, eta, mu):
    """theta is right, but it comes alone. The next step needs the new velocity, too: return
    both."""
    return theta - mu * v - eta * gradient


@momentum_step.wrong()
def a_mean_of_gradients(theta, v, gradient, eta, mu):
    """Your velocity is a weighted mean of gradients, with mu and 1 - mu, and eta comes afterwards.
    Ours is a sum of steps, without 1 - mu: where does eta stand in the equation?"""
    v = mu * v + (1 - mu) * gradient
    return theta - eta * v, v


@momentum_step.wrong()
def velocity_first(theta, v, gradient, eta, mu):
    """Both results are right, but in the wrong order: theta first, then the velocity."""
    v = mu * v + eta * gradient
    return v, theta - v


@momentum_step.wrong()
def the_old_velocity_comes_back(theta, v, gradient, eta, mu):
    """theta is right, but the velocity that you return is the old one, so that it never builds up.
    Return the new one."""
    return theta - mu * v - eta * gradient, v


@momentum_step.wrong()
def velocity_changed_in_place(theta, v, gradient, eta, mu):
    """The numbers are right, but you write into the velocity that was given. Make new arrays."""
    v *= mu
    v += eta * gradient
    return theta - v, v


EXERCISES = (learning_rate, batches, sgd_step, l2_step, momentum_step)
