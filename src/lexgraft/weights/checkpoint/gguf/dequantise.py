"""Blocks of quantised weights → float32, for the tensor types that are met in practice.

A block is a few bytes of scales followed by packed integers (layouts: ggml's `ggml-common.h`).
Types named `_0` mean d·q, types named `_1` mean d·q + m; the K types hold 256 values in sub-blocks
whose scales are integers themselves: d·sc·q - dmin·m. Arithmetic is float32 throughout.
"""

from collections.abc import Callable

import numpy as np
from msgspec import Struct
from numpy import ndarray

from lexgraft.arrays.shapes import Float32, UInt8

Blocks = UInt8[ndarray, "block byte"]
Whole = UInt8[ndarray, "block value"]
Scales = UInt8[ndarray, "block 8"]
SubBlocks = UInt8[ndarray, "block 8 32"]
Values = Float32[ndarray, "block value"]


class QuantisedType(Struct, frozen=True):
    """A tensor type: its name, values and bytes per block, and the way back to numbers."""

    name: str
    values: int
    bytes: int
    decode: Callable[[Blocks], Values]


def _half(blocks: Blocks, column: int) -> Float32[ndarray, "block 1"]:
    """Return the half-precision number at one byte of every block, as a column."""
    return np.ascontiguousarray(blocks[:, column : column + 2]).view(np.float16).astype(np.float32)


def _nibbles(packed: Blocks) -> Whole:
    """Return the low halves of all bytes, then the high halves."""
    return np.concatenate((packed & 15, packed >> 4), axis=1)


def _high_bits(packed: Blocks) -> Whole:
    """Return bit j of a little-endian 32-bit word as value j, shifted to bit 4."""
    return np.unpackbits(packed, axis=1, bitorder="little") << 4


def _f32(blocks: Blocks) -> Values:
    """Return the values of F32."""
    return blocks.copy().view(np.float32)


def _f16(blocks: Blocks) -> Values:
    """Return the values of F16."""
    return np.ascontiguousarray(blocks).view(np.float16).astype(np.float32)


def _bf16(blocks: Blocks) -> Values:
    """Return the values of BF16: the upper half of a float32."""
    upper = np.ascontiguousarray(blocks).view(np.uint16).astype(np.uint32)
    return (upper << 16).view(np.float32)


def _q4_0(blocks: Blocks) -> Values:
    """Return d·(q - 8) with 4-bit q."""
    return _half(blocks, 0) * (_nibbles(blocks[:, 2:]).astype(np.float32) - 8)


def _q4_1(blocks: Blocks) -> Values:
    """Return d·q + m with 4-bit q."""
    return _half(blocks, 0) * _nibbles(blocks[:, 4:]).astype(np.float32) + _half(blocks, 2)


def _q5_0(blocks: Blocks) -> Values:
    """Return d·(q - 16) with 5-bit q, the fifth bits kept apart."""
    codes = _nibbles(blocks[:, 6:]) | _high_bits(blocks[:, 2:6])
    return _half(blocks, 0) * (codes.astype(np.float32) - 16)


def _q5_1(blocks: Blocks) -> Values:
    """Return d·q + m with 5-bit q."""
    codes = _nibbles(blocks[:, 8:]) | _high_bits(blocks[:, 4:8])
    return _half(blocks, 0) * codes.astype(np.float32) + _half(blocks, 2)


def _q8_0(blocks: Blocks) -> Values:
    """Return d·q with signed 8-bit q."""
    return _half(blocks, 0) * np.ascontiguousarray(blocks[:, 2:]).view(np.int8).astype(np.float32)


def _scales(packed: Blocks) -> tuple[Scales, Scales]:
    """Return the eight 6-bit scales and minima of a K block from their twelve bytes.

    Bytes 0-3 hold scales 0-3, bytes 4-7 minima 0-3 (six low bits each); bytes 8-11 hold the four
    low bits of scales and minima 4-7, whose two high bits sit on top of bytes 0-3 and 4-7.
    """
    first, second, third = packed[:, :4], packed[:, 4:8], packed[:, 8:]
    scales = np.concatenate((first & 63, (third & 15) | ((first >> 6) << 4)), axis=1)
    minima = np.concatenate((second & 63, (third >> 4) | ((second >> 6) << 4)), axis=1)
    return scales, minima


def _k_values(blocks: Blocks, codes: SubBlocks) -> Values:
    """Return d·sc·q - dmin·m for Q4_K and Q5_K."""
    scales, minima = _scales(blocks[:, 4:16])
    factor = (_half(blocks, 0) * scales.astype(np.float32))[:, :, None]
    offset = (_half(blocks, 2) * minima.astype(np.float32))[:, :, None]
    return (factor * codes.astype(np.float32) - offset).reshape(len(blocks), 256)


def _k_nibbles(packed: Blocks) -> SubBlocks:
    """Return sub-blocks of 32: each run of 32 bytes gives its low halves, then its high halves."""
    runs = packed.reshape(len(packed), 4, 1, 32)
    return np.concatenate((runs & 15, runs >> 4), axis=2).reshape(len(packed), 8, 32)


def _q4_k(blocks: Blocks) -> Values:
    """Return the values of Q4_K."""
    return _k_values(blocks, _k_nibbles(blocks[:, 16:]))


def _q5_k(blocks: Blocks) -> Values:
    """Return the values of Q5_K: bit s of byte l is the fifth bit of value l of sub-block s."""
    shifts = np.arange(8, dtype=np.uint8)[None, :, None]
    fifth = (blocks[:, None, 16:48] >> shifts) & 1
    return _k_values(blocks, _k_nibbles(blocks[:, 48:]) | (fifth << 4))


def _q6_k(blocks: Blocks) -> Values:
    """Return d·sc·(q - 32): two halves of 128 values, 16 signed scales, the half number last."""
    count = len(blocks)
    low = blocks[:, :128].reshape(count, 2, 1, 64)
    low = np.concatenate((low & 15, low >> 4), axis=2).reshape(count, 2, 4, 32)
    shifts = np.arange(0, 8, 2, dtype=np.uint8)[None, None, :, None]
    high = (blocks[:, 128:192].reshape(count, 2, 1, 32) >> shifts) & 3
    codes = (low | (high << 4)).reshape(count, 16, 16).astype(np.float32) - 32
    scales = np.ascontiguousarray(blocks[:, 192:208]).view(np.int8).astype(np.float32)
    return ((_half(blocks, 208) * scales)[:, :, None] * codes).reshape(count, 256)


KINDS: dict[int, QuantisedType] = {
    0: QuantisedType("F32", 1, 4, _f32),
    1: QuantisedType("F16", 1, 2, _f16),
    2: QuantisedType("Q4_0", 32, 18, _q4_0),
    3: QuantisedType("Q4_1", 32, 20, _q4_1),
    6: QuantisedType("Q5_0", 32, 22, _q5_0),
    7: QuantisedType("Q5_1", 32, 24, _q5_1),
    8: QuantisedType("Q8_0", 32, 34, _q8_0),
    12: QuantisedType("Q4_K", 256, 144, _q4_k),
    13: QuantisedType("Q5_K", 256, 176, _q5_k),
    14: QuantisedType("Q6_K", 256, 210, _q6_k),
    30: QuantisedType("BF16", 1, 2, _bf16),
}
"""Tensor types by the number a GGUF file gives them."""


def dequantise(kind: QuantisedType, data: bytes) -> Float32[ndarray, " value"]:
    """Return the values of whole blocks, in order."""
    blocks = np.frombuffer(data, np.uint8).reshape(-1, kind.bytes)
    return kind.decode(blocks).reshape(-1)
