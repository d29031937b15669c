"""The charts of a dashboard in MLflow's UI, as its saved views keep them: sections, and the charts in each.

MLflow adds a chart of its own for every metric that no chart of a view is about. So each metric of a run that is not
charted here has a chart that is marked as deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.metrics import CALIBRATION_METRICS, COST_METRICS, FINAL_METRICS, metric_name
from runner.tracking import names

Chart = Mapping[str, Any]

LEARNING = "Learning curves"
RANKING = "Ranking"
DECISIONS = "Decisions at the tuned threshold"
PROBABILITIES = "Probabilities"
VARIED = "What was varied"
OWN_SCALE = "Each loss on its own scale"
COST = "Cost"

CALIBRATOR_NUMBERS = ("slope", "shift", "a", "b", "slope_low", "slope_high", "low", "high")
"""Parameters of calibrators that are single numbers."""
STEPS = ("load", "start", "train", "evaluate", "log")
COLUMNS = {1: 1, 2: 2, 4: 2}  # by the number of charts: no row has a single one at its end
CARD_HEIGHT = 320  # pixels
MOST_RUNS = 100  # that a chart draws
MOST_AXES = 6  # of what was varied: more cannot be told apart


@dataclass(frozen=True)
class Varied:
    """What differs between the runs of a dashboard.

    Attributes:
        keys: of the config; MLflow has them as params.
        objective: the metric that runs are compared by.
        is_search: whether a sweeper chose the values, one trial after the other.
        runs: how many there will be; 0 where that is not known.
    """

    keys: Sequence[str] = ()
    objective: str = "val/average_precision"
    is_search: bool = False
    runs: int = 0


def dashboard(varied: Varied, also_hidden: Sequence[str] = (), *, means: bool = False) -> dict[str, Any]:
    """The part of a view's state that says which charts there are.

    Args:
        varied: what differs between the runs.
        also_hidden: metrics beyond those of a run that get no chart.
        means: whether the charts show groups of runs, and not the runs.
    """
    sections = {
        LEARNING: _learning_curves(means=means),
        RANKING: _ranking(),
        DECISIONS: _decisions(),
        PROBABILITIES: _probabilities(),
        VARIED: _what_was_varied(varied),
        OWN_SCALE: [_lines("the loss itself, train and validation", "train/loss", "val/loss", logarithmic=True)],
        COST: _cost(),
    }
    sections = {section: charts for section, charts in sections.items() if charts}
    placed = [
        {**chart, "uuid": f"{_id(section)}-{number}", "metricSectionId": _id(section)}
        for section, charts in sections.items()
        for number, chart in enumerate(charts)
    ]
    return {
        "compareRunSections": [
            {
                "uuid": _id(section),
                "name": section,
                "display": True,
                "isReordered": True,
                "columns": COLUMNS.get(len(charts), 3),
                "cardHeight": CARD_HEIGHT,
            }
            for section, charts in sections.items()
        ],
        "compareRunCharts": [*placed, *_hidden(placed, also_hidden)],
        "isAccordionReordered": True,
        "hideEmptyCharts": True,
    }


def _id(section: str) -> str:
    return section.lower().replace(" ", "-")


def _learning_curves(*, means: bool) -> list[Chart]:
    """The curves that are seen first: no more, for MLflow's server takes a second for those of 100 runs, each time.

    MLflow draws the range of a mean so that a linear axis reaches to 0, where curves between 0.9 and 1 look all alike.
    """
    return [
        _lines("log loss on validation", "val/log_loss", logarithmic=True),
        _lines("average precision on validation", "val/average_precision", logarithmic=means),
        _lines("ROC AUC on validation", "val/roc_auc", logarithmic=means),
    ]


def _ranking() -> list[Chart]:
    return [
        _bars("test/average_precision"),
        _bars("test/roc_auc"),
        _scatter("average precision: validation and test", "val/average_precision", "test/average_precision"),
    ]


def _decisions() -> list[Chart]:
    return [
        _bars("test/mcc"),
        _bars("test/f1"),
        _bars("test/g_mean"),
        _scatter("recall and precision on test", "test/recall", "test/precision"),
    ]


def _probabilities() -> list[Chart]:
    return [
        _bars("test/log_loss", "test_calibrated/log_loss", name="log loss on test: raw and calibrated"),
        _bars("test/ece", "test_calibrated/ece", name="calibration error on test: raw and calibrated"),
        _bars("test/brier", "test_calibrated/brier", name="Brier score on test: raw and calibrated"),
        _scatter("ranking and calibration on test", "test/average_precision", "test/ece"),
    ]


def _what_was_varied(varied: Varied) -> list[Chart]:
    """Parallel coordinates, and each key that is no choice of an option against the objective.

    The objective is the last of the coordinates, for MLflow colours the lines by it.
    """
    if not varied.keys:
        return []
    objective, axes = varied.objective, list(varied.keys)[:MOST_AXES]
    others = ("test/log_loss", "test/average_precision")
    scattered = [key for key in axes if "." in key or key == "seed"]
    if varied.is_search:
        scattered = [names.TRIAL, *scattered]
    parallel = {
        "type": "PARALLEL",
        "displayName": "what was varied, and what came of it",
        "selectedParams": axes,
        "selectedMetrics": [metric for metric in others if metric != objective] + [objective],
        "showAllRuns": True,
        "isGenerated": False,
    }
    return [parallel, *(_scatter(f"{key} and {metric_name(objective)}", key, objective, "PARAM") for key in scattered)]


def _cost() -> list[Chart]:
    return [
        _bars("wall_seconds/train", name="seconds of training"),
        _scatter("seconds of training, and average precision on test", "wall_seconds/train", "test/average_precision"),
        _bars("best_epoch", name="epoch of the best weights"),
    ]


def _lines(name: str, *metrics: str, logarithmic: bool = False) -> Chart:
    return {
        "type": "LINE",
        "displayName": name,
        "metricKey": metrics[0],
        "selectedMetricKeys": list(metrics),
        "scaleType": "log" if logarithmic else "linear",
        "xAxisKey": "step",
        "xAxisScaleType": "linear",
        "useGlobalXaxisKey": True,
        "useGlobalLineSmoothing": True,
        "yAxisKey": "metric",
        "yAxisExpressions": [],
        "ignoreOutliers": False,
        "lineSmoothness": 0,
        "range": {},
        "runsCountToCompare": MOST_RUNS,
        "isGenerated": False,
    }


def _bars(*metrics: str, name: str = "") -> Chart:
    return {
        "type": "BAR",
        "displayName": name or f"{metric_name(metrics[0])} on test",
        "metricKey": metrics[0],
        "selectedMetricKeys": list(metrics),
        "runsCountToCompare": MOST_RUNS,
        "isGenerated": False,
    }


def _scatter(name: str, x: str, y: str, of_x: str = "METRIC") -> Chart:
    return {
        "type": "SCATTER",
        "displayName": name,
        "xaxis": {"key": x, "type": of_x},
        "yaxis": {"key": y, "type": "METRIC"},
        "runsCountToCompare": MOST_RUNS,
        "isGenerated": False,
    }


def _hidden(charts: Sequence[Chart], more: Sequence[str]) -> Iterator[Chart]:
    charted = {chart.get("metricKey") for chart in charts}
    for metric in dict.fromkeys([*recorded_metrics(), *more]):
        if metric not in charted:
            yield {
                "type": "BAR",
                "uuid": f"hidden-{metric}",
                "metricKey": metric,
                "metricSectionId": charts[0]["metricSectionId"],
                "deleted": True,
                "isGenerated": True,
            }


def recorded_metrics() -> list[str]:
    """Every metric that a run may be recorded with, other than the machine's use."""
    of_probabilities = ("test", "test_calibrated", "test_debiased", "test_served")
    final = [f"{part}/{name}" for part in ("val", "test_at_half", *of_probabilities) for name in FINAL_METRICS]
    final += [f"{part}/{name}" for part in of_probabilities for name in CALIBRATION_METRICS]
    final += [f"calibrator/{name}" for name in CALIBRATOR_NUMBERS]
    intervals = [f"test/{name}.{end}" for name in FINAL_METRICS for end in ("low", "high")]
    final += [f"test/{name}" for name in COST_METRICS]
    final += ["guarantee/holds", "guarantee/p", "guarantee/positives_needed"]
    others = ["train/loss", "val/loss", "test/prevalence", "threshold", "best_epoch", "epochs"]
    return [*final, *intervals, *others, *(f"wall_seconds/{step}" for step in STEPS)]
