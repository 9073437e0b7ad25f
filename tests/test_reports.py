"""The five reports as recipes: what a run does, what is stored, and that it comes out again."""

import json
import multiprocessing
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from mnist_nn import MLP, Scaling, TrainConfig, evaluate, fit, load_mnist
from mnist_nn.metrics import prediction_interval
from mnist_nn.reports import RECIPES, Claim, Recipe, Setting, Variant, reproduce, rows, run, stored
from mnist_nn.reports import results as module
from mnist_nn.reports.text import RESULTS, SETTINGS, result_cells, setting_cells

STORED = stored()
NAMES = ["paterson", "ncsu", "chang", "ray", "qin"]

SMALL = Recipe(
    name="small",
    title="A small report",
    authors="Nobody",
    settings=(
        Setting("learns_from", ("train", 100, 400), "section 1"),
        Setting("hidden", (6,), "section 2"),
        Setting("scaling", (0.01, 1), "section 3"),
        Setting("epochs", 4, "section 4"),
        Setting("batch_size", 50),
        Setting("learning_rate", 0.5),
        Setting("measured_on", {"test digits": ("test", 0, 200)}),
    ),
    claims=(Claim("test accuracy", 0.5, "section 5", ("accuracy, test digits",)),),
    variants=(
        Variant("base"),
        Variant("wider", {"hidden": (9,)}),
        Variant("sparser", {"every": 3}),
        Variant("once", {"learning_rate": 0.1}, tuning=True),
    ),
)
GRID = {"learning_rate": (0.01, 0.5), "batch_size": (50, 300)}
THEN = {
    "learns_from": ("train", 0, 500),
    "learning_rate": 0.2,
    "batch_size": 100,
    "epochs": 2,
    "measured_on": {"more test digits": ("test", 200, 500)},
}
SEARCH = replace(
    SMALL,
    name="search",
    settings=(
        *SMALL.settings,
        Setting("grid", GRID),
        Setting("chosen_on", "test digits"),
        Setting("then", THEN | {"warm": True}),
    ),
    variants=(Variant("warm"), Variant("cold", {"then": THEN | {"warm": False}})),
)


def trained(seed, epochs, learns_from, model=None, **training):
    """Train as SMALL says, with the plain means of the package."""
    rng = np.random.default_rng(seed)
    if model is None:
        model = MLP((784, 6, 10), scaling=Scaling(0.01, 1), rng=rng)
    config = TrainConfig(epochs=epochs, **training)
    history = fit(model, load_mnist().train[learns_from], config, rng, progress=False)
    return model, history


# ------------------------------------------------------------ a run


def test_a_run_trains_and_measures_as_the_recipe_says():
    found = run(SMALL, "base", 3)
    for epochs in (1, 4):
        model, history = trained(3, epochs, slice(100, 400), batch_size=50, learning_rate=0.5)
        loss, accuracy = evaluate(model, load_mnist().test[:200])
        (curve,) = found["curves"]
        assert curve["epoch"] == [1, 2, 3, 4]
        assert curve["accuracy, test digits"][epochs - 1] == accuracy
        assert curve["softmax_nll, test digits"][epochs - 1] == pytest.approx(loss, abs=1e-6)
        assert curve["loss while learning"][:epochs] == pytest.approx(history.train_loss, abs=1e-6)
    assert found["measured"]["accuracy, test digits"] == accuracy
    best = found["measured"]["best accuracy, test digits"]
    assert best == max(curve["accuracy, test digits"])
    assert found["seconds"] >= 0


def test_a_variant_changes_what_it_says_and_a_seed_all():
    base = run(SMALL, "base", 0)["measured"]
    assert run(SMALL, "base", 0)["measured"] == base
    assert run(SMALL, "base", 1)["measured"] != base
    assert run(SMALL, "wider", 0)["measured"] != base
    sparser = run(SMALL, "sparser", 0)
    assert sparser["curves"][0]["epoch"] == [3, 4]  # every third, and the last
    assert sparser["measured"]["accuracy, test digits"] == base["accuracy, test digits"]


