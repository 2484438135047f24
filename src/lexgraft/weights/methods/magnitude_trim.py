"""The largest elements of a whole tensor, exactly as many as asked for, found without sorting."""

from collections.abc import Callable, Iterator, Sequence
from math import ceil, sqrt
from typing import Any, Literal, NamedTuple

import numpy as np

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Bool, Float32
from lexgraft.weights.methods.ordered_sums import Doubles, as_rows, row_sizes, whole_sums
from lexgraft.weights.methods.registry import Base, Blocks, Deltas, Shares, TensorContext
from lexgraft.weights.methods.trim_on_device import survivors, threshold

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
) -> tuple[TrimThreshold, ...]:
    """Return every model's cut: exactly max(1, round(density · size)) elements are kept.

    With `rescale` its factor restores the sum of magnitudes.
    """
    _, _, context = next(blocks())
    keep = kept_counts(context, density)
    thresholds = largest(delta_tracks(blocks), list(enumerate(keep)), context.size)
    if not rescale:
        return thresholds
    factors = l1_factors(blocks, lambda deltas, block: trimmed(deltas, thresholds, block))
    return tuple(cut._replace(factor=f) for cut, f in zip(thresholds, factors, strict=True))


def kept_counts(context: TensorContext, density: Shares) -> list[int]:
    """Return how many elements of a tensor every model keeps: its share, but at least one."""
    return [max(1, round(share * context.size)) for share in context.each(density)]


def trimmed(deltas: Deltas, thresholds: Sequence[TrimThreshold], context: TensorContext) -> Deltas:
    """Return the deltas with all but what their cuts keep set to 0, times the cuts' factors."""
    result = torch.empty_like(deltas)
    for model, cut in enumerate(thresholds):
        torch.mul(deltas[model], kept(deltas[model], cut, context.start).float(), out=result[model])
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


def restored(thinned: Deltas, norm_factors: tuple[float, ...] | None) -> Deltas:
    """Return what is left of the deltas times their factors, which may be written over it."""
    for delta, factor in zip(thinned, norm_factors or (), strict=norm_factors is not None):
        delta.mul_(factor)
    return thinned


