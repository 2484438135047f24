"""Merging on this machine: block by block into a folder, bounded memory, resumable."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import torch
from torch import Tensor

from lexgraft import __version__
from lexgraft.checkpoint.index import Checkpoint, open_checkpoint
from lexgraft.checkpoint.journal import JOURNAL
from lexgraft.checkpoint.read import read_windows, tensor_digest
from lexgraft.checkpoint.sides import read_sides
from lexgraft.checkpoint.write import MANIFEST, FolderWriter, locked, open_folder, refuse_inputs
from lexgraft.errors import UserError
from lexgraft.merge.manifest import Manifest, read_manifest
from lexgraft.merge.plan import ENGINE, MergePlan
from lexgraft.merge.tensors import base_blocks, is_changed, merged_blocks
from lexgraft.records import Progress, silent


def run_merge(plan: MergePlan, output: Path, progress: Progress = silent) -> Manifest:
    """Write the merged model to a folder and return its manifest.

    A run that was killed goes on where it stopped, to the same bytes; a folder that already
    holds this very merge is checked and kept.

    Raises:
        UserError: the folder is not free, the disk too small, an input changed or not finite.
    """
    inputs = plan.folders
    refuse_inputs(output, inputs)
    if (output / MANIFEST).is_file() and not (output / JOURNAL).exists():
        return _finished(plan, output)
    sides = _sides(plan)
    with open_folder(output, plan.layout, plan.digest, inputs) as writer:
        _write_tensors(plan, writer, progress)
        plan.check_unchanged()
        manifest = _manifest(plan, writer.digests())
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
        writer.finish(sides, text)
    return manifest


def _write_tensors(plan: MergePlan, writer: FolderWriter, progress: Progress) -> None:
    """Write every tensor that an earlier run has not finished."""
    names = sorted(plan.layout.slots)
    for number, name in enumerate(names):
        progress("merge", number, len(names))
        if name not in writer.done:
            writer.write(name, _bytes(plan, name))
    progress("merge", len(names), len(names))


def _bytes(plan: MergePlan, name: str) -> Iterator[bytes | memoryview]:
    """Yield a tensor of the result as it is stored."""
    entry = plan.base.tensors[name]
    if is_changed(plan, name):
        yield from map(_raw, merged_blocks(plan, name))
    elif plan.stored(entry) == entry.dtype:
        yield from read_windows(entry)
    else:
        yield from map(_raw, base_blocks(plan, name))


def _raw(block: Tensor) -> memoryview:
    """Return a block's bytes."""
    return block.contiguous().view(-1).view(torch.uint8).numpy().data


def _manifest(plan: MergePlan, tensors: dict[str, str]) -> Manifest:
    """Return the manifest of a finished merge."""
    versions = {
        "lexgraft": __version__,
        "engine": str(ENGINE),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
    }
    changed = tuple(name for name in plan.merged if is_changed(plan, name))
    return Manifest(plan.digest, plan.recipe(), plan.inputs(), versions, tensors, changed)


def _finished(plan: MergePlan, output: Path) -> Manifest:
    """Return the manifest of a folder that holds this merge already, its bytes verified."""
    manifest = read_manifest(output)
    if manifest.plan != plan.digest:
        raise UserError(
            "the folder holds another merge", where=str(output), cure="choose a new folder"
        )
    with locked(output):
        tensors = open_checkpoint(output).tensors
        if {name: tensor_digest(entry) for name, entry in tensors.items()} != manifest.tensors:
            raise UserError(
                "the weights are not those of the manifest",
                where=str(output),
                cure="delete the folder and merge again",
            )
    return manifest


def _sides(plan: MergePlan) -> dict[str, bytes]:
    """Return configuration and tokenizer of the result: as planned, or G's if it is whole."""
    if plan.sides is not None:
        return read_sides(
            plan.sides.config,
            plan.dtype,
            tokenizer=plan.sides.tokenizer,
            edits=plan.sides.edits,
            chat_template=plan.sides.chat_template,
        )
    whole = [
        part.folder
        for part in plan.constituents
        if part.label == "language" and isinstance(part.source, Checkpoint)
    ]
    complete = [folder for folder in whole if (folder / "tokenizer_config.json").is_file()]
    return read_sides(complete[0] if complete else plan.base.folder, plan.dtype)
