"""Composites of relative losses: by hand, and their coverage by simulation."""

import numpy as np
import pytest
from scipy import stats

from lexgraft.stats.composite import (
    StratumLoss,
    advance_kept,
    by_cluster,
    composite_harm,
    composite_loss,
    everyday_loss,
    expected_harm,
    text_loss,
)

Rng = np.random.Generator


def documents(rng: Rng, n: int, rise: float, noise: np.ndarray) -> np.ndarray:
    """Return bits and bytes after and before, where every document rises so, and by noise."""
    size = rng.integers(300, 700, n).astype(float)
    before = size * rng.lognormal(0, 0.3, n)
    return np.stack([before * (1 + rise + noise), size, before, size], axis=1)


def test_a_rise_of_bits_per_byte_by_hand() -> None:
    """(52 + 32) / 40 against (50 + 30) / 40."""
    found = text_loss(np.array([[52.0, 20.0, 50.0, 20.0], [32.0, 20.0, 30.0, 20.0]]))
    assert found.loss == pytest.approx(0.05)
    assert found.n == 2


def test_a_contribution_is_what_leaving_the_document_out_shows() -> None:
    """The jackknife's variance is the linearised one up to 1/n."""
    rng = np.random.default_rng(3)
    rows = documents(rng, 60, 0.02, rng.normal(0, 0.05, 60))
    left = [text_loss(np.delete(rows, place, axis=0)).loss for place in range(60)]
    jackknife = 59 / 60 * np.sum((np.array(left) - np.mean(left)) ** 2)
    assert text_loss(rows).moments.variance == pytest.approx(jackknife, rel=0.05)


def test_what_is_gone_of_everyday_words_by_hand() -> None:
    """1 − 1.2 / 1.5."""
    found = everyday_loss(np.array([[0.4, 0.5], [0.8, 1.0]]))
    assert found.loss == pytest.approx(0.2)


def test_strata_count_alike_however_long_they_are() -> None:
    rng = np.random.default_rng(1)
    few = text_loss(documents(rng, 30, 0.06, rng.normal(0, 0.01, 30)))
    many = text_loss(documents(rng, 300, 0.0, rng.normal(0, 0.01, 300)))
    found = composite_loss([few, many])
    assert found is not None
    assert found.value == pytest.approx((few.loss + many.loss) / 2)
    assert found.low < found.value < found.high
    assert found.n == 330


def test_fewer_than_eight_documents_in_a_stratum_are_not_judged() -> None:
    rng = np.random.default_rng(1)
    seven, eight = (text_loss(documents(rng, n, 0.0, rng.normal(0, 0.01, n))) for n in (7, 8))
    assert composite_loss([seven, eight]) is None
    assert seven.interval() is None
    assert eight.interval() is not None
    assert composite_loss([]) is None


def test_one_stratum_of_equal_documents_is_students_interval() -> None:
    """Equal bits before: the rise is the mean of the documents' own; nothing is skewed."""
    rises = np.array([-0.04, -0.03, -0.02, -0.01, 0.01, 0.02, 0.03, 0.04])
    rows = np.stack([100 * (1 + rises), np.full(8, 50.0), np.full(8, 100.0), np.full(8, 50.0)], 1)
    found = text_loss(rows).interval()
    assert found is not None
    expected = stats.t.interval(0.95, 7, 0.0, stats.sem(rises))
    assert (found.low, found.high) == pytest.approx(expected)


def test_related_rows_are_summed() -> None:
    rows = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert by_cluster(rows, ["a", "b", "a"]).tolist() == [[6.0, 8.0], [3.0, 4.0]]


def against_base(rng: Rng, n: int, loss: float) -> StratumLoss:
    return text_loss(documents(rng, n, loss, rng.normal(0, 0.03, n)))


def test_half_of_an_advance_is_half_and_no_advance_has_no_share() -> None:
    rng = np.random.default_rng(5)
    strata = {name: (against_base(rng, 60, -0.1), against_base(rng, 60, -0.2)) for name in "ab"}
    found = advance_kept(strata)
    assert found is not None
    assert found.low < found.value < found.high
    assert found.value == pytest.approx(0.5, abs=0.05)
    none = {"a": (against_base(rng, 60, 0.0), against_base(rng, 60, 0.0))}
    assert advance_kept(none) is None
    assert advance_kept({}) is None


def test_fiellers_interval_holds_the_share_of_an_advance() -> None:
    rng = np.random.default_rng(6)
    held = 0
    for _ in range(400):
        found = advance_kept({"a": (against_base(rng, 40, -0.05), against_base(rng, 40, -0.1))})
        assert found is not None
        held += found.low <= 0.5 <= found.high
    assert held / 400 >= 0.92


def losses(rng: Rng, kind: str, n: int) -> np.ndarray:
    """Return losses of mean .02: normal, or one-sided exponential."""
    return rng.normal(0.02, 0.03, n) if kind == "normal" else rng.exponential(0.02, n)


@pytest.mark.slow
@pytest.mark.parametrize("n", [30, 60, 120])
@pytest.mark.parametrize("kind", ["normal", "exponential"])
@pytest.mark.parametrize("registers", [1, 3])
def test_the_interval_of_a_composite_covers(registers: int, kind: str, n: int) -> None:
    """At each end; by a t interval alone one-sided losses pass in 6 %, not 2.5, at n = 30."""
    rng = np.random.default_rng([n, registers])
    below = above = 0
    for _ in range(1500):
        strata = [text_loss(documents(rng, n, 0.0, losses(rng, kind, n))) for _ in range(registers)]
        found = composite_loss(strata)
        assert found is not None
        below, above = below + (found.high < 0.02), above + (found.low > 0.02)
    assert 1 - (below + above) / 1500 == pytest.approx(0.95, abs=0.017)
    assert below / 1500 <= 0.037


def test_a_gain_in_one_stratum_pays_for_no_loss_in_another() -> None:
    text = StratumLoss(0.04, (0.01, -0.01) * 20, 39)
    words = StratumLoss(-0.8, (0.1, -0.1) * 20, 39)
    plain, harm = composite_loss([text, words]), composite_harm([text, words])
    assert plain is not None
    assert harm is not None
    assert plain.value == pytest.approx(-0.38)
    assert harm.value == pytest.approx(0.02)
    assert harm.high - harm.low < plain.high - plain.low  # what counts 0 brings no noise
    seeming = StratumLoss(-0.01, (0.1, -0.1) * 20, 39)  # its gain may be chance: it keeps its own
    doubtful = composite_harm([text, seeming])
    assert doubtful is not None
    assert doubtful.value == pytest.approx(0.02)
    assert doubtful.high - doubtful.low > harm.high - harm.low
    assert composite_harm([words, words]) == (0.0, 0.0, 0.0, 80)
    worse = composite_harm([text, text])
    assert worse is not None
    assert worse.value == pytest.approx(0.04)


def test_harm_that_chance_leaves_is_foreseen() -> None:
    drawn = np.random.default_rng(5).normal(0.01, 0.02, 200_000)
    assert expected_harm(0.01, 0.02) == pytest.approx(np.maximum(0, drawn).mean(), rel=0.02)
    assert expected_harm(0.03, 0.0) == 0.03
    assert expected_harm(-0.03, 0.0) == 0.0
