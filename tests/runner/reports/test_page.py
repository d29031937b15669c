"""The report as a page: complete in itself, and what it shows is what it was given."""

from __future__ import annotations

import base64
import shutil
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from runner.comparison.verdict import Verdict
from runner.evaluation.budgets import Budget
from runner.reports.page import ReportFigure, Section, render_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
VOID = {"meta", "img"}
PNG = b"\x89PNG not really"
BOARD = pd.DataFrame(
    {
        "mean": [0.8123, 0.8],
        "gain": [0.0123, np.nan],
        "gain_low": [0.004, np.nan],
        "gain_high": [0.0206, np.nan],
        "p_holm": [0.0131, np.nan],
        "verdict": ["better", "baseline"],
        "average_precision": [0.8123, 0.8],
        "f1_gain_of_tuning": [0.25, -0.01],
        "seconds": [4.61, 4.5],
        "runs": [10, 10],
        "splits": [5, 5],
    },
    index=pd.Index(["<b>focal</b> gamma=2", "builtin"], name="loss"),
)


class Reader(HTMLParser):
    """Tags that are open, everything said, and every address."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.said: list[str] = []
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.said.append(data)


def page() -> str:
    words = Verdict("focal is better than builtin", ("By 0.0123 & more.", "It was paired."))
    section = Section("page_blocks", words, BOARD, [ReportFigure("Differences", "Look at zero.", PNG)])
    return render_page(
        "2 losses on page_blocks", "test/average_precision", [section], {"command": "runner -m loss=<a>"}
    )


def test_the_page_is_whole_and_needs_no_network():
    reader = Reader(page())

    assert reader.open == []
    assert reader.addresses == ["data:image/png;base64," + base64.b64encode(PNG).decode()]
    assert "http" not in page()


def test_the_verdict_comes_before_the_table_and_the_figures():
    said = "".join(Reader(page()).said)

    order = ["focal is better than builtin.", "By 0.0123 & more.", "AP", "+0.0123", "Differences", "runner -m loss=<a>"]
    places = [said.index(words) for words in order]
    assert places == sorted(places)


def test_the_table_shows_the_board_and_gaps_stay_empty():
    reader = Reader(page())
    focal, builtin = page().split("<tbody>")[1].split("</tbody>")[0].split("</tr>")[:2]

    assert "<b>focal</b> gamma=2" in reader.said  # as text, not as a tag
    assert "+0.0040 to +0.0206" in focal
    assert '<td data-value="0.8123">0.8123</td>' in focal
    assert '<td data-value="4.61">4.6</td>' in focal
    assert "nan" not in builtin
    assert 'class="word better"' in focal


def test_a_metric_without_a_column_of_its_own_gets_one():
    board = BOARD.drop(columns="average_precision")
    section = Section("d", Verdict("h", ()), board, [])

    assert '<td data-value="0.8123">0.8123</td>' in render_page("t", "test/brier", [section], {})


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")
def test_a_click_on_a_heading_sorts_the_table_and_another_turns_it_round():
    from playwright.sync_api import sync_playwright

    board = pd.concat([BOARD, BOARD.iloc[:1].assign(gain=-0.5).rename(index=lambda loss: "dice")])
    section = Section("d", Verdict("h", ()), board, [])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        shown = browser.new_page()
        shown.set_content(render_page("t", "test/average_precision", [section], {}))

        def order_after_a_click_on(heading: str) -> list[str]:
            shown.locator("th").get_by_text(heading, exact=True).click()
            return shown.locator("tbody td:first-child").all_inner_texts()

        focal = "<b>focal</b> gamma=2"
        assert order_after_a_click_on("gain") == ["dice", focal, "builtin"]
        assert order_after_a_click_on("gain") == [focal, "dice", "builtin"]  # what has no value stays last
        assert order_after_a_click_on("loss") == [focal, "builtin", "dice"]
        browser.close()


def test_headings_of_metrics_at_a_budget_tell_it_where_all_runs_share_one():
    board = BOARD.assign(precision_at_k=0.5, recall_at_fpr=0.4, partial_roc_auc=0.7)
    for budget, named in ((Budget(0.05, 0.1), True), (None, False)):
        section = Section("d", Verdict("h", ()), board, [], budget=budget)
        said = Reader(render_page("t", "test/average_precision", [section], {})).said
        for heading in ("precision at k = 5%", "recall at FPR 10%", "pAUC to FPR 10%"):
            assert (heading in said) is named
        assert ("precision at k" in said) is not named
