import numpy as np
import pytest

from runner.figures import calibration


def draw(bins, scores, **more):
    labels, probabilities = scores
    return calibration(bins, probabilities, labels, ece=0.0123, brier=0.045, **more)


def legend(figure) -> set[str]:
    return {text.get_text() for text in figure.legends[0].get_texts()}


def test_points_and_intervals_are_the_bins(bins_table, scores):
    top = draw(bins_table, scores).axes[0]
    (bars,) = top.containers
    np.testing.assert_array_equal(bars.lines[0].get_xdata(), bins_table["mean_probability"])
    np.testing.assert_array_equal(bars.lines[0].get_ydata(), bins_table["positive_rate"])
    ends = np.array([segment[:, 1] for segment in bars.lines[2][0].get_segments()])
    np.testing.assert_allclose(ends, bins_table[["low", "high"]], atol=1e-12)


def test_rare_positives_are_spread_by_decades(bins_table, scores):
    top, bottom = draw(bins_table, scores).axes
    assert (top.get_xscale(), top.get_yscale()) == ("symlog", "symlog")
    places = top.transAxes.inverted().transform(
        top.transData.transform(bins_table[["mean_probability", "positive_rate"]])
    )
    assert places[3, 0] - places[0, 0] > 0.3  # 0.001 and 0.09 are far apart
    assert places[0, 1] == pytest.approx(0)  # a rate of 0 has a place
    assert bottom.get_xlim() == top.get_xlim()


def test_perfect_line_is_straight_on_every_scale(bins_table, scores):
    for bins in (bins_table, bins_table.assign(mean_probability=[0.1, 0.3, 0.5, 0.7, 0.9])):
        top = draw(bins, scores).axes[0]
        drawn = top.transAxes.inverted().transform(top.transData.transform(top.lines[0].get_xydata()))
        np.testing.assert_allclose(drawn[:, 0], drawn[:, 1], atol=1e-9)


def test_balanced_predictions_have_linear_axes(bins_table, scores):
    bins = bins_table.assign(mean_probability=[0.1, 0.3, 0.5, 0.7, 0.9])
    assert draw(bins, scores).axes[0].get_xscale() == "linear"


def test_second_series_is_the_calibrated_one(bins_table, scores):
    calibrated = bins_table.assign(mean_probability=bins_table["mean_probability"] / 2)
    figure = draw(bins_table, scores, calibrated_bins=calibrated)
    first, second = (container.lines[0] for container in figure.axes[0].containers)
    np.testing.assert_array_equal(second.get_xdata(), calibrated["mean_probability"])
    assert first.get_color() != second.get_color()
    assert "calibrated on validation" in legend(figure)


def test_histogram_counts_every_row_by_class(bins_table, scores):
    labels, _ = scores
    figure = draw(bins_table, scores)
    bottom = figure.axes[1]
    assert bottom.get_yscale() == "log"
    counts = [patch.get_data().values for patch in bottom.patches]
    assert round(counts[0][counts[0] >= 1].sum()) == (labels == 0).sum()
    assert round(counts[2][counts[2] >= 1].sum()) == (labels == 1).sum()
    assert {f"{(labels == 0).sum():,} negatives", f"{(labels == 1).sum():,} positives"} <= legend(figure)


@pytest.mark.parametrize("value", [0.0, 1e-9, 0.02, 1.0, np.nan])
def test_constant_scores(bins_table, value):
    labels = np.array([0] * 99 + [1])
    bins = bins_table[:1].assign(mean_probability=value, positive_rate=0.01, low=0.0, high=0.05)
    draw(bins, (labels, np.full(100, value))).canvas.draw()


def test_empty_and_missing_bins(bins_table, scores):
    figure = draw(bins_table[:0], scores)
    figure.canvas.draw()
    assert figure.axes[0].texts[0].get_text() == "no bins"
    missing = bins_table.astype(float)
    missing.loc[1, "positive_rate"] = np.nan
    missing.loc[2, ["low", "high"]] = np.nan
    (bars,) = draw(missing, scores).axes[0].containers
    assert len(bars.lines[0].get_xdata()) == 4
    draw(bins_table[:0], (np.array([]), np.array([]))).canvas.draw()
