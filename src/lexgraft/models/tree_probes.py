"""Rows that show, when a model is loaded, whether its architecture takes token trees."""

from lexgraft.models.token_tree import SHORTEST_HEADER, TokenTree, build_rows

LONGEST_PROBE = 128  # tokens of a probe that reaches past the attention window
UNLIMITED = 1 << 20


def probes(vocabulary: int, window: int | None, limit: int | None) -> list[TokenTree]:
    """Return rows with branching options; one is longer than the attention window.

    A window that cannot be reached cheaply is left out.
    """
    sizes = [12, 1]
    if window is not None and window + 2 <= min(LONGEST_PROBE, (limit or LONGEST_PROBE) - 8):
        sizes.insert(0, window + 2)
    return [
        row
        for size in sizes
        for row in build_rows(
            _ids(vocabulary, size, size),
            [
                _ids(vocabulary, 3, 4),
                [*_ids(vocabulary, 3, 2), *_ids(vocabulary, 5, 3)],
                _ids(vocabulary, 8, 1),
            ],
            UNLIMITED,
        )
    ]


def header_probes(vocabulary: int) -> list[TokenTree]:
    """Return two rows that begin with the same tokens, just enough to be shared."""
    header = _ids(vocabulary, 2, SHORTEST_HEADER + 1)
    ends = ((4, 2), (6, 5))
    return [
        row
        for seed, size in ends
        for row in build_rows(
            [*header, *_ids(vocabulary, seed, size)], [_ids(vocabulary, 9, 2)], UNLIMITED
        )
    ]


def _ids(vocabulary: int, seed: int, count: int) -> list[int]:
    return [(seed * 7919 + index * 104729) % vocabulary for index in range(count)]
