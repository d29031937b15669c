"""The tables that lay losses over each other."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from runner.evaluation.metrics import expected_calibration_error
from runner.evaluation.overlays import POSITIVES_PER_BIN, mean_precision_recall, pooled_calibration


def rare(seed: int, rows: int = 600, shift: float = 1.5):
    """A run where 6% are positive."""
    random = np.random.default_rng(seed)
    labels = (random.random(rows) < 0.06).astype(int)
    return labels, 1 / (1 + np.exp(-(random.normal(-3.5, 1.2, rows) + shift * labels)))


def balanced(rows: int = 4000):
    """Calibrated probabilities from 0 to 1, and so many positives that no bins are joined."""
    random = np.random.default_rng(0)
    probabilities = random.uniform(0.05, 1, rows)
    return (random.random(rows) < probabilities).astype(int), probabilities


RUNS = [rare(seed) for seed in range(3)]
SCORES = {"builtin": RUNS, "focal gamma=2": [rare(seed, shift=3) for seed in range(3)]}


def of(loss: str, table):
    return table.curves[table.curves["loss"] == loss]


class TestPrecisionRecall:
    def test_the_area_under_a_curve_is_the_mean_average_precision(self):
        tables = mean_precision_recall(SCORES)
        for loss, runs in SCORES.items():
            curve = of(loss, tables)
            expected = np.mean([average_precision_score(*run) for run in runs])
            assert tables.losses.loc[loss, "average_precision"] == pytest.approx(expected, rel=1e-12)
            assert np.sum(curve["precision"]) / 200 == pytest.approx(expected, abs=0.005)
            np.testing.assert_allclose(curve["recall"], np.arange(1, 201) / 200)

    def test_precision_is_that_of_a_threshold_never_between_two(self):
        run = np.array([1, 0, 0, 1]), np.array([0.9, 0.8, 0.7, 0.6])
        curve = mean_precision_recall({"builtin": [run]}).curves
        assert set(curve.loc[curve["recall"] <= 0.5, "precision"]) == {1.0}
        assert set(curve.loc[curve["recall"] > 0.5, "precision"]) == {0.5}

    def test_low_and_high_are_one_standard_deviation_of_the_runs_within_0_and_1(self):
        runs = [*SCORES["focal gamma=2"], rare(3, shift=0)]
        curve = mean_precision_recall({"builtin": runs}).curves
        each = [mean_precision_recall({"builtin": [run]}).curves["precision"] for run in runs]
        mean, spread = np.mean(each, axis=0), np.std(each, axis=0, ddof=1)
        assert (mean + spread > 1).any()
        assert (mean + spread < 1).any()
        np.testing.assert_allclose(curve["precision"], mean)
        np.testing.assert_allclose(curve["low"], np.clip(mean - spread, 0, None))
        np.testing.assert_allclose(curve["high"], np.clip(mean + spread, None, 1))

    def test_constant_scores_have_the_prevalence_as_precision(self):
        tables = mean_precision_recall({"builtin": [(np.array([0] * 9 + [1]), np.full(10, 0.3))]})
        assert set(tables.curves["precision"]) == {0.1}
        assert tables.prevalence == pytest.approx(0.1)


class TestCalibration:
    def test_points_are_the_bins_of_all_runs_together(self):
        runs = [balanced(), balanced()]
        curve = pooled_calibration({"builtin": runs}, bins=4).curves
        labels, probabilities = (np.concatenate(parts) for parts in zip(*runs, strict=True))
        member = np.searchsorted(np.quantile(probabilities, [0.25, 0.5, 0.75]), probabilities)
        np.testing.assert_allclose(curve["mean_probability"], [probabilities[member == i].mean() for i in range(4)])
        np.testing.assert_allclose(curve["positive_rate"], [labels[member == i].mean() for i in range(4)])

    def test_bins_with_few_positives_are_joined(self):
        curve = pooled_calibration({"builtin": RUNS}, bins=20).curves
        positives = sum(labels.sum() for labels, _ in RUNS)
        assert 2 <= len(curve) <= positives / POSITIVES_PER_BIN
        assert curve["positive_rate"].min() > 0
        assert np.all(np.diff(curve["mean_probability"]) > 0)

    def test_low_and_high_are_the_extreme_runs(self):
        labels, probabilities = balanced()
        flipped = np.where(np.arange(len(labels)) % 7 == 0, 1 - labels, labels)
        curve = pooled_calibration({"builtin": [(labels, probabilities), (flipped, probabilities)]}, bins=2).curves
        member = probabilities > np.median(probabilities)
        rates = np.array([[each[member == side].mean() for side in (False, True)] for each in (labels, flipped)])
        np.testing.assert_allclose(curve["low"], rates.min(axis=0))
        np.testing.assert_allclose(curve["high"], rates.max(axis=0))

    def test_the_error_is_the_mean_of_the_runs(self):
        losses = pooled_calibration(SCORES).losses
        for loss, runs in SCORES.items():
            expected = np.mean([expected_calibration_error(labels, p, 10) for labels, p in runs])
            assert losses.loc[loss, "ece"] == pytest.approx(expected, rel=1e-12)

    @pytest.mark.parametrize("value", [0.0, 1e-9, 0.3, 1.0])
    def test_constant_scores_are_one_point(self, value):
        labels = np.array([0] * 90 + [1] * 10)
        curve = pooled_calibration({"builtin": [(labels, np.full(100, value))]}).curves
        np.testing.assert_allclose(curve[["mean_probability", "positive_rate"]], [[value, 0.1]])


@pytest.mark.parametrize("tables_of", [mean_precision_recall, pooled_calibration])
class TestBoth:
    def test_losses_keep_their_order(self, tables_of):
        scores = dict(reversed(SCORES.items()))
        assert list(tables_of(scores).losses.index) == list(scores)
        assert list(tables_of(scores).curves["loss"].unique()) == list(scores)

    def test_a_single_run_has_no_low_and_high(self, tables_of):
        curves = tables_of({"builtin": RUNS[:1]}).curves
        assert len(curves) > 1
        assert curves[["low", "high"]].isna().all(axis=None)

    def test_runs_that_cannot_be_measured_do_not_count(self, tables_of):
        labels, probabilities = RUNS[0]
        scores = {
            "builtin": [(labels, probabilities), (labels, probabilities * np.nan)],
            "focal": [(labels * 0, probabilities)],
            "dice": [],
        }
        tables = tables_of(scores)
        assert tables.losses["runs"].to_dict() == {"builtin": 1, "focal": 0, "dice": 0}
        assert tables.losses.iloc[1:, 0].isna().all()
        assert set(tables.curves["loss"]) == {"builtin"}
        assert tables.prevalence == labels.mean()

    def test_prevalence_is_the_mean_of_all_runs(self, tables_of):
        expected = np.mean([labels.mean() for runs in SCORES.values() for labels, _ in runs])
        assert tables_of(SCORES).prevalence == pytest.approx(expected, rel=1e-12)

    def test_no_runs_are_empty_tables(self, tables_of):
        without_runs: list[dict[str, list]] = [{}, {"dice": []}]
        for scores in without_runs:
            tables = tables_of(scores)
            assert list(tables.losses["runs"]) == [0] * len(scores)
            assert {"loss", "low", "high"} <= set(tables.curves)
            assert tables.curves.empty
            assert np.isnan(tables.prevalence)
