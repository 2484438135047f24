"""What the whole procedure promises, by simulation: no false winners, planted gains found."""

import numpy as np
import pytest
from scipy import stats

from lexgraft.evaluation.knowledge_transitions import transfer
from lexgraft.stats.gate_power import Requirement, pass_probability
from lexgraft.stats.gates import judge
from lexgraft.stats.intervals import mcnemar, non_inferiority, tango
from lexgraft.stats.power import concepts_for_margin

pytestmark = pytest.mark.slow


def most(rate: float, trials: int) -> float:
    """The largest share that a true rate shows in so many trials, but once in a thousand."""
    return float(stats.binom.ppf(0.999, trials, rate)) / trials


def changes(
    rng: np.random.Generator, shape: tuple[int, ...], gain: float, changing: float
) -> np.ndarray:
    """+1, −1 or 0 per concept, as verdicts change between two models."""
    up, down = (changing + gain) / 2, (changing - gain) / 2
    return rng.choice([1, -1, 0], shape, p=[up, down, 1 - up - down])


@pytest.mark.parametrize("threshold", [0.0, 0.05])
def test_of_32_equal_candidates_none_passes_too_often(threshold: float) -> None:
    """The best on 100 `choose` concepts, judged on 300 others; true gain = the threshold."""
    rng, trials, passed = np.random.default_rng(0), 1500, 0
    for _ in range(trials):
        chosen = changes(rng, (32, 100), threshold, 0.2).mean(axis=1).argmax()
        verdicts = changes(rng, (32, 300), threshold, 0.2)[chosen]
        found = tango(int((verdicts > 0).sum()), int((verdicts < 0).sum()), 300)
        passed += (
            judge(
                "gain",
                "en->ja",
                value=found.value,
                low=found.low,
                high=found.high,
                threshold=threshold,
                n=300,
            ).outcome
            == "pass"
        )
    assert passed / trials <= most(0.025, trials)


def test_choosing_and_judging_on_the_same_concepts_would_be_fooled() -> None:
    rng, fooled = np.random.default_rng(0), 0
    for _ in range(200):
        counts = changes(rng, (32, 300), 0.0, 0.2)
        best = counts[counts.mean(axis=1).argmax()]
        fooled += tango(int((best > 0).sum()), int((best < 0).sum()), 300).low > 0
    assert fooled / 200 > 0.3


@pytest.mark.parametrize(("n", "changing"), [(870, 0.1), (1742, 0.2)])
def test_a_planted_gain_of_three_points_is_found_at_the_planned_rate(
    n: int, changing: float
) -> None:
    planned = pass_probability(Requirement("gain", "g", "share", n, 0.0, 0.03, changing))
    assert planned == pytest.approx(0.8, abs=0.002)
    rng, trials = np.random.default_rng(1), 2000
    up = (changing + 0.03) / 2
    counts = rng.multinomial(n, [up, changing - up, 1 - changing], trials)
    found = sum(mcnemar(int(b), int(c)) < 0.05 for b, c, _ in counts) / trials
    assert abs(found - planned) < 0.03


def test_nothing_lost_is_shown_at_the_planned_rate_and_a_loss_is_not_excused() -> None:
    n, rng, trials = concepts_for_margin(0.03, 0.1), np.random.default_rng(2), 2000
    for loss, rate in ((0.0, 0.8), (0.03, 0.05)):
        up = (0.1 - loss) / 2
        counts = rng.multinomial(n, [up, 0.1 - up, 0.9], trials)
        shown = sum(non_inferiority(int(b), int(c), n, 0.03) < 0.05 for b, c, _ in counts) / trials
        assert abs(shown - rate) < 0.03


def test_a_placebo_that_only_guesses_again_does_not_pass_beyond_its_error_rate() -> None:
    """G asked again with fresh luck: 40 % known, four options, two draws, 120 concepts."""
    rng, trials, passed = np.random.default_rng(3), 300, 0
    for trial in range(trials):
        knows = rng.random(120) < 0.4
        own = {str(c): bool(rng.random() < 0.7) for c in range(120)}

        def look(knows: np.ndarray = knows) -> dict[str, dict[int, bool]]:
            right = knows[:, None] | (rng.random((120, 2)) < 0.25)
            return {str(c): {0: bool(r[0]), 1: bool(r[1])} for c, r in enumerate(right)}

        passed += transfer(own, look(), look(), trial).difference.low > 0
    assert passed / trials <= most(0.025, trials)
