"""How often a guaranteed threshold breaks its promise on rows that were not seen: at most 5% of draws, as it says.

    python benchmarks/guarantee.py            # a few minutes; 2,000 draws a row
    python benchmarks/guarantee.py --draws 200

Scores of both classes are normal, so that recall, precision and false positive rate of any threshold are known. Each
draw is a held-out part of so many rows; a promise is broken where the threshold that it gives has a rate beyond the
bound. Where no threshold can be guaranteed nothing is promised.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.special import logit
from scipy.stats import norm

from runner.evaluation.guarantee import guaranteed_threshold
from runner.terms.promises import Promise, promises

PROMISED = ("recall>=0.9", "fpr<=0.05", "precision>=0.4", "recall>=0.6,fpr<=0.1", "recall>=0.4,precision>=0.4")
PARTS = ((0.01, 6_000), (0.1, 500), (0.1, 2_000), (0.3, 1_000))
CENTRE, APART = -2.0, 2.5
CONFIDENCE = 0.95


def broken(promised: tuple[Promise, ...], threshold: float, prevalence: float) -> bool:
    """Whether a threshold does not keep one of the promises on the whole population."""
    z = float(logit(threshold))
    recall, fpr = norm.sf(z, CENTRE + APART), norm.sf(z, CENTRE)
    called = prevalence * recall + (1 - prevalence) * fpr
    rates = {"recall": recall, "fpr": fpr, "precision": prevalence * recall / called}
    return any(
        rates[each.rate] > each.bound if each.rate == "fpr" else rates[each.rate] < each.bound for each in promised
    )


def simulated(written: str, prevalence: float, rows: int, draws: int) -> tuple[float, float]:
    """(share of draws that gave a threshold, share of all draws in which it breaks a promise)."""
    promised, rng = promises(written), np.random.default_rng(0)
    given = failed = 0
    for _ in range(draws):
        labels = (rng.random(rows) < prevalence).astype(int)
        logits = rng.normal(CENTRE + APART * labels)
        if 0 < labels.sum() < rows:
            found = guaranteed_threshold(labels, logits, promised, CONFIDENCE)
            if found.threshold is not None:
                given += 1
                failed += broken(promised, found.threshold, prevalence)
    return given / draws, failed / draws


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2_000)
    draws = parser.parse_args().draws
    print(f"{draws} draws a row, confidence {CONFIDENCE:g}\n")
    print("| promise | prevalence | rows | guaranteed in | broken in |\n|---|---|---|---|---|")
    for written in PROMISED:
        for prevalence, rows in PARTS:
            given, failed = simulated(written, prevalence, rows, draws)
            told = f"`{written}` | {prevalence:.0%} | {rows:,} | {given:.1%} | {failed:.2%}"
            print(f"| {told} |", flush=True)


if __name__ == "__main__":
    main()
