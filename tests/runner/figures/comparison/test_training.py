import numpy as np
import pandas as pd
import pytest

from runner.figures import loss_colour
from runner.figures.comparison import training_curves


def test_runs_are_thin_and_their_mean_is_bold(histories_of):
    histories = histories_of(3)
    figure = training_curves(histories)
    for axes, (loss, rows) in zip(figure.axes, histories.groupby("loss", sort=False), strict=True):
        *runs, mean = axes.lines
        wide = rows.pivot(index="epoch", columns="split", values="val/log_loss")
        for line, split in zip(runs, wide, strict=True):
            np.testing.assert_array_equal(line.get_ydata(), wide[split])
            assert line.get_linewidth() < 1 < mean.get_linewidth()
        both = wide.dropna()  # the mean ends with the shorter run
        assert len(both) < len(wide)
        np.testing.assert_allclose(np.asarray(mean.get_ydata()), both.mean(axis=1))
        np.testing.assert_array_equal(mean.get_xdata(), both.index)
        assert {line.get_color() for line in axes.lines} == {loss_colour(loss)}


def test_panels_have_the_tables_order_and_the_same_axes(histories_of, losses):
    figure = training_curves(histories_of(8))
    assert len(figure.axes) == 8
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in figure.axes}) == 1
    options = [loss.partition(" ")[0] for loss in losses[:8]]
    assert [text.get_text() for text in figure.texts if text.get_text() in options] == options


def test_the_baselines_mean_is_in_every_other_panel(histories_of):
    figure = training_curves(histories_of(3), baseline="builtin")
    own = figure.axes[0].lines[-1]
    for axes in figure.axes[1:]:
        reference = axes.lines[0]
        assert reference.get_linestyle() == "--"
        np.testing.assert_array_equal(reference.get_ydata(), own.get_ydata())
    assert not [line for line in figure.axes[0].lines if line.get_linestyle() == "--"]


def test_another_common_metric_can_be_drawn(histories_of):
    histories = histories_of(1)
    figure = training_curves(histories, metric="val/average_precision")
    assert figure.texts[0].get_text() == "Training by loss: average precision on validation"
    first = histories.loc[histories["split"] == 0, "val/average_precision"]
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), first)


def test_a_run_that_diverged_is_counted_and_ends_the_mean(histories_of):
    histories = histories_of(1)
    histories.loc[5, "val/log_loss"] = np.inf
    (axes,) = training_curves(histories).axes
    assert axes.texts[0].get_text() == "1 of 2 runs not finite"
    assert np.asarray(axes.lines[-1].get_xdata())[-1] == 5
    assert np.isfinite(axes.get_ylim()).all()


def test_decades_apart_are_shown_by_decades(histories_of):
    histories = histories_of(2)
    histories.loc[histories["loss"] == "builtin", "val/log_loss"] /= 100
    figure = training_curves(histories)
    figure.canvas.draw()
    assert {axes.get_yscale() for axes in figure.axes} == {"log"}


def test_nothing_to_draw_is_said(histories_of):
    histories = histories_of(2).assign(**{"val/log_loss": np.nan})
    figure = training_curves(histories, baseline="builtin")
    figure.canvas.draw()
    assert [text.get_text() for axes in figure.axes for text in axes.texts] == ["no finite value"] * 2
    assert training_curves(histories[:0]).texts[-1].get_text() == "No finished run has a history."


@pytest.mark.parametrize("runs", [1, 2])
def test_one_epoch_is_a_marker(runs):
    history = pd.DataFrame({"loss": "builtin", "split": range(runs), "seed": 0, "epoch": 1, "val/log_loss": 0.5})
    figure = training_curves(history)
    figure.canvas.draw()
    assert {line.get_marker() for line in figure.axes[0].lines} == {"o"}
