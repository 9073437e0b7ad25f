"""Chapter 11: tuning."""

import json
from itertools import product

import numpy as np

from ..exercise import Exercise, Probe

# ------------------------------------------------------------ all_settings


def _all_settings(grid):
    return [dict(zip(grid, values)) for values in product(*grid.values())]


def _in_words(settings):
    """Return settings as a text, the same for 50 and np.int64(50)."""

    def value(one):
        if isinstance(one, (int, float, np.number)):
            return f"{one:.12g}"
        return repr(str(one) if isinstance(one, str) else one)

    return ", ".join(f"{name}={value(settings[name])}" for name in sorted(settings))


def _as_a_set(answer, grid):
    """Look at the combinations in any order."""
    found = answer(grid)
    if found is None:
        return None
    found = list(found)
    kinds = all(isinstance(one, dict) for one in found)
    names = sorted(map(_in_words, found)) if kinds else []
    return {
        "a dictionary for each combination": kinds,
        "how many": len(found),
        "how many different ones": len(set(names)),
        "the combinations, sorted": "; ".join(names),
    }


all_settings = Exercise(
    name="all_settings",
    title="Every combination",
    chapter=11,
    level=1,
    minutes=10,
    equation="eq-grid-size",
    reference=_all_settings,
    call=_as_a_set,
    probes=(
        Probe("two rates, two sizes", ({"eta": [0.1, 0.2], "batch": [50, 100]},)),
        Probe("NCSU's nine", ({"eta": [0.0001, 0.001, 0.01], "batch": [128, 256, 384]},)),
        Probe("a single setting", ({"eta": [0.1, 0.2, 0.3]},)),
        Probe("three settings", ({"a": [1, 2], "b": [3], "c": [4, 5, 6]},)),
        Probe("one value each", ({"a": [1], "b": [2]},)),
        Probe(
            "texts, numbers and tuples as values",
            ({"activation": ["relu", "tanh"], "eta": [0.1, 1], "hidden": [(100,), (100, 50)]},),
        ),
    ),
    hints=(
        "How many combinations of three rates and three sizes are there? Not three.",
        "Build them up: begin with one empty dictionary; for each setting, make of every "
        "dictionary so far one for each of its values.",
        "itertools.product(*grid.values()) gives the values of each combination; "
        "dict(zip(grid, values)) puts the names to them.",
    ),
)


@all_settings.right
def _(grid):
    return [dict(zip(grid.keys(), values)) for values in product(*grid.values())]


@all_settings.right
def _(grid):
    found = [{}]
    for name, values in grid.items():
        found = [{**one, name: value} for one in found for value in values]
    return found


@all_settings.right
def _(grid):
    def rest(names):
        if not names:
            yield {}
            return
        for value in grid[names[0]]:
            for one in rest(names[1:]):
                yield {names[0]: value, **one}

    return rest(list(grid))


@all_settings.wrong()
def side_by_side(grid):
    """You take the first values together, then the second, and so on. In a grid each value of one
    setting meets each value of the others: the number of combinations is a product."""
    return [dict(zip(grid, values)) for values in zip(*grid.values())]


@all_settings.wrong()
def one_at_a_time(grid):
    """You change one setting and leave the others at their first value. That is a search along
    lines, and sees no combination of two changes."""
    first = {name: values[0] for name, values in grid.items()}
    return [first] + [first | {n: v} for n, values in grid.items() for v in values[1:]]


@all_settings.wrong()
def the_same_dictionary_again(grid):
    """All entries are the same dictionary, changed again and again: at the end each shows the last
    values. Make a new one for each combination."""
    found, one = [], {}
    for values in product(*grid.values()):
        one.update(zip(grid, values))
        found.append(one)
    return found


@all_settings.wrong()
def without_their_names(grid):
    """You return the values alone. Give each combination as a dictionary, so that one sees which
    value belongs to which setting."""
    return [list(values) for values in product(*grid.values())]


