import numpy as np
import pytest

from runner.figures import loss_shape

VALUES = ["loss_positive", "loss_negative", "gradient_positive", "gradient_negative"]


def drawn(figure) -> dict:
    left, right = figure.axes
    lines = {("loss", line.get_label()): line for line in left.lines}
    return lines | {("gradient", line.get_label()): line for line in right.lines}


def test_lines_are_the_table(shape_table):
    lines = drawn(loss_shape(shape_table.sample(frac=1, random_state=0), loss_name="weighted"))
    for name in VALUES:
        line = lines[tuple(name.split("_"))]
        np.testing.assert_array_equal(line.get_xdata(), shape_table["probability"])
        np.testing.assert_array_equal(line.get_ydata(), shape_table[name])


def test_classes_have_two_colours_in_both_panels(shape_table):
    lines = drawn(loss_shape(shape_table, loss_name="weighted"))
    positive, negative = lines["loss", "positive"].get_color(), lines["loss", "negative"].get_color()
    assert positive != negative
    assert lines["gradient", "positive"].get_color() == positive


def test_references_are_the_log_loss(shape_table):
    left, right = loss_shape(shape_table, loss_name="weighted").axes
    for line, expected in zip(left.lines[:2], (lambda p: -np.log(p), lambda p: -np.log(1 - p)), strict=True):
        np.testing.assert_allclose(np.asarray(line.get_ydata()), expected(line.get_xdata()))
    for line, label in zip(right.lines[:2], (1, 0), strict=True):
        np.testing.assert_allclose(np.asarray(line.get_ydata()), np.asarray(line.get_xdata()) - label)


def test_the_infinite_end_is_cut(shape_table):
    left, right = loss_shape(shape_table, loss_name="weighted").axes
    assert 3 * -np.log(0.02) <= left.get_ylim()[1] < 3 * -np.log(0.005)
    assert right.get_ylim()[0] < -2.9


def test_a_heavy_weight_does_not_flatten_the_reference(shape_table):
    heavy = shape_table.assign(
        loss_positive=50 * shape_table["loss_positive"], gradient_positive=50 * shape_table["gradient_positive"]
    )
    figure = loss_shape(heavy, loss_name="weighted")
    figure.canvas.draw()
    for axes, middle in zip(figure.axes, (np.log(2), -0.5), strict=True):
        zero, reference = axes.transAxes.inverted().transform(axes.transData.transform([(0.5, 0), (0.5, middle)]))
        assert abs(reference[1] - zero[1]) > 0.05


@pytest.mark.parametrize("rows", [0, 1, 201])
def test_missing_values_are_said(shape_table, rows):
    figure = loss_shape(shape_table[:rows].assign(**dict.fromkeys(VALUES, np.nan)), loss_name="dice")
    figure.canvas.draw()
    assert [axes.texts[0].get_text() for axes in figure.axes] == ["no value for one example"] * 2


def test_infinite_values_are_left_out(shape_table):
    ends = shape_table.copy()
    ends.loc[0, "loss_positive"] = np.inf
    ends.loc[200, "loss_negative"] = np.inf
    figure = loss_shape(ends, loss_name="builtin")
    figure.canvas.draw()
    assert np.isfinite(figure.axes[0].get_ylim()).all()
