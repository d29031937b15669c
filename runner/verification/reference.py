"""The losses once more, in NumPy float64, written from the papers. Shares no code with `losses`.

Used by `runner verify` and by the tests. All take labels y in [0, 1] and logits z, and return
the loss of each element; those at the end, of a whole batch, take weights too and return one number.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

EPSILON = 1e-7


def sigmoid(z: ArrayLike) -> np.ndarray:
    """1 / (1 + exp(-z)), with all its digits on both sides."""
    return np.exp(-np.logaddexp(0, -np.asarray(z, float)))


def bce(y: ArrayLike, z: ArrayLike) -> np.ndarray:
    """Binary cross-entropy: -y log p - (1-y) log(1-p), log p = -log(1 + exp(-z))."""
    y, z = np.asarray(y, float), np.asarray(z, float)
    return y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z)


def bce_of_probabilities(y: ArrayLike, p: ArrayLike, added: Any = 0.0) -> np.ndarray:
    """Keras 3: clip to [1e-7, 1 - 1e-7]; Keras 2 then adds 1e-7 inside both logarithms."""
    y, clipped = np.asarray(y, float), np.clip(np.asarray(p, float), EPSILON, 1 - EPSILON)
    return -(y * np.log(clipped + added) + (1 - y) * np.log(1 - clipped + added))


def custom(y: ArrayLike, z: ArrayLike, formula: str = "logits") -> np.ndarray:
    """The three forms of the plain cross-entropy."""
    if formula == "logits":
        return bce(y, z)
    return bce_of_probabilities(y, sigmoid(z), EPSILON if formula == "keras2" else 0.0)


def weighted(
    y: ArrayLike,
    z: ArrayLike,
    positive_weight: Any = 2.0,
    negative_weight: Any = 1.0,
    balanced: bool = False,
    pi: Any = None,
) -> np.ndarray:
    """Class weights; balanced is scikit-learn's n / (2 n_c), here for n = 1."""
    w1, w0 = (
        (1 / (2 * np.asarray(pi)), 1 / (2 * (1 - np.asarray(pi)))) if balanced else (positive_weight, negative_weight)
    )
    return bce(1, z) * np.asarray(y, float) * w1 + bce(0, z) * (1 - np.asarray(y, float)) * w0


def cost_sensitive(
    y: ArrayLike, z: ArrayLike, form: str = "expected_cost", cost_fn: Any = None, cost_fp: Any = None
) -> np.ndarray:
    """Bahnsen 2014, equation 5, without the costs of hits and of negatives left alone; or log losses for 1-p and p."""
    cost_fn, cost_fp = (1.0 if cost is None else np.asarray(cost, float) for cost in (cost_fn, cost_fp))
    y, z = np.asarray(y, float), np.asarray(z, float)
    missed, alarmed = (sigmoid(-z), sigmoid(z)) if form == "expected_cost" else (bce(1, z), bce(0, z))
    return y * missed * cost_fn + (1 - y) * alarmed * cost_fp


def smoothed(
    y: ArrayLike, z: ArrayLike, label_smoothing: Any = 0.1, smooth_positive: Any = None, smooth_negative: Any = None
) -> np.ndarray:
    """Szegedy 2016, section 7: q' = (1 - s) q + s / K, with K = 2 classes; or each side by its own amount."""
    if smooth_positive is None and smooth_negative is None:
        return bce((1 - label_smoothing) * np.asarray(y, float) + label_smoothing / 2, z)
    one = 1 - (label_smoothing / 2 if smooth_positive is None else smooth_positive)
    zero = label_smoothing / 2 if smooth_negative is None else smooth_negative
    return bce(zero + (one - zero) * np.asarray(y, float), z)


