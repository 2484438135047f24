"""Headers to index: what a folder of safetensors holds, without reading a single weight."""

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lexgraft.errors import LexgraftError
from lexgraft.files.file_digest import file_digest
from lexgraft.files.model_files import (
    ADAPTER,
    ASSET_FILES,
    INDEX,
    SINGLE,
    TEMPLATES,
    is_side_file,
)
from lexgraft.files.ownership import real_path
from lexgraft.files.safe_json import read_json
from lexgraft.files.store_places import object_of
from lexgraft.records import digest
from lexgraft.weights.checkpoint.safetensors_header import (
    HEADER_LIMIT,
    TensorEntry,
    broken,
    read_header,
)
from lexgraft.weights.checkpoint.tensor_digests import content_digest

SHARD_NAME = re.compile(r"[A-Za-z0-9_\-][A-Za-z0-9_.\-]{0,240}\.safetensors")
BLOB_LINK = re.compile(r"((?:\.\./){2,3})blobs/[0-9a-f]{40,64}")  # the hub cache's own links
_NUMBERED = re.compile(r"([A-Za-z0-9_\-][\w.\-]{0,200}?)-(\d{5})-of-(\d{5})\.safetensors")
_MOST_SIDES = 256  # side files of one folder


@dataclass(frozen=True)
class Shard:
    """One file of weights as it was when it was opened."""

    path: Path
    size: int
    identity: tuple[int | str, ...]  # time of change, inode; of an object in a store its ETag

    def check_unchanged(self) -> None:
        """Raise when the file is no longer the one that was opened."""
        now = _shard_now(self.path)
        if now is None or (now.size, now.identity) != (self.size, self.identity):
            raise LexgraftError(
                "the file changed while it was in use",
                where=str(self.path),
                cure="let nothing write to the inputs and run again",
            )


@dataclass(frozen=True)
class Checkpoint:
    """A folder of safetensors: its tensors, sorted by name, and its files."""

    folder: Path
    tensors: Mapping[str, TensorEntry]
    shards: tuple[Shard, ...]

    @cached_property
    def digest(self) -> str:
        """The identity of weights, configuration and tokenizer, however they are sharded.

        Reads every byte that has not passed by yet.
        """
        sides = [
            (name, file_digest(regular_file(self.folder, name))) for name in side_files(self.folder)
        ]
        weights = [(e.name, e.dtype, e.shape, content_digest(e)) for e in self.tensors.values()]
        self.check_unchanged()
        return digest("checkpoint", weights, sides)

    def check_unchanged(self) -> None:
        """Raise when a file of weights changed since it was opened."""
        for file in self.shards:
            file.check_unchanged()


def open_checkpoint(folder: Path) -> Checkpoint:
    """Return the index of a folder of safetensors, every header checked.

    Raises:
        LexgraftError: no such folder, no safetensors in it, or anything hostile or broken.
    """
    if not folder.is_dir():
        raise LexgraftError("no such folder", where=str(folder), cure=_folder_cure(folder))
    names, weight_map = _shard_names(folder)
    tensors: dict[str, TensorEntry] = {}
    shards: list[Shard] = []
    for name in names:
        path = regular_file(folder, name)
        shards.append(shard(path))
        for entry in read_header(path):
            _add(tensors, entry, weight_map, name)
    missing = sorted(weight_map.keys() - tensors.keys())
    if missing:
        raise LexgraftError(
            f"tensor {missing[0][:80]!a} is in the index but in no shard ({len(missing)} so)",
            where=str(folder / INDEX),
            cure="get the folder again",
        )
    return Checkpoint(folder, dict(sorted(tensors.items())), tuple(shards))


def shard(path: Path) -> Shard:
    """Return the identity of a file: size, time of change (which nobody sets back), inode.

    Of an object in a store it is what was listed: size and ETag.
    """
    stored = object_of(path)
    if stored is not None:
        return Shard(path, stored.size, (stored.tag,))
    status = path.stat()
    return Shard(path, status.st_size, (status.st_ctime_ns, status.st_ino))


def _shard_now(path: Path) -> Shard | None:
    """Return the identity of a file, or of the object it stands for, as it is now."""
    stored = object_of(path)
    if stored is not None:
        from lexgraft.files.object_store import state_of  # merges of folders need none of it

        now = state_of(stored.url)
        return None if now is None else Shard(path, now.size, (now.tag,))
    return shard(path) if path.is_file() else None


def _add(
    tensors: dict[str, TensorEntry], entry: TensorEntry, weight_map: Mapping[str, str], shard: str
) -> None:
    """Add one tensor, refusing what the index and the other shards contradict."""
    if entry.name in tensors:
        raise broken(entry.file, f"tensor `{entry.name}` occurs in two shards")
    if weight_map and weight_map.get(entry.name) != shard:
        raise broken(entry.file, f"tensor `{entry.name}` is not where {INDEX} says")
    tensors[entry.name] = entry


