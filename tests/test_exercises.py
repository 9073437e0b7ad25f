"""The exercises: every known mistake is caught and named, every right way is accepted."""

import contextlib
import itertools
import re
import threading
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import v4

from mnist_nn.exercises import (
    EXERCISES,
    Exercise,
    Probe,
    check,
    example,
    hint,
    progress,
    save,
    session,
    zoo,
)
from mnist_nn.exercises import judge as judging
from mnist_nn.exercises.answers import collect
from mnist_nn.exercises.capstone import NEEDED, capstone
from mnist_nn.exercises.catalogue import CHAPTERS, place
from mnist_nn.exercises.judge import Error, expectations, judge
from mnist_nn.exercises.limit import OutOfTime, time_limit
from tools import exercises as generator
from tools import notebooks

ALL = list(EXERCISES.values())
NAMES = list(EXERCISES)
PLAIN = [e for e in ALL if e.call is ALL[0].call]  # the others look at facts


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """A session in which nothing has been tried."""
    for store in ("_passed", "_answers", "_hints"):
        monkeypatch.setattr(session, store, {})


# ------------------------------------------------------------ the zoo


def test_every_mistake_is_caught_and_named_and_every_right_way_accepted():
    found = zoo.count()
    assert found.problems == ()
    assert found.caught == found.named == found.wrong >= 150
    assert found.accepted == found.right >= 3 * found.exercises
    assert found.exercises >= 36
    numbers = [int(n) for n in re.findall(r": (\d+)", found.line)]
    assert numbers == [*found[:6]]


@pytest.mark.parametrize("exercise", ALL, ids=NAMES)
def test_an_exercise_is_whole(exercise):
    assert len(exercise.rights) >= 3 and len(exercise.wrongs) >= 3
    assert len(exercise.probes) >= 4
    assert exercise.level in (1, 2, 3) and 3 <= exercise.minutes <= 40
    assert all(len(one) > 15 for one in exercise.hints)
    assert len({wrong.name for wrong in exercise.wrongs}) == len(exercise.wrongs)
    for label in {exercise.equation, *(wrong.equation for wrong in exercise.wrongs)}:
        where = place(label, exercise.chapter)
        assert int(re.search(r"chapter (\d+)", where)[1]) <= exercise.chapter, label
    for wrong in exercise.wrongs:
        assert len(wrong.hint) > 30 and wrong.hint.endswith((".", "?", ")")), wrong.name


def test_each_chapter_has_three_and_titles_are_unique():
    for chapter in CHAPTERS:
        assert sum(e.chapter == chapter for e in ALL) >= 3
    assert len({e.title for e in ALL}) == len(ALL)
    assert [e.chapter for e in ALL] == sorted(e.chapter for e in ALL)


# ------------------------------------------------------------ answers that the zoo does not know


def changed(value: Any, change: Any) -> Any:
    """Return a result with its numbers changed."""
    if isinstance(value, tuple):
        return tuple(changed(one, change) for one in value)
    if isinstance(value, dict):
        return {key: changed(one, change) for key, one in value.items()}
    if isinstance(value, np.ndarray):
        return change(value.astype(float))
    return value


@pytest.mark.parametrize("exercise", PLAIN, ids=[e.name for e in PLAIN])
@pytest.mark.parametrize(
    "change",
    [
        np.zeros_like,
        lambda a: a * 1.01 + 1e-3,
        lambda a: -a - 1e-3,
        lambda a: np.full_like(a, np.nan),
        lambda a: a[..., None],
        lambda a: np.where(np.arange(a.size).reshape(a.shape) == a.size - 1, a + 0.1, a),
    ],
    ids=["zeros", "one per cent", "sign", "nan", "an axis more", "one entry"],
)
def test_numbers_that_are_nearly_right_do_not_pass(exercise, change):
    results = iter([changed(outcome.value, change) for outcome in expectations(exercise)])
    numbers = [o.value for o in expectations(exercise) if isinstance(o.value, np.ndarray | tuple)]
    if not numbers:
        pytest.skip("the results are no arrays")
    verdict = judge(exercise, lambda *args: next(results))
    assert not verdict.passed


@pytest.mark.parametrize("exercise", ALL, ids=NAMES)
def test_results_in_float32_pass(exercise):
    if exercise not in PLAIN:
        pytest.skip("it looks at facts")
    results = iter(
        [changed(o.value, lambda a: a.astype(np.float32)) for o in expectations(exercise)]
    )
    assert judge(exercise, lambda *args: next(results)).passed


