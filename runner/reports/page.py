"""The comparison as one HTML file that needs no network: verdict, table, figures, and what it was made from."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from runner.comparison.verdict import Verdict
from runner.evaluation.budgets import Budget
from runner.metrics import BUDGET_METRICS, metric_label, metric_name, name_at_budget
from runner.writing.pages import page


@dataclass(frozen=True)
class Column:
    """A column of the report's table.

    Attributes:
        name: in the leaderboard.
        heading: short, so that the table stays narrow.
        meaning: shown where the pointer rests on the heading.
    """

    name: str
    heading: str
    meaning: str

    @property
    def is_word(self) -> bool:
        """Whether its cells are words, which are aligned to the left."""
        return self.name == "verdict"


COLUMNS = (
    Column("verdict", "verdict", "against the baseline, at the declared practical equivalence"),
    Column("gain", "gain", "mean difference to the baseline; positive is better"),
    Column("gain_interval", "95% interval", "of the gain, adjusted for the number of losses (Holm)"),
    Column("p_holm", "p (Holm)", "of no difference, adjusted for the number of losses"),
    Column("average_precision", "AP", metric_label("test/average_precision")),
    Column("roc_auc", metric_name("roc_auc"), "area under the ROC curve on test"),
    Column("partial_roc_auc", "pAUC", "area under the ROC curve up to evaluation.max_fpr, guessing 0.5 (McClish)"),
    Column("recall_at_fpr", "recall at FPR", "the most recall with a false positive rate of evaluation.max_fpr"),
    Column("precision_at_k", "precision at k", "share of positives among the evaluation.top_k highest scores"),
    Column("lift_at_k", "lift at k", "the same divided by the share of positives among all rows"),
    Column("mcc", metric_name("mcc"), "Matthews correlation at the threshold tuned on validation"),
    Column("g_mean", metric_name("g_mean"), "root of sensitivity times specificity at the tuned threshold"),
    Column("iba", metric_name("iba"), "index of balanced accuracy at the tuned threshold"),
    Column("f1", f"{metric_name('f1')} tuned", "at the threshold tuned on validation"),
    Column("f1_at_half", f"{metric_name('f1')} at 0.5", "at one half"),
    Column("f1_gain_of_tuning", "tuning gains", f"{metric_name('f1')} tuned minus {metric_name('f1')} at 0.5"),
    Column("log_loss", metric_name("log_loss"), "of the probabilities as they are"),
    Column("log_loss_calibrated", "calibrated", f"{metric_name('log_loss')} after Platt scaling on validation"),
    Column("ece", "ECE", f"{metric_name('ece')} of the probabilities as they are"),
    Column("ece_calibrated", "calibrated", f"{metric_name('ece')} after Platt scaling on validation"),
    Column("seconds", "seconds", "of a run"),
    Column("runs", "runs", "finished"),
    Column("splits", "splits", "different train and test rows"),
)
SIGNED = ("gain", "f1_gain_of_tuning")
DECIMALS = {"runs": 0, "splits": 0, "seconds": 1}  # of the other columns four


@dataclass(frozen=True)
class Cell:
    """A cell of the report's table.

    Attributes:
        text: what is shown.
        value: what the table is sorted by; empty sorts last, None is the text.
        style: CSS classes.
    """

    text: str = ""
    value: float | str | None = None
    style: str = ""


@dataclass(frozen=True)
class ReportFigure:
    """A figure of the report.

    Attributes:
        title: its heading.
        caption: what to look at, in a sentence.
        png: the file's bytes.
    """

    title: str
    caption: str
    png: bytes

    @property
    def file_name(self) -> str:
        """Of its file beside the report."""
        return f"{self.title.replace(' ', '_').lower()}.png"

    @property
    def in_base64(self) -> str:
        """The file in the letters that a page may hold."""
        return base64.b64encode(self.png).decode()


@dataclass(frozen=True)
class Section:
    """What the report says of one dataset, or of all together.

    Attributes:
        title: which.
        verdict: in words.
        leaderboard: see `runner.comparison.leaderboard`.
        figures: its figures.
        references: the leaderboard of what is no network; empty where there is none.
        ensembles: the leaderboard of ensembles of runs; empty where there is none.
        budget: of the metrics at a budget; None where the runs have several.
    """

    title: str
    verdict: Verdict
    leaderboard: pd.DataFrame
    figures: Sequence[ReportFigure]
    references: pd.DataFrame = field(default_factory=pd.DataFrame)
    ensembles: pd.DataFrame = field(default_factory=pd.DataFrame)
    budget: Budget | None = None


def render_page(title: str, metric: str, sections: Sequence[Section], facts: Mapping[str, str]) -> str:
    """The whole page.

    Args:
        title: what was compared.
        metric: by which metric.
        sections: the first is the one to read first.
        facts: command, versions, data digests: what it takes to repeat it.
    """
    tables = [_table(section, metric) for section in sections]
    return page("runner.reports", "report.html.j2", title=title, metric=metric, sections=tables, facts=facts)


def _table(section: Section, metric: str) -> dict[str, object]:
    """The section as the template reads it."""
    columns = [_at_budget(column, section.budget) for column in _columns(section.leaderboard, metric)]
    rows = [
        (style, loss, [_cell(column.name, row) for column in columns])
        for style, board in zip(("", "ensemble", "reference"), _boards(section), strict=True)
        for loss, row in board.iterrows()
    ]
    return {
        "title": section.title,
        "verdict": section.verdict,
        "columns": columns,
        "rows": rows,
        "figures": section.figures,
        "has_references": len(section.references) > 0,
        "has_ensembles": len(section.ensembles) > 0,
    }


def _boards(section: Section) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    return section.leaderboard, section.ensembles, section.references


def _columns(leaderboard: pd.DataFrame, metric: str) -> list[Column]:
    columns = [column for column in COLUMNS if column.name == "gain_interval" or column.name in leaderboard]
    plain = metric.rpartition("/")[2]
    if plain not in leaderboard:  # the metric compared is always shown
        columns.insert(4, Column("mean", plain, f"mean {metric}"))
    return columns


def _at_budget(column: Column, budget: Budget | None) -> Column:
    """The column with the budget in its heading, where it is one's and all runs share it."""
    if budget is None or column.name not in BUDGET_METRICS:
        return column
    heading = name_at_budget(column.name, budget.top_k, budget.max_fpr)
    return replace(column, heading=heading.replace("partial ROC AUC", "pAUC"))


def _cell(name: str, row: pd.Series) -> Cell:
    if name == "verdict":
        return Cell(str(row[name]), style=f"word {row[name]}")
    if name == "gain_interval":
        low, high = row["gain_low"], row["gain_high"]
        return Cell() if math.isnan(low) else Cell(f"{low:+.4f} to {high:+.4f}", float(low))
    value = float(row[name])
    if math.isnan(value):
        return Cell(value="")
    sign = "+" if name in SIGNED else ""
    return Cell(f"{value:{sign}.{DECIMALS.get(name, 4)}f}", value)