def focal(y: ArrayLike, z: ArrayLike, gamma: Any = 2.0, alpha: Any = 0.25, alpha_mode: str = "none") -> np.ndarray:
    """Lin 2017: -alpha_t (1 - p_t)^gamma log p_t; for soft labels p_t = y p + (1-y)(1-p), as Keras has it."""
    y = np.asarray(y, float)
    factor = {
        "none": 1.0,
        "uniform": alpha,
        "balanced": y * alpha + (1 - y) * (1 - np.asarray(alpha)),
        "positives": y * alpha + 1 - y,
    }[alpha_mode]
    one_minus_pt = y * sigmoid(-np.asarray(z, float)) + (1 - y) * sigmoid(z)
    return factor * one_minus_pt**gamma * bce(y, z)


def sparse_categorical(y: ArrayLike, z: ArrayLike) -> np.ndarray:
    """Minus the log of the labelled class's softmax, over the logits [0, z]; labels are class numbers."""
    return bce(np.round(np.asarray(y, float)), z)


def class_balanced(y: ArrayLike, z: ArrayLike, n1: Any, n0: Any, beta: Any = 0.999, gamma: Any = 0.0) -> np.ndarray:
    """Cui 2019: (1 - beta) / (1 - beta^n) for each class, the two normalised to sum 2, times the focal loss."""
    w1, w0 = ((1 - np.asarray(beta)) / (1 - np.asarray(beta) ** n) for n in (n1, n0))
    w1, w0 = 2 * w1 / (w1 + w0), 2 * w0 / (w1 + w0)
    y = np.asarray(y, float)
    return (w1 * y + w0 * (1 - y)) * focal(y, z, gamma)


def logit_adjusted(y: ArrayLike, z: ArrayLike, pi: Any, tau: Any = 1.0) -> np.ndarray:
    """Menon 2021: softmax cross-entropy at the logits plus tau log pi_y, for the two classes [0, z]."""
    pi = np.asarray(pi)
    positive_minus_negative = np.asarray(z, float) + tau * np.log(pi) - tau * np.log(1 - pi)
    return bce(y, positive_minus_negative)


def vector_scaling(y: ArrayLike, z: ArrayLike, n1: Any, n0: Any, gamma: Any = 0.15, tau: Any = 1.0) -> np.ndarray:
    """Kini 2021, the binary VS-loss: log(1 + exp(iota_y) exp(-Delta_y y z)) with y = -1, 1."""
    y, z, larger = np.asarray(y, float), np.asarray(z, float), max(n1, n0)

    def one_class(count: Any, other: Any, sign: Any) -> np.ndarray:
        delta, iota = (count / larger) ** np.asarray(gamma), tau * np.log(other / count)
        return np.logaddexp(0, iota - delta * sign * z)

    return y * one_class(n1, n0, 1) + (1 - y) * one_class(n0, n1, -1)


def ldam(
    y: ArrayLike, z: ArrayLike, n1: Any, n0: Any, max_margin: Any = 0.5, s: Any = 1.0, drw_epoch: Any = None
) -> np.ndarray:
    """Cao 2019, equation 13, at the class scores [0, z]: the true class's score is lowered by its margin."""
    y, z = np.asarray(y, float), np.asarray(z, float)
    margin = {c: n ** (-1 / 4) for c, n in ((1, n1), (0, n0))}
    scale = np.asarray(max_margin) / max(margin.values())
    positive = np.logaddexp(0, s * (0 - (z - scale * margin[1])))
    negative = np.logaddexp(0, s * (z - (0 - scale * margin[0])))
    return y * positive + (1 - y) * negative


def asymmetric(
    y: ArrayLike, z: ArrayLike, gamma_neg: Any = 4.0, gamma_pos: Any = 1.0, margin: Any = 0.05
) -> np.ndarray:
    """Ridnik 2021: (1-p)^g+ log p for positives, p_m^g- log(1-p_m), p_m = max(p - m, 0), for negatives."""
    y, z, margin = np.asarray(y, float), np.asarray(z, float), np.asarray(margin)
    shifted = np.maximum(sigmoid(z) - margin, 0)
    with np.errstate(divide="ignore"):
        by_probability = -np.log(1 - shifted)
    negative = shifted**gamma_neg * np.where(margin == 0, np.logaddexp(0, z), by_probability)
    return y * sigmoid(-z) ** gamma_pos * np.logaddexp(0, -z) + (1 - y) * negative


