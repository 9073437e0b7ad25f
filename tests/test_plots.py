"""Pictures show what they are given: pixels, colours, numbers, labels."""

import matplotlib as mpl
import numpy as np
import pytest
from bs4 import BeautifulSoup
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_nn import History, plots
from mnist_nn.notebook import glue, table


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


def pictures(figure):
    return [ax.get_images()[0] for ax in figure.axes if ax.get_images()]


def texts(ax):
    """Return the words written in the squares of a matrix, row by row."""
    written = {(t.get_position()[1], t.get_position()[0]): t.get_text() for t in ax.texts}
    return [written[at] for at in sorted(written)]


# ------------------------------------------------------------ digits


@pytest.mark.parametrize("shape", [(7, 28, 28), (7, 784)])
def test_every_image_is_drawn_the_right_way_up(shape):
    images = np.random.default_rng(0).random(shape)
    figure = plots.digits(images, columns=3)
    assert isinstance(figure, Figure)
    drawn = pictures(figure)
    assert len(drawn) == 7
    for image, pixels in zip(drawn, images, strict=True):
        np.testing.assert_array_equal(image.get_array(), pixels.reshape(28, 28))
        assert image.origin == "upper"


def test_ink_is_dark():
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 3, 4] = 255
    (drawn,) = pictures(plots.digits(image))
    rgb = drawn.to_rgba(drawn.get_array())[..., :3]
    np.testing.assert_array_equal(rgb[3, 4], 0)
    np.testing.assert_array_equal(rgb[0, 0], 1)


@pytest.mark.parametrize(("low", "scale"), [(0.25, (0, 9)), (-1, (-1, 9))])
def test_one_scale_from_white_to_black_serves_all_images(low, scale):
    images = np.full((2, 784), low)
    images[0, 0], images[1, 0] = 9, 3
    assert [image.get_clim() for image in pictures(plots.digits(images))] == [scale, scale]


def test_a_blank_image_is_white():
    (drawn,) = pictures(plots.digits(np.zeros((1, 784), np.uint8)))
    assert (drawn.to_rgba(drawn.get_array())[..., :3] == 1).all()


def test_columns_set_the_width_of_the_grid():
    figure = plots.digits(np.zeros((7, 784)), columns=3)
    assert len(figure.axes) == 9
    assert sum(bool(ax.get_images()) for ax in figure.axes) == 7
    assert figure.axes[0].get_subplotspec().get_gridspec().get_geometry() == (3, 3)
    few = plots.digits(np.zeros((2, 784)))
    assert few.axes[0].get_subplotspec().get_gridspec().get_geometry() == (1, 2)


def test_ten_images_stand_in_a_row_unless_told_otherwise():
    figure = plots.digits(np.zeros((12, 784)))
    assert figure.axes[0].get_subplotspec().get_gridspec().get_geometry() == (2, 10)


def test_titles_have_room_and_no_room_is_left_without_them():
    bare, titled = (plots.digits(np.zeros((1, 784)), titles) for titles in (None, ["5"]))
    width, height = bare.get_size_inches()
    assert width == height, "an image is square"
    assert 1.2 < titled.get_size_inches()[1] / height < 1.5


def test_titles_stand_above_their_images():
    figure = plots.digits(np.zeros((3, 784)), titles=np.array([5, 0, 4]), columns=2)
    assert [ax.get_title() for ax in figure.axes] == ["5", "0", "4", ""]


def test_no_axis_is_drawn_around_a_digit():
    figure = plots.digits(np.zeros((3, 784)), columns=2)
    assert not any(ax.axison for ax in figure.axes)


# ------------------------------------------------------------ matrix


def test_a_matrix_of_both_signs_is_white_at_zero():
    M = np.array([[-1.0, 0.0], [0.5, 4.0]])
    ax = plots.matrix(M)
    assert isinstance(ax, Axes)
    (image,) = ax.get_images()
    np.testing.assert_array_equal(image.get_array(), M)
    assert image.get_clim() == (-4, 4)
    assert min(image.to_rgba(0.0)) > 0.96
    red, blue = image.to_rgba(4.0), image.to_rgba(-4.0)
    assert red[0] > red[2], "positive is red"
    assert blue[2] > blue[0], "negative is blue"


