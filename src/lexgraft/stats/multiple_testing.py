"""Several tests at once: Holm's correction over a family that was declared beforehand (pure)."""

from collections.abc import Sequence


def holm(values: Sequence[float]) -> list[float]:
    """Return p values adjusted so that one false alarm in the whole family stays below alpha.

    The k-th smallest of m is multiplied by m − k + 1, and none falls below a smaller one's
    (Holm 1979, Scandinavian Journal of Statistics 6, section 2). Valid under any dependence.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    adjusted = [0.0] * len(values)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(values)), key=lambda i: (values[i], i))):
        highest = max(highest, min(1.0, values[index] * (len(values) - rank)))
        adjusted[index] = highest
    return adjusted
