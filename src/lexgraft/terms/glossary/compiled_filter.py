"""The search of `TermFilter` as loops compiled by numba, an extra: its one door."""

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
_ROOM = 512  # spans for which there is room at first
_compiled: Any = njit(nogil=True)


@_compiled
def search(
    points: Any, around: Any, size: Any, sets: Any, bits: Any, longest: Any, bloom: Any, fewer: Any
) -> Any:
    """Return starts and ends of the spans that begin in the first `size` places and may be terms.

    They come by start, the longest first. `points` are the characters, `around` their kinds and
    those of one more on either side; `sets` the lengths of terms by `bits` of a hash of their
    beginning, `bloom` a filter by `fewer` bits of a term's hash: see `TermFilter`. What is looked
    up in them is looked up for all places at once, so that one wait for memory does not follow
    another.
    """
    codes = points.astype(np.uint64) + np.uint64(1)
    nexts, (sums, factors) = _nexts(around), _sums(codes)
    beginnings, lengths = _beginnings(around, size, nexts, sums, factors, sets, bits)
    arrays = codes, nexts, sums, factors, beginnings, lengths
    spans = np.empty((2, _ROOM), np.int64)
    count = _enter(spans, arrays, longest, bloom, fewer)
    if count > _ROOM:
        spans = np.empty((2, count), np.int64)
        _enter(spans, arrays, longest, bloom, fewer)
    return spans[:, :count]


@_compiled
def _enter(spans: Any, arrays: Any, longest: Any, bloom: Any, fewer: Any) -> Any:
    """Write starts and ends of the spans that may be terms, as many as there is room for.

    Returns how many there are. Arrays that grow within the loop would cost more than all else.
    """
    codes, nexts, sums, factors, beginnings, lengths = arrays
    room, count = spans.shape[1], 0
    for start, length_set in zip(beginnings, lengths):  # noqa: B905 (the compiler knows no `strict`)
        first_end = nexts[start]
        if length_set == 0 and codes[first_end - 1] != CODE_S:
            continue
        furthest = start + 2 + max(first_end - start, _top(length_set, longest))
        began, end = count, first_end
        while 0 < end <= furthest:
            is_length = length_set >> np.uint64(
                0 if end == first_end else min(end - start, LONG)
            ) & np.uint64(1)
            if (is_length and _has(bloom, sums, factors, start, end, fewer)) or (
                codes[end - 1] == CODE_S
                and end - start > FORM
                and (
                    (codes[end - 2] == CODE_E and codes[end - 3] in (CODE_S, CODE_I))
                    or _has(bloom, sums, factors, start, end - 1, fewer)
                    or _has(bloom, sums, factors, start, end - 2, fewer)
                )  # stenosis, stenoses; biopsy, biopsies
            ):
                if count < room:
                    spans[0, count], spans[1, count] = start, end
                count += 1
            end = nexts[end]
        last = min(count, room) - 1
        for step in range((last + 1 - began) // 2):
            first, second = began + step, last - step
            spans[1, first], spans[1, second] = spans[1, second], spans[1, first]
    return count


@_compiled
def _nexts(around: Any) -> Any:
    """Return the first place after each at which a term may end; 0: none."""
    size = len(around) - 2
    nexts, nearest = np.zeros(size + 1, np.int64), 0
    for position in range(size - 1, -1, -1):
        kind = around[position + 1]
        if kind != SPACE and not (kind == SPACED and around[position + 2] == SPACED):
            nearest = position + 1
        nexts[position] = nearest
    return nexts


@_compiled
def _sums(codes: Any) -> Any:
    """Return the sums of code · baseⁱ before every place, and MIX · base⁻ⁱ."""
    sums, factors = np.zeros(len(codes) + 1, np.uint64), np.empty(len(codes) + 1, np.uint64)
    power, factor, total = np.uint64(1), np.uint64(MIX), np.uint64(0)
    for position in range(len(codes)):
        factors[position] = factor
        total += codes[position] * power
        sums[position + 1] = total
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
    following = 0
    while following < size:
        start, kind, first_end = following, around[following + 1], nexts[following]
        following = first_end if kind == SPACED and first_end else start + 1  # not within a word
        if kind == SPACE or not first_end or (kind == around[start] and kind in (SPACED, HANGUL)):
            continue
        reach = first_end if kind == SPACED else min(start + 2, len(nexts) - 1)
        starts[count] = start
        slots[count] = _slot(sums, factors, start, reach, bits)
        alone[count] = _slot(sums, factors, start, first_end, bits)
        count += 1
    lengths = np.empty(count, np.uint64)
    for index in range(count):
        lengths[index] = _set(sets, slots[index]) | (_set(sets, alone[index]) & np.uint64(1))
    return starts[:count], lengths


@_compiled
def _set(sets: Any, slot: Any) -> Any:
    """Return the lengths of terms that begin with a hash, if its tag is there."""
    entry = sets[slot >> TAGS]
    tag = np.uint64((slot & (1 << TAGS) - 1) + LONG + 1)
    return entry & np.uint64((2 << LONG) - 1) if entry >> tag & np.uint64(1) else np.uint64(0)


@_compiled
def _top(lengths: Any, longest: Any) -> Any:
    """Return the greatest length of a set, or more."""
    top = 0
    while lengths:
        lengths >>= np.uint64(1)
        top += 1
    return top if top < LONG else max(longest, LONG)


@_compiled
def _has(bloom: Any, sums: Any, factors: Any, start: Any, end: Any, bits: Any) -> Any:
    """Tell whether the filter has a span's hash."""
    slot = _slot(sums, factors, start, end, bits)
    return (bloom[slot >> 3] >> (slot & 7)) & 1 == 1


@_compiled
def _slot(sums: Any, factors: Any, start: Any, end: Any, bits: Any) -> Any:
    """Return the first bits of the hash of a span: all but so many."""
    return np.int64((sums[end] - sums[start]) * factors[start] >> bits)