def test_another_loss_and_the_penalty_are_measured_where_asked_for():
    how = {"also": "softmax_mse", "l2": 0.01}
    recipe = replace(SMALL, variants=(Variant("also", how),))
    (curve,) = run(recipe, "also", 3)["curves"]
    model, _ = trained(3, 4, slice(100, 400), batch_size=50, learning_rate=0.5, l2=0.01)
    squares = sum(float((W.astype(float) ** 2).sum()) for W in model.params.W.values())
    assert curve["λ/2 ‖W‖²"][-1] == pytest.approx(0.005 * squares, abs=1e-6)
    assert curve["softmax_nll, test digits"][-1] == pytest.approx(
        evaluate(model, load_mnist().test[:200])[0], abs=1e-6
    )
    model.output = "softmax_mse"
    loss, _ = evaluate(model, load_mnist().test[:200])
    assert curve["softmax_mse, test digits"][-1] == pytest.approx(loss, abs=1e-6)
    assert [len(values) for values in curve.values()] == [4] * len(curve)


@pytest.mark.parametrize("variant", ["warm", "cold"])
def test_a_search_takes_the_best_and_trains_it_on(variant):
    found = run(SEARCH, variant, 2)
    test = load_mnist().test
    points = {}
    for rate in GRID["learning_rate"]:
        for size in GRID["batch_size"]:
            how = {"batch_size": size, "learning_rate": rate}
            points[rate, size] = trained(2, 4, slice(100, 400), **how)[0]
    accuracies = {point: evaluate(model, test[:200])[1] for point, model in points.items()}
    assert {
        (p["settings"]["learning_rate"], p["settings"]["batch_size"]): p["measured"][
            "accuracy, test digits"
        ]
        for p in found["grid"]
    } == accuracies
    best = max(accuracies, key=accuracies.__getitem__)
    assert found["measured"]["accuracy, test digits"] == accuracies[best]
    assert len(found["curves"][0]["epoch"]) == 4  # of the best, epoch by epoch
    model = points[best] if variant == "warm" else None
    model, _ = trained(2, 2, slice(0, 500), model, batch_size=100, learning_rate=0.2)
    expected = evaluate(model, test[200:500])[1]
    assert found["measured"]["accuracy, more test digits"] == expected


# ------------------------------------------------------------ a recipe


def test_a_setting_that_is_not_known_is_refused():
    for wrong in (
        replace(SMALL, settings=(*SMALL.settings, Setting("learning_rat", 0.1))),
        replace(SMALL, variants=(Variant("base", {"depth": 3}),)),
    ):
        with pytest.raises(ValueError, match=r"there is no setting '(learning_rat|depth)'; see"):
            run(wrong, "base", 0)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_known_and_stands_once(name):
    recipe = RECIPES[name]
    for names in (
        [setting.name for setting in recipe.settings],
        [variant.name for variant in recipe.variants],
    ):
        assert len(set(names)) == len(names)
    for variant in recipe.variants:
        assert recipe.settings_of(variant.name)


def test_the_five_are_there_and_keep_apart_what_is_said_and_what_is_chosen():
    assert list(RECIPES) == NAMES
    for name, recipe in RECIPES.items():
        assert recipe.name == name
        places = [setting.place for setting in recipe.settings]
        assert len([place for place in places if place]) >= 4
        left_open = {s.name for s in recipe.settings if s.place is None}
        varied = {key for variant in recipe.variants for key in variant.changes}
        # Qin gives every number, and leaves open what is minimised.
        assert "output" in varied if name == "qin" else varied & left_open, name


# The table of the five reports, typed by hand: sizes, activation, digits, claims.
SAID: dict[str, dict[str, Any]] = {
    "paterson": {"batch_size": 50, "learning_rate": 0.13, "epochs": 2, "init": "fan_in_uniform"},
    "ncsu": {"hidden": (20,), "activation": "sigmoid", "epochs": 100},
    "chang": {"hidden": (10,), "batch_size": None, "activation": "relu"},
    "ray": {"learns_from": ("train", 0, 55_000), "activation": "relu"},
    "qin": {
        "hidden": (512,),
        "l2": 1e-4,
        "init": "he_normal",
        "learning_rate": 0.1,
        "decay": 0.95,
        "batch_size": 64,
        "epochs": 50,
        "scaling": (0.01, 1),
        "learns_from": ("train", 0, 60_000),
    },
}
CLAIMED = {
    "paterson": [0.972],
    "ncsu": [0.84, 0.7508],
    "chang": [0.85],
    "ray": [],
    "qin": [0.9987, 0.9817, 0.035, 0.053],
}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_is_what_the_reports_say(name):
    recipe = RECIPES[name]
    settings = {setting.name: setting for setting in recipe.settings}
    for key, value in SAID[name].items():
        assert settings[key].value == value
        assert settings[key].place
    assert [claim.value for claim in recipe.claims] == CLAIMED[name]
    assert all(claim.place for claim in recipe.claims)


