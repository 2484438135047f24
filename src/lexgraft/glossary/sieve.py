"""Hashes of a million terms, by which the spans of a text that may be terms are found at once."""

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lexgraft.errors import UserError
from lexgraft.glossary.folding import scripts
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

_BEGINNINGS = (10, 21)  # bits of the table's size: 8 KiB to 16 MiB
_WHOLE = (13, 25)  # bits of the filter's size: 1 KiB to 4 MiB
_BLOCK = 1 << 13  # characters or terms hashed together
_WORD = 1 << 64

Words = NDArray[np.uint64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Sieve:
    """What lets every term of a text through, its English forms too, and little else.

    A table of 64-bit sets has, at the hash of how a term begins (its first word, or two characters
    where words are not spaced), the lengths of such terms; a filter has one bit per hash of a whole
    term (Bloom, 1970). Hashes are differences of prefix sums (Karp and Rabin, 1987, §2), taken for
    all places at once. Nothing is kept per term, and who looks up what passes decides.
    """

    def __init__(self, terms: Collection[str], *, compiled: bool = False) -> None:
        self._search = _compiled_search() if compiled else None
        size = len(terms).bit_length()
        self._bits = min(max(size + 1, _BEGINNINGS[0]), _BEGINNINGS[1])
        self._whole_bits = min(max(size + 5, _WHOLE[0]), _WHOLE[1])
        self._lengths = np.zeros(1 << self._bits, np.uint64)
        self._whole = np.zeros(1 << self._whole_bits - 3, np.uint8)
        self._longest = 0
        left = iter(terms)
        while block := list(islice(left, _BLOCK)):
            self._add(block)

    def spans(self, plain: str) -> Iterator[tuple[int, int]]:
        """Yield the spans of a folded text that may be terms, by start, the longest first.

        They begin and end where their scripts' rules let a term begin and end.
        """
        kinds = np.frombuffer(scripts(plain).encode("ascii"), np.uint8)
        for first in range(0, len(plain), _BLOCK):
            last = min(first + _BLOCK, len(plain))
            stop = min(last + self._longest + 3, len(plain))
            if self._search:
                yield from self._compiled(plain, kinds, first, last, stop)
                continue
            starts, ends = _starts(kinds, first, last), _ends(kinds, first, stop)
            spans = self._in_block(_codes(plain[first:stop]), starts, ends, kinds[first:stop])
            yield from zip(*((one + first).tolist() for one in spans), strict=True)

    def _compiled(
        self, plain: str, kinds: NDArray[np.uint8], first: int, last: int, stop: int
    ) -> Iterator[tuple[int, int]]:
        """Yield the spans that begin in a block, by the compiled search."""
        assert self._search
        table = (self._lengths, np.uint64(64 - self._bits), self._longest)
        whole = (self._whole, np.uint64(64 - self._whole_bits))
        left = max(0, first - 1)  # what stands before the block decides whether it begins a term
        starts, ends = self._search(
            _codes(plain[left:stop]),
            kinds[left : stop + 1],
            first - left,
            last - left,
            table,
            whole,
        )
        yield from zip((starts + left).tolist(), (ends + left).tolist(), strict=True)

    def _in_block(
        self, codes: Words, starts: Places, ends: Places, kinds: NDArray[np.uint8]
    ) -> tuple[Places, Places]:
        """Return the starts and ends of the spans of a block that pass."""
        sums = _sums(codes)
        nearest = np.searchsorted(ends, starts, "right")
        starts, nearest = starts[nearest < len(ends)], nearest[nearest < len(ends)]
        own = ends[nearest]
        words = kinds[starts] == SPACED
        reach = np.where(words, own, np.minimum(starts + 2, len(codes)))
        lengths = self._at(sums, starts, reach)
        ones = np.flatnonzero(~words)
        lengths[ones] |= self._at(sums, starts[ones], own[ones]) & np.uint64(1)
        kept = np.flatnonzero((lengths != 0) | (words & (codes[own - 1] == CODE_S)))
        starts, nearest, lengths, own = starts[kept], nearest[kept], lengths[kept], own[kept]
        furthest = starts + 2 + np.maximum(self._top(lengths), own - starts)
        counts = np.searchsorted(ends, furthest, "right") - nearest
        each = np.repeat(np.arange(len(starts)), counts)
        beyond = np.repeat(np.cumsum(counts), counts) - 1 - np.arange(len(each))
        starts, ends = starts[each], ends[nearest[each] + beyond]
        passes = self._passes(codes, sums, starts, ends, lengths[each], beyond == 0)
        return starts[passes], ends[passes]

    def _passes(
        self, codes: Words, sums: Words, starts: Places, ends: Places, lengths: Words, own: Flags
    ) -> Flags:
        """Tell which spans have the hash of a term, or may be the English form of one."""
        sizes = np.where(own, 0, np.minimum(ends - starts, LONG)).astype(np.uint64)
        passes = (lengths >> sizes & np.uint64(1)).astype(bool)
        sized = np.flatnonzero(passes)
        passes[sized] = self._is_whole(sums, starts[sized], ends[sized])
        forms = np.flatnonzero((codes[ends - 1] == CODE_S) & (ends - starts > FORM))
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
        whole = "".join(terms)
        sizes = np.fromiter(map(len, terms), np.int64, len(terms))
        self._longest = max(self._longest, int(sizes.max()))
        stops = np.cumsum(sizes)
        starts = stops - sizes
        kinds = np.frombuffer(scripts(whole).encode("ascii"), np.uint8)
        others = np.append(np.flatnonzero(kinds != SPACED), len(kinds))
        words = kinds[starts] == SPACED
        after = others[np.searchsorted(others, starts)]
        heads = np.minimum(np.where(words, after, starts + 2), stops)
        alone = (words & (heads == stops)) | (sizes == 1)
        bits = np.where(alone, 0, np.minimum(sizes, LONG)).astype(np.uint64)
        sums = _sums(_codes(whole))
        slots = _slots(sums, starts, heads, self._bits)
        np.bitwise_or.at(self._lengths, slots, np.uint64(1) << bits)
        slots = _slots(sums, starts, stops, self._whole_bits)
        np.bitwise_or.at(self._whole, slots >> 3, np.left_shift(1, slots & 7).astype(np.uint8))

    def _at(self, sums: Words, starts: Places, ends: Places) -> Words:
        """Return the sets of lengths of terms that begin like the spans."""
        return self._lengths[_slots(sums, starts, ends, self._bits)]

    def _is_whole(self, sums: Words, starts: Places, ends: Places) -> Flags:
        """Tell which spans have the hash of a term."""
        slots = _slots(sums, starts, ends, self._whole_bits)
        return (self._whole[slots >> 3] >> (slots & 7).astype(np.uint8) & 1).astype(bool)

    def _top(self, lengths: Words) -> Places:
        """Return the greatest length of every set, or more."""
        tops = np.frexp(lengths.astype(np.float64))[1].astype(np.int64)
        return np.where(tops >= LONG, max(self._longest, LONG), tops)


def _compiled_search() -> Any:  # noqa: ANN401 (compiled)
    """Return the search as compiled code, made at its first call."""
    try:
        from lexgraft.glossary.compiled import search  # noqa: PLC0415 (an extra, and slow)
    except ImportError as error:
        raise UserError(
            "the compiled matcher needs numba", cure="pip install 'lexgraft[compiled]'"
        ) from error
    return search


def _codes(text: str) -> Words:
    """Return the code points plus one, so that none is nothing."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    return points.astype(np.uint64) + np.uint64(1)


def _sums(codes: Words) -> Words:
    """Return the sums of code · baseⁱ before every place, modulo 2⁶⁴."""
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(codes * _powers(_room(len(codes)), BASE)[: len(codes)], out=sums[1:])
    return sums


def _slots(sums: Words, starts: Places, ends: Places, bits: int) -> Places:
    """Return the first bits of the hashes of spans of what was summed."""
    hashes = sums[ends]
    hashes -= sums[starts]
    hashes *= _mixed(_room(len(sums)))[starts]
    hashes >>= np.uint64(64 - bits)
    return hashes.view(np.int64)


def _starts(kinds: NDArray[np.uint8], first: int, last: int) -> Places:
    """Return where in a block a term may begin: not within words of spaced scripts or Hangul."""
    kind = kinds[first:last]
    before = np.append(kinds[first - 1] if first else np.uint8(SPACE), kind[:-1])
    inside = (kind == before) & ((kind == SPACED) | (kind == HANGUL))
    return np.flatnonzero(~inside & (kind != SPACE))


def _ends(kinds: NDArray[np.uint8], first: int, last: int) -> Places:
    """Return where in a block a term may end: not within words of spaced scripts."""
    kind = kinds[first:last]
    after = np.append(kind[1:], kinds[last] if last < len(kinds) else np.uint8(SPACE))
    inside = (kind == after) & (kind == SPACED)
    return np.flatnonzero(~inside & (kind != SPACE)) + 1


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
