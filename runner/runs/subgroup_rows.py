"""The results of each group of test rows in words, as the terminal and the run's note show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from runner.evaluation.subgroups import ByGroup
from runner.metrics import RANKED_BY, metric_name, of_part

SHOWN = ("roc_auc", "average_precision", "recall", "precision")
"""Of a group in the note; `groups.csv` has all metrics."""
IN_TERMINAL = ("roc_auc", "recall")
"""Of a group in a terminal of 80 characters."""
MOST_SHOWN = 20
"""Groups; of more the worst."""


def heads(by_group: ByGroup, shown: Sequence[str] = IN_TERMINAL) -> list[str]:
    """The heads of the columns of `subgroup_rows`."""
    return [by_group.column, "rows", "positives", *map(metric_name, shown)]


def subgroup_rows(
    by_group: ByGroup, metrics: Mapping[str, float], shown: Sequence[str] = IN_TERMINAL
) -> list[list[str]]:
    """One row a group, worst first, then those that are too small, and last all rows together.

    Args:
        by_group: of the test part.
        metrics: `Evaluation.metrics`, for all rows.
        shown: metrics.
    """
    rows = []
    for _, group in by_group.table.head(MOST_SHOWN).iterrows():
        values = [_value(group, metric) for metric in shown]
        if group["reason"]:
            values = [group["reason"], *[""] * (len(shown) - 1)]
        rows.append([str(group["group"]), str(group["rows"]), str(group["positives"]), *values])
    table = by_group.table
    if len(table) > MOST_SHOWN:
        rows.append([f"and {len(table) - MOST_SHOWN} more", "", "", "see groups.csv", *[""] * (len(shown) - 1)])
    whole = of_part(metrics, "test")
    totals = [str(table[name].sum()) for name in ("rows", "positives")]
    return [*rows, ["all rows", *totals, *(_value(whole, metric) for metric in shown)]]


def subgroup_section(by_group: ByGroup, metrics: Mapping[str, float]) -> str:
    """A section of the run's note, in Markdown."""
    table = [heads(by_group, SHOWN), ["---"] * (3 + len(SHOWN)), *subgroup_rows(by_group, metrics, SHOWN)]
    lines = "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in table)
    return f"""
### By {by_group.column}, the worst {metric_name(RANKED_BY)} first

{lines}

Each with its 95% interval, of one group alone: of many, some are off by chance. Average precision and \
precision depend on a group's share of positives. `groups.csv` has every metric,
`figures/groups.png` the main ones.
"""


def _value(row: Mapping[str, float] | pd.Series, metric: str) -> str:
    low, high = row.get(f"{metric}.low"), row.get(f"{metric}.high")
    has_interval = low is not None and high is not None and low <= high  # of a table without intervals they are NaN
    return f"{row[metric]:.3f}" + (f" ({low:.3f} to {high:.3f})" if has_interval else "")
