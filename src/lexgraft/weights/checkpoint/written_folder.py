"""What a manifest states of a folder's files, and whether a finished folder still holds that."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from lexgraft.errors import LexgraftError
from lexgraft.files.model_files import INDEX
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint, side_files
from lexgraft.weights.checkpoint.journal import JOURNAL
from lexgraft.weights.checkpoint.manifest_file import MANIFEST, manifest_content
from lexgraft.weights.checkpoint.safetensors_header import HEADER_LIMIT
from lexgraft.weights.checkpoint.tensor_reading import tensor_digest

SAFETENSORS = ".safetensors"
_CODE = "custom_generate"  # a folder from which transformers takes code that writes
_LOADED = frozenset(
    {
        SAFETENSORS,
        ".bin",
        ".pt",
        ".pth",
        ".ckpt",
        ".pkl",
        ".h5",
        ".msgpack",
        ".gguf",
        ".py",
        ".json",
    }
)
"""Suffixes of files that loaders take, configurations among them."""
_SHOWN = 6  # names in a message


def digests_of_files(
    headers: Mapping[str, bytes], index: bytes | None, assets: Mapping[str, bytes]
) -> dict[str, str]:
    """Return what a manifest says of the files of a folder that is about to be finished.

    Args:
        headers: file of weights → its header, with the eight bytes of its length.
        index: the index of several such files.
        assets: configuration, tokenizer and the like, by name.
    """
    files = {**headers, **assets, **({INDEX: index} if index is not None else {})}
    return {name: sha256(data).hexdigest() for name, data in sorted(files.items())}


def stated_digest(path: Path) -> str:
    """Return the SHA-256 that a manifest states of a file; nothing where there is no such file."""
    if path.is_symlink() or not path.is_file():
        return ""
    if path.suffix != SAFETENSORS:
        return sha256(path.read_bytes()).hexdigest()
    with path.open("rb") as file:
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if length > HEADER_LIMIT:
            return ""  # no header of a file that was written here
        return sha256(start + file.read(length)).hexdigest()


def finished_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a folder that a run has finished; None: new, or unfinished.

    Raises:
        LexgraftError: the manifest is damaged.
    """
    if (folder / JOURNAL).exists() or not (folder / MANIFEST).is_file():
        return None
    manifest = manifest_content(folder)
    if any(not isinstance(manifest.get(part, {}), dict) for part in ("files", "tensors")):
        raise LexgraftError(
            "not the manifest of a folder: digests by name are wanted in it",
            where=str(folder / MANIFEST),
            cure="move the folder away and give the command that wrote it again",
        )
    return manifest


def refuse_changed(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Raise for a finished folder whose tensors or files are not those that its manifest states.

    Raises:
        LexgraftError: some were changed, cut, added, or are gone.
    """
    if names := [*_changed(folder, manifest)]:
        raise LexgraftError(
            told_changed(names),
            where=str(folder),
            cure="move the folder away: the same command writes it anew",
        )


def told_changed(names: list[str]) -> str:
    """Return a message that names what of a folder is not as it was written."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"not as it was written: {', '.join(names[:_SHOWN])}{more}"


def added_files(folder: Path, stated: Mapping[str, str]) -> Iterator[str]:
    """Yield the files that a loader would take and that a manifest does not state."""
    loaded = {
        path.relative_to(folder).as_posix()
        for path in (*folder.iterdir(), *folder.glob(f"{_CODE}/*.py"))
        if path.suffix in _LOADED and not path.name.startswith(".")
    }
    names = sorted({*loaded, *side_files(folder)} - {MANIFEST})
    yield from (name for name in names if name not in stated)


def _changed(folder: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield the files and tensors that are not as a manifest states them."""
    for name, stated in manifest.get("files", {}).items():
        if stated_digest(folder / name) != stated:
            yield name
    stored = open_checkpoint(folder).tensors
    for name, stated in manifest.get("tensors", {}).items():
        if name not in stored or tensor_digest(stored[name]) != stated:
            yield name
    yield from added_files(folder, manifest.get("files", {}))
