"""The corrected t against scikit-learn's published example, SciPy, and numeric integration."""

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from sklearn.datasets import make_moons
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.svm import SVC

from runner.comparison.corrected_t import CorrectedT

GAINS = np.array([0.012, -0.004, 0.02, 0.009, 0.001, 0.015, 0.007, -0.002, 0.011, 0.006])


@pytest.fixture(scope="module")
def moons():
    """Gains of the two best models in scikit-learn's example "Statistical comparison of models using grid search"."""
    features, labels = make_moons(noise=0.352, random_state=1, n_samples=100)
    folds = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    rbf, linear = (
        cross_val_score(SVC(kernel=kernel, random_state=0), features, labels, scoring="roc_auc", cv=folds)
        for kernel in ("rbf", "linear")
    )
    return CorrectedT.of(rbf - linear, 10 / 90)


def test_scikit_learns_example_frequentist(moons):
    """Its page prints t 0.750 and one-sided p 0.227."""
    assert moons.mean / moons.scale == pytest.approx(0.7503, abs=5e-5)
    assert moons.p_value() / 2 == pytest.approx(0.2274, abs=5e-5)


def test_scikit_learns_example_bayesian(moons):
    """Its page prints 0.773 better than 0; with a rope of 0.01, 0.068 worse, 0.432 equivalent and 0.500 better."""
    assert moons.probabilities(0).better == pytest.approx(0.773, abs=5e-4)
    assert moons.probabilities(0.01) == pytest.approx((0.068, 0.432, 0.500), abs=5e-4)


def test_p_value_and_interval_equal_scipys_t_with_the_corrected_variance():
    found = CorrectedT.of(GAINS, 1 / 3)
    error = np.sqrt(np.var(GAINS, ddof=1) * (1 / 10 + 1 / 3))
    expected = stats.t(9, loc=GAINS.mean(), scale=error)
    assert found.p_value() == pytest.approx(2 * stats.t.sf(GAINS.mean() / error, 9), rel=1e-10)
    for alpha in (0.05, 0.05 / 14):
        assert found.interval(alpha) == pytest.approx(expected.interval(1 - alpha), rel=1e-8)


def test_without_a_test_part_it_is_the_paired_t_test():
    found, expected = CorrectedT.of(GAINS, 0.0), stats.ttest_1samp(GAINS, 0)
    assert found.p_value() == pytest.approx(expected.pvalue, rel=1e-10)
    assert found.interval(0.05) == pytest.approx(tuple(expected.confidence_interval()), rel=1e-10)


def test_probabilities_equal_the_integrals_of_the_posterior():
    found = CorrectedT.of(GAINS, 1 / 3)
    density = stats.t(9, loc=found.mean, scale=found.scale).pdf
    rope = 0.005
    expected = [quad(density, low, high)[0] for low, high in ((-1, -rope), (-rope, rope), (rope, 1))]
    assert found.probabilities(rope) == pytest.approx(expected, abs=1e-5)
    assert sum(found.probabilities(rope)) == pytest.approx(1)


def test_probabilities_equal_those_of_baycomp():
    """baycomp 1.0.3, the authors' package: CorrelatedTTest.probs(zeros, GAINS, rope=0.005, runs=1)."""
    expected = (0.0028823279130415613, 0.24212431815829938, 0.7549933539286591)
    assert CorrectedT.of(GAINS, 1 / 9).probabilities(0.005) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("gain", "p"), [(0.0, 1.0), (0.02, np.nan), (0.1 + 0.2, np.nan)])
def test_gains_without_variance(gain, p):
    found = CorrectedT.of(np.full(7, gain), 1 / 3)
    assert found.spread == 0
    assert found.p_value() == pytest.approx(p, nan_ok=True)
    assert found.interval(0.05) == pytest.approx((gain, gain))
    assert found.probabilities(0.005) == ((0, 1, 0) if gain == 0 else (0, 0, 1))
    assert CorrectedT.of(np.full(7, -gain), 1 / 3).probabilities(0.005) == ((0, 1, 0) if gain == 0 else (1, 0, 0))


@pytest.mark.parametrize("gains", [[], [0.1]])
def test_one_split_has_no_variance(gains):
    with pytest.raises(ValueError, match="at least 2"):
        CorrectedT.of(np.array(gains), 1 / 3)