def test_a_matrix_of_one_sign_goes_from_zero_to_its_maximum():
    (image,) = plots.matrix([[1.0, 2.0]]).get_images()
    assert image.get_clim() == (0, 2)
    assert sum(image.to_rgba(0.0)) > sum(image.to_rgba(2.0)), "pale to dark"


def test_small_integers_do_not_overflow():
    (image,) = plots.matrix(np.array([[-128, 1]], np.int8)).get_images()
    assert image.get_clim() == (-128, 128)


def test_a_matrix_of_zeros_is_fine():
    (image,) = plots.matrix(np.zeros((2, 2))).get_images()
    assert image.get_clim() == (0, 1)


def whole(ticks):
    return all(float(t).is_integer() for t in ticks)


@pytest.mark.parametrize("n", [2, 100])
def test_rows_and_columns_are_counted_in_whole_numbers_and_not_too_many(n):
    ax = plots.matrix(np.eye(n))
    for ticks in (ax.get_xticks(), ax.get_yticks()):
        assert whole(ticks)
        assert len(ticks) <= 13


def test_numbers_are_written_where_they_belong():
    ax = plots.matrix([[0.123, -1.0], [2.0, 3.456]], numbers=".2f")
    assert texts(ax) == ["0.12", "-1.00", "2.00", "3.46"]
    assert texts(plots.matrix([[1, 2]], numbers="d")) == ["1", "2"]
    assert texts(plots.matrix([[1, 2]])) == []


def test_numbers_can_be_read_on_their_colours():
    ax = plots.matrix([[4.0, -4.0, 1.0]], numbers=".0f")
    assert [t.get_color() for t in ax.texts] == ["white", "white", "black"]


def test_a_matrix_is_drawn_where_it_is_told():
    figure, (left, right) = plt.subplots(1, 2)
    assert plots.matrix(np.eye(2), ax=right) is right
    assert not left.get_images()
    assert len(figure.axes) == 3, "and has a colour bar"


# ------------------------------------------------------------ confusion

C = np.array([[50, 2, 0], [1, 40, 9], [0, 0, 30]])


def test_confusion_writes_all_counts_and_colours_the_mistakes():
    ax = plots.confusion(C)
    assert texts(ax) == ["50", "2", "0", "1", "40", "9", "0", "0", "30"]
    (image,) = ax.get_images()
    np.testing.assert_array_equal(image.get_array(), [[0, 2, 0], [1, 0, 9], [0, 0, 0]])
    assert image.get_clim() == (0, 9)
    assert [t.get_text() for t in ax.texts if t.get_color() == "white"] == ["9"]


def test_confusion_says_which_axis_is_which():
    ax = plots.confusion(C)
    assert ax.get_xlabel() == "predicted digit"
    assert ax.get_ylabel() == "true digit"
    assert ax.get_xticks().tolist() == ax.get_yticks().tolist() == [0, 1, 2]
    assert [a.get_ylabel() for a in ax.figure.axes] == ["true digit", "wrong answers"]


def test_confusion_without_mistakes_is_all_white():
    (image,) = plots.confusion(np.diag([3, 4])).get_images()
    assert not image.get_array().any()
    assert image.get_clim() == (0, 1)


def test_confusion_does_not_change_its_counts_and_draws_where_it_is_told():
    counts, ax = C.copy(), plt.figure().gca()
    assert plots.confusion(counts, ax) is ax
    np.testing.assert_array_equal(counts, C)


# ------------------------------------------------------------ history


