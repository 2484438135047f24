"""The sieve's search as loops compiled by numba, an extra: its one door."""

from typing import Any

import numpy as np
from numba import njit

from lexgraft.terms.text.span_hash import (
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
    TAGS,
)

_INVERSE = pow(BASE, -1, 1 << 64)
_ROOM = 64  # spans for which there is room at first
_compiled: Any = njit(nogil=True)


@_compiled
def search(
    codes: Any, around: Any, size: Any, sets: Any, bits: Any, longest: Any, whole: Any, fewer: Any
) -> Any:
    """Return starts and ends of the spans that begin in the first `size` places and may be terms.

    They come by start, the longest first. `around` are the kinds of the characters and of one more
    on either side; `sets` the lengths of terms by `bits` of a hash of their beginning, `whole` a
    filter by `fewer` bits of a term's hash: see `Sieve`. What is looked up in them is looked up for
    all places at once, so that one wait for memory does not follow another.
    """
    nexts, (sums, factors) = _nexts(around), _sums(codes)
    places, lengths = _beginnings(around, size, nexts, sums, factors, sets, bits)
    starts, ends, count = np.empty(_ROOM, np.int64), np.empty(_ROOM, np.int64), 0
    for start, found in zip(places, lengths):  # noqa: B905 (the compiler knows no `strict`)
        own = nexts[start]
        if found == 0 and codes[own - 1] != CODE_S:
            continue
        furthest = start + 2 + max(own - start, _top(found, longest))
        began, end = count, own
        while 0 < end <= furthest:
            kept = found >> np.uint64(0 if end == own else min(end - start, LONG)) & np.uint64(1)
            if (kept and _has(whole, sums, factors, start, end, fewer)) or (
                codes[end - 1] == CODE_S
                and end - start > FORM
                and (
                    (codes[end - 2] == CODE_E and codes[end - 3] in (CODE_S, CODE_I))
                    or _has(whole, sums, factors, start, end - 1, fewer)
                    or _has(whole, sums, factors, start, end - 2, fewer)
                )  # stenosis, stenoses; biopsy, biopsies
            ):
                if count == len(starts):
                    starts, ends = _doubled(starts), _doubled(ends)
                starts[count], ends[count] = start, end
                count += 1
            end = nexts[end]
        for one in range((count - began) // 2):
            ends[began + one], ends[count - 1 - one] = ends[count - 1 - one], ends[began + one]
    return starts[:count], ends[:count]


@_compiled
def _nexts(around: Any) -> Any:
    """Return the first place after each at which a term may end; 0: none."""
    size = len(around) - 2
    nexts, nearest = np.zeros(size + 1, np.int64), 0
    for place in range(size - 1, -1, -1):
        kind = around[place + 1]
        if kind != SPACE and not (kind == SPACED and around[place + 2] == SPACED):
            nearest = place + 1
        nexts[place] = nearest
    return nexts


@_compiled
def _sums(codes: Any) -> Any:
    """Return the sums of code · baseⁱ before every place, and MIX · base⁻ⁱ."""
    sums, factors = np.zeros(len(codes) + 1, np.uint64), np.empty(len(codes) + 1, np.uint64)
    power, factor, total = np.uint64(1), np.uint64(MIX), np.uint64(0)
    for place in range(len(codes)):
        factors[place] = factor
        total += codes[place] * power
        sums[place + 1] = total
        power *= np.uint64(BASE)
        factor *= np.uint64(_INVERSE)
    factors[len(codes)] = factor
    return sums, factors


@_compiled
def _beginnings(
    around: Any, size: Any, nexts: Any, sums: Any, factors: Any, sets: Any, bits: Any
) -> Any:
    """Return where a term may begin, and the lengths of those that begin as the text does there."""
    starts, count = np.empty(size, np.int64), 0
    slots, alone = np.empty(size, np.int64), np.empty(size, np.int64)
    for start in range(size):
        kind, own = around[start + 1], nexts[start]
        if kind == SPACE or not own or (kind == around[start] and kind in (SPACED, HANGUL)):
            continue
        reach = own if kind == SPACED else min(start + 2, len(nexts) - 1)
        starts[count] = start
        slots[count] = _slot(sums, factors, start, reach, bits)
        alone[count] = _slot(sums, factors, start, own, bits)
        count += 1
    lengths = np.empty(count, np.uint64)
    for one in range(count):
        lengths[one] = _set(sets, slots[one]) | (_set(sets, alone[one]) & np.uint64(1))
    return starts[:count], lengths


@_compiled
def _set(sets: Any, slot: Any) -> Any:
    """Return the lengths of terms that begin with a hash, if its tag is there."""
    found = sets[slot >> TAGS]
    tag = np.uint64((slot & (1 << TAGS) - 1) + LONG + 1)
    return found & np.uint64((2 << LONG) - 1) if found >> tag & np.uint64(1) else np.uint64(0)


@_compiled
def _top(lengths: Any, longest: Any) -> Any:
    """Return the greatest length of a set, or more."""
    top = 0
    while lengths:
        lengths >>= np.uint64(1)
        top += 1
    return top if top < LONG else max(longest, LONG)


@_compiled
def _has(whole: Any, sums: Any, factors: Any, start: Any, end: Any, bits: Any) -> Any:
    """Tell whether the filter has a span's hash."""
    slot = _slot(sums, factors, start, end, bits)
    return (whole[slot >> 3] >> (slot & 7)) & 1 == 1


@_compiled
def _slot(sums: Any, factors: Any, start: Any, end: Any, bits: Any) -> Any:
    """Return the first bits of the hash of a span: all but so many."""
    return np.int64((sums[end] - sums[start]) * factors[start] >> bits)


@_compiled
def _doubled(places: Any) -> Any:
    """Return the places with as much room again."""
    return np.concatenate((places, np.empty(len(places), np.int64)))
