"""Rows that show whether an architecture takes token trees, up to a number of columns."""

from collections.abc import Sequence
from dataclasses import replace

from lexgraft.models.token_tree import TokenTree, build_rows

SHORTEST_PROBE = 32  # columns of a probe that has room for everything below
COMPARED = 3  # last tokens of the long option that are compared
UNLIMITED = 1 << 20


def short_probes(vocabulary: int) -> list[TokenTree]:
    """Return two short rows with branching options, one after a single token."""
    options = [
        _ids(vocabulary, 3, 4),
        [*_ids(vocabulary, 3, 2), *_ids(vocabulary, 5, 3)],
        _ids(vocabulary, 8, 1),
    ]
    return [
        row
        for size in (12, 1)
        for row in build_rows(_ids(vocabulary, size, size), options, UNLIMITED)
    ]


def long_probes(vocabulary: int, columns: int) -> list[TokenTree]:
    """Return a row of so many columns, and a row half as long that begins like it.

    A limit of attention below `columns` shows, whatever it is called and however it is counted:

    * The long option's last token stands at the end of the row, so a limit of what is seen in
      plain text hides the first tokens from it.
    * The short option stands a quarter of the row further on than in plain text, so a limit that
      counts columns hides other tokens from it than in a plain forward.
    * The second row lies in the same batch, on this side of a length from which positions are
      turned otherwise (longrope), and its half of the row is computed once for both.
    """
    half, shift = columns // 2, columns // 4
    context = _ids(vocabulary, 2, columns - shift - COMPARED)
    options = [_ids(vocabulary, 4, shift), _ids(vocabulary, 9, COMPARED)]
    (long,) = build_rows(context, options, UNLIMITED)
    beside = [*context[: half - COMPARED], *_ids(vocabulary, 6, COMPARED)]
    (other,) = build_rows(beside, [_ids(vocabulary, 8, COMPARED)], UNLIMITED)
    return [_last_of_each(long), other]


def _last_of_each(row: TokenTree) -> TokenTree:
    """Return the row with the last tokens of every option wanted: the rest costs logits."""
    options: dict[int, list[int]] = {}
    for index, want in enumerate(row.wanted):
        options.setdefault(want.option, []).append(index)
    kept = [row.wanted[index] for places in options.values() for index in places[-COMPARED:]]
    return replace(row, wanted=tuple(kept))


def _ids(vocabulary: int, seed: int, count: int) -> Sequence[int]:
    return [(seed * 7919 + index * 104729) % vocabulary for index in range(count)]
