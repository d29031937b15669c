"""The figures of a report: which a section gets, and in which order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from comparison_tables import METRIC, one_seed, one_split

from runner.comparison import leaderboard, one_dataset, pair, several_datasets
from runner.reports.figures import RunOutputs, SectionData, draw_section

PNG = b"\x89PNG\r\n"


@pytest.fixture
def runs() -> pd.DataFrame:
    """Two losses on three splits of one dataset."""
    return one_seed({"builtin": [0.5, 0.52, 0.51], "focal gamma=2": [0.55, 0.58, 0.56]})


def section(runs: pd.DataFrame, outputs: RunOutputs | None = None, parameters=()) -> SectionData:
    paired = pair(runs, METRIC, "builtin")
    comparison = one_dataset(paired, "pima", rope=0.005, alpha=0.05)
    return SectionData(runs, leaderboard(runs, comparison), paired, comparison, outputs, parameters)


def titles(data: SectionData) -> list[str]:
    figures = list(draw_section(data))
    assert all(figure.png.startswith(PNG) for figure in figures)
    return [figure.title for figure in figures]


def test_differences_come_first_and_runs_without_outputs_have_no_curves(runs):
    nothing = RunOutputs(pd.DataFrame(), {})

    assert titles(section(runs)) == titles(section(runs, nothing)) == ["Differences", "Leaderboard"]


def test_what_the_runs_recorded_is_drawn_after_what_was_compared(runs):
    curves = {"split": 0, "seed": 0, "epoch": [1, 2], "val/log_loss": [0.6, 0.5]}
    histories = pd.concat([pd.DataFrame({"loss": loss, **curves}) for loss in runs["loss"].unique()])
    labels, probabilities = np.array([0, 1, 0, 1] * 20), np.linspace(0.01, 0.99, 80)
    outputs = RunOutputs(histories, {loss: [(labels, probabilities)] for loss in runs["loss"].unique()})

    assert titles(section(runs, outputs)) == [
        "Differences",
        "Leaderboard",
        "Loss curves",
        "Precision and recall",
        "Calibration",
    ]


def test_each_parameter_that_was_varied_has_a_figure(runs):
    varied = runs.assign(option=["builtin"] * 3 + ["focal"] * 3, **{"loss.gamma": [np.nan] * 3 + [1.0, 2.0, 3.0]})

    assert titles(section(varied, parameters=["loss.gamma"]))[-1] == "Sensitivity to loss.gamma"


def test_several_datasets_have_a_critical_difference(runs):
    scores = {"builtin": [0.5] * 8, "focal": [0.6] * 8, "dice": [0.4] * 8}
    table = one_split(scores, ["pima", "sonar", "ecoli", "glass", "yeast", "wine", "iris", "adult"])
    paired = pair(table, METRIC, "builtin")
    comparison = several_datasets(paired, rope=0.005, alpha=0.05)
    data = SectionData(table, leaderboard(table, comparison), paired, comparison, None, ())

    assert titles(data) == ["Differences", "Leaderboard", "Critical difference"]
