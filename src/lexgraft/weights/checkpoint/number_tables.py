"""What the bytes of quantised tensors mean: a table of numbers for each kind of value.

Formats: OCP 8-bit floating point (E4M3 without infinity, E5M2, E8M0), and `compressed-tensors`'
packing of whole numbers: value i of a row in bits i·n … of little-endian words, plus 2^(n-1).
"""

from functools import cache

import numpy as np
from numpy import ndarray

from lexgraft.arrays.shapes import Float32, UInt8

_CANONICAL = np.uint32(0x7FC00000)  # one NaN for all, which rounding to bfloat16 keeps


@cache
def table_of(code: str, bits: int) -> Float32[ndarray, "byte value"]:
    """Return the values that each of the 256 bytes stands for, by dtype and bits of a value."""
    numbers = np.arange(256)
    if code == "I32":
        shifts = np.arange(0, 8, bits)
        values = (numbers[:, None] >> shifts & (1 << bits) - 1) - (1 << bits - 1)
        return values.astype(np.float32)
    if code == "I8":
        return numbers.astype(np.uint8).view(np.int8).astype(np.float32)[:, None]
    if code == "F8_E8M0":
        values = np.append(np.exp2(numbers[:255] - 127.0), np.nan)
        return values.astype(np.float32)[:, None]
    mantissa_bits, bias = (3, 7) if code == "F8_E4M3" else (2, 15)
    return _floats(mantissa_bits, bias, infinite=code == "F8_E5M2")[:, None]


def numbers_of(data: UInt8[ndarray, " byte"], code: str) -> Float32[ndarray, " value"]:
    """Return the numbers of a small tensor (scales, zero points) in float32."""
    if code == "F32":
        values = data.view(np.float32).copy()
    elif code == "F16":
        values = data.view(np.float16).astype(np.float32)
    elif code == "BF16":
        values = (data.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    else:
        return table_of(code, 8)[:, 0][data]
    values.view(np.uint32)[np.isnan(values)] = _CANONICAL
    return values


def _floats(mantissa_bits: int, bias: int, *, infinite: bool) -> Float32[ndarray, " byte"]:
    """Return the 256 numbers of a floating-point format of 8 bits."""
    numbers = np.arange(256)
    mantissa = numbers & (1 << mantissa_bits) - 1
    exponent = numbers >> mantissa_bits & (1 << 7 - mantissa_bits) - 1
    fraction = mantissa / (1 << mantissa_bits)
    values = np.where(
        exponent == 0,
        fraction * 2.0 ** (1 - bias),
        (1 + fraction) * 2.0 ** (exponent - float(bias)),
    )
    if infinite:
        top = exponent == exponent.max()
        values = np.where(top, np.where(mantissa == 0, np.inf, np.nan), values)
    else:
        values = np.where(numbers & 127 == 127, np.nan, values)
    return np.where(numbers > 127, -values, values).astype(np.float32)