@all_settings.wrong()
def the_last_value_is_missing(grid):
    """The last value of each list never comes: range(n) ends at n - 1 by itself, and a slice ends
    before its second number."""
    return [dict(zip(grid, values)) for values in product(*(v[:-1] for v in grid.values()))]


@all_settings.wrong()
def begun_with_nothing(grid):
    """Nothing comes out: you begin with an empty list, and there is nothing in it that could be
    extended. Begin with a list that holds one empty dictionary."""
    return [{**one, name: value} for name in grid for one in [] for value in grid[name]]


@all_settings.wrong()
def a_dictionary_for_each_value(grid):
    """Each of your dictionaries has a single setting. A combination has a value for every
    setting."""
    return [{name: value} for name, values in grid.items() for value in values]


@all_settings.wrong()
def only_the_names_of_the_example(grid):
    """You ask for eta and batch by name. Another grid has other names, and more or fewer of them:
    take them from grid itself."""
    return [{"eta": eta, "batch": batch} for eta in grid["eta"] for batch in grid["batch"]]


# ------------------------------------------------------------ grid_search


class _Trainer:
    """Stand in for a training: returns accuracies from tables, and notes what was asked for."""

    def __init__(self, validation, test):
        self.tables = {"validation": validation, "test": test}
        self.asked = []

    def __call__(self, settings, part):
        self.asked.append((dict(settings), part))
        return self.tables[part][settings["eta"], settings["batch"]]


def _search(answer, validation, test):
    """Let an answer search, and look at what it returns and what it has seen."""
    points = [{"eta": eta, "batch": batch} for eta, batch in validation]
    run = _Trainer(validation, test)
    grid = [dict(point) for point in points]
    result = answer(run, grid)
    if result is None:
        return None
    asked = [settings for settings, part in run.asked if part == "test"]
    tried = [settings for settings, part in run.asked if part == "validation"]
    pair = isinstance(result, (tuple, list)) and len(result) == 2
    best, accuracy = result if pair else (None, None)
    winner = max(points, key=lambda p: validation[p["eta"], p["batch"]])
    return {
        "every combination is tried on the validation digits": all(p in tried for p in points),
        "no combination is tried more than once": len(tried) == len(points),
        "the test digits are asked for once": len(asked) == 1,
        "the test digits are asked for the winner": bool(asked) and winner in asked,
        "it returns the settings and the test accuracy": pair,
        "the settings that are best on the validation digits": repr(
            sorted(best.items()) if isinstance(best, dict) else best
        ),
        "the accuracy on the test digits": float(accuracy) if np.isscalar(accuracy) else accuracy,
        "grid is as it was": grid == points,
    }


def _grid_search(run, grid):
    best = max(grid, key=lambda settings: run(settings, "validation"))
    return best, run(best, "test")


def _tables(rng, etas, batches):
    keys = [(eta, batch) for eta in etas for batch in batches]
    validation = dict(zip(keys, rng.permutation(len(keys)) / 100 + 0.8))
    test = dict(zip(keys, rng.permutation(len(keys)) / 100 + 0.7))
    return validation, test


_rng = np.random.default_rng(11)
_LAST = {(0.1, 50): 0.9, (0.2, 50): 0.91, (0.3, 50): 0.95}
_OTHER = {(0.1, 50): 0.97, (0.2, 50): 0.9, (0.3, 50): 0.93}

grid_search = Exercise(
    name="grid_search",
    title="A search that does not leak",
    chapter=11,
    level=2,
    minutes=15,
    equation="eq-best-by-validation",
    reference=_grid_search,
    call=_search,
    given=("accuracies on the validation digits", "accuracies on the test digits"),
    probes=(
        Probe("three rates, and the test digits prefer another", (_LAST, _OTHER)),
        Probe("nine combinations", _tables(_rng, (0.01, 0.1, 1.0), (32, 64, 128))),
        Probe("four others", _tables(_rng, (0.2, 0.4), (10, 20))),
        Probe("a single combination", ({(0.1, 50): 0.9}, {(0.1, 50): 0.8})),
        Probe(
            "two that learn nothing: 0 and less than a hundredth",
            ({(9, 1): 0.0, (8, 1): 0.004}, {(9, 1): 0.002, (8, 1): 0.001}),
        ),
        Probe("a single combination, with accuracy 0", ({(9, 1): 0.0}, {(9, 1): 0.001})),
        Probe(
            "all accuracies below a half", ({(1, 1): 0.1, (2, 1): 0.3}, {(1, 1): 0.4, (2, 1): 0.2})
        ),
    ),
    hints=(
        "Which digits may decide, and which may only tell how good the decided one is?",
        'Ask run(settings, "validation") once for each combination and keep the best; then ask for '
        '"test" a single time.',
        'best = the settings with the largest run(settings, "validation"); '
        'return best, run(best, "test").',
    ),
)


