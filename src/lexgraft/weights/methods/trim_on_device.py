"""The largest elements of a whole tensor on a device: the same ones that the processor finds."""

from collections.abc import Callable, Iterator

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Bool, Float32

SIGNLESS = 0x7FFFFFFF  # all bits of a float32 but the sign


def threshold(
    track: Callable[[], Iterator[Float32[Tensor, "*shape"]]], keep: int, size: int
) -> tuple[int, int]:
    """Return the bits of the keep-largest magnitude, and the last element kept that has them.

    The bit patterns of positive floats are ordered like the floats; they are selected as whole
    numbers, so no device finds others. Of elements of equal magnitude the first are kept.
    """
    magnitudes = torch.cat([_magnitudes(block) for block in track()])
    bits = int(magnitudes.kthvalue(size - keep + 1).values)
    remaining = keep - int((magnitudes > bits).sum())
    equal = (magnitudes == bits).nonzero()[:, 0]
    if bits == 0 or len(equal) <= remaining:
        return bits, size - 1
    return bits, int(equal[remaining - 1])


def survivors(values: Float32[Tensor, "*shape"], bits: int, before: int) -> Bool[Tensor, "*shape"]:
    """Return which elements of a block are above a threshold, or equal to it and among the first.

    Args:
        values: the block.
        bits: the threshold's magnitude, as the bit pattern of a float32.
        before: how many of the block's elements may be kept where they equal it.
    """
    magnitudes = _magnitudes(values)
    mask = magnitudes > bits
    if before > 0:
        mask[:before] |= magnitudes[:before] == bits
    return mask.view(values.shape)


def _magnitudes(values: Float32[Tensor, "*shape"]) -> Tensor:
    return values.contiguous().view(-1).view(torch.int32) & SIGNLESS
