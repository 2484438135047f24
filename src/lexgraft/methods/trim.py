"""The largest elements of a whole tensor, exactly as many as asked for, found without sorting."""

from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float32
from torch import Tensor

from lexgraft.methods.registry import Blocks, Shares

_COARSE = 1 << 15  # the top 15 bits below the sign of a float32
_FINE = 1 << 16
_SLICE = 1 << 18  # elements counted at once, so that they stay in cache

Counts = np.ndarray[Any, np.dtype[np.int64]]


class Cut(NamedTuple):
    """What is kept of a tensor: all above a threshold, and of those equal to it the first."""

    bits: int  # the threshold's magnitude, as the bit pattern of a float32
    last: int  # number of the last element kept among those equal to it


def cuts(blocks: Blocks, *, density: Shares, **_settings: Any) -> tuple[Cut, ...]:  # noqa: ANN401
    """Return every model's cut: exactly max(1, round(density · size)) elements are kept.

    The bit patterns of positive floats are ordered like the floats, so two histograms (of the
    upper 15 bits, then of the lower 16 within one bucket) give the k-th largest magnitude
    exactly. Histograms of blocks add up; ties are kept in the order of the elements.
    """
    _, deltas, place = next(blocks())
    keep = [max(1, round(share * place.size)) for share in place.each(density)]
    models = range(len(deltas))
    coarse = _count(blocks, [None for _ in models])
    upper = [_descend(coarse[m], keep[m]) for m in models]
    fine = _count(blocks, [bucket for bucket, _ in upper])
    lower = [_descend(fine[m], rest) for m, (_, rest) in enumerate(upper)]
    bits = [(upper[m][0] << 16) | lower[m][0] for m in models]
    excess = [fine[m][lower[m][0]] > lower[m][1] and bits[m] > 0 for m in models]
    ends = [place.size - 1 for _ in models]
    if any(excess):
        ties = [rest if excess[m] else 0 for m, (_, rest) in enumerate(lower)]
        ends = _last_ties(blocks, bits, ties, place.size - 1)
    return tuple(Cut(bits[m], ends[m]) for m in models)


def kept(delta: Float32[Tensor, "*shape"], cut: Cut, start: int) -> Bool[Tensor, "*shape"]:
    """Return which elements of a block, whose first has number `start`, survive the cut."""
    magnitudes = delta.contiguous().view(torch.int32) & 0x7FFFFFFF
    if cut.last >= start + delta.numel() - 1:
        return magnitudes >= cut.bits
    mask = magnitudes > cut.bits
    before = cut.last + 1 - start
    if before > 0:
        flat, equal = mask.view(-1), magnitudes.view(-1)[:before] == cut.bits
        flat[:before] |= equal
    return mask


def _count(blocks: Blocks, buckets: list[int | None]) -> list[Counts]:
    """Return per model how often each upper half occurs, or each lower half in one bucket."""
    totals = [np.zeros(_COARSE if b is None else _FINE, np.int64) for b in buckets]
    for _, deltas, _ in blocks():
        for delta, bucket, total in zip(deltas, buckets, totals, strict=True):
            bits = delta.contiguous().view(-1).view(torch.int32).numpy()
            for at in range(0, len(bits), _SLICE):
                piece = bits[at : at + _SLICE]
                upper = (piece >> 16) & 0x7FFF
                if bucket is not None:
                    upper = piece[upper == bucket] & 0xFFFF
                np.add(total, np.bincount(upper, minlength=len(total)), out=total)
    return totals


def _descend(counts: Counts, wanted: int) -> tuple[int, int]:
    """Return the bucket that holds the wanted-largest element, and its rank from the top in it."""
    from_top = np.cumsum(counts[::-1])
    position = int(np.searchsorted(from_top, wanted))
    above = int(from_top[position - 1]) if position else 0
    return len(counts) - 1 - position, wanted - above


def _last_ties(blocks: Blocks, bits: list[int], ties: list[int], end: int) -> list[int]:
    """Return per model the number of its ties-th element equal to the threshold."""
    ends, left = [end for _ in bits], list(ties)
    for _, deltas, place in blocks():
        for model, delta in enumerate(deltas):
            if left[model] <= 0:
                continue
            equal = (delta.reshape(-1).view(torch.int32) & 0x7FFFFFFF) == bits[model]
            found = equal.nonzero().view(-1)
            if len(found) >= left[model]:
                ends[model] = place.start + int(found[left[model] - 1])
            left[model] -= len(found)
    return ends