@grid_search.right
def _(run, grid):
    best, most = None, -1.0
    for settings in grid:
        accuracy = run(settings, "validation")
        if accuracy > most:
            best, most = settings, accuracy
    return best, run(best, "test")


@grid_search.right
def _(run, grid):
    best = max(grid, key=lambda settings: run(settings, "validation"))
    return best, run(best, "test")


@grid_search.right
def _(run, grid):
    scores = np.array([run(settings, "validation") for settings in grid])
    best = dict(grid[int(scores.argmax())])
    return [best, run(best, "test")]


@grid_search.wrong()
def chosen_by_the_test_digits(run, grid):
    """The test digits decide which settings win. Then their accuracy is that of a winner, and no
    longer says how the network does on digits that it has never met. Choose by validation."""
    for settings in grid:
        run(settings, "validation")
    best = max(grid, key=lambda settings: run(settings, "test"))
    return best, run(best, "test")


@grid_search.wrong()
def chosen_and_measured_on_the_test_digits(run, grid):
    """You ask only for the test digits, for every combination. The best of many looks better than
    it is, the more combinations the more so. Choose on the validation digits."""
    scores = [run(settings, "test") for settings in grid]
    n = int(np.argmax(scores))
    return grid[n], scores[n]


@grid_search.wrong()
def the_test_digits_before_the_choice(run, grid):
    """The choice is right, but you ask for the test accuracy before it is made, of more than the
    winner. Sooner or later somebody looks at it and chooses again. Ask once, for the winner, at the
    end."""
    found = [(run(s, "validation"), run(s, "test"), s) for s in grid]
    best = max(found, key=lambda one: one[0])
    return best[2], best[1]


@grid_search.wrong()
def the_validation_accuracy_is_reported(run, grid):
    """You return the accuracy on the validation digits. They have just chosen the winner: its score
    on them is too good. Ask for the test digits, once."""
    scores = [run(settings, "validation") for settings in grid]
    n = int(np.argmax(scores))
    return grid[n], scores[n]


@grid_search.wrong()
def the_best_so_far_is_trained_again(run, grid):
    """You call run for the best so far in every comparison, and each call trains it again. Keep its
    accuracy in a variable."""
    best = grid[0]
    for settings in grid[1:]:
        if run(settings, "validation") > run(best, "validation"):
            best = settings
    return best, run(best, "test")


@grid_search.wrong()
def trained_again_to_find_the_winner(run, grid):
    """You know the best accuracy, and train all again to see whose it is. Keep the accuracies in a
    list, in the order of grid, or keep the best settings together with their accuracy."""
    most = max(run(settings, "validation") for settings in grid)
    best = next(settings for settings in grid if run(settings, "validation") == most)
    return best, run(best, "test")


@grid_search.wrong()
def the_test_accuracy_of_the_last(run, grid):
    """The choice is right, but the test accuracy is that of the combination that came last: after a
    loop its variable still holds the last value. Ask for the winner's."""
    best = max(grid, key=lambda settings: run(settings, "validation"))
    return best, run(grid[-1], "test")


@grid_search.wrong()
def tested_but_not_reported(run, grid):
    """You ask for the test accuracy of the winner, and return the one on the validation digits.
    Those have just chosen it: its score on them is too good."""
    scores = [run(settings, "validation") for settings in grid]
    best = grid[int(np.argmax(scores))]
    run(best, "test")
    return best, max(scores)