def poly1(y: ArrayLike, z: ArrayLike, epsilon: Any = 1.0, gamma: Any = 0.0) -> np.ndarray:
    """Leng 2022: focal loss + epsilon (1 - p_t)^(gamma + 1)."""
    y = np.asarray(y, float)
    return focal(y, z, gamma) + epsilon * (y * sigmoid(-np.asarray(z)) + (1 - y) * sigmoid(z)) ** (gamma + 1)


def generalized_ce(y: ArrayLike, z: ArrayLike, q: Any = 0.7) -> np.ndarray:
    """Zhang 2018: (1 - p_y^q) / q; 1 - exp(x) written so that small x keep their digits."""
    y, z = np.asarray(y, float), np.asarray(z, float)
    return (-y * np.expm1(-q * np.logaddexp(0, -z)) - (1 - y) * np.expm1(-q * np.logaddexp(0, z))) / q


def symmetric_ce(y: ArrayLike, z: ArrayLike, alpha: Any = 0.1, beta: Any = 1.0, log_zero: Any = -4.0) -> np.ndarray:
    """Wang 2019: alpha CE + beta RCE, RCE = -sum p log y with log 0 = A (smaller logarithms are cut at A too)."""
    y = np.asarray(y, float)
    with np.errstate(divide="ignore"):
        log_y, log_not_y = np.maximum(np.log(y), log_zero), np.maximum(np.log(1 - y), log_zero)
    return alpha * bce(y, z) - beta * (sigmoid(z) * log_y + sigmoid(-np.asarray(z, float)) * log_not_y)


def bootstrap(y: ArrayLike, z: ArrayLike, beta: Any = 0.95, mode: str = "soft") -> np.ndarray:
    """Reed 2015: cross-entropy against beta y + (1 - beta) p, or against beta y + (1 - beta) [p >= 1/2]."""
    y, z = np.asarray(y, float), np.asarray(z, float)
    own = (sigmoid(z), sigmoid(-z)) if mode == "soft" else (z >= 0, z < 0)
    target = [beta * label + (1 - beta) * opinion for label, opinion in zip((y, 1 - y), own, strict=True)]
    return target[0] * np.logaddexp(0, -z) + target[1] * np.logaddexp(0, z)


def brier(y: ArrayLike, z: ArrayLike) -> np.ndarray:
    """Brier 1950, one event: the squared difference of probability and outcome, expected over a soft label."""
    y = np.asarray(y, float)
    return y * sigmoid(-np.asarray(z, float)) ** 2 + (1 - y) * sigmoid(z) ** 2


def beta_proper(y: ArrayLike, z: ArrayLike, a: Any = 0.5, b: Any = 1.5) -> np.ndarray:
    """Buja 2005: incomplete beta integrals of the weight t^(a-1) (1-t)^(b-1), by SciPy's; a and b above 0.

    Of the two complementary integrals it takes the one at the smaller of p and 1-p, which has all its digits.
    """
    y, z, a, b = (np.asarray(each, float) for each in (y, z, a, b))
    p, rest = sigmoid(z), sigmoid(-z)
    negative = special.beta(a + 1, b) * np.where(z < 0, special.betainc(a + 1, b, p), special.betaincc(b, a + 1, rest))
    positive = special.beta(a, b + 1) * np.where(z < 0, special.betaincc(a, b + 1, p), special.betainc(b + 1, a, rest))
    return y * positive + (1 - y) * negative


