"""The largest elements of a whole tensor, exactly as many as asked for, found without sorting."""

from collections.abc import Callable, Iterator, Sequence
from math import ceil, sqrt
from typing import Any, Literal, NamedTuple

import numpy as np

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Bool, Float32
from lexgraft.weights.methods.ordered_sums import Doubles, as_rows, row_sizes, whole_sums
from lexgraft.weights.methods.registry import Base, Blocks, Deltas, Shares, TensorContext

_COARSE = 1 << 15  # the top 15 bits below the sign of a float32
_FINE = 1 << 16
_SLICE = 1 << 18  # elements counted at once, so that they stay in cache
NONE = 0x7FFFFFFF  # above the magnitude of every number; all bits but the sign
_SAMPLE = 1 << 17  # elements that bracket a threshold

RescaleNorm = Literal["share", "l1"]
"""What rescaling keeps: the expected delta (1/p, as in the paper), or the sum of magnitudes."""

Counts = np.ndarray[Any, np.dtype[np.int64]]
Bits = np.ndarray[Any, np.dtype[np.int32]]
Tracks = Callable[[], Iterator[tuple[Float32[Tensor, "track *shape"], int]]]
"""What is ranked, block by block, as often as asked for; and the number of the first element."""


class TrimThreshold(NamedTuple):
    """What is kept of a tensor: all above a threshold, and of those equal to it the first."""

    bits: int  # the threshold's magnitude, as the bit pattern of a float32
    last: int  # number of the last element kept among those equal to it
    factor: float = 1.0  # what is kept is multiplied by


def cuts(
    blocks: Blocks,
    *,
    density: Shares,
    rescale: bool = False,
    **_settings: Any,
) -> tuple[TrimThreshold, ...]:
    """Return every model's cut: exactly max(1, round(density · size)) elements are kept.

    With `rescale` its factor restores the sum of magnitudes.
    """
    _, _, place = next(blocks())
    keep = kept_counts(place, density)
    found = largest(delta_tracks(blocks), list(enumerate(keep)), place.size)
    if not rescale:
        return found
    factors = l1_factors(blocks, lambda deltas, at: trimmed(deltas, found, at))
    return tuple(cut._replace(factor=f) for cut, f in zip(found, factors, strict=True))


def kept_counts(place: TensorContext, density: Shares) -> list[int]:
    """Return how many elements of a tensor every model keeps: its share, but at least one."""
    return [max(1, round(share * place.size)) for share in place.each(density)]


def trimmed(deltas: Deltas, found: Sequence[TrimThreshold], place: TensorContext) -> Deltas:
    """Return the deltas with all but what their cuts keep set to 0, times the cuts' factors."""
    result = torch.empty_like(deltas)
    for model, cut in enumerate(found):
        torch.mul(deltas[model], kept(deltas[model], cut, place.start).float(), out=result[model])
        if cut.factor != 1:
            result[model].mul_(cut.factor)
    return result


def restoring(
    blocks: Blocks,
    thinned: Callable[[Deltas, TensorContext], Deltas],
    *,
    rescale: bool,
    norm: RescaleNorm,
) -> tuple[float, ...] | None:
    """Return what restores every model's sum of magnitudes; None where that is not asked for."""
    return l1_factors(blocks, thinned) if rescale and norm == "l1" else None


def restored(thinned: Deltas, found: tuple[float, ...] | None) -> Deltas:
    """Return what is left of the deltas times their factors, which may be written over it."""
    for delta, factor in zip(thinned, found or (), strict=found is not None):
        delta.mul_(factor)
    return thinned


