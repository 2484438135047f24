"""The largest elements of a whole tensor, exactly as many as asked for, found without sorting."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float32
from torch import Tensor

from lexgraft.methods.registry import Base, Blocks, Deltas, Place, Shares
from lexgraft.methods.sums import Doubles, as_rows, row_sizes, whole_sums

_COARSE = 1 << 15  # the top 15 bits below the sign of a float32
_FINE = 1 << 16
_SLICE = 1 << 18  # elements counted at once, so that they stay in cache
_NONE = 0x7FFFFFFF  # above the magnitude of every number

Counts = np.ndarray[Any, np.dtype[np.int64]]
Tracks = Callable[[], Iterator[tuple[Float32[Tensor, "track *shape"], int]]]
"""What is ranked, block by block, as often as asked for; and the number of the first element."""


class Cut(NamedTuple):
    """What is kept of a tensor: all above a threshold, and of those equal to it the first."""

    bits: int  # the threshold's magnitude, as the bit pattern of a float32
    last: int  # number of the last element kept among those equal to it
    factor: float = 1.0  # what is kept is multiplied by


def cuts(
    blocks: Blocks,
    *,
    density: Shares,
    rescale: bool = False,
    **_settings: Any,  # noqa: ANN401
) -> tuple[Cut, ...]:
    """Return every model's cut: exactly max(1, round(density · size)) elements are kept.

    With `rescale` its factor restores the sum of magnitudes.
    """
    _, _, place = next(blocks())
    keep = [max(1, round(share * place.size)) for share in place.each(density)]
    found = largest(delta_tracks(blocks), list(enumerate(keep)), place.size)
    if not rescale:
        return found
    factors = l1_factors(blocks, lambda deltas, at: trimmed(deltas, found, at))
    return tuple(cut._replace(factor=f) for cut, f in zip(found, factors, strict=True))


def trimmed(deltas: Deltas, found: Sequence[Cut], place: Place) -> Deltas:
    """Return the deltas with all but what their cuts keep set to 0, times the cuts' factors."""
    result = torch.empty_like(deltas)
    for model, cut in enumerate(found):
        torch.mul(deltas[model], kept(deltas[model], cut, place.start), out=result[model])
        if cut.factor != 1:
            result[model].mul_(cut.factor)
    return result


def l1_factors(blocks: Blocks, thinned: Callable[[Deltas, Place], Deltas]) -> tuple[float, ...]:
    """Return per model Σ|δ| / Σ|δ̂|, δ̂ being what thinning leaves; 1 where nothing is left."""

    def per_row(_base: Base, deltas: Deltas, place: Place) -> list[Doubles]:
        return [row_sizes(as_rows(part)) for part in (*deltas, *thinned(deltas, place))]

    sums = whole_sums(blocks, per_row)
    pairs = zip(sums[: len(sums) // 2], sums[len(sums) // 2 :], strict=True)
    return tuple(before / after if after else 1.0 for before, after in pairs)


def delta_tracks(blocks: Blocks) -> Tracks:
    """Return the deltas as what is ranked."""
    return lambda: ((deltas, place.start) for _, deltas, place in blocks())


def largest(tracks: Tracks, wanted: Sequence[tuple[int, int]], size: int) -> tuple[Cut, ...]:
    """Return the cut that keeps the k elements of largest magnitude, for every (track, k).

    The bit patterns of positive floats are ordered like the floats, so two histograms (of the
    upper 15 bits, then of the lower 16 within one bucket) give the k-th largest magnitude
    exactly. Histograms of blocks add up; ties are kept in the order of the elements.
    """
    asked = [(track, keep) for track, keep in wanted if keep > 0]
    chosen = [track for track, _ in asked]
    coarse = _count(tracks, chosen, None)
    upper = [_descend(counts, keep) for counts, (_, keep) in zip(coarse, asked, strict=True)]
    fine = _count(tracks, chosen, [bucket for bucket, _ in upper])
    lower = [_descend(counts, rest) for counts, (_, rest) in zip(fine, upper, strict=True)]
    bits = [(u << 16) | low for (u, _), (low, _) in zip(upper, lower, strict=True)]
    ties = [
        rest if counts[low] > rest and bit > 0 else 0
        for counts, (low, rest), bit in zip(fine, lower, bits, strict=True)
    ]
    ends = [size - 1 for _ in asked]
    if any(ties):
        ends = _last_ties(tracks, chosen, bits, ties, size - 1)
    found = map(Cut, bits, ends)
    return tuple(next(found) if keep > 0 else Cut(_NONE, size - 1) for _, keep in wanted)


def kept(values: Float32[Tensor, "*shape"], cut: Cut, start: int) -> Bool[Tensor, "*shape"]:
    """Return which elements of a block, whose first has number `start`, survive the cut."""
    magnitudes = values.contiguous().view(torch.int32) & 0x7FFFFFFF
    if cut.last >= start + values.numel() - 1:
        return magnitudes >= cut.bits
    mask = magnitudes > cut.bits
    before = cut.last + 1 - start
    if before > 0:
        flat, equal = mask.view(-1), magnitudes.view(-1)[:before] == cut.bits
        flat[:before] |= equal
    return mask


def _count(tracks: Tracks, chosen: list[int], buckets: list[int] | None) -> list[Counts]:
    """Return per choice how often each upper half occurs, or each lower half in one bucket."""
    totals = [np.zeros(_COARSE if buckets is None else _FINE, np.int64) for _ in chosen]
    for block, _ in tracks():
        for number, (track, total) in enumerate(zip(chosen, totals, strict=True)):
            bits = block[track].contiguous().view(-1).view(torch.int32).numpy()
            for at in range(0, len(bits), _SLICE):
                piece = bits[at : at + _SLICE]
                upper = (piece >> 16) & 0x7FFF
                if buckets is not None:
                    upper = piece[upper == buckets[number]] & 0xFFFF
                np.add(total, np.bincount(upper, minlength=len(total)), out=total)
    return totals


def _descend(counts: Counts, wanted: int) -> tuple[int, int]:
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
            equal = (block[track].reshape(-1).view(torch.int32) & 0x7FFFFFFF) == bits[number]
            found = equal.nonzero().view(-1)
            if len(found) >= left[number]:
                ends[number] = start + int(found[left[number] - 1])
            left[number] -= len(found)
    return ends
