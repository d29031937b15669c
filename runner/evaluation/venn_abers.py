"""Inductive Venn-Abers prediction: isotonic regression with the row itself, once as a negative and once as a positive.

Vovk, Petej and Fedorova (2015), "Large-scale probabilistic predictors with and without guarantees of validity",
algorithms 1 and 2.
"""

from __future__ import annotations

import numpy as np


def venn_abers(labels: np.ndarray, logits: np.ndarray) -> dict[str, list[float]]:
    """What `calibration_map` takes: p1 of a row up to each logit of `p1_up_to`, p0 from each logit of `p0_from`.

    Above the last of `p1_up_to` p1 is 1, below the first of `p0_from` p0 is 0.

    Args:
        labels: (n,) 0 or 1, of the rows that are calibrated on.
        logits: (n,).
    """
    scores, p1 = _with_a_positive(np.asarray(labels, dtype=float), np.asarray(logits, dtype=float))
    mirrored, falling = _with_a_positive(1 - np.asarray(labels, dtype=float), -np.asarray(logits, dtype=float))
    p0, p0_scores = 1 - falling[::-1], -mirrored[::-1]
    # Runs of equal values are told by one end: of p1 the highest logit counts, of p0 the lowest.
    last = np.append(np.diff(p1) != 0, True)
    first = np.append(True, np.diff(p0) != 0)
    return {
        "p1_up_to": scores[last].tolist(),
        "p1": p1[last].tolist(),
        "p0_from": p0_scores[first].tolist(),
        "p0": p0[first].tolist(),
    }


def _with_a_positive(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(k,) distinct scores, ascending, and (k,) the isotonic regression at each once a positive is added there.

    The regression is the slope of the greatest convex minorant of the cumulative sums; adding a positive at a score
    moves all points left of it by (-1, -1).
    """
    distinct, place = np.unique(scores, return_inverse=True)
    x = np.concatenate([[0.0], np.cumsum(np.bincount(place))])
    y = np.concatenate([[0.0], np.cumsum(np.bincount(place, labels))])
    points = list(zip(x.tolist(), y.tolist(), strict=True))
    corners: list[tuple[float, float]] = [(-1.0, -1.0)]
    for point in points:
        while len(corners) > 1 and _turn(corners[-2], corners[-1], point) <= 0:
            corners.pop()
        corners.append(point)
    corners.reverse()  # the leftmost is on top
    values = np.empty(len(distinct))
    for i in range(1, len(points)):
        top, below = corners[-1], corners[-2]
        values[i - 1] = (below[1] - top[1]) / (below[0] - top[0])
        moved = (points[i][0] - 1, points[i][1] - 1)
        if _turn(top, below, moved) >= 0:  # at or above the line: no corner
            continue
        corners.pop()
        while len(corners) > 1 and _turn(moved, corners[-1], corners[-2]) <= 0:
            corners.pop()
        corners.append(moved)
    return distinct, values


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    """Above 0 where the way from a over b to c turns left."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
