from typing import cast

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from runner import figures

TRIALS = pd.DataFrame({"trial": [2, 0, 1, 4, 5], "value": [0.7, 0.5, np.nan, 0.6, 0.9]})


def labels(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


@pytest.mark.parametrize(("maximize", "running", "trial"), [(True, [0.5, 0.7, 0.7, 0.9], 5), (False, [0.5] * 4, 0)])
def test_the_history_has_every_trial_and_the_best_so_far(maximize, running, trial):
    figure = figures.search_history(TRIALS, objective="val/f1", maximize=maximize)
    best, dots, winner, failed = figure.axes[0].lines

    np.testing.assert_array_equal(dots.get_xdata(), [0, 2, 4, 5])
    np.testing.assert_array_equal(dots.get_ydata(), [0.5, 0.7, 0.6, 0.9])
    np.testing.assert_array_equal(best.get_ydata(), running)
    assert list(np.asarray(winner.get_xdata())) == [trial]
    assert list(np.asarray(failed.get_xdata())) == [1]
    assert labels(figure) == ["a trial", "best so far", "the best", "failed"]
    assert f"by trial {trial}" in figure.texts[0].get_text()


def test_a_history_of_failures_says_so():
    figure = figures.search_history(TRIALS.assign(value=np.nan), objective="val/f1", maximize=True)

    assert "no trial ended well" in figure.texts[0].get_text()
    assert labels(figure) == ["failed"]


def test_the_bars_are_the_ten_largest_shares_the_largest_on_top():
    shares = {f"loss.key_{i}": share for i, share in enumerate(np.linspace(0.01, 0.2, 12))}
    figure = figures.search_importance(shares, objective="val/f1", trials=20)
    (axes,) = figure.axes

    assert [label.get_text() for label in axes.get_yticklabels()] == [f"loss.key_{i}" for i in range(2, 12)]
    np.testing.assert_allclose([cast(Rectangle, bar).get_width() for bar in axes.patches], list(shares.values())[2:])
    assert figure.texts[0].get_text() == "loss.key_11 matters most (20 trials)"


def test_a_name_too_long_for_the_margin_keeps_its_end():
    figure = figures.search_importance({"a" * 60 + ".gamma": 0.6, "b": 0.4}, objective="val/f1", trials=20)
    name = figure.axes[0].get_yticklabels()[1].get_text()

    assert name.startswith("…")
    assert name.endswith(".gamma")
    figure.canvas.draw()
    assert figure.axes[0].get_yticklabels()[1].get_window_extent().x0 > 0
    assert figure.texts[0].get_window_extent().x1 < figure.bbox.x1
