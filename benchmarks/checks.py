"""How often the checks speak on the bundled sets, where mostly nothing is wrong.

    python benchmarks/checks.py            # some minutes; prints a table, and which sets have a leak or contradictions

Of each set of KEEL the default split is looked at, as a run does. Whether train and test differ in distribution is not
asked of random splits by a run; here it is, on several, because then every finding is a false one. Validation beside
test is that of logistic regression.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections import defaultdict

import numpy as np
from rich.console import Console
from rich.table import Table

from runner.data import RandomSplit, Splits, distribution_shift, make_splits, warn_of_rows
from runner.data.linked_rows import row_keys
from runner.data.sources.keel import keel_names, load_keel
from runner.errors import InputError
from runner.evaluation import EvaluationOptions, Predictions, ThresholdRule, evaluate
from runner.runs.checks import run_findings
from runner.terms.findings import CODES, collected
from runner.training.references import fit_reference

OPTIONS = EvaluationOptions(ThresholdRule("max_f1", 1.0, 1.0, 0.5, 0.5), draws=20)


def main() -> None:
    """Looks, and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", type=int, default=3)
    splits = parser.parse_args().splits
    logging.getLogger("runner.data").addHandler(logging.NullHandler())
    start = time.perf_counter()
    found: dict[str, list[str]] = defaultdict(list)
    sets, divided, compared = 0, 0, 0
    for name in keel_names():
        try:
            dataset = load_keel(name)
        except InputError as problem:
            print(problem)
            continue
        sets += 1
        with collected(()) as of_data:
            warn_of_rows(dataset, name)
        for code in {finding.code for finding in of_data}:
            found[code].append(name)
        keys = row_keys(dataset.features)
        for seed in range(splits):
            with collected(()) as of_split:
                try:
                    parts = make_splits(dataset, RandomSplit(seed, 0.2, 0.2))
                except InputError:
                    continue
            divided += 1
            if not seed:
                for code in {finding.code for finding in of_split}:
                    found[code].append(name)
            sides = parts.train, parts.test
            shift = distribution_shift(sides[0].inputs, sides[1].inputs, (keys[sides[0].rows], keys[sides[1].rows]))
            compared += shift is not None
            if shift is not None and shift.found:
                found["SHIFT01"].append(f"{name} {seed}")
            if gap(parts):
                found["GAP01"].append(f"{name} {seed}")
    table = Table(box=None)
    for heading in ("code", "finds", "said of", "of"):
        table.add_column(heading)
    of = {"SHIFT01": f"{compared} random splits", "GAP01": f"{divided} random splits"}
    for code in ("LEAK01", "LABEL01", "FEW01", "TIME01", "SHIFT01", "GAP01"):
        table.add_row(code, CODES[code], str(len(found[code])), of.get(code, f"{sets} sets"))
    Console(width=110).print(table)
    for code in ("LEAK01", "LABEL01", "TIME01", "SHIFT01", "GAP01"):
        print(code, ", ".join(found[code]))
    print(f"{time.perf_counter() - start:.0f} s")


def gap(parts: Splits) -> bool:
    """Whether logistic regression is far better on validation than on test."""
    fitted = fit_reference("logistic", parts)
    validation, test = (
        Predictions(part.rows, part.labels, np.asarray(logits, float))
        for part, logits in ((parts.validation, fitted.validation), (parts.test, fitted.test))
    )
    metrics = evaluate(validation, test, OPTIONS).metrics
    return any(finding.code == "GAP01" for finding in run_findings(metrics, 1, stops_early=False))


if __name__ == "__main__":
    main()
