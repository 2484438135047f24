from hypothesis import given
from hypothesis import strategies as st

from lexgraft.adoption.candidate_search import propose
from lexgraft.project import Candidate, SearchSettings

SEARCH = SearchSettings("dare_ties", {"weight.domain": (0.2, 1.2), "density": (0.2, 1.0)}, trials=8)


def run(search: SearchSettings, seed: int) -> list[Candidate]:
    scores: list[tuple[Candidate, float]] = []
    for _ in range(search.trials):
        candidate = propose(search, scores, seed)
        density, weight = candidate.parameters["density"], candidate.parameters["weight"]["domain"]
        scores.append((candidate, -abs(density - 0.6) - abs(weight - 0.8)))
    return [candidate for candidate, _ in scores]


def test_the_first_half_is_spread_by_halton():
    # Halton in radix 2 and 3: 1/2, 1/3; 1/4, 2/3; so weight 0.2 + 0.5 and density 0.2 + 0.8/3
    first = run(SEARCH, 1)[0]
    assert first == Candidate("dare_ties", {"weight": {"domain": 0.7}, "density": 0.4667})


@given(st.integers(0, 2**32))
def test_every_proposal_stays_in_its_range(seed: int):
    for candidate in run(SEARCH, seed):
        assert 0.2 <= candidate.parameters["density"] <= 1.0
        assert 0.2 <= candidate.parameters["weight"]["domain"] <= 1.2


def test_the_same_seed_proposes_the_same_and_another_seed_another():
    assert run(SEARCH, 1) == run(SEARCH, 1)
    assert run(SEARCH, 1) != run(SEARCH, 2)
