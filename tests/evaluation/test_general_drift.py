"""Drift by hand."""

from math import log2

import numpy as np
import pytest

from lexgraft.evaluation.general_drift import Predictions, divergences, drift


def expects(shares: list[list[float]], best: list[int]) -> Predictions:
    tokens = np.tile(np.arange(len(shares[0])), (len(shares), 1))
    return Predictions(tokens, np.log(np.array(shares)), np.array(best))


def test_divergence_by_hand() -> None:
    """½, ¼ and the rest ¼ against ¼, ½, ¼: ½·log2 2 + ¼·log2 ½."""
    before, after = expects([[0.5, 0.25]], [0]), expects([[0.25, 0.5]], [1])
    assert divergences(before, after)[0] == pytest.approx(0.5 * log2(2) + 0.25 * log2(0.5))


def test_means_are_over_tokens_and_documents_are_resampled() -> None:
    same = expects([[0.5, 0.25]] * 3, [0, 0, 0])
    moved = expects([[0.25, 0.5]], [1])
    before = {"a": same, "b": expects([[0.5, 0.25]], [0])}
    found = drift(before, {"a": same, "b": moved}, seed=0)
    assert found.divergence.value == pytest.approx(0.25 / 4)
    assert (found.agreement.value, found.agreement.n) == (0.75, 2)
    assert found.divergence.low <= found.divergence.value <= found.divergence.high


def test_a_model_has_not_drifted_from_itself() -> None:
    one = {"a": expects([[0.5, 0.25]], [0]), "b": expects([[0.9, 0.05]], [0])}
    found = drift(one, one, 0)
    assert found.divergence[:3] == pytest.approx((0.0, 0.0, 0.0))
    assert found.agreement.value == 1.0
