"""From predictions to numbers: the threshold chosen on validation, metrics on validation and test, intervals."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from runner.evaluation.budgets import Budget, budget_metrics
from runner.evaluation.calibration import platt_scaling
from runner.evaluation.calibration_measures import calibration_measures
from runner.evaluation.calibrators import Calibrator, ClosedForm, fit_calibrator, log_loss_of_probabilities
from runner.evaluation.confusion import Confusion
from runner.evaluation.costs import cost_metrics
from runner.evaluation.guarantee import guaranteed_threshold
from runner.evaluation.intervals import intervals
from runner.evaluation.metrics import decision_metrics, score_metrics
from runner.evaluation.predictions import Predictions
from runner.evaluation.subgroups import ByGroup, subgroup_table, worst_of_groups
from runner.evaluation.thresholds import ThresholdRule, choose_threshold
from runner.metrics import WORST_GROUP
from runner.terms.costs import Costs
from runner.terms.subgroups import Subgroups

log = logging.getLogger("runner.evaluation")


@dataclass(frozen=True, eq=False)
class EvaluationOptions:
    """How predictions are evaluated.

    Attributes:
        rule: how to choose the threshold.
        bins: of the calibration error.
        draws: behind the intervals of the decisions; 0 for no intervals at all.
        groups: (n,) of the test rows, where rows of one group are not independent; then groups are, in the intervals.
        calibrator: what the served probabilities are made by: see `fit_calibrator`.
        budget: of the metrics at a budget.
        costs: of the validation and the test rows' decisions, or None.
        subgroups: of the test rows, by which their metrics are reported too, or None.
    """

    rule: ThresholdRule
    bins: int = 10
    draws: int = 1000
    groups: np.ndarray | None = None
    calibrator: str = "platt"
    budget: Budget = Budget()
    costs: tuple[Costs, Costs] | None = None
    subgroups: Subgroups | None = None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The verdict on one run.

    Attributes:
        metrics: flat names, as MLflow shows them: `test/average_precision`, `val/f1`, `test_at_half/f1`, `threshold`,
            `test/average_precision.low`, `test_calibrated/log_loss`, `test_debiased/log_loss`, `test_served/ece`,
            `test_worst_group/roc_auc`, ...
        threshold: probability from which a row is called positive.
        rule: how it was chosen.
        validation, test: the predictions behind the metrics.
        calibrated: (n,) P(y=1|x) of the test part by Platt scaling fitted on validation: one method for all losses.
        calibrator: makes the probabilities that the model serves; fitted on validation.
        debiased: (n,) the same by the loss's closed form alone; None where it has none.
        budget: of the metrics at a budget.
        by_group: metrics of each group of test rows, where they are asked for.
        costs: of the test rows' decisions, or None.
    """

    metrics: dict[str, float]
    threshold: float
    rule: ThresholdRule
    validation: Predictions
    test: Predictions
    calibrated: np.ndarray
    calibrator: Calibrator
    debiased: np.ndarray | None = None
    budget: Budget = Budget()
    by_group: ByGroup | None = None
    costs: Costs | None = None

    @property
    def confusion(self) -> Confusion:
        """Counts on the test part at the threshold."""
        return Confusion.at(self.test.labels, self.test.probabilities, self.threshold)

    def interval(self, metric: str) -> tuple[float, float] | None:
        """The 95% interval of a test metric, named without `test/`, if there is one."""
        low, high = (self.metrics.get(f"test/{metric}.{end}") for end in ("low", "high"))
        return None if low is None or high is None else (low, high)


