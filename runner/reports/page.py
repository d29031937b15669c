"""The comparison as one HTML file that needs no network: verdict, table, figures, and what it was made from."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from runner.comparison.verdict import Verdict

# column of the leaderboard, its heading, and what it means
COLUMNS = (
    ("verdict", "verdict", "against the baseline, at the declared practical equivalence"),
    ("gain", "gain", "mean difference to the baseline; positive is better"),
    ("gain_interval", "95% interval", "of the gain, adjusted for the number of losses (Holm)"),
    ("p_holm", "p (Holm)", "of no difference, adjusted for the number of losses"),
    ("average_precision", "AP", "average precision on test"),
    ("roc_auc", "ROC AUC", "area under the ROC curve on test"),
    ("mcc", "MCC", "Matthews correlation at the threshold tuned on validation"),
    ("g_mean", "G-mean", "root of sensitivity times specificity at the tuned threshold"),
    ("f1", "F1 tuned", "at the threshold tuned on validation"),
    ("f1_at_half", "F1 at 0.5", "at one half"),
    ("f1_gain_of_tuning", "tuning gains", "F1 tuned minus F1 at 0.5"),
    ("log_loss", "log loss", "of the probabilities as they are"),
    ("log_loss_debiased", "un-biased", "log loss with the loss's own bias undone"),
    ("ece", "ECE", "calibration error of the probabilities as they are"),
    ("ece_debiased", "un-biased", "calibration error with the loss's own bias undone"),
    ("seconds", "seconds", "of a run"),
    ("runs", "runs", "finished"),
    ("splits", "splits", "different train and test rows"),
)
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #262626; max-width: 1400px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.headline { font-size: 1.25rem; font-weight: 600; margin: .6rem 0; } .muted { color: #595959; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .86rem; white-space: nowrap; }
th, td { padding: .35rem .55rem; text-align: right; border-bottom: 1px solid #d9d9d9; }
th:first-child, td:first-child, th.word, td.word { text-align: left; }
th { cursor: pointer; border-bottom: 2px solid #7f7f7f; vertical-align: bottom; } th:hover { background: #f2f2f2; }
th[aria-sort=ascending]::after { content: " \\2191"; } th[aria-sort=descending]::after { content: " \\2193"; }
.better { color: #00593f; font-weight: 600; } .worse { color: #8a3d00; font-weight: 600; }
figure { margin: 1rem 0 2rem; } figure img { max-width: 100%; } figcaption { color: #595959; font-size: .9rem; }
code, pre { background: #f5f5f5; padding: .1rem .3rem; overflow-wrap: anywhere; white-space: pre-wrap; }
dt { font-weight: 600; } dd { margin: 0 0 .5rem 0; }
"""
SCRIPT = """
for (const head of document.querySelectorAll("th")) head.addEventListener("click", () => {
  const table = head.closest("table"), index = [...head.parentNode.children].indexOf(head);
  const up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const value = row => row.children[index].dataset.value ?? row.children[index].textContent;
  const rows = [...table.tBodies[0].rows].sort((a, b) => {
    const x = value(a), y = value(b), numbers = x !== "" && y !== "" && !isNaN(x) && !isNaN(y);
    if (x === "" || y === "") return x === "" ? 1 : -1;
    return (numbers ? x - y : x.localeCompare(y)) * (up ? 1 : -1);
  });
  table.tBodies[0].append(...rows);
});
"""


@dataclass(frozen=True)
class Picture:
    """A figure of the report.

    Attributes:
        title: its heading.
        caption: what to look at, in a sentence.
        png: the file's bytes.
    """

    title: str
    caption: str
    png: bytes


@dataclass(frozen=True)
class Section:
    """What the report says of one dataset, or of all together.

    Attributes:
        title: which.
        verdict: in words.
        board: the leaderboard.
        pictures: its figures.
    """

    title: str
    verdict: Verdict
    board: pd.DataFrame
    pictures: Sequence[Picture]


def report(title: str, metric: str, sections: Sequence[Section], facts: Mapping[str, str]) -> str:
    """The whole page.

    Args:
        title: what was compared.
        metric: by which metric.
        sections: the first is the one to read first.
        facts: command, versions, data digests: what it takes to repeat it.
    """
    body = "".join(_section(section, metric) for section in sections)
    known = "".join(f"<dt>{escape(name)}</dt><dd><code>{escape(value)}</code></dd>" for name, value in facts.items())
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f'<p class="muted">compared by {escape(metric)}</p>{body}'
        f"<h2>How to repeat it</h2><dl>{known}</dl><script>{SCRIPT}</script></body></html>\n"
    )


def _section(section: Section, metric: str) -> str:
    sentences = "".join(f"<p>{escape(sentence)}</p>" for sentence in section.verdict.sentences)
    figures = "".join(
        f'<figure><h3>{escape(each.title)}</h3><img alt="{escape(each.title)}" '
        f'src="data:image/png;base64,{base64.b64encode(each.png).decode()}">'
        f"<figcaption>{escape(each.caption)}</figcaption></figure>"
        for each in section.pictures
    )
    return (
        f'<h2>{escape(section.title)}</h2><p class="headline">{escape(section.verdict.headline)}.</p>{sentences}'
        f'<p class="muted">Click a heading to sort; hover over it to read what it means.</p>'
        f'<div class="scroll">{_table(section.board, metric)}</div>{figures}'
    )


def _table(board: pd.DataFrame, metric: str) -> str:
    mean = metric.rpartition("/")[2]
    columns = [column for column in COLUMNS if column[0] == "gain_interval" or column[0] in board]
    if mean not in board:  # the metric compared is always shown
        columns.insert(4, ("mean", mean, f"mean {metric}"))
    head = '<th class="word">loss</th>' + "".join(
        f'<th{_word(name)} title="{escape(meaning)}">{escape(heading)}</th>' for name, heading, meaning in columns
    )
    rows = "".join(
        f"<tr><td>{escape(str(loss))}</td>{''.join(_cell(name, row) for name, _, _ in columns)}</tr>"
        for loss, row in board.iterrows()
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _word(name: str) -> str:
    return ' class="word"' if name == "verdict" else ""


def _cell(name: str, row: pd.Series) -> str:
    if name == "verdict":
        return f'<td class="word {escape(str(row[name]))}">{escape(str(row[name]))}</td>'
    if name == "gain_interval":
        low, high = row["gain_low"], row["gain_high"]
        return "<td></td>" if math.isnan(low) else f'<td data-value="{low}">{low:+.4f} to {high:+.4f}</td>'
    value = float(row[name])
    if math.isnan(value):
        return '<td data-value=""></td>'
    shown = {"runs": f"{value:.0f}", "splits": f"{value:.0f}", "seconds": f"{value:.1f}"}.get(name)
    if shown is None:
        shown = f"{value:+.4f}" if name in ("gain", "f1_gain_of_tuning") else f"{value:.4f}"
    return f'<td data-value="{value}">{shown}</td>'
