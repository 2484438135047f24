"""Proposes candidates: a small seeded evolution over one method's numeric parameters (pure)."""

from collections.abc import Sequence
from hashlib import sha256
from math import cos, log, pi, sqrt
from typing import Any

from lexgraft.project import Candidate, SearchSettings

STEP = 0.2
"""Standard deviation of a mutation, as a share of the range."""


def propose(
    search: SearchSettings, scores: Sequence[tuple[Candidate, float]], seed: int
) -> Candidate:
    """Return the next candidate, given what the earlier ones of this search scored.

    The first half of the trials is spread evenly over the ranges (a Halton sequence); the second
    half mutates the best so far by Gaussian steps, a (1+1) evolution strategy (Rechenberg 1973).
    """
    number = len(scores)
    if number < (search.trials + 1) // 2:
        shares = [
            _halton(number + 1, prime) for prime, _ in zip(_PRIMES, search.ranges, strict=False)
        ]
    else:
        best, _ = max(enumerate(scores), key=lambda pair: (pair[1][1], -pair[0]))
        values = _flat(scores[best][0].parameters)
        shares = [
            _reflect((values[name] - low) / (high - low) + STEP * _gauss(seed, number, name))
            for name, (low, high) in search.ranges.items()
        ]
    settings = {
        name: round(low + share * (high - low), 4)
        for (name, (low, high)), share in zip(search.ranges.items(), shares, strict=True)
    }
    return Candidate(search.method, _nested(settings))


_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19)


def _halton(index: int, radix: int) -> float:
    """Return the radical inverse of `index`, in (0, 1) (Halton 1960)."""
    value, scale = 0.0, 1.0
    while index:
        scale /= radix
        index, digit = divmod(index, radix)
        value += digit * scale
    return value


def _gauss(seed: int, number: int, name: str) -> float:
    """Return a standard normal number keyed by its arguments (Box and Muller 1958)."""
    raw = sha256(f"{seed}/{number}/{name}".encode()).digest()
    first, second = ((int.from_bytes(raw[i : i + 8]) + 1) / (2**64 + 1) for i in (0, 8))
    return sqrt(-2 * log(first)) * cos(2 * pi * second)


def _reflect(share: float) -> float:
    """Return a number in [0, 1], mirrored at the ends."""
    folded = abs(share) % 2
    return 2 - folded if folded > 1 else folded


def _flat(parameters: dict[str, Any]) -> dict[str, float]:
    """Return `{"weight": {"domain": 1}}` as `{"weight.domain": 1}`."""
    flat: dict[str, float] = {}
    for name, value in parameters.items():
        if isinstance(value, dict):
            flat.update({f"{name}.{label}": number for label, number in value.items()})
        else:
            flat[name] = value
    return flat


def _nested(settings: dict[str, float]) -> dict[str, Any]:
    """Return `{"weight.domain": 1}` as `{"weight": {"domain": 1}}`."""
    nested: dict[str, Any] = {}
    for name, value in settings.items():
        parameter, _, label = name.partition(".")
        if label:
            nested.setdefault(parameter, {})[label] = value
        else:
            nested[name] = value
    return nested