def gev(y: ArrayLike, z: ArrayLike, xi: Any = 0.0) -> np.ndarray:
    """Bao 2021: y times the integral of 1 - F from z on, 1-y times that of F up to z, F the GEV distribution.

    By u = (1 + xi z)^(-1/xi) they are the integrals of (1 - exp(-x)) x^(-xi-1) up to u, as a power series, and of
    exp(-x) x^(-xi-1) from u on, by the double exponential rule (Takahasi and Mori 1974). Either gives the other: their
    difference is z less the mean of F.
    """
    y, z, xi = np.broadcast_arrays(*(np.asarray(each, float) for each in (y, z, xi)))
    gumbel = np.abs(xi) < 1e-12
    shape = np.where(gumbel, 1.0, xi)
    with np.errstate(divide="ignore", over="ignore"):
        u = np.where(gumbel, np.exp(-z), np.maximum(1 + shape * z, 0) ** (-1 / shape))
    xi = np.where(gumbel, 0.0, xi)
    mean = np.where(gumbel, np.euler_gamma, (special.gamma(1 - np.where(gumbel, 0.5, xi)) - 1) / shape)
    small, large = np.minimum(u, 2.0), np.clip(u, 2.0, 800.0)
    k = np.arange(1, 40)
    above = small ** (1 - xi) * np.sum(
        (-1.0) ** (k + 1) * small[..., None] ** (k - 1) / special.factorial(k) / (k - xi[..., None]), axis=-1
    )
    step = np.arange(-5, 5, 0.01)
    x = np.exp(step - np.exp(-step))
    beyond = np.exp(-x) * x * (1 + np.exp(-step)) * (large[..., None] + x) ** (-1 - xi[..., None])
    below = np.exp(-large) * 0.01 * np.sum(beyond, axis=-1)
    positive = np.where(u <= 2, above, below - z + mean)
    negative = np.where(u <= 2, above + z - mean, below)
    return y * positive + (1 - y) * negative


def of_mean_one(rows: int, weights: ArrayLike | None) -> np.ndarray:
    """Weights scaled to mean 1; ones where there are none."""
    w = np.ones(rows) if weights is None else np.asarray(weights, float)
    return w / w.mean()


def soft_table(y: ArrayLike, z: ArrayLike, weights: ArrayLike | None = None) -> tuple[Any, Any, Any, Any]:
    """Soft TP, FP, FN, TN of rows with weights of mean 1."""
    y = np.asarray(y, float)
    w = of_mean_one(len(y), weights)
    p, not_p = sigmoid(z), sigmoid(-np.asarray(z, float))
    return np.sum(w * y * p), np.sum(w * (1 - y) * p), np.sum(w * y * not_p), np.sum(w * (1 - y) * not_p)


def dice(y: ArrayLike, z: ArrayLike, weights: ArrayLike | None = None, smooth: Any = 1.0) -> float:
    """Milletari 2016 with plain sums: 1 - (2 sum y p + s) / (sum y + sum p + s), also 1 - soft F1."""
    tp, fp, fn, _ = soft_table(y, z, weights)
    return 1 - (2 * tp + smooth) / ((tp + fn) + (tp + fp) + smooth)


def tversky(
    y: ArrayLike, z: ArrayLike, weights: ArrayLike | None = None, alpha: Any = 0.3, beta: Any = 0.7, smooth: Any = 1.0
) -> float:
    """Salehi 2017: 1 - |PG| / (|PG| + alpha |P-G| + beta |G-P|), P predicted and G true."""
    tp, fp, fn, _ = soft_table(y, z, weights)
    return 1 - (tp + smooth) / (tp + alpha * fp + beta * fn + smooth)


def focal_tversky(
    y: ArrayLike,
    z: ArrayLike,
    weights: ArrayLike | None = None,
    alpha: Any = 0.3,
    beta: Any = 0.7,
    gamma: Any = 4 / 3,
    smooth: Any = 1.0,
) -> float:
    """Abraham 2019: (1 - TI)^(1/gamma)."""
    return tversky(y, z, weights, alpha, beta, smooth) ** (1 / gamma)