@grid_search.wrong()
def only_better_than_zero_counts(run, grid):
    """Where no accuracy is above 0, nothing is chosen. Begin with a number below all accuracies,
    such as -1, or with the first combination."""
    best, most = None, 0.0
    for settings in grid:
        accuracy = run(settings, "validation")
        if accuracy > most:
            best, most = settings, accuracy
    return best, run(best, "test")


@grid_search.wrong()
def the_worst_wins(run, grid):
    """You keep the settings with the lowest accuracy. (A loss is best where it is small, an
    accuracy where it is large.)"""
    best = min(grid, key=lambda settings: run(settings, "validation"))
    return best, run(best, "test")


@grid_search.wrong()
def the_last_improvement_over_the_one_before(run, grid):
    """You compare each combination with the one before, not with the best so far. Keep the best
    accuracy in a variable that changes only when it is beaten."""
    best, before = None, -1.0
    for settings in grid:
        accuracy = run(settings, "validation")
        if accuracy > before:
            best = settings
        before = accuracy
    return best, run(best, "test")


# ------------------------------------------------------------ best_epoch


def _best_epoch(val_accuracy):
    return int(np.argmax(val_accuracy)) + 1


best_epoch = Exercise(
    name="best_epoch",
    title="The epoch that counts",
    chapter=11,
    level=1,
    minutes=5,
    equation="eq-best-epoch",
    reference=_best_epoch,
    probes=(
        Probe("five epochs", (np.array([0.91, 0.94, 0.96, 0.95, 0.95]),)),
        Probe("two epochs are equally good", (np.array([0.9, 0.95, 0.93, 0.95]),)),
        Probe("the first is the best", (np.array([0.5, 0.4, 0.3]),)),
        Probe("the last is the best", (np.array([0.1, 0.2, 0.3, 0.4]),)),
        Probe("a single epoch", (np.array([0.8]),)),
        Probe("a list", ([0.2, 0.7, 0.6],)),
        Probe("a fall, and a higher top after it", (np.array([0.7, 0.6, 0.8, 0.75]),)),
        Probe("a halt, and then higher", (np.array([0.6, 0.7, 0.7, 0.9, 0.8]),)),
        Probe("up and down", (np.array([0.3, 0.5, 0.4, 0.6, 0.55, 0.7, 0.65]),)),
        Probe("all equal", (np.full(4, 0.5),)),
        Probe("nothing is learned", (np.zeros(3),)),
        Probe("very small accuracies, as float32", (np.float32([0.001, 0.003, 0.002]),)),
    ),
    hints=(
        "Epochs are counted from 1, places in an array from 0.",
        "Find the place of the largest accuracy; of equal ones, the first.",
        "np.argmax gives the first place of the largest; add 1.",
    ),
)


@best_epoch.right
def _(val_accuracy):
    return np.argmax(val_accuracy) + 1


@best_epoch.right
def _(val_accuracy):
    values = list(val_accuracy)
    return values.index(max(values)) + 1


@best_epoch.right
def _(val_accuracy):
    best = 1
    for epoch, accuracy in enumerate(val_accuracy, start=1):
        if accuracy > val_accuracy[best - 1]:
            best = epoch
    return float(best)


@best_epoch.wrong()
def counted_from_zero(val_accuracy):
    """The first epoch is epoch 1, and the first place of an array is 0: you are one too low."""
    return int(np.argmax(val_accuracy))


@best_epoch.wrong()
def the_last_of_equals(val_accuracy):
    """Of equally good epochs you take the last. The first has learned as much with less work: look
    at >= against >."""
    best = 1
    for epoch, accuracy in enumerate(val_accuracy, start=1):
        if accuracy >= val_accuracy[best - 1]:
            best = epoch
    return best


@best_epoch.wrong()
def the_accuracy_itself(val_accuracy):
    """You return how good the best epoch is. Asked for is which one it is."""
    return max(val_accuracy)


