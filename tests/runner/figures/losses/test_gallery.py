import gc
import weakref

import matplotlib as mpl
import numpy as np
import pytest

from runner.figures import gallery


@pytest.fixture
def shapes(shape_table) -> dict:
    """Six losses, the last two to be shown as of a whole batch; `strong` pulls ten times as hard."""
    mild = shape_table.assign(
        loss_positive=shape_table["loss_positive"] / 3, gradient_positive=shape_table["gradient_positive"] / 3
    )
    strong = mild.assign(
        loss_positive=10 * mild["loss_positive"],
        loss_negative=10 * mild["loss_negative"],
        gradient_positive=10 * mild["gradient_positive"],
        gradient_negative=10 * mild["gradient_negative"],
    )
    return {"one": mild, "two": mild, "strong": strong, "three": mild, "batch": mild, "ranking": mild}


@pytest.fixture
def page(shapes):
    return gallery(
        shapes, settings={"two": "gamma=2"}, whole_batch=["batch", "ranking"], title="Shapes", subtitle="as they are"
    )


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def box(text):
    return text.get_window_extent()


def test_each_loss_has_two_panels_under_its_name(page, shapes):
    page.canvas.draw()
    names = {text.get_text(): text for text in page.texts if text.get_weight() == "bold"}
    assert list(names) == ["Shapes", *shapes]
    for name, (left, right) in zip(shapes, zip(page.axes[::2], page.axes[1::2], strict=True), strict=True):
        assert names[name].get_position()[0] == pytest.approx(left.get_position().x0)
        assert 0 < names[name].get_position()[1] - left.get_position().y1 < 0.05
        assert left.get_position().x1 < right.get_position().x0


def test_lines_are_the_table_and_the_log_loss(page, shapes):
    for shape, left, right in zip(shapes.values(), page.axes[::2], page.axes[1::2], strict=True):
        for axes, quantity in ((left, "loss"), (right, "gradient")):
            lines = {line.get_label(): line for line in axes.lines}
            for label in ("positive", "negative"):
                np.testing.assert_array_equal(lines[label].get_xdata(), shape["probability"])
                np.testing.assert_array_equal(lines[label].get_ydata(), shape[f"{quantity}_{label}"])
    dotted = [line for line in page.axes[0].lines if line.get_linestyle() == ":"]
    np.testing.assert_allclose(dotted[0].get_ydata(), -np.log(dotted[0].get_xdata()))
    assert len(dotted) == 2


def test_scales_are_shared_but_for_a_loss_that_outgrows_them(page):
    losses, gradients = ([axes.get_ylim() for axes in page.axes[start::2]] for start in (0, 1))
    for limits in (losses, gradients):
        assert len({limits[i] for i in (0, 1, 3, 4, 5)}) == 1
    assert gradients[2][0] < -9.8
    assert gradients[2][1] > 9.8
    assert texts(page).count("scales of its own") == 1


def test_a_jump_is_a_gap(shape_table):
    z = np.log(shape_table["probability"]) - np.log1p(-shape_table["probability"])
    jumping = shape_table.assign(loss_positive=shape_table["loss_positive"] + 2 * (z > 0))
    left, right = gallery({"one": jumping}).axes
    for axes in (left, right):
        (line,) = (line for line in axes.lines if line.get_label() == "positive")
        assert np.flatnonzero(np.isnan(line.get_ydata())).tolist() == [np.flatnonzero(z > 0)[0]]


def test_losses_of_a_batch_come_last_and_say_so(shapes):
    words = texts(gallery(shapes, whole_batch=["one"]))
    heading = next(word for word in words if "whole batch" in word)
    assert words.index("ranking") < words.index(heading) < words.index("one")
    assert not any("whole batch" in word for word in texts(gallery(shapes)))


def test_settings_stand_below_the_name(page):
    page.canvas.draw()
    by_text = {text.get_text(): text for text in page.texts}
    assert box(by_text["gamma=2"]).y1 < box(by_text["two"]).y0 + 1
    assert box(by_text["gamma=2"]).y0 >= page.axes[2].get_window_extent().y1


def test_axes_are_named_and_nothing_is_cut_off(page):
    page.canvas.draw()
    assert {"loss", "gradient by the logit"} <= set(texts(page))
    assert all(page.axes[i].get_xlabel() == "predicted probability" for i in (2, 4, 6, 8, 10))
    boxes = [box(text) for text in page.texts] + [box(axes.xaxis.label) for axes in page.axes]
    boxes += [box(label) for axes in page.axes for label in axes.get_yticklabels()]
    for each in boxes:
        assert each.x0 >= 0
        assert each.x1 <= page.bbox.x1
        assert each.y0 >= 0
        assert each.y1 <= page.bbox.y1


def test_missing_and_infinite_values_are_left_out(shape_table):
    odd = shape_table.copy()
    odd.loc[0, "loss_positive"] = np.inf
    nothing = shape_table.assign(
        **dict.fromkeys(["loss_positive", "loss_negative", "gradient_positive", "gradient_negative"], np.nan)
    )
    for shapes in ({"odd": odd, "nothing": nothing}, {"none": shape_table[:0]}, {}):
        gallery(shapes).canvas.draw()


def test_nobody_keeps_the_figure_alive_or_changes_the_defaults(shapes):
    before = dict(mpl.rcParams)
    figure = gallery(shapes)
    watched = weakref.ref(figure)
    del figure
    gc.collect()
    assert watched() is None
    assert dict(mpl.rcParams) == before