@pytest.mark.parametrize("exercise", ALL, ids=NAMES)
def test_an_answer_that_changes_its_argument_is_caught(exercise):
    def answer(*args):
        result = exercise.reference(*args)
        for arg in args:
            if isinstance(arg, np.ndarray) and arg.size and arg.dtype.kind == "f":
                arg.flat[0] += 1
        return result

    floats = [
        arg
        for probe in exercise.probes
        for arg in probe.args
        if isinstance(arg, np.ndarray) and arg.dtype.kind == "f"
    ]
    if not floats or exercise not in PLAIN:
        pytest.skip("no argument that could be changed")
    assert not judge(exercise, answer).passed


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.lists(st.one_of(st.integers(), st.text(), st.lists(st.floats(), max_size=3)), max_size=4),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.just(object()),
    st.just(np.array(["a"])),
    st.just(np.array([1 + 2j])),
    st.just(np.empty((0, 3))),
    st.just(iter([1, 2])),
)


@given(name=st.sampled_from(NAMES), result=ODD)
def test_a_check_never_raises_whatever_comes_back(name, result):
    found = check(name, lambda *args: result)
    assert found.passed in (False, None)
    assert str(found) == found.text
    assert (found._repr_html_() is None) == (found.passed is None)


@pytest.mark.parametrize(
    "error", [ValueError("bad"), SystemExit(1), GeneratorExit(), RecursionError(), Exception()]
)
def test_a_check_never_raises_whatever_is_raised(error):
    def answer(*args):
        raise error

    found = check(NAMES[0], answer)
    assert found.passed is False
    assert type(error).__name__ in found.text


def test_an_error_is_shown_with_the_learners_line():
    def softmax(Z):
        return Z.maximum()

    text = check("softmax", softmax).text
    assert "AttributeError" in text
    assert re.search(r"line \d+: return Z.maximum\(\)", text)


def test_what_is_printed_is_shown_and_kept_apart(capsys):
    def softmax(Z):
        print("the shape is", Z.shape)
        return Z

    text = check("softmax", softmax).text
    assert "the shape is (2, 3)" in text
    assert capsys.readouterr().out == ""


# ------------------------------------------------------------ what a check says


def test_a_check_names_the_mistake_and_the_equation():
    def softmax(Z):
        return np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)

    found = check("softmax", softmax)
    assert found.passed is False
    for part in ("logits of 1000", "expected", "yours", "no shift", "eq-softmax-shift", "nan"):
        assert part in found.text
    assert "<table>" in found.html and "no shift" in found.html


def test_a_pattern_is_named_where_the_zoo_knows_nothing():
    def softmax(Z):
        E = np.exp(Z - Z.max(axis=1, keepdims=True))
        return (E / E.sum(axis=1, keepdims=True)).T

    assert "transposed" in check("softmax", softmax).text
    assert "a factor of 2" in check("relu", lambda Z: 2 * np.maximum(Z, 0)).text


def test_untouched_and_missing_answers():
    def stub(Z):
        """Return the probabilities."""
        ...

    def later(Z):
        raise NotImplementedError

    def silent(Z):
        Z.sum()

    for answer in (stub, later):
        found = check("softmax", answer)
        assert (found.passed, found.text) == (None, "softmax: not attempted yet.")
    assert check("softmax", lambda Z: None).text.startswith("softmax: not attempted")
    assert "is there a return" in check("softmax", silent).text
    assert "type int. Write check('softmax', softmax)," in check("softmax", 3).text
    assert "Did you mean softmax" in check("sofmax", stub).text
    assert check(7, stub).passed is None
    for function in (hint, example):
        assert "no exercise" in function("nonsense").text


def test_a_right_answer_is_praised_in_one_line():
    found = check("softmax", EXERCISES["softmax"].rights[0])
    assert found.passed is True
    assert found.text == f"softmax: right. All {len(EXERCISES['softmax'].probes)} checks hold."


def test_three_hints_then_the_solution():
    texts = [hint("softmax").text for _ in range(4)]
    for n, text in enumerate(texts, start=1):
        assert f"hint {min(n, 3)} of 3" in text
    assert "04-softmax.ipynb" in texts[2]
    assert hint("softmax", 1).text == texts[0]
    assert "no hint 4" in hint("softmax", 4).text


