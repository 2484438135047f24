"""Wrong options that leave no cue to the answer."""

from collections import Counter

import numpy as np

from lexgraft.terms.testset.baseline_rules import PIECES, SHARED
from lexgraft.terms.testset.cue_balance import Cues, balanced

NAMES = (PIECES, SHARED)


def cues(answer: tuple[int, int], candidates: list[tuple[int, int]]) -> Cues:
    size = len(candidates) + 1
    return Cues(
        NAMES,
        np.array(candidates, dtype=np.int64),
        np.array(answer, dtype=np.int64),
        uses=np.zeros(size, dtype=np.int64),
        lengths=np.full(size, 5),
    )


def test_the_answer_stands_at_every_place_of_every_cue_equally_often():
    candidates = [(a, b) for a in (3, 4, 6, 7) for b in (3, 4, 6, 7)]
    places: Counter[tuple[int, int]] = Counter()
    for key in range(400):
        (chosen,) = balanced(cues((5, 5), candidates), 3, 1, key)
        picked = [candidates[place] for place in chosen]
        places[sum(a > 5 for a, _ in picked), sum(b > 5 for _, b in picked)] += 1
    for cue in (0, 1):
        above = Counter[int]()
        for place, count in places.items():
            above[place[cue]] += count
        assert all(70 <= above[number] <= 130 for number in range(4))


def test_the_heavier_cue_is_met_where_not_all_can_be():
    candidates = [(9, 1), (9, 1), (9, 1), (1, 9), (1, 9), (1, 9)]
    met = 0
    for key in range(60):
        (chosen,) = balanced(cues((5, 5), candidates), 3, 1, key)
        met += sum(candidates[place][0] > 5 for place in chosen)
    assert 60 <= met <= 120  # 1.5 of 3 lie above by pieces, whatever that does to the other cue


def test_draws_share_no_wrong_option_where_there_are_enough_and_else_begin_anew():
    enough = cues((5, 5), [(5, 5)] * 6)
    first, second = balanced(enough, 3, 2, "key")
    assert sorted([*first, *second]) == list(range(6))
    first, second = balanced(cues((5, 5), [(5, 5)] * 4), 3, 2, "key")
    assert len(set(first)) == len(set(second)) == 3
    assert balanced(cues((5, 5), [(5, 5)] * 2), 3, 1, "key") == [[0, 1]]


def test_options_that_are_options_as_often_come_first():
    plain = cues((5, 5), [(5, 5)] * 4)
    worn = plain._replace(uses=np.array([2, 9, 2, 2, 2]))
    (chosen,) = balanced(worn, 3, 1, "key")
    assert sorted(chosen) == [1, 2, 3]


def test_the_mean_length_tells_the_answer_in_no_more_draws_than_chance():
    lengths = np.array([10, 8, 9, 11, 12, 14, 15, 6, 7])
    candidates = cues((5, 5), [(5, 5)] * 8)._replace(lengths=lengths)
    nearest = 0
    for key in range(200):
        (chosen,) = balanced(candidates, 3, 1, key)
        sizes = [10, *(int(lengths[1:][place]) for place in chosen)]
        mean = sum(sizes) / 4
        nearest += min(sizes, key=lambda size: abs(size - mean)) == 10
    assert nearest < 100
