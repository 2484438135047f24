"""Scores of a biased scorer, corrected by labels."""

import numpy as np
import pytest

from lexgraft.stats.prediction_powered import corrected_mean


def test_the_bias_is_taken_off_by_hand() -> None:
    """Scores mean .8; on the sample 1, .5, labelled .5, .5: bias .25, corrected .55."""
    estimate = corrected_mean([0.6, 1.0], [1.0, 0.5], [0.5, 0.5])
    assert (estimate.raw.value, estimate.bias.value) == (pytest.approx(0.8), pytest.approx(0.25))
    assert estimate.corrected.value == pytest.approx(0.55)
    assert 0.0 <= estimate.corrected.low <= estimate.corrected.high <= 1.0


def test_scores_without_bias_and_spread_leave_no_doubt() -> None:
    estimate = corrected_mean([1.0, 1.0], [0.5, 0.5], [0.5, 0.5])
    assert estimate.corrected[:3] == (1.0, 1.0, 1.0)


@pytest.mark.slow
def test_the_corrected_interval_covers_the_truth_where_the_raw_one_does_not() -> None:
    """The scorer adds .2 to what is true; 30 labels, 200 texts."""
    rng, raw, corrected = np.random.default_rng(0), 0, 0
    for _ in range(1000):
        truth = rng.beta(2, 3, 230)
        scores = np.clip(truth + 0.2 + rng.normal(0, 0.1, 230), 0, 1)
        estimate = corrected_mean(
            scores[:200].tolist(), scores[200:].tolist(), truth[200:].tolist()
        )
        raw += estimate.raw.low <= 0.4 <= estimate.raw.high
        corrected += estimate.corrected.low <= 0.4 <= estimate.corrected.high
    assert raw == 0
    assert 0.93 <= corrected / 1000 <= 0.97
