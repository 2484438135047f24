"""GGUF → a model folder: configuration, tokenizer, bfloat16 weights, a few rows at a time."""

import os
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np
import torch
from numpy import ndarray

from lexgraft.arrays.shapes import Float32
from lexgraft.errors import LexgraftError
from lexgraft.files.ownership import check_outputs, claim, is_ours, refuse_foreign, release, remove
from lexgraft.records import Progress, silent, write_bytes
from lexgraft.weights.checkpoint.gguf.architecture import config_of, sizes_of
from lexgraft.weights.checkpoint.gguf.dequantise import dequantise
from lexgraft.weights.checkpoint.gguf.gguf_header import Gguf, TensorInfo, open_gguf
from lexgraft.weights.checkpoint.gguf.gguf_tensors import GgufTarget, targets_of
from lexgraft.weights.checkpoint.gguf.gguf_tokenizer import tokenizer_of

CHUNK = 2**22  # values at a time


def convert_gguf(file_or_parts: Sequence[Path], output: Path, progress: Progress = silent) -> None:
    """Write an ordinary model folder; it appears under its name only when it is whole.

    Args:
        file_or_parts: the file, or parts that make one file when joined in order.
        output: the new folder; nothing may be there yet.
        progress: called with tensors done.

    Raises:
        LexgraftError: a damaged file, one of an architecture that is not converted, or a folder
            that is already there.
    """
    check_outputs([output], file_or_parts, folders=True)
    if output.exists():
        raise LexgraftError(
            "there is something already", where=str(output), cure="choose a new folder"
        )
    aside = output.with_name(output.name + ".part")
    refuse_foreign(aside, "convert", output)
    gguf = open_gguf(file_or_parts)
    config, targets = config_of(gguf), targets_of(gguf)
    tokenizer, tokenizer_config = tokenizer_of(gguf)
    if is_ours(aside, "convert", output):
        remove(aside, "convert", output, file_or_parts)
    claim(aside, "convert", output)
    _write_weights(gguf, targets, aside / "model.safetensors", progress)
    write_bytes(aside / "config.json", _pretty(config))
    marks = {key: value for key, value in config.items() if key.endswith("_token_id")}
    write_bytes(aside / "generation_config.json", _pretty(marks))
    write_bytes(aside / "tokenizer.json", msgspec.json.encode(tokenizer) + b"\n")
    write_bytes(aside / "tokenizer_config.json", _pretty(tokenizer_config))
    _sync(aside)
    aside.rename(output)
    release(output)
    _sync(output.parent)


def _pretty(content: dict[str, Any]) -> bytes:
    """Return JSON for people."""
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def _write_weights(
    gguf: Gguf, targets: dict[str, GgufTarget], path: Path, progress: Progress
) -> None:
    """Write one safetensors file, tensors in the order of their names."""
    order = sorted(targets, key=lambda stem: targets[stem].name)
    with path.open("wb") as file:
        file.write(_safetensors_header([targets[stem] for stem in order]))
        for done, stem in enumerate(order):
            progress("convert", done, len(order))
            _write_tensor(gguf, stem, targets[stem], file)
        file.flush()
        os.fsync(file.fileno())
    progress("convert", len(order), len(order))


def _safetensors_header(targets: Sequence[GgufTarget]) -> bytes:
    """Return length and JSON of a safetensors header, padded to eight bytes."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for target in targets:
        end = offset + 2 * prod(target.shape)
        shape = list(target.shape)
        header[target.name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = msgspec.json.encode(header)
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _write_tensor(gguf: Gguf, stem: str, target: GgufTarget, file: BinaryIO) -> None:
    """Append one tensor's values, rounded to nearest bfloat16 (ties to even)."""
    for rows in _rows(gguf, gguf.tensors[stem], target):
        if not np.isfinite(rows).all():
            raise LexgraftError(
                f"tensor {stem!r} holds values that are not finite", where=gguf.label
            )
        rounded = torch.from_numpy(rows).to(torch.bfloat16)
        file.write(rounded.view(torch.int16).numpy().tobytes())


def _rows(
    gguf: Gguf, info: TensorInfo, target: GgufTarget
) -> Iterator[Float32[ndarray, "row column"]]:
    """Yield a tensor a few rows at a time (whole heads, where rows change places)."""
    count, columns = prod(info.shape[:-1]), info.shape[-1]
    head = sizes_of(gguf).head if target.change == "halves" else 1
    step = max(1, CHUNK // columns // head) * head
    width = info.size // count
    for first in range(0, count, step):
        many = min(step, count - first)
        values = dequantise(info.kind, gguf.read(info.start + first * width, many * width))
        yield _restore(values.reshape(many, columns), target, head)


def _restore(
    rows: Float32[ndarray, "row column"], target: GgufTarget, head: int
) -> Float32[ndarray, "row column"]:
    """Return rows without the change made for GGUF (see `GgufTarget`)."""
    if target.change == "minus one":
        return rows - np.float32(1)
    if target.change == "halves":
        pairs = rows.reshape(-1, head // 2, 2, rows.shape[1])
        return np.ascontiguousarray(pairs.swapaxes(1, 2)).reshape(rows.shape)
    return rows


def _sync(folder: Path) -> None:
    """Make a folder's entries durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
