"""A model's folder written again with some tensors replaced, everything else byte for byte."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from lexgraft.errors import LexgraftError, nearest
from lexgraft.weights.checkpoint.assets import read_assets
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.file_layout import plan_layout
from lexgraft.weights.checkpoint.folder_writer import open_folder
from lexgraft.weights.checkpoint.main_dtype import main_dtype
from lexgraft.weights.checkpoint.manifest_file import manifest_bytes
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.checkpoint.tensor_reading import DTYPES, dtype_of, read_windows
from lexgraft.weights.checkpoint.written_folder import (
    digests_of_files,
    finished_manifest,
    refuse_changed,
)


def write_replaced(base: Checkpoint, tensors: Mapping[str, Tensor], output: Path) -> None:
    """Write the base with these tensors in the place of its own, in the dtypes of the base.

    Raises:
        LexgraftError: a tensor that the base has not or has in another shape; an output that is
            taken.
    """
    for name, tensor in tensors.items():
        entry = base.tensors.get(name)
        if entry is None or tuple(entry.shape) != tuple(tensor.shape):
            what = "no such tensor" if entry is None else f"has shape {tuple(entry.shape)}"
            raise LexgraftError(
                f"`{name}`: {what}", where=str(base.folder), cure=nearest(name, base.tensors)
            )
    made = finished_manifest(output)
    if made is not None and made.get("base") == base.digest:  # a run was killed after it
        refuse_changed(output, made)
        return
    layout = plan_layout(
        (stored.name, stored.dtype, stored.shape) for stored in base.tensors.values()
    )
    with open_folder(output, layout, base.digest, [base.folder]) as writer:
        for name, entry in base.tensors.items():
            writer.note(name, writer.write(name, _bytes(entry, tensors.get(name))))
        base.check_unchanged()
        sides = read_assets(base.folder, DTYPES[main_dtype(base.tensors.values())])
        files = digests_of_files(layout.headers, layout.index(), sides)
        made = {"base": base.digest, "tensors": writer.digests(), "files": files}
        writer.finish(sides, manifest_bytes(made))


def _bytes(entry: TensorEntry, tensor: Tensor | None) -> Iterator[bytes | memoryview]:
    """Yield a tensor's bytes: as they are stored, or those of the tensor in its place."""
    if tensor is None:
        yield from read_windows(entry)
    else:
        flat = tensor.detach().to(dtype_of(entry.dtype)).contiguous().view(-1)
        yield flat.view(torch.uint8).numpy().data