@best_epoch.wrong()
def the_last_epoch(val_accuracy):
    """You return the last epoch. Where a network has begun to overfit, an earlier one was
    better."""
    return len(val_accuracy)


@best_epoch.wrong()
def the_worst_epoch(val_accuracy):
    """You look for the smallest accuracy. That would be right for a loss."""
    return int(np.argmin(val_accuracy)) + 1


@best_epoch.wrong()
def stopped_at_the_first_fall(val_accuracy):
    """You stop where the accuracy falls for the first time. It may rise again, and higher: look at
    all epochs."""
    for n in range(1, len(val_accuracy)):
        if val_accuracy[n] < val_accuracy[n - 1]:
            return n
    return len(val_accuracy)


@best_epoch.wrong()
def stopped_where_nothing_was_gained(val_accuracy):
    """You stop at the first epoch that is not better than the one before. It may rise later, and
    higher: look at all epochs."""
    epoch = 1
    while epoch < len(val_accuracy) and val_accuracy[epoch] > val_accuracy[epoch - 1]:
        epoch += 1
    return epoch


@best_epoch.wrong()
def epoch_zero_where_nothing_is_learned(val_accuracy):
    """If all accuracies are 0, your answer is epoch 0, which is not there: nothing was greater than
    the 0 that you began with. Begin with less, or with the first epoch."""
    best, epoch = 0.0, 0
    for n, accuracy in enumerate(val_accuracy, start=1):
        if accuracy > best:
            best, epoch = accuracy, n
    return epoch


# ------------------------------------------------------------ load_weights

_W1, _b1 = np.array([[0.1, -0.2, 1 / 3], [1e-7, 2.0, -3.5]]), np.array([0.0, 0.25, -1.0])
_W2, _b2 = np.array([[1.5], [-0.5], [2.0]]), np.array([0.125])


def _text(*layers):
    return json.dumps(
        {"layers": [{"W": W.tolist(), "b": b.tolist()} for W, b in layers], "sizes": "not needed"}
    )


def _load_weights(text):
    layers = json.loads(text)["layers"]
    return [np.array(layer["W"], float) for layer in layers], [
        np.array(layer["b"], float) for layer in layers
    ]


def _loaded(answer, text):
    """Look at the arrays one by one, and whether they are arrays of floats."""
    both = answer(text)
    if both is None:
        return None
    Ws, bs = both
    arrays = [*Ws, *bs]
    facts = {
        "as many weights and biases as layers": f"{len(Ws)} and {len(bs)}",
        "all are arrays": all(isinstance(one, np.ndarray) for one in arrays),
        "all hold floats": all(np.asarray(one).dtype.kind == "f" for one in arrays),
    }
    facts |= {f"W of layer {n}": np.asarray(W) for n, W in enumerate(Ws, start=1)}
    return facts | {f"b of layer {n}": np.asarray(b) for n, b in enumerate(bs, start=1)}


load_weights = Exercise(
    name="load_weights",
    title="A warm start from JSON",
    chapter=11,
    level=2,
    minutes=10,
    equation="",
    reference=_load_weights,
    call=_loaded,
    probes=(
        Probe("two layers", (_text((_W1, _b1), (_W2, _b2)),)),
        Probe("one layer", (_text((_W1, _b1)),)),
        Probe(
            "whole numbers in the file",
            ('{"layers": [{"W": [[1, 2], [3, 4]], "b": [0, 0]}]}',),
        ),
        Probe(
            "a layer with one unit, one with one input",
            (_text((_W2, _b2), (np.array([[0.5, 1.5]]), np.array([1.0, 2.0]))),),
        ),
        Probe(
            "three layers",
            (_text((_W1, _b1), (_W2, _b2), (np.array([[0.5, 1.5]]), np.array([1.0, 2.0]))),),
        ),
        Probe(
            "biases before weights in the file",
            ('{"sizes": [2, 1], "layers": [{"b": [0.5], "W": [[1.5], [-2.5]]}]}',),
        ),
    ),
    hints=(
        "json.loads makes dictionaries and lists of a text. What is still missing before you can "
        "multiply with it?",
        'Go through the entries of "layers"; each has its "W" and its "b". Make a float array of '
        "each, so that whole numbers in the file do no harm.",
        'layers = json.loads(text)["layers"]; '
        'Ws = [np.array(layer["W"], dtype=float) for layer in layers], and the same for "b".',
    ),
)