def evaluate(
    validation: Predictions,
    test: Predictions,
    options: EvaluationOptions,
    debiased: np.ndarray | None = None,
    closed_form: ClosedForm | None = None,
) -> Evaluation:
    """The evaluation of one run's predictions.

    Args:
        validation: chooses the threshold and calibrates.
        test: measured at it.
        options: how.
        debiased: (n,) P(y=1|x) of the test part by the loss's closed form, measured too; or None.
        closed_form: the same as a map, which the calibrator `auto` tries; or None.
    """
    rule, threshold, metrics = _decided(validation, options.rule)
    for name, part in (("val", validation), ("test", test)):
        values = score_metrics(part.labels, part.logits, options.bins)
        values |= budget_metrics(part.labels, part.logits, options.budget)
        values |= decision_metrics(Confusion.at(part.labels, part.probabilities, threshold))
        metrics |= {f"{name}/{key}": value for key, value in values.items()}
    at_half = decision_metrics(Confusion.at(test.labels, test.probabilities, 0.5))
    metrics |= {f"test_at_half/{key}": value for key, value in at_half.items()}
    metrics["test/prevalence"] = float(np.mean(test.labels))
    slope, shift = platt_scaling(validation.labels, validation.logits)
    calibrated = expit(slope * test.logits + shift)
    if options.calibrator == "platt":  # the same as all losses are compared by
        calibrator, served = Calibrator("platt", {"slope": slope, "shift": shift}), None
    else:
        calibrator = fit_calibrator(options.calibrator, validation.labels, validation.logits, closed_form)
        served = calibrator(test.logits)
    metrics |= {f"calibrator/{name}": value for name, value in calibrator.numbers.items()}
    metrics |= {f"test/{key}": value for key, value in _calibration(test, test.probabilities, options).items()}
    ways = (("test_calibrated", calibrated), ("test_debiased", debiased), ("test_served", served))
    for name, probabilities in ways:
        if probabilities is not None:
            metrics[f"{name}/log_loss"] = log_loss_of_probabilities(test.labels, probabilities)
            metrics |= {f"{name}/{key}": value for key, value in _calibration(test, probabilities, options).items()}
    if options.costs is not None:
        for part, costs, name in zip((validation, test), options.costs, ("val", "test"), strict=True):
            values = cost_metrics(part.labels, calibrator(part.logits), costs)
            metrics |= {f"{name}/{key}": value for key, value in values.items()}
    if options.draws:
        found = intervals(test.labels, test.logits, threshold, draws=options.draws, groups=options.groups)
        for key, (low, high) in found.items():
            metrics |= {f"test/{key}.low": low, f"test/{key}.high": high}
    by_group = _by_group(test, threshold, options)
    if by_group is not None:
        metrics |= {f"{WORST_GROUP}/{key}": value for key, value in worst_of_groups(by_group.table).items()}
    return Evaluation(
        metrics,
        threshold,
        rule,
        validation,
        test,
        calibrated,
        calibrator,
        debiased,
        options.budget,
        by_group,
        None if options.costs is None else options.costs[1],
    )


def _by_group(test: Predictions, threshold: float, options: EvaluationOptions) -> ByGroup | None:
    if options.subgroups is None:
        return None
    table = subgroup_table(
        test.labels, test.logits, threshold, options.subgroups, draws=options.draws, units=options.groups
    )
    return ByGroup(options.subgroups.column, table)


def _decided(validation: Predictions, rule: ThresholdRule) -> tuple[ThresholdRule, float, dict[str, float]]:
    """The rule in force, the threshold that it chooses, and what is recorded of it.

    Where nothing can be guaranteed a warning says why, and the rule of that name chooses.
    """
    metrics: dict[str, float] = {}
    if rule.promised:
        found = guaranteed_threshold(validation.labels, validation.logits, rule.promised, rule.confidence)
        metrics = {"guarantee/holds": float(found.threshold is not None), "guarantee/p": found.p}
        if found.threshold is not None:
            return rule, found.threshold, {"threshold": found.threshold, **metrics}
        if found.positives_needed is not None:
            metrics["guarantee/positives_needed"] = float(found.positives_needed)
        log.warning("%s", found.reason(rule.promised, rule.confidence, int(validation.labels.sum())))
        rule = replace(rule, promised=())
    threshold = choose_threshold(validation.labels, validation.probabilities, rule)
    return rule, threshold, {"threshold": threshold, **metrics}


def _calibration(test: Predictions, probabilities: np.ndarray, options: EvaluationOptions) -> dict[str, float]:
    return calibration_measures(test.labels, probabilities, options.bins)