def test_history_draws_losses_and_accuracy_by_epoch():
    figure = plots.history(History([3.0, 2.0], [2.5, 2.25], [0.5, 0.75]))
    loss, accuracy = figure.axes
    training, validation = loss.get_lines()
    for line, values in ((training, [3, 2]), (validation, [2.5, 2.25])):
        assert line.get_xdata().tolist() == [1, 2]
        assert line.get_ydata().tolist() == values
    assert accuracy.get_lines()[0].get_ydata().tolist() == [0.5, 0.75]
    assert [t.get_text() for t in loss.get_legend().get_texts()] == ["training", "validation"]
    assert (loss.get_xlabel(), loss.get_ylabel()) == ("epoch", "loss per example")
    assert (accuracy.get_xlabel(), accuracy.get_ylabel()) == ("epoch", "accuracy, validation")


def test_validation_has_one_colour_in_both_panels():
    loss, accuracy = plots.history(History([3.0], [2.5], [0.5])).axes
    colours = {mpl.colors.to_hex(a.get_lines()[-1].get_color()) for a in (loss, accuracy)}
    assert len(colours) == 1
    assert loss.get_lines()[0].get_color() not in colours


def test_history_without_validation_has_one_panel():
    (loss,) = plots.history(History([3.0, 2.0])).axes
    assert len(loss.get_lines()) == 1


def test_epochs_are_whole_numbers():
    for ax in plots.history(History([3.0, 2.0], [2.5, 2.25], [0.5, 0.75])).axes:
        assert whole(ax.get_xticks())


def test_all_pictures_can_be_drawn_in_the_style_of_the_course(tmp_path):
    with plt.style.context("mnist_nn.course"):
        plots.digits(np.zeros((3, 784)), titles="abc").savefig(tmp_path / "digits.png")
        plots.matrix(np.eye(3), numbers=".1f").figure.savefig(tmp_path / "matrix.png")
        plots.confusion(C).figure.savefig(tmp_path / "confusion.png")
        plots.history(History([3.0], [2.5], [0.5])).savefig(tmp_path / "history.png")
    assert all(file.stat().st_size > 1000 for file in tmp_path.iterdir())


def test_the_colours_of_the_style_are_okabe_and_itos():
    with plt.style.context("mnist_nn.course"):
        cycle = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    assert {c.lstrip("#") for c in cycle} == {
        "0072B2",
        "D55E00",
        "009E73",
        "CC79A7",
        "E69F00",
        "56B4E9",
        "000000",
    }


# ------------------------------------------------------------ numbers for the prose


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (3, "3"),
        ("word", "'word'"),
        (np.float64(0.5), "0.5"),
        (np.int64(3), "3"),
        (np.array(0.5), "0.5"),
        (np.bool_(True), "True"),
    ],
    ids=repr,
)
def test_a_glued_value_is_stored_as_plain_python(monkeypatch, value, text):
    stored = []
    monkeypatch.setattr("IPython.display.display", lambda data, **more: stored.append((data, more)))
    glue("name", value)
    prefix = "application/papermill.record/"
    ((data, more),) = stored
    assert data == {prefix + "text/plain": text}
    assert more["raw"] is True
    assert more["metadata"] == {"scrapbook": {"name": "name", "mime_prefix": prefix}}


# ------------------------------------------------------------ tables


def shown(monkeypatch, header, rows):
    """Return the HTML of a table."""
    pages = []
    monkeypatch.setattr("IPython.display.display", lambda html: pages.append(html.data))
    table(header, rows)
    (page,) = pages
    return BeautifulSoup(page, "html.parser")


def test_a_table_shows_every_cell_and_a_name_once(monkeypatch):
    rows = [("a", "1"), ("a", "2"), ("b < c", "1"), ("a", "1")]
    page = shown(monkeypatch, ["name", "value"], rows)
    lines = [[cell.get_text() for cell in line] for line in page.find_all("tr")]
    assert lines == [["name", "value"], ["a", "1"], ["", "2"], ["b < c", "1"], ["a", "1"]]
    assert [cell["scope"] for cell in page.find_all("th")] == ["col", "col"]


def test_a_wide_table_scrolls_and_the_keyboard_reaches_it(monkeypatch):
    frame = shown(monkeypatch, ["name"], iter([["a"]])).div
    assert (frame["tabindex"], frame["role"]) == ("0", "region")
    assert "overflow-x" in frame["style"] and frame["aria-label"]
