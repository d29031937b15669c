import numpy as np
import pandas as pd
import pytest
from matplotlib.cbook import STEP_LOOKUP_MAP

from runner import figures

TRIALS = pd.DataFrame(
    {
        "trial": [3, 0, 1, 2, 4],
        "val/f1": [0.5, 0.9, 0.7, np.nan, 0.6],
        "val/ece": [0.1, 0.4, 0.2, np.nan, 0.3],
        "val/mcc": [0.2, 0.3, 0.1, np.nan, 0.5],
    }
)


def labels(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_front_stands_out_from_the_trials_it_beats():
    figure = figures.pareto_front(
        TRIALS, [0, 1, 3], objectives=["val/f1", "val/ece"], maximize=[True, False], subtitle="loss.gamma"
    )
    (axes,) = figure.axes
    line, beaten, best = axes.lines

    np.testing.assert_array_equal(best.get_xydata(), [[0.5, 0.1], [0.7, 0.2], [0.9, 0.4]])
    np.testing.assert_array_equal(beaten.get_xydata(), [[0.6, 0.3]])
    np.testing.assert_array_equal(line.get_xydata(), best.get_xydata())
    assert [text.get_text() for text in axes.texts] == ["3", "1", "0"]
    assert labels(figure) == ["on the front", "beaten", "what has been reached"]
    assert figure.texts[0].get_text() == "Pareto front: 3 of 5 trials, 1 failed"
    assert axes.get_xlabel() == "val/f1, better →"
    assert axes.get_ylabel() == "← better, val/ece"


def test_a_front_of_one_trial_has_no_line_and_of_all_nothing_beaten():
    one = figures.pareto_front(TRIALS, [0], objectives=["val/f1", "val/mcc"], maximize=[True, True])
    every = figures.pareto_front(TRIALS, [0, 1, 3, 4], objectives=["val/f1", "val/ece"], maximize=[True, False])

    assert labels(one) == ["on the front", "beaten"]
    assert labels(every) == ["on the front", "what has been reached"]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("second", [True, False])
def test_the_steps_bound_what_the_front_beats(first, second):
    signs = np.array([1 if first else -1, 1 if second else -1])
    front = signs * np.array([[1, 3], [2, 2], [4, 1]])
    trials = pd.DataFrame({"trial": range(3), "a": front[:, 0], "b": front[:, 1]})
    figure = figures.pareto_front(trials, range(3), objectives=["a", "b"], maximize=[first, second])
    line = figure.axes[0].lines[0]
    x, y = STEP_LOOKUP_MAP[line.get_drawstyle()](line.get_xdata(), line.get_ydata())
    levels = [((start + end) / 2, height) for start, end, height in zip(x, x[1:], y[1:], strict=False) if start != end]

    assert len(levels) == 2
    for middle, height in levels:  # the best of the second among trials as good as that in the first
        assert signs[1] * height == max(b for a, b in front * signs if a >= signs[0] * middle)


def test_three_objectives_are_a_panel_for_each_pair():
    names = ["val/f1", "val/ece", "val/mcc"]
    figure = figures.pareto_front(TRIALS, [1, 3, 4], objectives=names, maximize=[True, False, True])

    pairs = [tuple(np.asarray(axes.lines[1].get_xydata())[0]) for axes in figure.axes]
    assert pairs == [(0.5, 0.1), (0.5, 0.2), (0.1, 0.2)]  # of trial 3
    assert [axes.get_ylabel() for axes in figure.axes] == ["ece\n← better", "mcc\nbetter →", ""]
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "f1\nbetter →", "ece\n← better"]
    assert labels(figure) == ["on the front", "beaten"]


@pytest.mark.parametrize("count", [4, 5, 7])
def test_nothing_of_many_panels_is_cut_off_and_five_objectives_are_the_most(count):
    rng = np.random.default_rng(0)
    names = [f"val/balanced_accuracy_{i}" for i in range(count)]
    trials = pd.DataFrame({"trial": range(9), **{name: rng.random(9) for name in names}})
    figure = figures.pareto_front(trials, range(3), objectives=names, maximize=[True] * count)
    figure.canvas.draw()

    assert len(figure.axes) == {4: 6, 5: 10, 7: 10}[count]
    assert ("first 5 of 7 objectives" in figure.texts[0].get_text()) == (count == 7)
    boxes = [axis.label.get_window_extent() for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
    assert all(box.x0 >= 0 and box.y0 >= 0 for box in boxes)


@pytest.mark.parametrize("names", [["val/f1", "val/ece"], ["val/f1", "val/ece", "val/mcc"]])
def test_a_front_of_failures_says_so(names):
    none = TRIALS.assign(**dict.fromkeys(names, np.nan))
    figure = figures.pareto_front(none, [], objectives=names, maximize=[True] * len(names))

    assert figure.texts[0].get_text() == "Pareto front: 0 of 5 trials, 5 failed"
    assert all(axes.texts[0].get_text() == "no trial ended well" for axes in figure.axes)