def _shard_names(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Return the folder's files of weights, and the index's map (empty for a single file)."""
    single, index = has_file(folder, SINGLE), has_file(folder, INDEX)
    if not index:
        return ([SINGLE] if single else _without_index(folder)), {}
    weight_map: object = read_json(regular_file(folder, INDEX), HEADER_LIMIT).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise LexgraftError("no weight_map in the index", where=str(folder / INDEX))
    for shard in weight_map.values():
        if not isinstance(shard, str) or not SHARD_NAME.fullmatch(shard):
            raise LexgraftError(
                f"shard {str(shard)[:80]!a} is not the plain name of a safetensors file",
                where=str(folder / INDEX),
            )
    names = sorted(set(weight_map.values()))
    if single and names != [SINGLE]:
        raise LexgraftError(
            f"both {SINGLE} and {INDEX} are here", where=str(folder), cure="remove the stale one"
        )
    return names, weight_map


def _without_index(folder: Path) -> list[str]:
    """Return the shards of a folder that lacks their index, where their names say all are there.

    Raises:
        LexgraftError: they are no complete set, or there are none.
    """
    shards = [(path.name, _NUMBERED.fullmatch(path.name)) for path in sorted(folder.iterdir())]
    sets: dict[tuple[str, int], list[str]] = {}
    for name, numbered in shards:
        if numbered:
            sets.setdefault((numbered[1], int(numbered[3])), []).append(name)
    complete = [names for (_, count), names in sets.items() if len(names) == count]
    if len(sets) == len(complete) == 1:
        return complete[0]
    if sets:
        raise LexgraftError(
            f"shards without {INDEX}, and they are no complete set",
            where=str(folder),
            cure="get the folder again: files are missing",
        )
    raise LexgraftError("no safetensors model here", where=str(folder), cure=_format_cure(folder))


def side_files(folder: Path) -> tuple[str, ...]:
    """Return the names of a folder's configuration, tokenizer and processor files.

    A name that leads nowhere is among them, so that whoever reads it says so.

    Raises:
        LexgraftError: far more of them than any model has.
    """
    if not folder.is_dir():
        return ()
    names = [path.name for path in folder.iterdir()]
    if TEMPLATES in names and (folder / TEMPLATES).is_dir():
        names += [f"{TEMPLATES}/{path.name}" for path in (folder / TEMPLATES).iterdir()]
    sides = [name for name in names if is_side_file(name)]
    if len(sides) > _MOST_SIDES:
        raise LexgraftError(f"{len(sides):,} files of a tokenizer", where=str(folder))
    known = [name for name in ASSET_FILES if name in sides]
    return (*known, *sorted(name for name in sides if name not in known))


def has_file(folder: Path, name: str) -> bool:
    """Return whether a folder has a file of this name, be it a link that leads nowhere."""
    return os.path.lexists(folder / name)


def regular_file(folder: Path, name: str) -> Path:
    """Return the path of a regular file in a folder; links only as the hub cache's.

    Raises:
        LexgraftError: no such file, a link elsewhere or to nowhere, a device.
    """
    path, depth = folder / name, 2 + name.count("/")
    if "/" in name and path.parent.is_symlink():
        raise LexgraftError("a link that leaves the folder", where=str(path.parent))
    if path.is_symlink():
        link = BLOB_LINK.fullmatch(str(path.readlink()))
        if link is None or link[1].count("/") != depth:
            raise LexgraftError(
                "a link that leaves the folder", where=str(path), cure="copy the file here"
            )
        if not path.exists():
            raise LexgraftError(
                "a link that leads nowhere", where=str(path), cure="get the folder again"
            )
        path = real_path(path)
    if not path.exists():
        raise LexgraftError(
            "no such file", where=str(path), cure="get the folder again: a file is missing"
        )
    if not stat.S_ISREG(path.stat().st_mode):
        raise LexgraftError("not a regular file", where=str(path))
    return path


def _folder_cure(folder: Path) -> str:
    """Return what to do about a folder that is not there."""
    if re.fullmatch(r"[\w.\-]+/[\w.\-]+", str(folder)):
        command = f"hf download {folder} --local-dir {folder}"
        return f"nothing is downloaded here; `{command}` makes the folder"
    return "give the path of a folder with config.json and safetensors"


def _format_cure(folder: Path) -> str:
    """Return what to do about a folder in another format."""
    if (folder / ADAPTER).exists():
        return "this is a LoRA adapter; a base must be a whole model"
    if any(path.suffix in {".bin", ".pt", ".pth", ".ckpt"} for path in sorted(folder.iterdir())):
        return "pickle files can run code and are never opened; get the safetensors version"
    if any(path.suffix == ".gguf" for path in sorted(folder.iterdir())):
        return "GGUF weights are quantised; get the safetensors version they were made from"
    other = [path.name for path in sorted(folder.glob("*.safetensors"))]
    if other:
        return f"{other[0]!a:.80} is none of {SINGLE} and {INDEX}, which are read: rename it"
    return f"a folder with {SINGLE} or {INDEX} is needed"