def l1_factors(
    blocks: Blocks, thinned: Callable[[Deltas, TensorContext], Deltas]
) -> tuple[float, ...]:
    """Return per model Σ|δ| / Σ|δ̂|, δ̂ being what thinning leaves; 1 where nothing is left."""

    def per_row(_base: Base, deltas: Deltas, context: TensorContext) -> list[Doubles]:
        return [row_sizes(as_rows(delta)) for delta in (*deltas, *thinned(deltas, context))]

    sums = whole_sums(blocks, per_row)
    pairs = zip(sums[: len(sums) // 2], sums[len(sums) // 2 :], strict=True)
    return tuple(before / after if after else 1.0 for before, after in pairs)


def delta_tracks(blocks: Blocks) -> Tracks:
    """Return the deltas as what is ranked."""
    return lambda: ((deltas, context.start) for _, deltas, context in blocks())


def largest(
    tracks: Tracks, targets: Sequence[tuple[int, int]], size: int
) -> tuple[TrimThreshold, ...]:
    """Return the cut that keeps the k elements of largest magnitude, for every (track, k).

    The bit patterns of positive floats are ordered like the floats. A sample brackets every
    threshold; then the elements above, at and below the ends of the bracket are counted, and the
    few between them sorted. Where the sample misled, two histograms (of the upper 15 bits, then
    of the lower 16 within one bucket) find it. All of it adds up over blocks and is exact; ties
    are kept in the order of the elements.
    """
    if next(tracks())[0].device.type != "cpu":
        return tuple(
            TrimThreshold(*threshold(lambda track=track: _track(tracks, track), keep, size))
            if keep > 0
            else TrimThreshold(NONE, size - 1)
            for track, keep in targets
        )
    nonempty = [(track, keep) for track, keep in targets if keep > 0]
    bracketed = _between(tracks, nonempty, _brackets(tracks, nonempty, size))
    if None in bracketed:
        bracketed = _by_histograms(tracks, nonempty)
    ranks = [rank for rank in bracketed if rank is not None]
    ties = [rank.keep if rank.equal > rank.keep and rank.bits > 0 else 0 for rank in ranks]
    bits, ends = [rank.bits for rank in ranks], [size - 1 for _ in ranks]
    if any(ties):
        ends = _last_ties(tracks, [track for track, _ in nonempty], bits, ties, size - 1)
    thresholds = map(TrimThreshold, bits, ends)
    return tuple(
        next(thresholds) if keep > 0 else TrimThreshold(NONE, size - 1) for _, keep in targets
    )


def kept(
    values: Float32[Tensor, "*shape"], cut: TrimThreshold, start: int
) -> Bool[Tensor, "*shape"]:
    """Return which elements of a block, whose first has number `start`, survive the cut."""
    before = cut.last + 1 - start
    if values.device.type != "cpu":
        return survivors(values, cut.bits, before)
    magnitudes = _magnitudes(values)
    if before >= len(magnitudes):
        mask = magnitudes >= cut.bits
    else:
        mask = magnitudes > cut.bits
        if before > 0:
            mask[:before] |= magnitudes[:before] == cut.bits
    return torch.from_numpy(mask).view(values.shape)


def _track(tracks: Tracks, track: int) -> Iterator[Float32[Tensor, "*shape"]]:
    return (block[track] for block, _ in tracks())


class _Rank(NamedTuple):
    """A threshold's magnitude, how many elements have it, how many of those are kept."""

    bits: int
    equal: int
    keep: int


class _Bracket:
    """Two magnitudes around a threshold, and the elements counted against them."""

    def __init__(self, sample: Bits, keep: int, size: int) -> None:
        """Leave room for chance on both sides: six standard errors of the share."""
        count, share = len(sample), keep / size
        margin = 0
        if count < size:
            margin = 1 + ceil(6 * sqrt(share * (1 - share) * count))
        position = count - round(share * count)
        self.low = int(sample[position - margin]) if position - margin >= 0 else 0
        self.high = int(sample[position + margin]) if position + margin < count else NONE
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
        remaining = keep - self._above
        if remaining <= 0:
            return None
        if remaining <= self._at_high:
            return _Rank(self.high, self._at_high, remaining)
        remaining -= self._at_high
        inside = np.sort(np.concatenate([*self._inside, np.zeros(0, np.int32)]))
        if remaining <= len(inside):
            bits = inside[len(inside) - remaining]
            first, end = np.searchsorted(inside, bits), np.searchsorted(inside, bits, "right")
            return _Rank(int(bits), int(end - first), int(remaining - (len(inside) - end)))
        remaining -= len(inside)
        return _Rank(self.low, self._at_low, remaining) if remaining <= self._at_low else None


def _brackets(tracks: Tracks, targets: Sequence[tuple[int, int]], size: int) -> list[_Bracket]:
    """Return a bracket for every threshold asked for, from equally spaced elements."""
    step = -(-size // _SAMPLE)
    sampled: dict[int, list[Bits]] = {track: [] for track, _ in targets}
    for block, start in tracks():
        first = -start % step
        for track, samples_of_track in sampled.items():
            bits = block[track].contiguous().view(-1).view(torch.int32).numpy()
            samples_of_track.append(bits[first::step] & NONE)
    samples = {
        track: np.sort(np.concatenate(samples_of_track))
        for track, samples_of_track in sampled.items()
    }
    return [_Bracket(samples[track], keep, size) for track, keep in targets]


def _between(
    tracks: Tracks, targets: Sequence[tuple[int, int]], brackets: Sequence[_Bracket]
) -> list[_Rank | None]:
    """Return the rank found in every bracket."""
    for block, _ in tracks():
        magnitudes = {track: _magnitudes(block[track]) for track, _ in targets}
        for (track, _), bracket in zip(targets, brackets, strict=True):
            bracket.count(magnitudes[track])
    return [bracket.rank(keep) for (_, keep), bracket in zip(targets, brackets, strict=True)]


def _by_histograms(tracks: Tracks, targets: Sequence[tuple[int, int]]) -> list[_Rank | None]:
    """Return the ranks whatever the elements are like."""
    chosen = [track for track, _ in targets]
    coarse = _count(tracks, chosen, None)
    upper = [descend(counts, keep) for counts, (_, keep) in zip(coarse, targets, strict=True)]
    fine = _count(tracks, chosen, [bucket for bucket, _ in upper])
    lower = [descend(counts, rank) for counts, (_, rank) in zip(fine, upper, strict=True)]
    return [
        _Rank((bucket << 16) | low, int(counts[low]), rank)
        for (bucket, _), (low, rank), counts in zip(upper, lower, fine, strict=True)
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
            for offset in range(0, len(bits), _SLICE):
                piece = bits[offset : offset + _SLICE]
                upper = piece >> 16
                if buckets is not None:
                    upper = piece[upper == buckets[number]] & 0xFFFF
                np.add(total, np.bincount(upper, minlength=len(total)), out=total)
    return totals


def descend(counts: Counts, rank: int) -> tuple[int, int]:
    """Return the bucket that holds the wanted-largest element, and its rank from the top in it."""
    from_top = np.cumsum(counts[::-1])
    position = int(np.searchsorted(from_top, rank))
    above = int(from_top[position - 1]) if position else 0
    return len(counts) - 1 - position, rank - above


def _last_ties(
    tracks: Tracks, chosen: list[int], bits: list[int], ties: list[int], end: int
) -> list[int]:
    """Return per choice the number of its ties-th element equal to the threshold."""
    ends, remaining = [end for _ in bits], list(ties)
    for block, start in tracks():
        for number, track in enumerate(chosen):
            if remaining[number] <= 0:
                continue
            equal = np.flatnonzero(_magnitudes(block[track]) == bits[number])
            if len(equal) >= remaining[number]:
                ends[number] = start + int(equal[remaining[number] - 1])
            remaining[number] -= len(equal)
    return ends
