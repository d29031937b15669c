"""The worked examples this project grew from, with their published numbers.

Keras 2 clipped probabilities and added 1e-7 once more inside the logarithm; Keras 3 only clips. So the older articles'
numbers need `formula="keras2"`.
"""

import keras
import numpy as np
import pytest

import losses

double = losses.CustomLoss(from_logits=False, dtype="float64")
builtin = keras.losses.BinaryCrossentropy
categorical = keras.losses.SparseCategoricalCrossentropy
weather = [[1, 0, 1, 1, 0, 0], [1, 1, 0, 1, 0, 0], [1, 0, 1, 1, 0, 0]]
forecast = [[0.2, 0.1, 0.8, 0.7, 0.1, 0.2], [0.3, 0.4, 0.5, 0.6, 0.7, 0.7], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]]
soft_z, soft_y, soft = [0, -1, 1, 0], [0, 1, 1, 0], [0.6931472, 1.3132617, 0.3132617, 0.6931472]
eight_z, eight_y = [0, 0, 1, -1, 0, 1, 1, 0], [1, 1, 1, 0, 0, 1, 0, 1]
eight = [0.6931472, 0.6931472, 0.3132617, 0.3132617, 0.6931472, 0.3132617, 1.3132617, 0.6931472]


def custom(formula, **arguments):
    return losses.CustomLoss(formula, from_logits=False, **arguments)


EXAMPLES = [
    ("1 raw formula", custom("keras2"), [[1], [0], [1]], [[0], [0], [1]], 5.14164949),
    ("2 by Keras 2", custom("keras2"), [1, 1, 1], [1, 1, 0], 5.1416497),
    ("2 by Keras 3, custom", custom("clipped"), [1, 1, 1], [1, 1, 0], 5.3726983),
    ("2 by Keras 3, built-in", builtin(), [1, 1, 1], [1, 1, 0], 5.3726983),
    # dividing by y.shape[1] = 1 divides by nothing: the sum over the batch; it clips, and adds nothing
    ("3 the asker's sum", custom("clipped", reduction="sum", dtype="float64"), [[1]] * 3, [[1], [1], [0]], 16.11809585),
    ("4 one row of three", custom("keras2"), [[1, 1, 1]], [[1, 1, 0]], 5.14164949),
    ("5 several outputs, custom", custom("clipped"), weather, forecast, 0.8117073),
    ("5 several outputs, on logits", losses.CustomLoss(from_logits=False), weather, forecast, 0.8117073),
    ("5 several outputs, built-in", builtin(), weather, forecast, 0.8117073),
    ("6 from logits, custom", losses.CustomLoss(), [[1, 0], [1, 1]], [[-23, 56], [1.92, -24.6]], 25.934202),
    ("6 from logits, built-in", builtin(from_logits=True), [[1, 0], [1, 1]], [[-23, 56], [1.92, -24.6]], 25.934202),
    ("8 element by element", losses.CustomLoss(reduction=None), eight_y, eight_z, eight),
    ("9 soft labels as meant", losses.CustomLoss(reduction=None), soft_y, soft_z, soft),
    ("10 sparse categorical", categorical(), [0, 1], [[1, 0.32, 1], [0, 1, 0.23]], 0.5242908),
    ("11 saturated, Keras 3", custom("clipped"), [[1, 0], [1, 1]], [[0.9, 1], [0.3, 1]], 4.3129296),
    ("11 saturated, built-in", builtin(), [[1, 0], [1, 1]], [[0.9, 1], [0.3, 1]], 4.3129296),
    # computed in float64: float32 has no 1 - 1e-7, and gives 4.160643
    ("11 saturated, Keras 2", custom("keras2", dtype="float64"), [[1, 0], [1, 1]], [[0.9, 1], [0.3, 1]], 4.1835703),
    ("12 step by step", double, [0, 1, 0, 0], [0.1, 0.95, 0.2, 0.6], 0.32402205),
]


@pytest.mark.parametrize(
    ("loss", "y", "predictions", "published"), [pytest.param(*row[1:], id=row[0]) for row in EXAMPLES]
)
def test_published_number(loss, y, predictions, published):
    y, predictions = np.array(y, float), np.array(predictions, float)
    # printed with seven or eight digits from float32
    np.testing.assert_allclose(loss(y, predictions), published, rtol=2e-7)


@pytest.mark.parametrize("loss", [losses.CustomLoss(), builtin(from_logits=True)], ids=["custom", "built-in"])
def test_example_7_sample_weights(loss):
    y, z = np.array([[1.0, 0], [1, 1]]), np.array([[-23, 56], [1.92, -24.6]])
    assert float(loss(y, z, sample_weight=np.array([0.8, 0.2]))) == pytest.approx(17.03684, rel=1e-6)


def test_example_9_as_printed_is_refused_with_both_shapes():
    with pytest.raises(ValueError, match=r"labels of shape \(4,\), predictions of shape \(8,\)"):
        losses.CustomLoss(reduction=None)(np.array([0.0, 1, 1, 0]), np.array(eight_z, float))


def test_example_12_written_out():
    y, p = np.array([0, 1, 0, 0]), np.array([0.1, 0.95, 0.2, 0.6])
    eps = np.finfo(float).eps
    by_hand = -np.mean(y * np.log(p + eps) + (1 - y) * np.log(1 - p + eps))
    assert by_hand == pytest.approx(0.32402205, abs=5e-8)
    assert float(double(y, p)) == pytest.approx(by_hand, rel=1e-12)


def test_example_14_weighted_is_kerass_class_weight():
    y, z = np.array([1.0, 0, 0, 1, 0]), np.array([0.3, -1.2, 0.8, -2.0, 0.1])
    by_class = builtin(from_logits=True)(y[:, None], z[:, None], sample_weight=np.where(y == 1, 2.0, 1.0))
    assert float(losses.WeightedLoss(positive_weight=2.0, negative_weight=1.0)(y, z)) == pytest.approx(float(by_class))


def test_example_15_smoothed_is_kerass_label_smoothing():
    y, p = np.array([[1.0], [0], [1]]), np.array([[0.9], [0.2], [0.4]])
    expected = builtin(label_smoothing=0.1)(y, p)
    assert float(losses.SmoothedLoss(0.1, from_logits=False)(y, p)) == pytest.approx(float(expected))


def test_example_16_alpha_on_every_term_is_a_quarter_of_the_unbalanced_focal_loss():
    y, p = np.array([1.0, 0, 1]), np.array([0.9, 0.2, 0.4])
    uniform = losses.FocalLoss(gamma=2.0, alpha=0.25, alpha_mode="uniform", from_logits=False)(y, p)
    q = np.array([0.9, 0.8, 0.4])
    assert float(uniform) == pytest.approx(0.25 * np.mean((1 - q) ** 2 * -np.log(q)), rel=1e-5)
    unbalanced = keras.losses.BinaryFocalCrossentropy(gamma=2.0)(y[:, None], p[:, None])
    assert float(uniform) == pytest.approx(0.25 * float(unbalanced), rel=1e-5)