def soft_mcc(y: ArrayLike, z: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Abhishek 2021: 1 - MCC of the soft table."""
    tp, fp, fn, tn = soft_table(y, z, weights)
    return 1 - (tp * tn - fp * fn) / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))


def score(
    y: ArrayLike,
    z: ArrayLike,
    weights: ArrayLike | None = None,
    score: str = "f1",
    squash: str = "identity",
    beta: Any = 1.0,
    width: Any = 0.5,
    steepness: Any = 73.0,
) -> float:
    """1 - score of the table in which p is replaced by the squashed p.

    Marchetti 2022: the distribution function of the threshold, a raised cosine about 1/2; Han 2024: 1 / (1 + exp(-L (p
    - 1/2))). A score of a class that is absent is 0 in f1, fbeta, csi, g_mean and mcc.
    """
    y, p = np.asarray(y, float), sigmoid(z)
    d = np.clip((p - 0.5) / width, -1, 1)
    called = {
        "identity": p,
        "cosine": (1 + d + np.sin(np.pi * d) / np.pi) / 2,
        "sharp": 1 / (1 + np.exp(-steepness * (p - 0.5))),
    }[squash]
    w = of_mean_one(len(y), weights)
    tp, fn, fp, tn = (np.sum(w * truth * call) for truth in (y, 1 - y) for call in (called, 1 - called))
    tpr, tnr = tp / (tp + fn), tn / (tn + fp)
    precision = tp / (tp + fp)
    value = {
        "f1": 2 * precision * tpr / (precision + tpr),
        "fbeta": (1 + beta**2) * precision * tpr / (beta**2 * precision + tpr),
        "g_mean": np.sqrt(tpr * tnr),
        "balanced_accuracy": (tpr + tnr) / 2,
        "youden": tpr + tnr - 1,
        "csi": tp / (tp + fp + fn),
        "mcc": (tp * tn - fp * fn) / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)),
        "accuracy": (tp + tn) / (tp + tn + fp + fn),
    }
    return 1 - value[score]


def largest(values: np.ndarray, weights: np.ndarray, share: float) -> np.ndarray:
    """What is left of the weights if only the largest values count, up to a share of all weight; one at a time."""
    left, kept = share * weights.sum(), np.zeros(len(weights))
    for row in np.argsort(-values, kind="stable"):
        kept[row] = min(weights[row], left)
        left -= kept[row]
    return kept


def pairwise_auc(
    y: ArrayLike,
    z: ArrayLike,
    weights: ArrayLike | None = None,
    surrogate: str = "logistic",
    margin: Any = 1.0,
    fpr: Any = None,
) -> float:
    """Every pair written out: the weighted mean of l(z_i - z_j), i as far as it is positive, j as far as negative.

    Zhu 2022: with fpr, only of the highest negatives. Yuan 2021, `margin`: the min-max loss on probabilities with its a
    and b at the class means, where it is least, and alpha at max(0, margin - their difference), where it is largest.
    """
    y, z = np.asarray(y, float), np.asarray(z, float)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, float)
    positive, negative = w * y, w * (1 - y)
    if fpr is not None:
        negative = largest(z, negative, fpr)
    if surrogate == "margin":
        p = sigmoid(z)
        a, b = np.average(p, weights=positive), np.average(p, weights=negative)
        alpha = max(0.0, margin - a + b)
        squares = np.average((p - a) ** 2, weights=positive) + np.average((p - b) ** 2, weights=negative)
        return squares + 2 * alpha * (margin - a + b) - alpha**2
    pair = positive[:, None] * negative[None, :]
    difference = z[:, None] - z[None, :]
    cost = {
        "logistic": np.logaddexp(0, -difference),
        "squared_hinge": np.maximum(0, margin - difference) ** 2,
        "square": (margin - difference) ** 2,
    }[surrogate]
    return np.sum(pair * cost) / np.sum(pair)


def smooth_ap(
    y: ArrayLike, z: ArrayLike, weights: ArrayLike | None = None, temperature: Any = 0.5, memory: int = 0
) -> float:
    """Brown 2020, equation 7: the mean over positives of (1 + sum over positives of G) / (1 + that + over negatives).

    With weights, and a soft label as a positive of weight y beside a negative of weight 1-y of the same logit: of the
    two parts of a row each counts itself whole, and the other by G(0). Of a batch alone, whatever the memory is.
    """
    y, z = np.asarray(y, float), np.asarray(z, float)
    w = of_mean_one(len(y), weights)
    positive, negative = w * y, w * (1 - y)
    total = 0.0
    for i in np.flatnonzero(positive):
        above = sigmoid((z - z[i]) / temperature)
        others = np.arange(len(y)) != i
        ranked_positives = positive[i] + np.sum((positive * above)[others])
        total += positive[i] * ranked_positives / (ranked_positives + np.sum(negative * above))
    return 1 - total / positive.sum()


def aum(y: ArrayLike, z: ArrayLike, weights: ArrayLike | None = None, denominator: str = "count") -> float:
    """Hillman 2023: the sum over gaps between thresholds of their width times min(FP, FN), counted anew for each."""
    y, z = np.asarray(y, float), np.asarray(z, float)
    w = of_mean_one(len(y), weights)
    positive, negative = w * y, w * (1 - y)
    of_positives, of_negatives = (w.sum(), w.sum()) if denominator == "count" else (positive.sum(), negative.sum())
    thresholds = np.sort(z)
    area = 0.0
    for low, high in pairwise(thresholds):
        fp = np.sum(negative[z >= high]) / of_negatives
        fn = np.sum(positive[z <= low]) / of_positives
        area += (high - low) * min(fp, fn) if high > low else 0.0
    return area


def lovasz_hinge(y: ArrayLike, z: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Berman 2018: the Lovasz extension by its definition, the Choquet integral of the Jaccard loss of the wrong rows.

    The integral over levels t of the loss of the set of rows whose error is above t; a soft label is two rows.
    """
    y, z = np.asarray(y, float), np.asarray(z, float)
    w = of_mean_one(len(y), weights)
    positive = np.concatenate([w * y, np.zeros(len(y))])
    negative = np.concatenate([np.zeros(len(y)), w * (1 - y)])
    errors = np.maximum(0, 1 - np.concatenate([z, -z]))
    levels = np.concatenate([[0.0], np.unique(errors)])
    value = 0.0
    for low, high in pairwise(levels):
        wrong = errors >= high
        missed, alarms = positive[wrong].sum(), negative[wrong].sum()
        union = positive.sum() + alarms
        value += (high - low) * (1 - (positive.sum() - missed) / union if union > 0 else 0.0)
    return value


def nnpu(
    y: ArrayLike,
    z: ArrayLike,
    weights: ArrayLike | None = None,
    prior: Any = 0.1,
    surrogate: str = "logistic",
    beta: Any = 0.0,
    gamma: Any = 1.0,
) -> float:
    """Kiryo 2017, equation 6: pi R_p^+ + max(0, R_u^- - pi R_p^-), with the authors' -beta in place of 0."""
    positive, negative = pu_risks(y, z, weights, prior, surrogate)
    return positive + max(negative, -beta)


def nnpu_step(
    y: ArrayLike,
    z: ArrayLike,
    weights: ArrayLike | None = None,
    prior: Any = 0.1,
    surrogate: str = "logistic",
    beta: Any = 0.0,
    gamma: Any = 1.0,
    at: ArrayLike | None = None,
) -> float:
    """What algorithm 1 of Kiryo 2017 descends: the risk, or where the negative one is below -beta `at` the logits,
    gamma times minus that one."""
    positive, negative = pu_risks(y, z, weights, prior, surrogate)
    clipped = pu_risks(y, z if at is None else at, weights, prior, surrogate)[1] < -beta
    return float(-gamma * negative if clipped else positive + negative)


def pu_risks(
    y: ArrayLike, z: ArrayLike, weights: ArrayLike | None, prior: float, surrogate: str
) -> tuple[float, float]:
    """(pi R_p^+, R_u^- - pi R_p^-), by sums over rows with l(t, y) = 1 / (1 + exp(ty)) or log(1 + exp(-ty))."""
    y, z = np.asarray(y, float), np.asarray(z, float)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, float)
    loss = (
        (lambda m: 1 / (1 + np.exp(np.minimum(m, 700.0))))
        if surrogate == "sigmoid"
        else (lambda m: np.logaddexp(0, -m))
    )
    labelled, unlabelled = float(np.sum(w * y)), float(np.sum(w * (1 - y)))
    called_positive = np.sum(w * y * loss(z)) / labelled if labelled else 0.0
    called_negative = np.sum(w * y * loss(-z)) / labelled if labelled else 0.0
    if not unlabelled:
        return prior * called_positive, 0.0
    return prior * called_positive, np.sum(w * (1 - y) * loss(-z)) / unlabelled - prior * called_negative


