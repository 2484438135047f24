"""The door to the compiled loops: one C file, compiled when the package was built, or absent."""

import ctypes
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from lexgraft.weights.checkpoint.safetensors_header import WIDTHS

SOURCE = Path(__file__).with_name("kernel.c")
LIBRARY = Path(__file__).with_name("_kernel.so")
ALL, LARGEST, BAND, RANDOM, RANKED = range(5)
CODES = {"BF16": 0, "F32": 1}
UPPER = 1 << 15  # values of the upper bits of a magnitude
SPAN = 5 << 16  # magnitudes counted one by one: five values of the upper bits
RANK_ROOM = 2050  # 64-bit numbers that ranking a row needs beside two rows


class NativeModel(ctypes.Structure):
    """`NativeModel` of kernel.c."""

    _fields_ = (
        ("raw", ctypes.c_void_p),
        ("code", ctypes.c_int32),
        ("thin", ctypes.c_int32),
        ("weight", ctypes.c_float),
        ("vote", ctypes.c_float),
        ("size", ctypes.c_float),
        ("factor", ctypes.c_float),
        ("bits", ctypes.c_uint32),
        ("top", ctypes.c_uint32),
        ("ties", ctypes.c_int64),
        ("top_ties", ctypes.c_int64),
        ("key", ctypes.c_uint64 * 2),
        ("steps", ctypes.c_int32),
        ("rescale", ctypes.c_int32),
        ("ranked", ctypes.c_void_p),
    )


class NativeMerge(ctypes.Structure):
    """`NativeMerge` of kernel.c."""

    _fields_ = (
        ("base", ctypes.c_void_p),
        ("result", ctypes.c_void_p),
        ("work", ctypes.c_void_p),
        ("room", ctypes.c_void_p),
        ("start", ctypes.c_int64),
        ("strip", ctypes.c_int64),
        ("base_code", ctypes.c_int32),
        ("result_code", ctypes.c_int32),
        ("models", ctypes.c_int32),
        ("elect", ctypes.c_int32),
        ("normalize", ctypes.c_int32),
        ("varied", ctypes.c_int32),
        ("scale", ctypes.c_float),
        ("lambda_", ctypes.c_float),
        ("share", ctypes.c_float),
        ("bits", ctypes.c_uint32),
        ("ties", ctypes.c_int64),
    )


@cache
def library(path: Path = LIBRARY) -> ctypes.CDLL | None:
    """Return the compiled loops; None where there are none, or those of another source."""
    if not path.is_file():
        return None
    try:
        loops = ctypes.CDLL(str(path))
    except OSError:  # made for another machine
        return None
    loops.lexgraft_source.restype = ctypes.c_char_p
    if loops.lexgraft_source() != source_digest().encode():
        return None
    pointer, number, narrow = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int32
    loops.lexgraft_merge.restype = number
    loops.lexgraft_merge.argtypes = [pointer, pointer, number]
    loops.lexgraft_upper.restype = None
    loops.lexgraft_upper.argtypes = [pointer, pointer, number, pointer]
    loops.lexgraft_between.restype = None
    loops.lexgraft_between.argtypes = [pointer, pointer, number, narrow, *[pointer] * 4]
    loops.lexgraft_finite.restype = narrow
    loops.lexgraft_finite.argtypes = [pointer, narrow, number]
    loops.lexgraft_dots.restype = None
    loops.lexgraft_dots.argtypes = [pointer, pointer, number, narrow, narrow, pointer, pointer]
    return loops


def all_finite(view: memoryview, dtype: str) -> bool:
    """Return whether the compiled loops find only finite values; False too where they cannot."""
    loops = library()
    if loops is None or dtype not in CODES:
        return False
    count = view.nbytes // WIDTHS[dtype]
    return bool(loops.lexgraft_finite(address(view), CODES[dtype], count))


def source_digest() -> str:
    """Return the digest of the C file, which the library knows its own by."""
    return sha256(SOURCE.read_bytes()).hexdigest()


def address(values: Any) -> int:
    """Return where numbers lie in memory."""
    if not isinstance(values, np.ndarray):
        values = np.frombuffer(values, np.uint8)
    return values.ctypes.data
