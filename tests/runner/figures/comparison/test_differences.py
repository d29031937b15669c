import numpy as np
import pytest

from runner.figures import loss_colour
from runner.figures.comparison import difference_forest

METRIC = "test/average_precision"


def draw(board, splits=None, rope=0.005, **more):
    return difference_forest(board, rope, splits, metric=METRIC, **more)


def lines_in_row(figure, row: int) -> list:
    return [line for line in figure.axes[0].lines if set(line.get_ydata()) == {row}]


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def test_rows_are_the_gains_largest_on_top(board_of):
    board = board_of(4).iloc[::-1]
    figure = draw(board)
    others = board.drop("builtin").sort_values("gain", ascending=False)
    for row, (loss, values) in enumerate(others.iterrows()):
        bar, dot = lines_in_row(figure, row)
        np.testing.assert_allclose(bar.get_xdata(), values[["gain_low", "gain_high"]].astype(float))
        assert list(dot.get_xdata()) == [values["gain"]]
        assert dot.get_color() == loss_colour(loss)
    assert not lines_in_row(figure, 3)
    assert figure.texts[0].get_text() == "Gain in average precision over builtin"


def test_verdicts_stand_beside_their_rows(board_of):
    board = board_of(8).drop("builtin").sort_values("gain", ascending=False)
    figure = draw(board_of(8))
    words = [text for text in figure.texts if text.get_text() in ("better", "worse", "cannot tell")]
    assert [text.get_text() for text in words] == list(board["verdict"])
    (axes,) = figure.axes
    for row, text in enumerate(words):
        middle = axes.transData.transform((0, row))[1]
        box = text.get_window_extent()
        assert box.y0 < middle < box.y1
        assert (text.get_weight() == "bold") == (text.get_text() != "cannot tell")


def test_splits_are_dots_below_the_gain(board_of, splits_of):
    board = board_of(3)
    splits = splits_of(board)
    figure = draw(board, splits)
    others = board.drop("builtin").sort_values("gain", ascending=False)
    for row, loss in enumerate(others.index):
        (dots,) = [
            line
            for line in figure.axes[0].lines
            if set(np.floor(line.get_ydata())) == {row} and len(line.get_xdata()) == 5
        ]
        np.testing.assert_array_equal(dots.get_xdata(), splits.loc[splits["loss"] == loss, "gain"])
        assert dots.get_zorder() < lines_in_row(figure, row)[0].get_zorder()
    low, high = figure.axes[0].get_xlim()
    assert low < splits["gain"].min()
    assert splits["gain"].max() < high
    labels = [text.get_text() for text in draw(board, splits, unit="dataset").legends[0].get_texts()]
    assert labels[1] == "one dataset"


def test_the_rope_is_shaded_and_named(board_of):
    figure = draw(board_of(3), rope=0.02)
    (axes,) = figure.axes
    (rope,) = axes.patches
    assert (rope.get_x(), rope.get_x() + rope.get_width()) == (-0.02, 0.02)
    assert axes.get_xlim()[0] < -0.02
    assert figure.legends[0].get_texts()[-1].get_text() == "practically equal, within ±0.02"
    zero = [line for line in axes.lines if set(line.get_xdata()) == {0}]
    assert len(zero) == 1
    assert not draw(board_of(3), rope=0).axes[0].patches


def test_an_interval_without_end_has_two_arrows(board_of):
    board = board_of(3)
    board.loc["focal gamma=1", ["gain_low", "gain_high"]] = -np.inf, np.inf
    figure = draw(board)
    row = list(board.drop("builtin").sort_values("gain", ascending=False).index).index("focal gamma=1")
    bar, *_, left, right = lines_in_row(figure, row)
    assert (left.get_marker(), right.get_marker()) == ("<", ">")
    assert tuple(bar.get_xdata()) == figure.axes[0].get_xlim()
    assert any("has no end" in text for text in texts(figure))


def test_missing_gains_and_intervals_are_said(board_of):
    board = board_of(4)
    board.loc["focal gamma=1", ["gain", "gain_low", "gain_high"]] = np.nan
    board.loc["weighted positive_weight=2 negative_weight=1", ["gain_low", "gain_high"]] = np.nan
    figure = draw(board)
    figure.canvas.draw()
    assert any(text.startswith("No dot:") for text in texts(figure))
    assert any(text.startswith("No interval:") for text in texts(figure))


@pytest.mark.parametrize("gain", [0.0, 0.0003])
def test_small_gains_keep_a_digit(board_of, gain):
    board = board_of(3)
    board.loc["focal gamma=1", "gain"] = gain
    assert ("+0.0003" if gain else "+0.000") in texts(draw(board))


def test_only_the_baseline(board_of):
    figure = draw(board_of(3).loc[["builtin"]])
    figure.canvas.draw()
    assert texts(figure)[-1] == "There is no other loss to compare with the baseline."