# ------------------------------------------------------------ several seeds


@pytest.fixture
def small(monkeypatch):
    recipes = {"small": SMALL, "search": SEARCH}
    monkeypatch.setattr(module, "RECIPES", recipes)
    monkeypatch.setattr(module, "_LONGEST_FIRST", tuple(recipes))


def test_reproduce_keeps_all_in_the_order_of_the_seeds(small):
    document = reproduce(["small", "search"], 3, jobs=1, progress=False)
    assert document == json.loads(json.dumps(document, allow_nan=False))
    assert list(document["reports"]) == ["small", "search"]
    assert document["seeds"] == [0, 1, 2]
    entry = document["reports"]["small"]
    assert list(entry["variants"]) == ["base", "wider", "sparser"]  # not what is only tuning
    for seed in range(3):
        alone = run(SMALL, "base", seed)
        base = entry["variants"]["base"]
        assert {k: v[seed] for k, v in base["measured"].items()} == alone["measured"]
        assert base["curves"][seed] == alone["curves"]
    assert len(document["reports"]["search"]["variants"]["warm"]["grid"]) == 3
    for key in ("mnist_nn", "made", "python", "numpy", "blas", "system", "digits", "seconds"):
        assert document[key] or key == "seconds"


def test_tuning_is_run_once_and_only_if_asked_for(small):
    entry = reproduce(["small"], 2, tuning=True, jobs=1, progress=False)["reports"]["small"]
    counts = {name: len(v["curves"]) for name, v in entry["variants"].items()}
    assert counts == {"base": 2, "wider": 2, "sparser": 2, "once": 1}


@pytest.mark.slow
def test_processes_side_by_side_change_nothing():
    one, two = (reproduce(["paterson"], 1, jobs=jobs, progress=False) for jobs in (1, 2))
    for entry in (one, two):
        for variant in entry["reports"]["paterson"]["variants"].values():
            variant["seconds"] = None
    assert one["reports"] == two["reports"]
    assert not multiprocessing.active_children()


# ------------------------------------------------------------ the table


def entry(**measured):
    variants = {"a": {"measured": measured}}
    claim = asdict(Claim("accuracy", 0.9, "section 1", ("accuracy, test",)))
    return {"reported": [claim], "variants": variants}


def test_rows_put_what_was_reported_beside_what_was_measured():
    values = [0.88, 0.89, 0.91]
    (row,) = rows(entry(**{"accuracy, test": values, "accuracy, other": [0.1, 0.2, 0.3]}))
    assert (row.variant, row.measure, row.reported) == ("a", "accuracy, test", 0.9)
    assert row.values == tuple(values)
    assert row.mean == pytest.approx(np.mean(values))
    assert row.sd == pytest.approx(np.std(values, ddof=1))
    assert row.interval == pytest.approx(prediction_interval(values))
    assert row.reached is True
    (far,) = rows(entry(**{"accuracy, test": [0.1, 0.11, 0.12]}))
    assert far.reached is False
    (alone,) = rows(entry(**{"accuracy, test": [0.9]}))
    assert (alone.sd, alone.interval, alone.reached) == (None, None, None)


def test_an_interval_of_accuracies_ends_at_0_and_1():
    (row,) = rows(entry(**{"accuracy, test": [0.1, 0.9]}))
    assert row.interval == (0.0, 1.0)


def test_without_a_claim_all_accuracies_are_shown():
    silent = entry(**{"accuracy, test": [0.5], "softmax_nll, test": [1.0]}) | {"reported": []}
    (row,) = rows(silent)
    assert (row.measure, row.reported, row.reached) == ("accuracy, test", None, None)


