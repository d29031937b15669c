import numpy as np
import pandas as pd
import pytest

from runner.figures import threshold_metrics

METRICS = ["f1", "mcc", "precision", "recall", "g_mean", "balanced_accuracy"]


def lines(figure) -> dict:
    return {line.get_label(): line for line in figure.axes[0].lines}


def verticals(figure) -> list[float]:
    return [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_label().startswith("_")]


def test_lines_are_the_table(threshold_table):
    drawn = lines(threshold_metrics(threshold_table.sample(frac=1, random_state=0), threshold=0.4, rule="f1"))
    for name in METRICS:
        np.testing.assert_array_equal(drawn[name].get_xdata(), threshold_table["threshold"])
        np.testing.assert_array_equal(drawn[name].get_ydata(), threshold_table[name])
        assert drawn[name].get_drawstyle() == "steps-pre"


def test_f1_and_mcc_stand_out(threshold_table):
    drawn = lines(threshold_metrics(threshold_table, threshold=0.4, rule="f1"))
    thin = max(drawn[name].get_linewidth() for name in METRICS[2:])
    for name in ("f1", "mcc"):
        assert drawn[name].get_linewidth() >= 2 * thin
        assert drawn[name].get_linestyle() == "-"
    assert len({drawn[name].get_color() for name in METRICS}) == 6


def test_marks_the_chosen_threshold_and_one_half(threshold_table):
    figure = threshold_metrics(threshold_table, threshold=0.41, rule="maximum f1")
    assert sorted(verticals(figure)) == [0.41, 0.5]
    assert figure.axes[0].get_xlabel().endswith("chosen by maximum f1")
    assert "chosen 0.41" in {text.get_text() for text in figure.legends[0].get_texts()}


def test_title_reads_the_metrics_at_the_chosen_threshold(threshold_table):
    row = threshold_table.iloc[20]
    figure = threshold_metrics(threshold_table, threshold=row["threshold"], rule="f1")
    expected = f"At threshold {row['threshold']:.3g}: F1 {row['f1']:.3f}, MCC {row['mcc']:.3f}"
    assert figure.texts[0].get_text() == expected


@pytest.mark.parametrize(("squeeze", "chosen"), [(lambda t: t / 100, 0.004), (lambda t: 1 - t / 100, 0.996)])
def test_crowded_thresholds_are_pulled_apart(threshold_table, squeeze, chosen):
    table = threshold_table.assign(threshold=squeeze(threshold_table["threshold"]))
    figure = threshold_metrics(table, threshold=chosen, rule="f1")
    (axes,) = figure.axes
    assert axes.get_xscale() == "logit"
    low, high = axes.get_xlim()
    assert low < chosen < high
    assert low < 0.5 < high


def test_ordinary_thresholds_have_a_linear_axis(threshold_table):
    (axes,) = threshold_metrics(threshold_table, threshold=0.4, rule="f1").axes
    assert axes.get_xscale() == "linear"
    assert axes.get_xlim() == (0, 1)


def test_negative_mcc_is_visible(threshold_table):
    (axes,) = threshold_metrics(threshold_table.assign(mcc=-0.2), threshold=0.4, rule="f1").axes
    assert axes.get_ylim()[0] < -0.2


@pytest.mark.parametrize("threshold", [0.0, 1e-12, 0.3, 1.0, np.inf, np.nan])
@pytest.mark.parametrize("rows", [0, 1, 50])
def test_short_curves_and_odd_thresholds(threshold_table, threshold, rows):
    threshold_metrics(threshold_table[:rows], threshold=threshold, rule="f1").canvas.draw()


def test_missing_values_and_infinite_thresholds(threshold_table):
    table = threshold_table.astype(float)
    table.loc[3:5, METRICS] = np.nan
    table = pd.concat([table, table[:1].assign(threshold=np.inf)])
    threshold_metrics(table, threshold=0.3, rule="f1").canvas.draw()
    threshold_metrics(table.assign(**dict.fromkeys(METRICS, np.nan)), threshold=0.3, rule="f1").canvas.draw()