def l1_factors(
    blocks: Blocks, thinned: Callable[[Deltas, TensorContext], Deltas]
) -> tuple[float, ...]:
    """Return per model Σ|δ| / Σ|δ̂|, δ̂ being what thinning leaves; 1 where nothing is left."""

    def per_row(_base: Base, deltas: Deltas, place: TensorContext) -> list[Doubles]:
        return [row_sizes(as_rows(part)) for part in (*deltas, *thinned(deltas, place))]

    sums = whole_sums(blocks, per_row)
    pairs = zip(sums[: len(sums) // 2], sums[len(sums) // 2 :], strict=True)
    return tuple(before / after if after else 1.0 for before, after in pairs)


def delta_tracks(blocks: Blocks) -> Tracks:
    """Return the deltas as what is ranked."""
    return lambda: ((deltas, place.start) for _, deltas, place in blocks())


def largest(
    tracks: Tracks, wanted: Sequence[tuple[int, int]], size: int
) -> tuple[TrimThreshold, ...]:
    """Return the cut that keeps the k elements of largest magnitude, for every (track, k).

    The bit patterns of positive floats are ordered like the floats. A sample brackets every
    threshold; then the elements above, at and below the ends of the bracket are counted, and the
    few between them sorted. Where the sample misled, two histograms (of the upper 15 bits, then
    of the lower 16 within one bucket) find it. All of it adds up over blocks and is exact; ties
    are kept in the order of the elements.
    """
    asked = [(track, keep) for track, keep in wanted if keep > 0]
    found = _between(tracks, asked, _brackets(tracks, asked, size))
    if None in found:
        found = _by_histograms(tracks, asked)
    ranks = [rank for rank in found if rank is not None]
    ties = [one.wanted if one.equal > one.wanted and one.bits > 0 else 0 for one in ranks]
    bits, ends = [one.bits for one in ranks], [size - 1 for _ in ranks]
    if any(ties):
        ends = _last_ties(tracks, [track for track, _ in asked], bits, ties, size - 1)
    made = map(TrimThreshold, bits, ends)
    return tuple(next(made) if keep > 0 else TrimThreshold(NONE, size - 1) for _, keep in wanted)


def kept(
    values: Float32[Tensor, "*shape"], cut: TrimThreshold, start: int
) -> Bool[Tensor, "*shape"]:
    """Return which elements of a block, whose first has number `start`, survive the cut."""
    magnitudes = _magnitudes(values)
    before = cut.last + 1 - start
    if before >= len(magnitudes):
        mask = magnitudes >= cut.bits
    else:
        mask = magnitudes > cut.bits
        if before > 0:
            mask[:before] |= magnitudes[:before] == cut.bits
    return torch.from_numpy(mask).view(values.shape)


class _Rank(NamedTuple):
    """A threshold's magnitude, how many elements have it, how many of those are wanted."""

    bits: int
    equal: int
    wanted: int


class _Bracket:
    """Two magnitudes around a threshold, and the elements counted against them."""

    def __init__(self, sample: Bits, keep: int, size: int) -> None:
        """Leave room for chance on both sides: six standard errors of the share."""
        count, share = len(sample), keep / size
        room = 0
        if count < size:
            room = 1 + ceil(6 * sqrt(share * (1 - share) * count))
        at = count - round(share * count)
        self.low = int(sample[at - room]) if at - room >= 0 else 0
        self.high = int(sample[at + room]) if at + room < count else NONE
        self._above = self._at_high = self._at_low = 0
        self._inside: list[Bits] = []

    def count(self, magnitudes: Bits) -> None:
        """Count one block's elements."""
        above = magnitudes > self.high
        from_high = magnitudes >= self.high
        counts = int(np.count_nonzero(above)), int(np.count_nonzero(from_high))
        self._above += counts[0]
        self._at_high += counts[1] - counts[0]
        if self.low == self.high:
            return
        over_low = magnitudes > self.low
        from_low = int(np.count_nonzero(magnitudes >= self.low))
        over = int(np.count_nonzero(over_low))
        self._at_low += from_low - over
        if over > counts[1]:
            self._inside.append(magnitudes[np.flatnonzero(over_low != from_high)])

    def rank(self, keep: int) -> _Rank | None:
        """Return the keep-largest element; None if it is not between the ends."""
        left = keep - self._above
        if left <= 0:
            return None
        if left <= self._at_high:
            return _Rank(self.high, self._at_high, left)
        left -= self._at_high
        inside = np.sort(np.concatenate([*self._inside, np.zeros(0, np.int32)]))
        if left <= len(inside):
            bits = inside[len(inside) - left]
            first, end = np.searchsorted(inside, bits), np.searchsorted(inside, bits, "right")
            return _Rank(int(bits), int(end - first), int(left - (len(inside) - end)))
        left -= len(inside)
        return _Rank(self.low, self._at_low, left) if left <= self._at_low else None


def _brackets(tracks: Tracks, asked: Sequence[tuple[int, int]], size: int) -> list[_Bracket]:
    """Return a bracket for every threshold asked for, from equally spaced elements."""
    step = -(-size // _SAMPLE)
    seen: dict[int, list[Bits]] = {track: [] for track, _ in asked}
    for block, start in tracks():
        first = -start % step
        for track, parts in seen.items():
            bits = block[track].contiguous().view(-1).view(torch.int32).numpy()
            parts.append(bits[first::step] & NONE)
    samples = {track: np.sort(np.concatenate(parts)) for track, parts in seen.items()}
    return [_Bracket(samples[track], keep, size) for track, keep in asked]


def _between(
    tracks: Tracks, asked: Sequence[tuple[int, int]], brackets: Sequence[_Bracket]
) -> list[_Rank | None]:
    """Return the rank found in every bracket."""
    for block, _ in tracks():
        magnitudes = {track: _magnitudes(block[track]) for track, _ in asked}
        for (track, _), bracket in zip(asked, brackets, strict=True):
            bracket.count(magnitudes[track])
    return [bracket.rank(keep) for (_, keep), bracket in zip(asked, brackets, strict=True)]


def _by_histograms(tracks: Tracks, asked: Sequence[tuple[int, int]]) -> list[_Rank | None]:
    """Return the ranks whatever the elements are like."""
    chosen = [track for track, _ in asked]
    coarse = _count(tracks, chosen, None)
    upper = [descend(counts, keep) for counts, (_, keep) in zip(coarse, asked, strict=True)]
    fine = _count(tracks, chosen, [bucket for bucket, _ in upper])
    lower = [descend(counts, rest) for counts, (_, rest) in zip(fine, upper, strict=True)]
    return [
        _Rank((bucket << 16) | low, int(counts[low]), rest)
        for (bucket, _), (low, rest), counts in zip(upper, lower, fine, strict=True)
    ]


def _magnitudes(values: Float32[Tensor, "*shape"]) -> Bits:
    """Return the bit patterns of the magnitudes, which numpy compares faster than torch."""
    return values.contiguous().view(-1).view(torch.int32).numpy() & NONE


def _count(tracks: Tracks, chosen: list[int], buckets: list[int] | None) -> list[Counts]:
    """Return per choice how often each upper half occurs, or each lower half in one bucket."""
    totals = [np.zeros(_COARSE if buckets is None else _FINE, np.int64) for _ in chosen]
    for block, _ in tracks():
        for number, (track, total) in enumerate(zip(chosen, totals, strict=True)):
            bits = _magnitudes(block[track])
            for at in range(0, len(bits), _SLICE):
                piece = bits[at : at + _SLICE]
                upper = piece >> 16
                if buckets is not None:
                    upper = piece[upper == buckets[number]] & 0xFFFF
                np.add(total, np.bincount(upper, minlength=len(total)), out=total)
    return totals


def descend(counts: Counts, wanted: int) -> tuple[int, int]:
    """Return the bucket that holds the wanted-largest element, and its rank from the top in it."""
    from_top = np.cumsum(counts[::-1])
    position = int(np.searchsorted(from_top, wanted))
    above = int(from_top[position - 1]) if position else 0
    return len(counts) - 1 - position, wanted - above


def _last_ties(
    tracks: Tracks, chosen: list[int], bits: list[int], ties: list[int], end: int
) -> list[int]:
    """Return per choice the number of its ties-th element equal to the threshold."""
    ends, left = [end for _ in bits], list(ties)
    for block, start in tracks():
        for number, track in enumerate(chosen):
            if left[number] <= 0:
                continue
            found = np.flatnonzero(_magnitudes(block[track]) == bits[number])
            if len(found) >= left[number]:
                ends[number] = start + int(found[left[number] - 1])
            left[number] -= len(found)
    return ends
