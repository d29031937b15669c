from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from runner.figures import precision_recall, roc


def pr(table, **changes):
    arguments: dict[str, Any] = {
        "average_precision": 0.4,
        "prevalence": 0.05,
        "threshold": 0.2,
        "at_threshold": (0.5, 0.4),
    }
    return precision_recall(table, **(arguments | changes))


def legend(figure) -> str:
    return " | ".join(text.get_text() for text in figure.legends[0].get_texts())


def test_curve_is_the_table_in_steps(precision_recall_table):
    line = pr(precision_recall_table).axes[0].lines[0]
    assert line.get_drawstyle() == "steps-pre"
    np.testing.assert_array_equal(line.get_xdata(), precision_recall_table["recall"][::-1])
    np.testing.assert_array_equal(line.get_ydata(), precision_recall_table["precision"][::-1])


def test_area_under_the_drawn_steps_is_the_average_precision(scores, precision_recall_table):
    path = pr(precision_recall_table).axes[0].lines[0]
    recall, precision = np.asarray(path.get_xdata()), np.asarray(path.get_ydata())
    area = np.sum(np.diff(recall) * precision[1:])  # steps-pre: a point's height reaches back to the one before
    assert area == pytest.approx(average_precision_score(*scores))


@pytest.mark.parametrize("last", [np.inf, np.nan])
def test_order_of_rows_does_not_matter(precision_recall_table, last):
    table = precision_recall_table.replace({"threshold": {np.inf: last}})
    shuffled = table.sample(frac=1, random_state=1)
    drawn = pr(shuffled).axes[0].lines[0].get_xydata()
    np.testing.assert_array_equal(drawn, pr(precision_recall_table).axes[0].lines[0].get_xydata())


def test_marks_prevalence_and_threshold(precision_recall_table):
    figure = pr(precision_recall_table, interval=(0.31, 0.52))
    _, chance, dot = figure.axes[0].lines
    assert set(chance.get_ydata()) == {0.05}
    assert chance.get_linestyle() == "--"
    assert (list(dot.get_xdata()), list(dot.get_ydata())) == ([0.5], [0.4])
    assert legend(figure) == "curve | threshold 0.2: recall 0.50, precision 0.40 | prevalence 0.05"
    assert figure.texts[0].get_text() == "Average precision 0.400  [0.310, 0.520]"


def test_roc_is_the_table_over_the_diagonal(roc_table):
    figure = roc(roc_table, roc_auc=0.9, at_threshold=(0.1, 0.8), interval=(0.85, 0.95))
    line, chance, dot = figure.axes[0].lines
    np.testing.assert_array_equal(line.get_xdata(), roc_table["false_positive_rate"])
    np.testing.assert_array_equal(line.get_ydata(), roc_table["true_positive_rate"])
    assert np.asarray(chance.get_xydata()).tolist() == [[0, 0], [1, 1]]
    assert np.asarray(dot.get_xydata()).tolist() == [[0.1, 0.8]]
    assert figure.texts[0].get_text() == "Area under the ROC curve 0.900  [0.850, 0.950]"


def test_constant_scores():
    figure = pr(pd.DataFrame({"threshold": [0.3, np.inf], "precision": [0.05, 1.0], "recall": [1.0, 0.0]}))
    figure.canvas.draw()
    assert figure.axes[0].lines[0].get_xydata().tolist() == [[0, 1], [1, 0.05]]


@pytest.mark.parametrize("rows", [0, 3])
def test_empty_and_missing_values(rows):
    nothing = [np.nan] * rows
    table = pd.DataFrame({"threshold": nothing, "precision": nothing, "recall": nothing}, dtype=float)
    rates = pd.DataFrame(
        {"threshold": nothing, "false_positive_rate": nothing, "true_positive_rate": nothing}, dtype=float
    )
    for figure in (
        pr(table, average_precision=np.nan, threshold=np.nan, at_threshold=(np.nan, np.nan)),
        roc(rates, roc_auc=np.nan, at_threshold=(np.nan, np.nan)),
    ):
        figure.canvas.draw()
        assert figure.axes[0].texts[0].get_text() == "no point on the curve"
