"""What the page of a sweep's parent run says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from runner.reports.comparison import Report
from runner.reports.note import MOST_LOSSES, parent_note
from runner.reports.page import ReportFigure
from runner.tracking.recorded_run import RecordedRun

PARENT = RecordedRun("abc", "sweep", "FINISHED", experiment_id="7")


def report(losses, sentences=("A sentence.",), spread=0.01):
    board = pd.DataFrame(
        {
            "mean": 0.8,
            "gain": [np.nan, *[0.0123] * (len(losses) - 1)],
            "gain_low": [np.nan, *[0.001] * (len(losses) - 1)],
            "gain_high": [np.nan, *[0.02] * (len(losses) - 1)],
            "verdict": ["baseline", *["better"] * (len(losses) - 1)],
            "runs": 4,
        },
        index=pd.Index(losses, name="loss"),
    )
    figures = [ReportFigure("Loss curves", "Look.", b"")]
    spreads = pd.Series(spread, index=losses, dtype=float)
    return Report("focal wins", sentences, Path(), "test/average_precision", board, spreads, figures)


def test_verdict_first_then_the_leaderboard_the_report_and_its_figures():
    note = parent_note(report(["builtin", "focal gamma=2"]), PARENT)

    cells = [[cell.replace("&ensp;", "") for cell in line.split(" | ")] for line in note.splitlines()[2:6]]
    assert note.startswith("## focal wins\n\n| loss | ")
    assert cells[0][1] == "average precision, mean ± SD"
    assert cells[2] == ["| builtin", "0.8000 ± 0.0100", "", "", "baseline", "4 |"]
    assert cells[3] == ["| focal gamma=2", "0.8000 ± 0.0100", "+0.0123", "+0.0010 to +0.0200", "better", "4 |"]
    assert "(#/experiments/7/runs/abc/artifacts/comparison/report.html)" in note
    assert "![Loss curves](get-artifact?path=comparison%2Ffigures%2Floss_curves.png&run_uuid=abc)" in note


def test_no_deviation_over_several_datasets():
    assert "±" not in parent_note(report(["builtin", "focal"], spread=np.nan), PARENT)


def test_a_tag_of_mlflow_holds_it_whatever_was_compared():
    losses = [f"focal gamma={number} " + "long" * 30 for number in range(200)]
    note = parent_note(report(losses, ["word " * 200] * 50), PARENT)

    assert len(note) <= 8000
    assert f"and {len(losses) - MOST_LOSSES} more in the report" in note
    assert note.endswith("run_uuid=abc)")
