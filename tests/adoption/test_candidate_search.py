import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraft.adoption.candidate_search import propose
from lexgraft.errors import LexgraftError
from lexgraft.project import Candidate, SearchSettings

SEARCH = SearchSettings("dare_ties", {"weight.domain": (0.2, 1.2), "density": (0.2, 1.0)}, trials=8)
SHARED = SearchSettings("ties", {"density": (0.2, 1.0), "share": (0.1, 0.9)}, trials=40)


def score(candidate: Candidate) -> float:
    density = candidate.parameters["density"]
    weight = candidate.parameters.get("weight", {"domain": 0.8})["domain"]
    return -abs(density - 0.6) - abs(weight - 0.8) - abs(candidate.share - 0.5)


def run(search: SearchSettings, seed: int) -> list[Candidate]:
    scores: list[tuple[Candidate, float]] = []
    for _ in range(search.trials):
        candidate = propose(search, scores, seed)
        scores.append((candidate, score(candidate)))
    return [candidate for candidate, _ in scores]


@settings(max_examples=8)
@given(st.integers(0, 2**62 - 1))
def test_every_proposal_stays_in_its_range(seed: int):
    for candidate in run(SEARCH, seed):
        assert 0.2 <= candidate.parameters["density"] <= 1.0
        assert 0.2 <= candidate.parameters["weight"]["domain"] <= 1.2
        assert candidate.share == 1


def test_the_same_seed_proposes_the_same_and_another_seed_another():
    assert run(SEARCH, 1) == run(SEARCH, 1)
    assert run(SEARCH, 1) != run(SEARCH, 2)


def test_a_search_that_was_killed_goes_on_as_it_would_have():
    whole = run(SEARCH, 3)
    scored = [(candidate, score(candidate)) for candidate in whole]
    for done in range(len(whole)):
        assert propose(SEARCH, scored[:done], 3) == whole[done]


def test_a_range_of_share_is_no_parameter():
    assert all("share" not in candidate.parameters for candidate in run(SHARED, 1))
    assert all(0.1 <= candidate.share <= 0.9 for candidate in run(SHARED, 1))
    with pytest.raises(LexgraftError, match="between 0, which is G"):
        propose(SearchSettings("ties", {"share": (0.5, 1.5)}), [], 1)


def test_what_scores_is_sought_where_it_was_found():
    for seed in range(5):
        found = [score(candidate) for candidate in run(SHARED, seed)]
        assert sum(found[-8:]) / 8 > sum(found[:8]) / 8
        assert max(found) > -0.1