def test_cells_are_in_per_cent_or_as_they_are():
    (row,) = rows(entry(**{"accuracy, test": [0.875, 0.885]}))
    low, high = 100 * row.interval[0], 100 * row.interval[1]
    assert result_cells(row) == (
        "a",
        "accuracy, test",
        "90.00",
        "88.00 %",
        "0.71",
        f"{low:.2f} to {high:.2f}",
    )
    loss = row._replace(measure="softmax_nll", reported=None, mean=0.25, sd=None, interval=None)
    assert result_cells(loss) == ("a", "softmax_nll", "–", "0.2500", "–", "–")
    assert len(result_cells(row)) == len(RESULTS)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (["train", 0, 50_000], "train 0 to 50,000"),
        ([100, 100], "100, 100"),
        (None, "all digits"),
        (0.0001, "0.0001"),
        (True, "True"),
        ({"epochs": 3, "learns_from": ["test", 0, 10]}, "epochs: 3; learns_from: test 0 to 10"),
    ],
)
def test_settings_as_text(value, text):
    setting = {"name": "x", "value": value, "place": None}
    assert setting_cells(setting) == ("x", text, "left open: our choice")
    assert setting_cells(setting | {"place": "section 2"})[2] == "section 2"
    assert len(setting_cells(setting)) == len(SETTINGS)


# ------------------------------------------------------------ what is stored


def test_the_stored_results_are_those_of_the_recipes_as_they_are():
    """Whoever changes a recipe must run `mnist-nn reproduce all --tuning --json` again."""
    assert STORED["seeds"] == [0, 1, 2, 3, 4] and STORED["tuning"] is True
    assert list(STORED["reports"]) == NAMES
    plain = json.loads(json.dumps({n: [asdict(s) for s in r.settings] for n, r in RECIPES.items()}))
    for name, recipe in RECIPES.items():
        entry = STORED["reports"][name]
        assert entry["settings"] == plain[name]
        assert entry["reported"] == json.loads(json.dumps([asdict(c) for c in recipe.claims]))
        assert list(entry["variants"]) == [variant.name for variant in recipe.variants]
        for variant in recipe.variants:
            found = entry["variants"][variant.name]
            assert found["changes"] == json.loads(json.dumps(dict(variant.changes)))
            assert len(found["curves"]) == (1 if variant.tuning else 5)


def test_the_stored_results_agree_with_themselves():
    for name, entry in STORED["reports"].items():
        for variant in entry["variants"].values():
            for seed, curves in enumerate(variant["curves"]):
                for measure, values in variant["measured"].items():
                    (curve,) = [c for c in curves if measure.removeprefix("best ") in c][-1:]
                    course = curve[measure.removeprefix("best ")]
                    end = max(course) if measure.startswith("best") else course[-1]
                    assert values[seed] == end, (name, measure)
                    if "accuracy" in measure:
                        assert 0 <= values[seed] <= 1
        measures = {m for v in entry["variants"].values() for m in v["measured"]}
        for claim in entry["reported"]:
            assert set(claim["measures"]) <= measures


# ------------------------------------------------------------ they come out again

# A training that is cut short begins as the whole one does: the same weights, the same order.
SHORT: dict[str, dict[str, Any]] = {
    "paterson": {"epochs": 2},
    "ncsu": {
        "epochs": 20,
        "grid": {"learning_rate": (0.01,), "batch_size": (128,)},
        "then": {**RECIPES["ncsu"].settings_of("mean")["then"], "epochs": 5, "warm": False},
    },
    "chang": {"epochs": 20},
    "ray": {"epochs": 2},
    "qin": {"epochs": 2},
}


@pytest.mark.parametrize("name", NAMES)
def test_the_first_epochs_of_each_report_come_out_again(name):
    recipe = RECIPES[name]
    base = recipe.variants[0]
    short = replace(recipe, variants=(replace(base, changes={**base.changes, **SHORT[name]}),))
    curve = run(short, base.name, 0)["curves"][0]
    expected = STORED["reports"][name]["variants"][base.name]["curves"][0][0]
    n = len(curve["epoch"])
    assert n >= 2 and curve["epoch"] == expected["epoch"][:n]
    for measure, values in curve.items():
        tolerance = {"abs": 0.02} if "accuracy" in measure else {"rel": 0.1}
        assert values == pytest.approx(expected[measure][:n], **tolerance), measure


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_every_stored_result_comes_out_again():
    """All variants of all reports, seed 0, to the end.

    The same kernels of BLAS give the same numbers; others round otherwise, and the trainings drift
    apart, as two seeds do, but not further.
    """
    fresh = reproduce(NAMES, 1, progress=False)
    for name, entry in fresh["reports"].items():
        for row in rows(entry):
            known = STORED["reports"][name]["variants"][row.variant]["measured"][row.measure]
            scatter = np.std(known, ddof=1) if len(known) > 1 else 0
            least = 0.005 if "accuracy" in row.measure else 0.1 * abs(known[0])
            assert abs(row.mean - known[0]) <= least + 5 * scatter, (name, row)
