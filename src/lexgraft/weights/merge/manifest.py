"""What a merged folder was made from, and whether it still holds that."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError, as_called
from lexgraft.records import AnswerParity, Progress, digest, silent, write_bytes
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.journal import JOURNAL
from lexgraft.weights.checkpoint.manifest_file import MANIFEST, manifest_bytes, manifest_content
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.checkpoint.tensor_reading import tensor_digest
from lexgraft.weights.checkpoint.written_folder import added_files, stated_digest


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """What a merged folder was made from, and what it must hold."""

    plan: str  # digest
    recipe: dict[str, Any]
    inputs: dict[str, str]  # label → digest
    versions: dict[str, str]
    tensors: dict[str, str]  # name → xxh3-128 of its bytes
    changed: tuple[str, ...]  # the tensors that differ from the base
    nonfinite: dict[str, int] = {}  # name → values that are NaN or infinite, where allowed
    answers: AnswerParity | None = None  # how the folder, loaded again, answers; None: not asked
    files: dict[str, str] = {}  # name → SHA-256: of a file of weights its header, of others all

    @property
    def digest(self) -> str:
        """The identity of the merged weights."""
        return digest("weights", self.tensors)


class Verification(Struct, frozen=True, forbid_unknown_fields=True):
    """What re-reading a merged folder has shown."""

    folder: str
    digest: str  # of the weights that the manifest states
    tensors: int
    bytes: int
    missing: tuple[str, ...]  # tensors and files in the manifest, not in the folder
    added: tuple[str, ...]  # in the folder, not in the manifest, and taken by loaders
    different: tuple[str, ...]  # other bytes than the manifest states

    @property
    def intact(self) -> bool:
        """Whether every tensor and file is there, and none differs or was added."""
        return not (self.missing or self.added or self.different)


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a merged folder.

    Raises:
        LexgraftError: there is none, or it is not one.
    """
    path = folder / MANIFEST
    if not path.is_file():
        unfinished = (folder / JOURNAL).exists()
        raise LexgraftError(
            "an unfinished merge" if unfinished else f"no {MANIFEST}: not a merge's folder",
            where=str(folder),
            cure="give the same command again, and it carries on"
            if unfinished
            else "name a folder that `lexgraft merge` or `adopt` has written",
        )
    try:
        return msgspec.convert(manifest_content(folder), Manifest)
    except msgspec.ValidationError as error:
        raise LexgraftError(
            f"not a merge's manifest: {error}",
            where=str(path),
            cure="move the folder away and give the command that wrote it again",
        ) from error


def manifest_text(manifest: Manifest) -> bytes:
    """Return a manifest as it is written."""
    return manifest_bytes(msgspec.to_builtins(manifest))


def note_answers(folder: Path, manifest: Manifest, answers: AnswerParity) -> Manifest:
    """Return the manifest of a finished folder with how it answers, written there as well."""
    noted = msgspec.structs.replace(manifest, answers=answers)
    write_bytes(folder / MANIFEST, manifest_text(noted))
    return noted


def verify(folder: Path, progress: Progress = silent) -> Verification:
    """Return what of a merged folder differs from its manifest, after reading all of it.

    Weights are compared tensor by tensor, their headers (names, shapes, dtypes) and every other
    file by SHA-256. Of files that the manifest does not know, those count as added that a loader
    would take: further weights, adapters, code. A card or a licence beside them does not.

    Raises:
        LexgraftError: no manifest, or files that are no safetensors model (cut short, a shard
            lost).
    """
    manifest = read_manifest(folder)
    tensors = open_checkpoint(folder).tensors
    files = {name: stated_digest(folder / name) for name in manifest.files}
    return Verification(
        folder=as_called(folder),
        digest=manifest.digest,
        tensors=len(tensors),
        bytes=sum(entry.end - entry.start for entry in tensors.values()),
        missing=(
            *(name for name in manifest.tensors if name not in tensors),
            *(name for name, found in files.items() if not found),
        ),
        added=(
            *(name for name in tensors if name not in manifest.tensors),
            *(added_files(folder, manifest.files) if manifest.files else ()),
        ),
        different=(
            *_different(tensors, manifest.tensors, progress),
            *(name for name, found in files.items() if found and found != manifest.files[name]),
        ),
    )


def _different(
    tensors: Mapping[str, TensorEntry], digests: Mapping[str, str], progress: Progress
) -> Iterator[str]:
    """Yield the tensors whose bytes are not those of the manifest."""
    names = [name for name in tensors if name in digests]
    for number, name in enumerate(names):
        progress("verify", number, len(names))
        if tensor_digest(tensors[name]) != digests[name]:
            yield name
    progress("verify", len(names), len(names))