def test_progress_says_what_is_done_and_tried():
    check("softmax", EXERCISES["softmax"].rights[0])
    check("relu", lambda Z: Z)
    text = progress().text
    assert "✓softmax" in text and "✗relu" in text and "·sigmoid" in text
    assert f"1 of {len(ALL)} done" in text
    check("softmax", lambda Z: Z)
    assert "✓softmax" in progress().text  # once right stays right


@pytest.mark.parametrize("exercise", ALL, ids=NAMES)
def test_an_example_shows_arguments_and_result(exercise):
    text = example(exercise.name).text
    assert exercise.name in text
    for name in exercise.arguments[: len(exercise.probes[0].args)]:
        assert f"{name} = " in text


# ------------------------------------------------------------ limits


def test_an_endless_loop_is_ended(monkeypatch):
    monkeypatch.setattr(judging, "SECONDS", 0.3)

    def softmax(Z):
        while True:
            with contextlib.suppress(Exception):
                pass

    found = check("softmax", softmax)
    assert "had not ended" in found.text
    assert found.text.count("OutOfTime") == 1


def test_an_endless_result_is_cut(monkeypatch):
    assert check("softmax", lambda Z: itertools.count()).passed is False


def test_a_limit_of_time():
    with pytest.raises(OutOfTime), time_limit(0.1):
        while True:
            pass
    with time_limit(60):
        pass
    with pytest.raises(KeyboardInterrupt), time_limit(60):  # somebody's own Ctrl-C
        raise KeyboardInterrupt
    ended = []
    thread = threading.Thread(target=lambda: ended.append(run_limited()))
    thread.start()
    thread.join()
    assert ended == [True]


def run_limited():
    with time_limit(60):
        return True


# ------------------------------------------------------------ comparison


@pytest.mark.parametrize(
    ("yours", "expected", "why"),
    [
        (np.ones((2, 1)), np.ones(2), "the shape (2,)"),
        (np.array([1, np.nan]), np.ones(2), "nan"),
        (np.array([1, np.inf]), np.ones(2), "infinite"),
        ("abc", np.ones(2), "expected an array"),
        ((np.ones(2),), (np.ones(2), np.ones(2)), "expected 2 results"),
        ({"a": 1}, {"b": np.asarray(1)}, "no 'b'"),
        (None, np.ones(2), "return"),
        (np.asarray(3.0), np.asarray(4.0), "differs"),
        (False, True, "expected True"),
    ],
)
def test_a_difference_says_why(yours, expected, why):
    found = judging.difference(judging.Outcome(yours), judging.Outcome(expected))
    assert why in found.why


@pytest.mark.parametrize(
    ("yours", "expected"),
    [
        (np.array([1.00001, 2]), np.array([1.0, 2.0])),
        (np.array([1, 0], bool), np.array([1.0, 0.0])),
        (np.ones((2, 2)), (np.ones(2), np.ones(2))),
        (np.array([np.inf, -np.inf]), np.array([np.inf, -np.inf])),
        (np.asarray(True), True),
    ],
)
def test_what_is_equal_passes(yours, expected):
    assert judging.difference(judging.Outcome(yours), judging.Outcome(expected)) is None


def test_errors_of_one_kind_are_the_same_mistake():
    exercise = Exercise(
        name="double",
        title="Double",
        chapter=1,
        level=1,
        minutes=5,
        equation="eq-softmax",
        reference=lambda x: 2 * x,
        probes=(Probe("two numbers", (np.ones(2),)), Probe("three numbers", (np.ones(3),))),
        hints=("a", "b", "c"),
    )

    @exercise.wrong()
    def fails(x):
        """It fails."""
        raise KeyError(x.size)

    verdict = judge(exercise, fails)
    assert verdict.mistake == "fails" and verdict.hint == "It fails."
    assert isinstance(verdict.outcome.value, Error)
    assert judge(exercise, lambda x: x + x).passed
    assert judge(exercise, lambda x: [2.0] * len(x)).passed


# ------------------------------------------------------------ keeping and collecting answers


def test_answers_are_saved_and_come_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "Nothing to save" in save("answers-04.py").text
    source = (
        "import math as m\nimport json\nimport numpy as np\nSHIFT = 1.0\ndef shifted(Z):\n"
        "    json.dumps(m.pi)\n    return Z - SHIFT * Z.max(axis=1, keepdims=True)\n"
        "def softmax(Z):\n    E = np.exp(shifted(Z))\n    return E / E.sum(axis=1, keepdims=True)\n"
    )
    (tmp_path / "own.py").write_text(source)
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, str(tmp_path / "own.py"), "exec"), space)
    assert check("softmax", space["softmax"]).passed
    assert "Saved softmax in answers-04.py" in save("answers-04.py").text
    found = collect(tmp_path)
    assert list(found) == ["softmax"]
    assert check("softmax", found["softmax"]).passed
    assert "Nothing was saved" in save("no/such/folder/answers.py").text


