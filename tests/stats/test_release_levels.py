from fractions import Fraction
from math import comb

import pytest

from lexgraft.stats.release_levels import loss_above, more_lost, release_level


def test_the_levels_of_all_releases_together_spend_alpha():
    assert sum(release_level(number, 0.05) for number in range(1, 100_000)) == pytest.approx(
        0.05, rel=1e-4
    )
    assert sum(release_level(number, 0.05) for number in range(1, 100_000)) < 0.05


@pytest.mark.parametrize(("gained", "lost"), [(0, 5), (1, 9), (9, 1), (15, 60), (300, 420)])
def test_more_losses_than_gains_is_the_binomial_tail(gained: int, lost: int):
    changes = gained + lost
    tail = Fraction(sum(comb(changes, k) for k in range(lost, changes + 1)), 2**changes)
    assert more_lost(gained, lost) == pytest.approx(float(tail), rel=1e-9)


def test_counts_of_related_concepts_are_rounded_so_that_less_is_lost():
    assert more_lost(1.2, 9.9) == more_lost(2, 9)


def test_nothing_lost_is_no_evidence():
    assert more_lost(4, 0) == more_lost(0, 0) == loss_above(0, 0, 0, 0.02) == 1.0


def test_a_loss_at_the_budget_is_as_likely_as_not_to_be_above_it():
    assert loss_above(0, 20, 1000, 0.02) == pytest.approx(0.5, abs=0.01)
    assert loss_above(0, 60, 1000, 0.02) < 1e-6
    assert loss_above(0, 0, 1000, 0.02) > 0.99
