"""The sieve's search as loops compiled by numba, an extra: its one door."""

# ruff: noqa: ANN401 (arrays and words of 64 bits, whose types the compiler finds)

from typing import Any

import numpy as np
from numba import njit

from lexgraft.glossary.hashing import (
    BASE,
    CODE_E,
    CODE_I,
    CODE_S,
    FORM,
    HANGUL,
    LONG,
    MIX,
    SPACE,
    SPACED,
)

_compiled: Any = njit(nogil=True)
_ROOM = 64  # spans for which there is room at first


@_compiled
def search(codes: Any, kinds: Any, first: Any, last: Any, table: Any, whole: Any) -> Any:
    """Return starts and ends of the spans that begin in [first, last) and may be terms.

    They come by start, the longest first. `table` is (sets of lengths, bits, longest term),
    `whole` is (filter, bits): see `Sieve`.
    """
    starts, ends, count = np.empty(_ROOM, np.int64), np.empty(_ROOM, np.int64), 0
    for start in range(first, last):
        own = _own_end(codes, kinds, start)
        if not own:
            continue
        lengths = _lengths(codes, kinds, start, own, table)
        if lengths == 0 and not (kinds[start] == SPACED and codes[own - 1] == CODE_S):
            continue
        furthest = min(start + 2 + _top(lengths, own - start, table[2]), len(codes))
        if count + furthest - start > len(starts):
            room = np.empty(len(starts) + furthest - start, np.int64)
            starts, ends = np.concatenate((starts, room)), np.concatenate((ends, room))
        began = count
        count = _add(codes, kinds, (start, own, furthest), lengths, whole, starts, ends, count)
        ends[began:count] = ends[began:count][::-1].copy()
    return starts[:count], ends[:count]


@_compiled
def _add(
    codes: Any, kinds: Any, span: Any, lengths: Any, whole: Any, starts: Any, ends: Any, count: Any
) -> Any:
    """Add the spans of one start that pass, the shortest first; return how many there are now."""
    start, own, furthest = span
    value, power = np.uint64(0), np.uint64(1)
    short, shorter = np.uint64(0), np.uint64(0)  # hashes of the span less one and two characters
    for end in range(start + 1, furthest + 1):
        shorter, short = short, value
        value += codes[end - 1] * power
        power *= np.uint64(BASE)
        if end < own or not _may_end(kinds, end):
            continue
        size = np.uint64(0 if end == own else min(end - start, LONG))
        good = (lengths >> size) & np.uint64(1) and _is_whole(value, whole)
        if not good and codes[end - 1] == CODE_S and end - start > FORM:
            good = (
                _is_irregular(codes[end - 2], codes[end - 3])
                or _is_whole(short, whole)
                or _is_whole(shorter, whole)
            )
        if good:
            starts[count], ends[count] = start, end
            count += 1
    return count


@_compiled
def _own_end(codes: Any, kinds: Any, start: Any) -> Any:
    """Return the first place where a term that begins here may end; 0: none may begin here."""
    kind, before = kinds[start], kinds[start - 1] if start else SPACE
    if kind == SPACE or (kind == before and kind in (SPACED, HANGUL)):
        return 0
    for end in range(start + 1, len(codes) + 1):
        if _may_end(kinds, end):
            return end
    return 0


@_compiled
def _lengths(codes: Any, kinds: Any, start: Any, own: Any, table: Any) -> Any:
    """Return the set of lengths of terms that begin as the text does here."""
    sets, bits, _ = table
    words = kinds[start] == SPACED
    reach = own if words else min(start + 2, len(codes))
    value, power, found = np.uint64(0), np.uint64(1), np.uint64(0)
    for place in range(start, max(own, reach)):
        value += codes[place] * power
        power *= np.uint64(BASE)
        if place + 1 == reach:
            found |= sets[_slot(value, bits)]
        if place + 1 == own and not words:
            found |= sets[_slot(value, bits)] & np.uint64(1)
    return found


@_compiled
def _top(lengths: Any, least: Any, longest: Any) -> Any:
    """Return the greatest length of a set, or more."""
    top = 0
    while lengths:
        lengths >>= np.uint64(1)
        top += 1
    return max(least, top if top < LONG else max(longest, LONG))


@_compiled
def _may_end(kinds: Any, end: Any) -> Any:
    """Tell whether a term may end before a place: not within a word of a spaced script."""
    kind = kinds[end - 1]
    return kind != SPACE and not (end < len(kinds) and kind == SPACED and kinds[end] == SPACED)


@_compiled
def _is_irregular(second: Any, third: Any) -> Any:
    """Tell -ses and -ies by their letters: stenosis, stenoses; biopsy, biopsies."""
    return second == CODE_E and third in (CODE_S, CODE_I)


@_compiled
def _is_whole(value: Any, whole: Any) -> Any:
    """Tell whether the filter has a span's hash."""
    slot = _slot(value, whole[1])
    return (whole[0][slot >> 3] >> (slot & 7)) & 1 == 1


@_compiled
def _slot(value: Any, bits: Any) -> Any:
    """Return the first bits of a hash."""
    return np.int64((value * np.uint64(MIX)) >> bits)