def test_collect_reads_notebooks_and_runs_only_definitions(tmp_path):
    nb = notebooks.load(notebooks.BOOK / "solutions" / "04-softmax.ipynb")
    nb.cells += [
        v4.new_code_cell("raise SystemExit"),
        v4.new_code_cell("answers = collect()"),
        v4.new_code_cell("LIMIT = np.float32(0.5)\n\ndef sigmoid(Z):\n    return LIMIT"),
        v4.new_code_cell("def relu(Z):\n    ..."),
    ]
    (tmp_path / "a.ipynb").write_text(notebooks.dumps(nb))
    (tmp_path / "b.ipynb").write_text("this is no notebook")
    found = collect(tmp_path)
    assert set(found) == {e.name for e in ALL if e.chapter == 4} | {"sigmoid"}
    assert found["sigmoid"](0) == 0.5
    with pytest.raises(ValueError, match="name the one of your notebooks"):
        collect(tmp_path / "none")


# ------------------------------------------------------------ the capstone


@pytest.fixture(scope="module")
def answers():
    return collect(notebooks.BOOK / "solutions")


def test_the_capstone_says_what_is_missing_or_wrong(answers):
    assert set(NEEDED) <= set(answers)
    text = capstone({}).text
    assert text.startswith(f"0 of {len(NEEDED)} functions are right")
    assert all(name in text for name in NEEDED)
    broken = answers | {"relu": abs, "sgd_step": lambda theta, gradient, eta: theta}
    found = capstone(broken)
    assert found.passed is False
    assert re.search(r"relu: not right at: .*05-relu", found.text)
    assert "sgd_step: not right" in found.text and "affine" not in found.text
    with pytest.raises(TypeError, match="expected what collect gives"):
        capstone(3)


def test_the_capstone_warns_where_it_would_take_for_ever(answers, monkeypatch):
    monkeypatch.setattr(import_module("mnist_nn.exercises.capstone"), "_LONGEST", 0.0)
    found = capstone(answers)
    assert found.passed is False and "instead of loops" in found.text


def test_the_capstone_learns_to_read(answers):
    found = capstone(answers)
    assert found.passed is True, found.text
    assert float(re.search(r"(\d+\.\d) %", found.text)[1]) > 97


# ------------------------------------------------------------ notebooks and pages


def test_student_notebooks_and_the_page_of_mistakes_are_as_their_sources_say():
    assert generator.differences() == [], "run make exercises"


@pytest.mark.parametrize("path", sorted((notebooks.BOOK / "solutions").glob("[0-9]*.ipynb")))
def test_the_solutions_ask_for_each_exercise_once(path):
    code = [c.source for c in notebooks.load(path).cells if c.cell_type == "code"]
    names = [e.name for e in ALL if CHAPTERS[e.chapter] == path.stem]
    for form in ('example("{}")', 'check("{0}", {0})'):
        assert [line for line in code if line in {form.format(n) for n in NAMES}] == [
            form.format(name) for name in names
        ]


@pytest.mark.parametrize("path", sorted((notebooks.BOOK / "exercises").glob("[0-9]*.ipynb")))
def test_an_untouched_notebook_says_so(path):
    nb = notebooks.load(path)
    text = "\n".join(
        str(output.data.get("text/plain", ""))
        for cell in nb.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "data" in output
    )
    count = sum(CHAPTERS[e.chapter] == path.stem for e in ALL)
    assert text.count("not attempted yet") == count
    assert "Nothing to save yet" in text and "Traceback" not in text


def test_a_stub_keeps_head_and_docstring_only():
    source = (
        'import math\n\n\ndef f(a, b=2):\n    """Add."""\n    c = a + b\n    return c\n\n\nX = 1'
    )
    expected = 'import math\n\n\ndef f(a, b=2):\n    """Add."""\n    ...\n\n\nX = 1'
    assert generator.stub(source) == expected


def test_hints_are_shown_as_they_are_written():
    assert generator.escaped("a_i * b [0] $x$ <y>") == r"a\_i \* b \[0\] \$x\$ \<y\>"
