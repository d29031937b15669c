"""The list of losses: where each lives, what it is for, and what its arguments may be. A new loss is one entry here.

Imports no framework: the command line reads it to list losses and to refuse `gamma=-1` in a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from losses.domains import Domain, Flag, Number, above, at_least, below, between, inside, one_of, up_to, whole

FAMILIES = ("proper", "weighted", "focusing", "margins", "noise", "overlap and scores", "ranking", "decision")
"""What losses are grouped by, in this order: what they do to the log loss, or what they put in its place."""


@dataclass(frozen=True)
class Entry:
    """One loss class.

    Attributes:
        module: the module that defines the class.
        family: of `FAMILIES`.
        purpose: one line: what it changes, and why one would want that.
        arguments: the hyper-parameters, each with the values it may take.
        whole_batch: whether the value belongs to a batch, not to an example.
        costs_of_rows: whether the costs of each row's decisions, where they are known, are its sample weights.
    """

    module: str
    family: str
    purpose: str
    arguments: Mapping[str, Domain | ListedLoss] = field(default_factory=dict)
    whole_batch: bool = False
    costs_of_rows: bool = False


@dataclass(frozen=True)
class ListedLoss:
    """A loss of the catalogue: its name, a mapping with its name as `loss` and its arguments, or an object made."""

    def violation(self, value: Any) -> str | None:
        """What is expected, as a phrase, if `value` is outside; None if it is fine.

        Raises:
            ValueError: an argument of the loss is out of its range; the message is that loss's own.
        """
        if hasattr(value, "get_config"):
            return None
        given = value if isinstance(value, Mapping) else {"loss": value}
        name = given.get("loss")
        if not isinstance(name, str) or name not in CATALOGUE or name == "CompoundLoss":
            return str(self)
        arguments = {key: each for key, each in given.items() if key != "loss"}
        check_arguments(name, arguments)
        return None

    def __str__(self) -> str:
        return "the name of a loss, such as FocalLoss, or {loss: FocalLoss, gamma: 1.0}"


# What every loss takes; `reduction`, `name` and `dtype` are checked by Keras itself.
COMMON_ARGUMENTS: Mapping[str, Domain] = {"from_logits": Flag()}

# What every loss of a whole batch takes besides.
BATCH_ARGUMENTS: Mapping[str, Domain] = {"warmup_epochs": whole(0)}

CATALOGUE: Mapping[str, Entry] = {
    "CustomLoss": Entry(
        "losses.crossentropy",
        "proper",
        "Binary cross-entropy from scratch: on logits (exact), clipped as Keras 3, or as Keras 2 wrote it.",
        {"formula": one_of("logits", "clipped", "keras2")},
    ),
    "SparseCategoricalLoss": Entry(
        "losses.crossentropy",
        "proper",
        "The probabilities [1-p, p] in Keras's sparse categorical cross-entropy: the same values, another door.",
    ),
    "BrierLoss": Entry(
        "losses.proper",
        "proper",
        "The squared error of the probability: proper as the log loss is, but bounded.",
    ),
    "BetaProperLoss": Entry(
        "losses.proper",
        "proper",
        "Proper scores whose emphasis is chosen: right about probabilities near a / (a+b) first.",
        {"a": between(0, 10), "b": between(0, 10)},
    ),
    "GEVLoss": Entry(
        "losses.gev",
        "proper",
        "A skewed link in place of the sigmoid: negatives told apart cost next to nothing, positives keep pulling.",
        {"xi": inside(-1, 1)},
    ),
    "WeightedLoss": Entry(
        "losses.crossentropy",
        "weighted",
        "Cross-entropy with one weight for positives and one for negatives: errors on the rare class cost more.",
        {
            "positive_weight": above(0),
            "negative_weight": above(0),
            "balanced": Flag(),
            "pi": inside(0, 1, optional=True),
        },
    ),
    "CostSensitiveLoss": Entry(
        "losses.cost_sensitive",
        "weighted",
        "What errors cost, if known for each row: the expected cost itself, or cross-entropy weighted by it.",
        {
            "form": one_of("expected_cost", "weighted"),
            "cost_fn": above(0, optional=True),
            "cost_fp": above(0, optional=True),
        },
        costs_of_rows=True,
    ),
    "SmoothedLoss": Entry(
        "losses.crossentropy",
        "noise",
        "Cross-entropy against labels pulled towards one half: less over-confidence, some tolerance of label noise.",
        {
            "label_smoothing": up_to(0, 1),
            "smooth_positive": up_to(0, 1, optional=True),
            "smooth_negative": up_to(0, 1, optional=True),
        },
    ),
    "FocalLoss": Entry(
        "losses.focal",
        "focusing",
        "Cross-entropy that fades for examples already classified well: training dwells on the hard ones.",
        {
            "gamma": at_least(0),
            "alpha": between(0, 1),
            "alpha_mode": one_of("balanced", "positives", "uniform", "none"),
        },
    ),
    "AsymmetricLoss": Entry(
        "losses.focal_variants",
        "focusing",
        "Separate focusing for positives and negatives; negatives below a margin cost nothing.",
        {"gamma_neg": at_least(0), "gamma_pos": at_least(0), "margin": up_to(0, 1)},
    ),
    "Poly1Loss": Entry(
        "losses.focal_variants",
        "focusing",
        "Cross-entropy or focal loss with its leading term enlarged or restrained.",
        {"epsilon": above(-1), "gamma": at_least(0)},
    ),
    "ClassBalancedLoss": Entry(
        "losses.priors",
        "weighted",
        "Class weights by the effective number of examples, gentler than inverse frequency; also on focal loss.",
        {"n1": at_least(1), "n0": at_least(1), "beta": up_to(0, 1), "gamma": at_least(0)},
    ),
    "LogitAdjustedLoss": Entry(
        "losses.priors",
        "margins",
        "Cross-entropy that is told the prior, so that 0.5 becomes the threshold of least balanced error.",
        {"pi": inside(0, 1), "tau": at_least(0)},
    ),
    "VectorScalingLoss": Entry(
        "losses.priors",
        "margins",
        "Label-wise scale and shift of the logit: works where training data are fitted perfectly.",
        {"n1": at_least(1), "n0": at_least(1), "gamma": at_least(0), "tau": at_least(0)},
    ),
    "LDAMLoss": Entry(
        "losses.priors",
        "margins",
        "Larger margins for the rarer class, and class weights from a later epoch on: against over-fitted positives.",
        {
            "n1": at_least(1),
            "n0": at_least(1),
            "max_margin": above(0),
            "s": above(0),
            "drw_epoch": whole(0, optional=True),
        },
    ),
    "GeneralizedCrossEntropyLoss": Entry(
        "losses.robust",
        "noise",
        "Between cross-entropy and absolute error: strongly disbelieved (perhaps wrong) labels pull less.",
        {"q": Number(low=0, high=1, low_open=True)},
    ),
    "SymmetricCrossEntropyLoss": Entry(
        "losses.robust",
        "noise",
        "Cross-entropy plus its reverse, which wrong labels move little.",
        {"alpha": above(0), "beta": at_least(0), "log_zero": below(0)},
    ),
    "BootstrapLoss": Entry(
        "losses.robust",
        "noise",
        "Labels mixed with the network's own opinion: where they disagree, the label counts less.",
        {"beta": Number(low=0, high=1, low_open=True), "mode": one_of("soft", "hard")},
    ),
    "DiceLoss": Entry(
        "losses.overlap",
        "overlap and scores",
        "1 minus the soft F1 of the batch: true negatives, however many, cost nothing.",
        {"smooth": at_least(0)},
        whole_batch=True,
    ),
    "TverskyLoss": Entry(
        "losses.overlap",
        "overlap and scores",
        "Dice with a price for a false alarm and one for a miss.",
        {"alpha": at_least(0), "beta": at_least(0), "smooth": at_least(0)},
        whole_batch=True,
    ),
    "FocalTverskyLoss": Entry(
        "losses.overlap",
        "overlap and scores",
        "The Tversky loss to a power: steeper the closer the batch is to perfect.",
        {"alpha": at_least(0), "beta": at_least(0), "gamma": above(0), "smooth": at_least(0)},
        whole_batch=True,
    ),
    "SoftMCCLoss": Entry(
        "losses.overlap",
        "overlap and scores",
        "1 minus the soft Matthews correlation of the batch: all four cells of the confusion matrix count.",
        whole_batch=True,
    ),
    "ScoreLoss": Entry(
        "losses.score",
        "overlap and scores",
        "1 minus any score of the batch's soft confusion matrix, of probabilities as they are or pushed to 0 and 1.",
        {
            "score": one_of("f1", "fbeta", "g_mean", "balanced_accuracy", "youden", "csi", "mcc", "accuracy"),
            "squash": one_of("identity", "cosine", "sharp"),
            "beta": above(0),
            "width": Number(low=0, high=0.5, low_open=True),
            "steepness": above(0),
        },
        whole_batch=True,
    ),
    "PairwiseAUCLoss": Entry(
        "losses.pairwise",
        "ranking",
        "Every positive against every negative of the batch: a smooth bound of 1 minus ROC AUC, ranking alone.",
        {
            "surrogate": one_of("logistic", "squared_hinge", "square", "margin"),
            "margin": above(0),
            "fpr": Number(low=0, high=1, low_open=True, optional=True),
        },
        whole_batch=True,
    ),
    "SmoothAPLoss": Entry(
        "losses.smooth_ap",
        "ranking",
        "1 minus the smooth average precision of the batch: the top of the ranking counts most.",
        {"temperature": above(0), "memory": whole(0), "pi": inside(0, 1, optional=True)},
        whole_batch=True,
    ),
    "AUMLoss": Entry(
        "losses.sorted_area",
        "ranking",
        "The area under the smaller of false positives and false negatives over all thresholds: ranking, by sorting.",
        {"denominator": one_of("count", "rate")},
        whole_batch=True,
    ),
    "LovaszHingeLoss": Entry(
        "losses.sorted_area",
        "decision",
        "A convex bound of 1 minus the Jaccard index of decisions: rows that are right by a margin cost nothing.",
        whole_batch=True,
    ),
    "NNPULoss": Entry(
        "losses.unlabelled",
        "noise",
        "Label 0 means unlabelled: what positives among those rows would cost is taken off their risk.",
        {
            "prior": inside(0, 1),
            "surrogate": one_of("logistic", "sigmoid"),
            "beta": at_least(0),
            "gamma": between(0, 1),
        },
        whole_batch=True,
    ),
    "TiltedLoss": Entry(
        "losses.risk",
        "focusing",
        "Log losses averaged so that the worst rows count more, or, with a negative tilt, less.",
        {"t": above(-1)},
        whole_batch=True,
    ),
    "CVaRLoss": Entry(
        "losses.risk",
        "focusing",
        "The mean of the worst log losses of the batch: no kind of row may be neglected.",
        {"alpha": Number(low=0, high=1, low_open=True)},
        whole_batch=True,
    ),
    "CompoundLoss": Entry(
        "losses.compound",
        "overlap and scores",
        "Any two losses in one, by default cross-entropy and Dice: a gradient on every row, and an eye on the score.",
        {
            "first": ListedLoss(),
            "second": ListedLoss(),
            "weight": between(0, 1),
            "pi": inside(0, 1, optional=True),
            "n1": at_least(1, optional=True),
            "n0": at_least(1, optional=True),
        },
        whole_batch=True,
    ),
    "GHMLoss": Entry(
        "losses.ghm",
        "focusing",
        "Each bin of gradient sizes pulls alike: neither easy negatives nor wrong labels swamp the rest.",
        {"bins": whole(1), "counted": one_of("all", "occupied")},
        whole_batch=True,
    ),
}


def check_arguments(loss: str, arguments: Mapping[str, Any]) -> None:
    """Refuses values outside the ranges of a listed loss.

    Args:
        loss: a class name in `CATALOGUE`; names not listed pass unchecked (a user's own class).
        arguments: argument names and values; names not listed pass unchecked.

    Raises:
        ValueError: names the argument, says what it may be, and ends `Received: gamma=-1`.
    """
    entry = CATALOGUE.get(loss)
    domains: dict[str, Domain | ListedLoss] = {**COMMON_ARGUMENTS}
    if entry is not None:
        domains |= {**(BATCH_ARGUMENTS if entry.whole_batch else {}), **entry.arguments}
    for name, value in arguments.items():
        expected = domains[name].violation(value) if name in domains else None
        if expected:
            raise ValueError(f"Argument `{name}` of {loss} must be {expected}. Received: {name}={value}")
