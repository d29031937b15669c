"""What a ranking loss remembers of earlier batches, against a queue of Python's and the formula in NumPy."""

from collections import deque

import numpy as np
import pytest
from losses_backend import value_and_gradient

import losses
from runner.verification import reference

RNG = np.random.default_rng(5)
PI, ROWS, STEPS = 0.1, 12, 6
Y = (RNG.uniform(size=(STEPS, ROWS)) < PI).astype(float)
Y[0], Y[2, :3] = 0.0, 1.0
Z = RNG.normal(2 * Y - 2, 1.5)
W = RNG.uniform(0, 3, (STEPS, ROWS)) * (RNG.uniform(size=(STEPS, ROWS)) < 0.9)
weights = pytest.mark.parametrize("w", [None, W], ids=["unweighted", "weighted"])


def written_out(memory, w, temperature=0.5):
    """Of each step: a function of the batch's logits that is its loss. Rows are (logit, weight, label)."""
    queues: dict[int, deque] = {label: deque(maxlen=memory) for label in (0, 1)}
    for y, z, own in zip(Y, Z, np.ones_like(Y) if w is None else w / w.mean(axis=1, keepdims=True), strict=True):
        queued = [(each, weight, label) for label, queue in queues.items() for each, weight in queue]

        def loss(z, y=y, own=own, queued=queued):
            rows = [*zip(z, own, y, strict=True), *queued]
            logit, weight, label = np.array([row for row in rows if row[1] > 0]).T
            if not label.any():
                return 0.0
            of_class = np.where(label == 1, PI / label.sum(), (1 - PI) / (1 - label).sum())
            return reference.smooth_ap(label, logit, weight * of_class, temperature=temperature)

        yield loss
        for label, queue in queues.items():
            # the first rows of a batch are the newest: a batch's rows are in no order
            queue.extendleft([(z[i], own[i]) for i in np.flatnonzero((y == label) & (own > 0))[:memory][::-1]])


@weights
@pytest.mark.parametrize("memory", [1, 4, 40])
def test_value_gradient_and_queue_are_as_written_out(memory, w):
    loss = losses.SmoothAPLoss(memory=memory, pi=PI, dtype="float64")
    queue = np.zeros((2, 2, memory))
    for step, expected in enumerate(written_out(memory, w)):
        own = None if w is None else w[step]

        def of_step(y, z, own=own, queue=queue):
            return loss.remembering(y, z, own, queue)[0][0]

        value, gradient = value_and_gradient(of_step, Y[step], Z[step], "float64")
        queue = np.asarray(loss.remembering(Y[step], Z[step], own, queue)[1])
        assert value == pytest.approx(expected(Z[step]), rel=1e-9, abs=1e-12)
        slopes = [(expected(Z[step] + d) - expected(Z[step] - d)) / 2e-5 for d in np.eye(ROWS) * 1e-5]
        np.testing.assert_allclose(gradient, slopes, rtol=1e-5, atol=1e-9)
    assert np.abs(gradient).max() > 0


def test_a_batch_without_a_positive_learns_from_those_remembered():
    loss = losses.SmoothAPLoss(memory=3, pi=PI, dtype="float64")
    nothing = np.zeros((2, 2, 3))
    value, queue = loss.remembering(np.zeros(ROWS), Z[0], None, nothing)
    assert float(value[0]) == 0
    _, queue = loss.remembering(Y[2], Z[2], None, queue)
    value, gradient = value_and_gradient(
        lambda y, z: loss.remembering(y, z, None, np.asarray(queue))[0][0], np.zeros(ROWS), Z[0], "float64"
    )
    assert value > 0
    assert (gradient > 0).all()  # down with the negatives


def test_of_the_whole_data_nothing_needs_to_be_remembered():
    """The first batch with pi its own share of positives is the loss without a memory."""
    y, z = Y[2], Z[2]
    loss = losses.SmoothAPLoss(memory=5, pi=float(y.mean()), dtype="float64")
    value, _ = loss.remembering(y, z, None, np.zeros((2, 2, 5)))
    assert float(value[0]) == pytest.approx(float(losses.SmoothAPLoss(dtype="float64")(y, z)), rel=1e-12)


def test_members_of_a_stack_remember_their_own():
    loss = losses.SmoothAPLoss(np.array([[0.5], [2.0]]), memory=4, pi=np.array([[0.1], [0.3]]), dtype="float64")
    queues = np.zeros((2, 2, 2, 4))
    singles = [losses.SmoothAPLoss(t, memory=4, pi=pi, dtype="float64") for t, pi in ((0.5, 0.1), (2.0, 0.3))]
    own = [np.zeros((2, 2, 4))] * 2
    for step in range(0, STEPS, 2):
        y, z = Y[step : step + 2], Z[step : step + 2]
        values, queues = (np.asarray(each) for each in loss.remembering(y, z, None, queues))
        for row, single in enumerate(singles):
            value, own[row] = single.remembering(y[row], z[row], None, own[row])
            np.testing.assert_allclose(values[row], value, rtol=1e-12)
            np.testing.assert_array_equal(queues[row], own[row])


def test_it_is_named_only_where_it_is_used():
    assert losses.SmoothAPLoss(pi=0.1).in_force == {"temperature": 0.5}
    assert losses.SmoothAPLoss(memory=64, pi=0.1).in_force == {"temperature": 0.5, "memory": 64}


@pytest.mark.parametrize(
    ("arguments", "said"), [({"memory": 5}, "`memory` needs `pi`"), ({"memory": [[1], [2]], "pi": 0.1}, "one number")]
)
def test_refusals(arguments, said):
    with pytest.raises(ValueError, match=said):
        losses.SmoothAPLoss(**arguments)
    with pytest.raises(ValueError, match="no memory of its own"):
        losses.CompoundLoss(second={"loss": "SmoothAPLoss", "memory": 5}, pi=0.1)
