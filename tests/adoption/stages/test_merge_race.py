"""A race on how sure candidates are, concept by concept."""

import numpy as np

from lexgraft.adoption.stages.merge_race import beaten


def test_a_clear_loser_is_dropped_and_an_equal_is_not() -> None:
    rng = np.random.default_rng(0)
    names = [f"c{n}" for n in range(200)]
    leader = dict(zip(names, rng.uniform(0.4, 1.0, 200).tolist(), strict=True))
    noise = rng.normal(0, 0.1, 200).tolist()
    equal = {name: min(1.0, leader[name] + move) for name, move in zip(names, noise, strict=True)}
    worse = {name: leader[name] - 0.3 for name in names[:100]}
    assert beaten(worse, leader, 0.05)
    assert not beaten(equal, leader, 0.05)
    assert not beaten({}, leader, 0.05)