@load_weights.right
def _(text):
    layers = json.loads(text)["layers"]
    Ws = [np.array(layer["W"], dtype=float) for layer in layers]
    bs = [np.array(layer["b"], dtype=float) for layer in layers]
    return Ws, bs


@load_weights.right
def _(text):
    Ws, bs = [], []
    for layer in json.loads(text)["layers"]:
        Ws.append(np.asarray(layer["W"]).astype(np.float32))
        bs.append(np.asarray(layer["b"]).astype(np.float32))
    return [Ws, bs]


@load_weights.right
def _(text):
    layers = json.loads(text)["layers"]
    return tuple(tuple(1.0 * np.array(one[key]) for one in layers) for key in ("W", "b"))


@load_weights.wrong("eq-affine")
def lists_instead_of_arrays(text):
    """These are lists. A @ W needs arrays, and so does a step W - eta * dW: make an array of
    each."""
    layers = json.loads(text)["layers"]
    return [layer["W"] for layer in layers], [layer["b"] for layer in layers]


@load_weights.wrong()
def integers_stay_integers(text):
    """Where the file holds whole numbers, you get arrays of integers. A step in place, W -= eta *
    dW, is refused there, and what is written into such an array loses what comes after the point.
    Ask for floats."""
    layers = json.loads(text)["layers"]
    return [np.array(one["W"]) for one in layers], [np.array(one["b"]) for one in layers]


@load_weights.wrong()
def only_the_first_layer(text):
    """Only one layer comes back. Go through all entries of layers."""
    layer = json.loads(text)["layers"][0]
    return [np.array(layer["W"], float)], [np.array(layer["b"], float)]


@load_weights.wrong("eq-affine")
def transposed_weights(text):
    """The weights are transposed. In this course, and in this file, W has a row for each input and
    a column for each unit."""
    Ws, bs = _load_weights(text)
    return [W.T for W in Ws], bs


@load_weights.wrong("eq-affine")
def flat_weights(text):
    """The weights have lost their shape: W is a matrix, (n_in, n_out)."""
    Ws, bs = _load_weights(text)
    return [W.ravel() for W in Ws], bs


@load_weights.wrong()
def two_layers_always(text):
    """You take exactly two layers. A network may have one, or three: go through all that are
    there."""
    first, second = (json.loads(text)["layers"][n] for n in (0, 1))
    Ws, bs = ([np.array(one[key], float) for one in (first, second)] for key in "Wb")
    return Ws, bs


@load_weights.wrong()
def axes_of_length_1_lost(text):
    """Where a layer has one unit or one input, an axis is lost: np.squeeze takes it away. W is
    (n_in, n_out) and b is (n_out,), even if one of the two is 1."""
    Ws, bs = _load_weights(text)
    return [np.squeeze(W) for W in Ws], [np.squeeze(b) for b in bs]


@load_weights.wrong()
def in_the_order_of_the_file(text):
    """You take the first entry of each layer for the weights. In JSON the order of entries means
    nothing: ask for them by their names."""
    layers = [list(layer.values()) for layer in json.loads(text)["layers"]]
    return [np.array(one[0], float) for one in layers], [np.array(one[1], float) for one in layers]


@load_weights.wrong()
def a_pair_for_each_layer(text):
    """You return a pair for each layer. Two lists are asked for: all weights, then all biases."""
    return list(zip(*_load_weights(text)))


@load_weights.wrong()
def weights_and_biases_changed_places(text):
    """You return the biases first. Asked for are the weights, then the biases."""
    Ws, bs = _load_weights(text)
    return bs, Ws


EXERCISES = (all_settings, grid_search, best_epoch, load_weights)
