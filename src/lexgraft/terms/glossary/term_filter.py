"""Hashes of a million terms, by which the spans of a text that may be terms are found at once."""

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lexgraft.errors import LexgraftError
from lexgraft.terms.text.character_tables import Points, code_points, kinds, kinds_of
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

_BEGINNINGS = (10, 21)  # bits of the table's size: 8 KiB to 16 MiB
_WHOLE = (13, 25)  # bits of the filter's size: 1 KiB to 4 MiB
_EDGE = bytes([SPACE])
_BLOCK = 1 << 13  # characters or terms hashed together
_WORD = 1 << 64
_LENGTHS = np.uint64((2 << LONG) - 1)

Words = NDArray[np.uint64]
Positions = NDArray[np.int64]
Flags = NDArray[np.bool_]
Kinds = NDArray[np.uint8]  # of the letters of `character_tables.spacings`


class TermFilter:
    """A filter over the spans of a text: passes every term and its English forms, and few others.

    A table of sets has, at the hash of how a term begins (its first word, or two characters where
    words are not spaced), the lengths of such terms and a tag of them; a filter has one bit per
    hash of a whole term (Bloom, 1970). Hashes are differences of prefix sums (Karp and Rabin, 1987,
    §2), taken for all places at once. Nothing is kept per term, and who looks up what passes
    decides.
    """

    def __init__(self, terms: Collection[str], *, compiled: bool = False) -> None:
        self._search = _compiled_search() if compiled else None
        size = len(terms).bit_length()
        self._bits = min(max(size + 1, _BEGINNINGS[0]), _BEGINNINGS[1])
        self._whole_bits = min(max(size + 5, _WHOLE[0]), _WHOLE[1])
        self._lengths = np.zeros(1 << self._bits, np.uint64)
        self._whole = np.zeros(1 << self._whole_bits - 3, np.uint8)
        self._longest = 0
        remaining = iter(terms)
        while block := list(islice(remaining, _BLOCK)):
            self._add(block)

    def spans(self, plain: str) -> Iterator[tuple[int, int]]:
        """Yield the spans of a folded text that may be terms, by start, the longest first.

        They begin and end where their scripts' rules let a term begin and end.
        """
        points = code_points(plain)
        around = np.frombuffer(_EDGE + kinds_of(plain) + _EDGE, np.uint8)
        search = self._compiled if self._search else self._in_block
        for first in range(0, len(plain), _BLOCK):
            size = min(_BLOCK, len(plain) - first)
            stop = min(first + size + self._longest + 3, len(plain))
            starts, ends = search(points[first:stop], around[first : stop + 2], size)
            if first:
                starts, ends = starts + first, ends + first
            yield from zip(starts.tolist(), ends.tolist(), strict=True)

    def _compiled(self, points: Points, around: Kinds, size: int) -> tuple[Positions, Positions]:
        """Return what `_in_block` returns, by the compiled search."""
        assert self._search
        bits, fewer = np.uint64(64 - self._bits - TAGS), np.uint64(64 - self._whole_bits)
        return self._search(
            points, around, size, self._lengths, bits, self._longest, self._whole, fewer
        )

    def _in_block(self, points: Points, around: Kinds, size: int) -> tuple[Positions, Positions]:
        """Return the spans that pass and begin in the first `size` characters of a block.

        `around` are the kinds of the characters, and of one more on either side.
        """
        codes = points.astype(np.uint64) + np.uint64(1)  # so that none is nothing
        # Where a term may begin, and the first of all places behind it where one may end.
        inner = around[1:-1]
        words = inner == SPACED
        starts = _starts(around)[:size].nonzero()[0]
        closes = _closes(around, words)
        ends = closes.nonzero()[0] + 1
        before = np.zeros(len(codes) + 1, np.int64)  # how many ends there are up to each place
        np.cumsum(closes, out=before[1:])
        nearest = before[starts]  # number of the first end in `ends`
        if len(starts) and nearest[-1] == len(ends):  # what begins last need not end
            starts = starts[nearest < len(ends)]
            nearest = nearest[: len(starts)]
        first_ends, words = ends[nearest], words[starts]
        # Only where some term begins so, or an English form may (its first word ends in s).
        sums = _sums(codes)
        lengths = self._beginning(sums, starts, first_ends, words)
        possible = ((lengths != 0) | (words & (codes[first_ends - 1] == CODE_S))).nonzero()[0]
        starts, nearest, lengths, first_ends = (
            starts[possible],
            nearest[possible],
            lengths[possible],
            first_ends[possible],
        )
        # Every span from such a start to an end that is not beyond the longest of those terms.
        furthest = starts + 2 + np.maximum(self._top(lengths), first_ends - starts)
        counts = before[np.minimum(furthest, len(codes))] - nearest
        repeats = np.arange(len(starts)).repeat(counts)  # each start once per end
        beyond = counts.cumsum().repeat(counts) - 1 - np.arange(len(repeats))  # the longest first
        starts, ends = starts[repeats], ends[nearest[repeats] + beyond]
        passes = self._passes(codes, sums, starts, ends, lengths[repeats], beyond == 0).nonzero()[0]
        return starts[passes], ends[passes]

    def _beginning(
        self, sums: Words, starts: Positions, first_ends: Positions, words: Flags
    ) -> Words:
        """Return the lengths of the terms that begin as the text does at these places."""
        pairs = np.minimum(starts + 2, len(sums) - 1)
        lengths = self._length_sets(sums, starts, np.where(words, first_ends, pairs))
        ones = (~words).nonzero()[0]
        if len(ones):
            lengths[ones] |= self._length_sets(sums, starts[ones], first_ends[ones]) & np.uint64(1)
        return lengths

    def _passes(
        self,
        codes: Words,
        sums: Words,
        starts: Positions,
        ends: Positions,
        lengths: Words,
        is_first_end: Flags,
    ) -> Flags:
        """Tell which spans have the hash of a term, or may be the English form of one."""
        sizes = np.where(is_first_end, 0, np.minimum(ends - starts, LONG)).astype(np.uint64)
        passes = (lengths >> sizes & np.uint64(1)).astype(bool)
        sized = passes.nonzero()[0]
        passes[sized] = self._is_whole(sums, starts[sized], ends[sized])
        forms = ((codes[ends - 1] == CODE_S) & (ends - starts > FORM)).nonzero()[0]
        if not len(forms):
            return passes
        starts, ends = starts[forms], ends[forms]
        irregular = (codes[ends - 2] == CODE_E) & (
            (codes[ends - 3] == CODE_S) | (codes[ends - 3] == CODE_I)
        )  # stenosis, stenoses; biopsy, biopsies
        stem = self._is_whole(sums, starts, ends - 1) | self._is_whole(sums, starts, ends - 2)
        passes[forms] |= irregular | stem
        return passes

    def _add(self, terms: Sequence[str]) -> None:
        """Enter some terms."""
        text = "".join(terms)
        sizes = np.fromiter(map(len, terms), np.int64, len(terms))
        self._longest = max(self._longest, int(sizes.max()))
        stops = np.cumsum(sizes)
        starts = stops - sizes
        points = code_points(text)
        spaced = kinds(points) == SPACED
        unspaced = np.append(np.flatnonzero(~spaced), len(points))
        words = spaced[starts]
        after = unspaced[np.searchsorted(unspaced, starts)]
        heads = np.minimum(np.where(words, after, starts + 2), stops)
        alone = (words & (heads == stops)) | (sizes == 1)
        bits = np.where(alone, 0, np.minimum(sizes, LONG)).astype(np.uint64)
        sums = _sums(points + np.uint64(1))
        slots = _slots(sums, starts, heads, self._bits + TAGS)
        np.bitwise_or.at(self._lengths, slots >> TAGS, np.uint64(1) << bits | _tags(slots))
        slots = _slots(sums, starts, stops, self._whole_bits)
        np.bitwise_or.at(self._whole, slots >> 3, np.left_shift(1, slots & 7).astype(np.uint8))

    def _length_sets(self, sums: Words, starts: Positions, ends: Positions) -> Words:
        """Return the sets of lengths of terms that begin like the spans."""
        slots = _slots(sums, starts, ends, self._bits + TAGS)
        entries = self._lengths.take(slots >> TAGS)
        return np.where(entries & _tags(slots), entries & _LENGTHS, np.uint64(0))

    def _is_whole(self, sums: Words, starts: Positions, ends: Positions) -> Flags:
        """Tell which spans have the hash of a term."""
        slots = _slots(sums, starts, ends, self._whole_bits)
        return (self._whole.take(slots >> 3) >> (slots & 7).astype(np.uint8) & 1).astype(bool)

    def _top(self, lengths: Words) -> Positions:
        """Return the greatest length of every set, or more."""
        tops = np.frexp(lengths.astype(np.float64))[1].astype(np.int64)
        return np.where(tops >= LONG, max(self._longest, LONG), tops)


