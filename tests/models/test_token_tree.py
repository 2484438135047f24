"""Token trees and batches, by hand and by properties."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.models.token_tree import (
    SHORTEST_HEADER,
    WantedScores,
    build_rows,
    longest,
    plan,
    shared_start,
)

tokens = st.lists(st.integers(0, 3), min_size=1, max_size=5)
questions = st.lists(st.tuples(tokens, st.lists(tokens, min_size=1, max_size=4)), max_size=12)


def test_a_row_by_hand() -> None:
    """Context 7 8; options 1 2 3, 1 2 4 and 5: 1 2 is one branch, last tokens are no inputs."""
    [row] = build_rows([7, 8], [[1, 2, 3], [1, 2, 4], [5]], 100)
    assert row.tokens == (7, 8, 1, 2)
    assert row.parents == (-1, 0, 1, 2)
    assert row.positions().tolist() == [0, 1, 2, 3]
    assert row.wanted == (
        WantedScores(0, 1, 1),
        WantedScores(0, 2, 2),
        WantedScores(0, 3, 3),
        WantedScores(1, 1, 1),
        WantedScores(1, 2, 2),
        WantedScores(1, 3, 4),
        WantedScores(2, 1, 5),
    )


def test_branches_do_not_see_each_other() -> None:
    [row] = build_rows([7], [[1, 9], [2, 9]], 100)
    assert row.positions().tolist() == [0, 1, 1]
    assert row.sight().tolist() == [[True, False, False], [True, True, False], [True, False, True]]


@given(tokens, st.lists(tokens, min_size=1, max_size=5), st.integers(1, 12))
def test_every_option_is_spelt_by_its_path(
    context: list[int], options: list[list[int]], budget: int
) -> None:
    spelt: dict[int, list[int]] = {}
    for row in build_rows(context, options, budget):
        for want in row.wanted:
            before = [row.tokens[c] for c in np.flatnonzero(row.sight()[want.column])]
            path = spelt.setdefault(want.option, [])
            assert before == [*context, *path]
            path.append(want.target)
    assert spelt == dict(enumerate(options))


@given(questions, st.integers(1, 40))
def test_a_plan_holds_every_question_once_within_the_budget(
    asked: list[tuple[list[int], list[list[int]]]], budget: int
) -> None:
    rows = [build_rows(context, options, budget) for context, options in asked]
    batches = plan(rows, budget)
    assert sorted(index for batch in batches for index in batch) == list(range(len(rows)))
    for batch in batches:
        inside = [row for index in batch for row in rows[index]]
        assert len(batch) == 1 or len(inside) * longest(inside) <= budget


@given(questions, st.integers(1, 40))
def test_a_batch_planned_alone_stays_one_batch_in_the_same_order(
    asked: list[tuple[list[int], list[list[int]]]], budget: int
) -> None:
    rows = [build_rows(context, options, budget) for context, options in asked]
    for batch in plan(rows, budget):
        assert plan([rows[index] for index in batch], budget) == [tuple(range(len(batch)))]


def test_a_shared_beginning_by_hand() -> None:
    """70 tokens alike, 66 of the shorter context before its last: 64 is the next multiple of 8."""
    one = build_rows([*range(70), 1, 2], [[5]], 200)
    two = build_rows([*range(67)], [[6]], 200)
    far = build_rows([9, *range(80)], [[6]], 200)
    assert shared_start([*one, *two]) == SHORTEST_HEADER == 64
    assert shared_start(one) == shared_start([*one, *far]) == 0


def test_questions_that_begin_alike_stand_together_and_their_start_is_not_counted() -> None:
    """Ten of 90 + 10 tokens fit 100 tokens by their own ten each; by themselves one would."""
    header = list(range(88))
    asked = [build_rows([*header, n, n], [[1]], 100) for n in range(10)]
    other = build_rows(list(range(200, 290)), [[1]], 100)
    assert plan([other, *asked], 100) == [(0,), tuple(range(1, 11))]
