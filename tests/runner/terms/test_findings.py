"""Findings on their way through the log: kept, silenced, counted."""

from __future__ import annotations

import logging

from runner.terms.findings import CODES, Finding, as_list, collected, counted, warn

LOG = logging.getLogger("runner.data")


def test_findings_are_kept_and_those_ignored_are_not_written(caplog):
    with collected(["LEAK01"]) as found:
        warn(LOG, "LEAK01", "column '%s' gives the answer", "x")
        warn(LOG, "FEW01", "few positives: %d", 3)
        LOG.warning("something else")

    assert found == [Finding("LEAK01", "column 'x' gives the answer"), Finding("FEW01", "few positives: 3")]
    assert caplog.messages == ["few positives: 3 (FEW01)", "something else"]
    warn(LOG, "LEAK01", "afterwards nothing is silent")
    assert caplog.messages[-1] == "afterwards nothing is silent (LEAK01)"
    assert len(found) == 2


def test_of_many_runs_each_code_is_said_once():
    few, fewer, leak = Finding("FEW01", "d: few positives (test 3)"), Finding("FEW01", "d: few"), Finding("LEAK01", "x")
    assert counted([[few, leak], [few], [fewer, few]]) == [
        "LEAK01: x.",
        "FEW01: d: few positives (test 3) (1 more of the kind).",
    ]
    assert counted([[], []]) == []


def test_a_list_for_a_page():
    assert as_list([]) == ""
    assert as_list([Finding("GAP01", "look here")]).splitlines()[-1] == "- GAP01: look here."


def test_every_code_is_a_word_and_a_number():
    assert all(code[:-2].isalpha() and code[:-2].isupper() and code[-2:].isdigit() for code in CODES)