def tilted(y: ArrayLike, z: ArrayLike, weights: ArrayLike | None = None, t: Any = 1.0) -> float:
    """Li 2021, equation 2: (1/t) log of the mean of exp(t l), l the cross-entropies; their mean at t = 0."""
    each = bce(y, z)
    w = of_mean_one(len(each), weights) / len(each)
    return np.sum(w * each) if t == 0 else special.logsumexp(t * each, b=w) / t


def cvar(y: ArrayLike, z: ArrayLike, weights: ArrayLike | None = None, alpha: Any = 0.3) -> float:
    """Levy 2020 by Rockafellar and Uryasev 2000: the least eta + mean of max(0, l - eta) / alpha, at one of the l."""
    each = bce(y, z)
    w = of_mean_one(len(each), weights) / len(each)
    return min(eta + np.sum(w * np.maximum(0, each - eta)) / alpha for eta in each)


def compound(
    y: ArrayLike,
    z: ArrayLike,
    weights: ArrayLike | None = None,
    first: Any = "CustomLoss",
    second: Any = "DiceLoss",
    weight: Any = 0.5,
) -> float:
    """The weighted sum of two of the formulas here, rows averaged by their weights; a part is a name or a mapping."""
    w = of_mean_one(len(np.asarray(y)), weights)
    formulas: dict[str, Any] = {
        "CustomLoss": custom,
        "FocalLoss": focal,
        "BrierLoss": brier,
        "DiceLoss": dice,
        "CVaRLoss": cvar,
    }

    def value(part: Any) -> float:
        given = dict(part) if isinstance(part, dict) else {"loss": part}
        name = given.pop("loss")
        if name in ("DiceLoss", "CVaRLoss"):
            return float(formulas[name](y, z, weights, **given))
        return float(np.mean(w * formulas[name](y, z, **given)))

    return (1 - weight) * value(first) + weight * value(second)


def ghm(y: ArrayLike, z: ArrayLike, weights: ArrayLike | None = None, bins: int = 30, counted: str = "all") -> float:
    """Li 2019: (1/N) sum of N / GD(g_i) BCE_i, GD(g) = (rows with a gradient in g's bin) / (width of the bin)."""
    return np.sum(ghm_weights(y, z, weights, bins, counted) * bce(y, z))


def ghm_weights(
    y: ArrayLike, z: ArrayLike, weights: ArrayLike | None = None, bins: int = 30, counted: str = "all"
) -> np.ndarray:
    """What multiplies each row's cross-entropy: w_i / GD(g_i); the code's widths are 1 / (bins with a row in them)."""
    y = np.asarray(y, float)
    w = of_mean_one(len(y), weights)
    edges = np.linspace(0, 1, bins + 1)
    in_bin = np.clip(np.searchsorted(edges, np.abs(sigmoid(z) - y), side="right") - 1, 0, bins - 1)
    in_each = np.array([w[in_bin == k].sum() for k in range(bins)])
    per_width = (in_each * (bins if counted == "all" else np.count_nonzero(in_each)))[in_bin]
    return np.divide(w, per_width, out=np.zeros(len(y)), where=w > 0)
