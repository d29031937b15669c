import numpy as np
import pytest

from runner.figures import loss_colour, loss_curves


def labels(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_draws_the_history(history_table):
    own, common = loss_curves(history_table, best_epoch=12, loss_name="weighted").axes
    train, validation = own.lines[:2]
    np.testing.assert_array_equal(train.get_xdata(), history_table["epoch"])
    np.testing.assert_array_equal(train.get_ydata(), history_table["train/loss"])
    np.testing.assert_array_equal(validation.get_ydata(), history_table["val/loss"])
    np.testing.assert_array_equal(common.lines[0].get_ydata(), history_table["val/log_loss"])


def test_panels_keep_their_own_scales(history_table):
    own, common = loss_curves(history_table, best_epoch=None, loss_name="weighted").axes
    assert own.get_ylim()[1] > 10
    assert common.get_ylim()[1] < 1
    assert own.get_xlim() == common.get_xlim()


def test_a_loss_is_drawn_in_its_colour(history_table):
    own, common = loss_curves(history_table, best_epoch=None, loss_name="focal").axes
    assert {line.get_color() for line in (*own.lines, *common.lines)} == {loss_colour("focal")}
    assert own.lines[0].get_linestyle() != own.lines[1].get_linestyle()


def test_marks_the_best_epoch_in_both_panels(history_table):
    figure = loss_curves(history_table, best_epoch=12, loss_name="focal")
    for axes, name in zip(figure.axes, ("val/loss", "val/log_loss"), strict=True):
        vertical, ring = axes.lines[-2:]
        assert list(np.asarray(vertical.get_xdata())) == [12, 12]
        assert list(np.asarray(ring.get_xdata())) == [12]
        assert list(np.asarray(ring.get_ydata())) == [history_table[name][11]]
    assert labels(figure)[2] == f"best epoch 12 (AP {history_table['val/average_precision'][11]:.3f})"


@pytest.mark.parametrize("best_epoch", [None, 99])
def test_no_mark_without_a_best_epoch(history_table, best_epoch):
    figure = loss_curves(history_table, best_epoch=best_epoch, loss_name="focal")
    assert labels(figure) == ["training", "validation"]


def test_one_epoch_is_a_marker(history_table):
    figure = loss_curves(history_table[:1], best_epoch=1, loss_name="builtin")
    figure.canvas.draw()
    assert all(line.get_marker() == "o" for line in figure.axes[0].lines[:2])
    assert all(tick == round(tick) for tick in figure.axes[1].get_xticks())


def test_divergence_is_said_and_does_not_stretch_the_axis(history_table):
    history = history_table.copy()
    history.loc[20:, ["train/loss", "val/loss"]] = np.inf
    history.loc[21:, ["train/loss", "val/loss", "val/log_loss"]] = np.nan
    figure = loss_curves(history, best_epoch=25, loss_name="focal")
    figure.canvas.draw()
    assert labels(figure)[-1] == "not finite from epoch 21"
    assert np.isfinite(figure.axes[0].get_ylim()).all()
    assert np.isnan(np.asarray(figure.axes[0].lines[1].get_ydata())[20:]).all()


def test_an_explosion_is_shown_by_decades(history_table):
    history = history_table.copy()
    history.loc[29, "val/loss"] = 1e6
    own, common = loss_curves(history, best_epoch=None, loss_name="focal").axes
    assert own.get_yscale() == "log"
    assert common.get_yscale() == "linear"


def test_negative_losses_stay_on_a_linear_axis(history_table):
    history = history_table.assign(**{"val/loss": -history_table["val/loss"]})
    figure = loss_curves(history, best_epoch=None, loss_name="soft_mcc")
    figure.canvas.draw()
    assert figure.axes[0].get_yscale() == "linear"


@pytest.mark.parametrize("rows", [0, 30])
def test_nothing_finite_is_said(history_table, rows):
    names = ["train/loss", "val/loss", "val/log_loss", "val/average_precision"]
    history = history_table[:rows].assign(**dict.fromkeys(names, np.nan))
    figure = loss_curves(history, best_epoch=None, loss_name="focal")
    figure.canvas.draw()
    assert [text.get_text() for axes in figure.axes for text in axes.texts] == ["no finite value"] * 2