def _compiled_search() -> Any:
    """Return the search as compiled code, made at its first call."""
    try:
        from lexgraft.terms.glossary.compiled_filter import search
    except ImportError as error:
        raise LexgraftError(
            "the compiled matcher needs numba", cure="pip install 'lexgraft[compiled]'"
        ) from error
    return search


def _sums(codes: Words) -> Words:
    """Return the sums of code · baseⁱ before every place, modulo 2⁶⁴."""
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(codes * _powers(_room(len(codes)), BASE)[: len(codes)], out=sums[1:])
    return sums


def _slots(sums: Words, starts: Positions, ends: Positions, bits: int) -> Positions:
    """Return the first bits of the hashes of spans, by the running sums."""
    hashes = sums.take(ends)
    hashes -= sums.take(starts)
    hashes *= _mixed(_room(len(sums))).take(starts)
    hashes >>= np.uint64(64 - bits)
    return hashes.view(np.int64)


def _tags(slots: Positions) -> Words:
    """Return the tag bit of each beginning: most others that fall on its slot have another."""
    return np.uint64(1) << ((slots & (1 << TAGS) - 1) + LONG + 1).view(np.uint64)


def _starts(around: Kinds) -> Flags:
    """Tell where a term may begin: not within words of spaced scripts or of Hangul."""
    inner = around[1:-1]
    inside = (inner == around[:-2]) & ((inner == SPACED) | (inner == HANGUL))
    return ~(inside | (inner == SPACE))


def _closes(around: Kinds, words: Flags) -> Flags:
    """Tell after which characters a term may end: not within words of spaced scripts."""
    inner = around[1:-1]
    return ~(words & (inner == around[2:]) | (inner == SPACE))


def _room(size: int) -> int:
    """Return a power of two of at least this size, so that few tables of powers are made."""
    return max(1 << 12, 1 << size.bit_length())


@lru_cache(maxsize=4)
def _mixed(size: int) -> Words:
    """Return MIX · base⁻⁰, MIX · base⁻¹, … modulo 2⁶⁴: what a sum is led back and mixed by."""
    return _powers(size, pow(BASE, -1, _WORD)) * np.uint64(MIX)


@lru_cache(maxsize=8)
def _powers(size: int, base: int) -> Words:
    """Return base⁰, base¹, … modulo 2⁶⁴."""
    factors = np.full(size, base, np.uint64)
    factors[0] = 1
    return np.multiply.accumulate(factors)
