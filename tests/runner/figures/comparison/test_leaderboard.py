import numpy as np
import pytest

from runner.figures import loss_colour
from runner.figures.comparison import leaderboard_forest

METRIC = "test/average_precision"


def lines_in_row(figure, row: int) -> list:
    return [line for line in figure.axes[0].lines if set(line.get_ydata()) == {row}]


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def test_rows_are_the_table_from_the_top(board_of):
    board = board_of(4)
    figure = leaderboard_forest(board, METRIC)
    (axes,) = figure.axes
    for row, (loss, values) in enumerate(board.iterrows()):
        bar, dot = lines_in_row(figure, row)
        np.testing.assert_allclose(bar.get_xdata(), values[["mean_low", "mean_high"]].astype(float))
        assert list(dot.get_xdata()) == [values["mean"]]
        assert dot.get_color() == bar.get_color() == loss_colour(loss)
    low, high = axes.get_ylim()
    assert low > high  # row 0 is on top
    options = [loss.partition(" ")[0] for loss in board.index]
    assert [text for text in texts(figure) if text in options] == options
    assert f"{board['mean'].iloc[0]:.3f}" in texts(figure)


def test_the_baseline_is_marked_and_a_line_through_all_rows(board_of):
    board = board_of(3)
    figure = leaderboard_forest(board, METRIC)
    row = list(board.index).index("builtin")
    assert [lines_in_row(figure, i)[-1].get_marker() for i in range(3)].index("D") == row
    (level,) = [line for line in figure.axes[0].lines if line.get_linestyle() == "--"]
    assert set(np.asarray(level.get_xdata())) == {board.loc["builtin", "mean"]}
    bold = [text.get_text() for text in figure.texts[2:] if text.get_fontweight() == "bold"]
    assert bold == ["builtin"]
    assert "baseline" in texts(figure)


@pytest.mark.parametrize(("higher", "word"), [(True, "higher"), (False, "lower")])
def test_says_which_way_is_better(board_of, higher, word):
    figure = leaderboard_forest(board_of(3), "test/log_loss", higher_is_better=higher, alpha=0.1)
    assert figure.axes[0].get_xlabel() == f"log loss on test (nats), {word} is better"
    assert figure.legends[0].get_texts()[0].get_text() == "mean, 90% interval"


def test_a_loss_that_collapsed_does_not_press_the_others_together(board_of):
    board = board_of(8)
    figure = leaderboard_forest(board, METRIC)
    low, high = figure.axes[0].get_xlim()
    assert low > 0.4
    assert lines_in_row(figure, 7)[-1].get_marker() == "<"
    assert lines_in_row(figure, 7)[-1].get_xdata()[0] == low
    assert "0.100" in texts(figure)
    assert "An arrow points to what lies beyond the axis." in texts(figure)
    assert high > board["mean_high"].max()


def test_of_few_losses_all_are_on_the_axis(board_of):
    board = board_of(3)
    board.iloc[2, :3] = [0.1, 0.05, 0.15]
    assert leaderboard_forest(board, METRIC).axes[0].get_xlim()[0] < 0.05


def test_fewer_splits_are_said(board_of):
    board = board_of(3)
    board.loc["focal gamma=1", "splits"] = 2
    assert "2 of 5 splits · gamma=1" in texts(leaderboard_forest(board, METRIC))
    board.loc["builtin", "splits"] = 4
    assert "baseline · 4 of 5 splits" in texts(leaderboard_forest(board, METRIC))


def test_missing_intervals_and_means_are_said(board_of):
    board = board_of(3)
    board.iloc[0, 1:3] = np.nan
    board.iloc[2, :3] = np.nan
    figure = leaderboard_forest(board, METRIC)
    figure.canvas.draw()
    assert len(lines_in_row(figure, 0)) == 1
    assert "No interval where there is a single split or dataset." in texts(figure)
    assert "not finite" in texts(figure)


@pytest.mark.parametrize("losses", [0, 1])
def test_one_loss_and_none(board_of, losses):
    board = board_of(3).loc[["builtin"]][:losses]
    figure = leaderboard_forest(board.assign(mean_low=np.nan, mean_high=np.nan), METRIC)
    figure.canvas.draw()
    assert ("No finished run to compare." in texts(figure)) == (losses == 0)
