import numpy as np
import pytest

from runner.evaluation.metrics import expected_calibration_error
from runner.figures import loss_colour
from runner.figures.comparison import calibration_overlay
from runner.figures.comparison.calibration import POSITIVES


def drawn(figure) -> dict:
    return {line.get_label(): line for line in figure.axes[0].lines if not line.get_label().startswith("_")}


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def balanced(rows: int = 4000):
    """Calibrated probabilities from 0 to 1, and so many positives that no bins are joined."""
    random = np.random.default_rng(0)
    probabilities = random.uniform(0.05, 1, rows)
    return (random.random(rows) < probabilities).astype(int), probabilities


def test_points_are_the_bins_of_all_runs_together():
    runs = [balanced(), balanced()]
    line = drawn(calibration_overlay({"focal gamma=2": runs}, bins=4))["focal gamma=2"]
    labels, probabilities = (np.concatenate(parts) for parts in zip(*runs, strict=True))
    member = np.searchsorted(np.quantile(probabilities, [0.25, 0.5, 0.75]), probabilities)
    np.testing.assert_allclose(line.get_xdata(), [probabilities[member == i].mean() for i in range(4)])
    np.testing.assert_allclose(line.get_ydata(), [labels[member == i].mean() for i in range(4)])
    assert line.get_color() == loss_colour("focal")


def test_bins_with_few_positives_are_joined(scores_of):
    scores = scores_of(1)
    line = drawn(calibration_overlay(scores, bins=20))["builtin"]
    labels = np.concatenate([labels for labels, _ in scores["builtin"]])
    rates = line.get_ydata()
    assert 2 <= len(rates) <= labels.sum() / POSITIVES
    assert rates.min() > 0
    assert np.all(np.diff(line.get_xdata()) > 0)


def test_the_band_goes_from_the_lowest_run_to_the_highest():
    labels, probabilities = balanced()
    flipped = np.where(np.arange(len(labels)) % 7 == 0, 1 - labels, labels)
    figure = calibration_overlay({"builtin": [(labels, probabilities), (flipped, probabilities)]}, bins=2)
    (band,) = figure.axes[0].collections
    heights = band.get_paths()[0].vertices[:, 1]
    member = probabilities > np.median(probabilities)
    rates = [each[member == side].mean() for each in (labels, flipped) for side in (False, True)]
    assert {round(rate, 9) for rate in rates} == {round(height, 9) for height in heights}


def test_rare_positives_are_spread_by_decades_and_balanced_ones_are_not(scores_of):
    rare = calibration_overlay(scores_of(3)).axes[0]
    assert (rare.get_xscale(), rare.get_yscale()) == ("symlog", "symlog")
    even = calibration_overlay({"builtin": [balanced()]}).axes[0]
    assert even.get_xscale() == "linear"
    for axes in (rare, even):
        (perfect,) = [line for line in axes.lines if line.get_label().startswith("_")]
        places = axes.transAxes.inverted().transform(axes.transData.transform(perfect.get_xydata()))
        np.testing.assert_allclose(places[:, 0], places[:, 1], atol=1e-9)


def test_the_key_is_ordered_by_the_mean_error(scores_of):
    scores = scores_of(3)
    figure = calibration_overlay(scores)
    errors = {loss: np.mean([expected_calibration_error(*run, 10) for run in runs]) for loss, runs in scores.items()}
    expected = [f"{error:.3f}" for error in sorted(errors.values())]
    assert [text for text in texts(figure) if text in expected] == expected


def test_of_many_losses_six_are_in_colour(scores_of, losses):
    figure = calibration_overlay(scores_of(9), baseline="builtin")
    lines = drawn(figure)
    assert len(lines) == 9
    coloured = [loss for loss, line in lines.items() if line.get_color() == loss_colour(loss)]
    assert "builtin" in coloured
    assert 5 <= len(coloured) <= 6
    assert "in colour" in texts(figure)[1]


@pytest.mark.parametrize("value", [0.0, 1e-9, 0.3, 1.0])
def test_constant_scores_are_one_point(value):
    labels = np.array([0] * 90 + [1] * 10)
    figure = calibration_overlay({"builtin": [(labels, np.full(100, value))]})
    figure.canvas.draw()
    np.testing.assert_allclose(drawn(figure)["builtin"].get_xydata(), [[value, 0.1]])


def test_no_run_is_said():
    assert texts(calibration_overlay({}))[-1] == "No run has both classes and finite probabilities."
