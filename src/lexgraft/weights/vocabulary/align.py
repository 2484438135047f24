"""Align several models to one vocabulary, by policy or token by token, before they are merged."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from lexgraft.arrays.shapes import Int
from lexgraft.errors import LexgraftError, nearest
from lexgraft.files.safe_json import flag, read_json
from lexgraft.records import Progress, digest, silent
from lexgraft.weights.checkpoint.assets import CONFIG_FILES
from lexgraft.weights.checkpoint.checkpoint_index import (
    Checkpoint,
    has_file,
    open_checkpoint,
    regular_file,
    side_files,
)
from lexgraft.weights.checkpoint.file_layout import plan_layout
from lexgraft.weights.checkpoint.folder_writer import open_folder
from lexgraft.weights.checkpoint.manifest_file import manifest_bytes
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.checkpoint.tensor_names import role_of
from lexgraft.weights.checkpoint.tensor_reading import read_windows
from lexgraft.weights.checkpoint.view import View, folders
from lexgraft.weights.checkpoint.written_folder import (
    digests_of_files,
    finished_manifest,
    refuse_changed,
)
from lexgraft.weights.tokenizer.tokenizer_file import TokenizerFile, read_document
from lexgraft.weights.vocabulary.aligned_rows import AlignedRows, RowOverride
from lexgraft.weights.vocabulary.expanded_files import tokenizer_files
from lexgraft.weights.vocabulary.expanded_folder import SPECIAL_IDS, raw_rows, resized_config
from lexgraft.weights.vocabulary.expansion import Expansion
from lexgraft.weights.vocabulary.new_rows import stated_size
from lexgraft.weights.vocabulary.sentencepiece import MODEL, expanded_sentencepiece
from lexgraft.weights.vocabulary.tensor_map import check_rest, sources_of
from lexgraft.weights.vocabulary.token_alignment import check_map, check_rows, map_vocabularies
from lexgraft.weights.vocabulary.token_sources import TokenSource, token_overrides
from lexgraft.weights.vocabulary.union import unite

BLOCK = 8_192  # rows written at a time
_CONFIG, _GENERATION = CONFIG_FILES


class AlignmentMember(NamedTuple):
    """A model of a merge: what it is called, its weights, the folder with its tokenizer."""

    label: str
    checkpoint: Checkpoint
    tokenizer: Path


@dataclass(frozen=True)
class AlignedVocabulary:
    """Models that number their tokens alike."""

    checkpoints: tuple[Checkpoint, ...]  # in the order of the members
    folder: Path  # configuration and tokenizer of what is merged of them
    size: int  # rows of the vocabulary, padding included
    counts: Mapping[str, Mapping[str, int]]  # label → where rows come from → how many


@dataclass(frozen=True)
class _Target:
    """The vocabulary that all get."""

    document: TokenizerFile
    expansion: Expansion | None  # of the first member's, where it is a union
    owner: int  # the member whose tokenizer it is, or that is extended
    size: int


@dataclass(frozen=True)
class AlignmentPlan:
    """Models whose common vocabulary is decided; nothing is written yet."""

    members: tuple[AlignmentMember, ...]
    target: _Target
    maps: tuple[Int[np.ndarray, " row"], ...]  # target's row → the member's; -1 where it lacks
    overrides: Mapping[int, RowOverride]

    @property
    def home(self) -> Path:
        """The folder of the tokenizer that is taken, or extended."""
        return self.members[self.target.owner].tokenizer

    @property
    def is_plain(self) -> bool:
        """Whether every model numbers its rows as the target does already."""
        return not self.overrides and _is_plain(self.maps, self.members, self.target)

    def expected(self, member_index: int) -> tuple[Checkpoint, dict[str, Any]]:
        """Return a member by the headers and the configuration that it will have."""
        member, size = self.members[member_index], self.target.size
        checkpoint, base = member.checkpoint, self.members[0].checkpoint
        tensors = dict(checkpoint.tensors)
        for name, entry in sources_of(base, checkpoint).items():
            width = (entry.end - entry.start) // max(1, entry.shape[0])
            shape, end = (size, *entry.shape[1:]), entry.start + size * width
            tensors[name] = replace(entry, name=name, shape=shape, end=end, packed=None)
        config = _config(member, self.members[self.target.owner], base, size, _CONFIG)
        return replace(checkpoint, tensors=dict(sorted(tensors.items()))), config

    def write(
        self, output: Path, progress: Progress = silent, *, whole_models: bool = False
    ) -> AlignedVocabulary:
        """Return the members in one vocabulary; its tensors, or whole models, under `output`."""
        members, target, maps = self.members, self.target, self.maps
        if self.is_plain:
            checkpoints = tuple(member.checkpoint for member in members)
            return AlignedVocabulary(checkpoints, self.home, target.size, {})
        base = members[0].checkpoint
        names = tuple(sources_of(base, base))
        entries = [sources_of(base, member.checkpoint) for member in members]
        rows = {
            name: AlignedRows(
                [tensors[name] for tensors in entries], maps, target.expansion, self.overrides
            )
            for name in names
        }
        key = self._key
        checkpoints_written: list[Checkpoint] = []
        for index, member in enumerate(members):
            progress("vocabularies", index, len(members))
            sides = _assets(member, members[target.owner], base, target)
            if whole_models or not index:
                sides |= _tokenizer(members[target.owner], target)
            home = output / member.label if whole_models else output / key / f"{index:02}"
            copied = member.checkpoint.tensors if whole_models else {}
            folder = _write(home, key, rows, index, copied, sides, members)
            checkpoints_written.append(_with_vocabulary(member.checkpoint, open_checkpoint(folder)))
        progress("vocabularies", len(members), len(members))
        plain = next(iter(rows.values()))
        counts = {member.label: plain.counts(index) for index, member in enumerate(members)}
        return AlignedVocabulary(
            tuple(checkpoints_written), checkpoints_written[0].folder, target.size, counts
        )

    @property
    def _key(self) -> str:
        """The identity of what is written (reads every member once)."""
        overrides = sorted((n, w.member, w.row, w.force) for n, w in self.overrides.items())
        return digest(
            "together",
            [member.checkpoint.digest for member in self.members],
            self.target.owner,
            self.target.size,
            sorted(self.target.document.tokens.items()),
            overrides,
        )


def align_vocabularies(
    members: Sequence[AlignmentMember],
    output: Path,
    policy: str = "union",
    choices: Mapping[str, TokenSource] | None = None,
    multiple: int = 1,
    general: Sequence[str] = (),
    progress: Progress = silent,
    *,
    whole_models: bool = False,
) -> AlignedVocabulary:
    """Return the members with their vocabulary tensors in one order, written under `output`.

    Everything else of a model is read where it lies. A token that a model has keeps that model's
    row. A token that it lacks gets the row of the first member (the base), so that there is no
    delta; a token that the base lacks too gets the mean of the rows of those that have it, as they
    are where the spaces are one, else as sparse combinations of shared tokens; one that nobody has
    (a step of merges, padding) gets the mean of its pieces, or of the vocabulary. Choices come
    first.

    Args:
        members: The base, then the others; at least one.
        output: A folder for the vocabulary tensors, in a sub-folder for these models and this
            vocabulary. It is kept, and found again by the next run of the same.
        policy: `base`: the first member's vocabulary; `union`: that, extended by the others'; else
            the label of the member whose vocabulary it is.
        choices: Token, as the result's tokenizer spells it, to whose row it gets.
        multiple: The rows are padded to a multiple of this.
        general: For a union, text that must be tokenized as before. Without it only words are
            built that need no intermediate merge, so that no text without one of them changes.
        progress: Called per model.
        whole_models: Write whole models, each with the tokenizer, into sub-folders named by label.

    Raises:
        LexgraftError: an unknown policy, label or token; a tokenizer that is refused or does not
            belong to its weights; models that differ in width.
    """
    return plan_alignment(members, policy, choices, multiple, general).write(
        output, progress, whole_models=whole_models
    )


def plan_alignment(
    members: Sequence[AlignmentMember],
    policy: str = "union",
    choices: Mapping[str, TokenSource] | None = None,
    multiple: int = 1,
    general: Sequence[str] = (),
) -> AlignmentPlan:
    """Return how models would be aligned; of the weights only a sample is read.

    Arguments and errors are those of `align_vocabularies`.
    """
    documents = [read_document(member.tokenizer) for member in members]
    target = _target(members, documents, policy, multiple, general)
    for member, document in zip(members[1:], documents[1:], strict=True):
        _check_member(members[0].checkpoint, documents[0], member.checkpoint, document)
    maps = [_map(target, index, members, documents) for index in range(len(members))]
    labels = [member.label for member in members]
    overrides = token_overrides(choices or {}, labels, documents, target.document)
    for token, override in overrides.items():
        owner = None if override.member is None else members[override.member]
        if owner is not None and override.row >= stated_size(owner.checkpoint):
            raise LexgraftError(
                f"`{owner.label}` has no row for {target.document.tokens[token]!a:.80}: its "
                f"tokenizer numbers it {override.row:,}, beyond its rows",
                where=str(owner.checkpoint.folder),
                cure="choose another model's row, or another token's",
            )
    return AlignmentPlan(tuple(members), target, tuple(maps), overrides)


def _check_member(
    base: Checkpoint, base_document: TokenizerFile, checkpoint: Checkpoint, document: TokenizerFile
) -> None:
    """Raise unless a model has the base's tensors, and its weights agree with its tokenizer."""
    sources = sources_of(base, checkpoint)
    check_rest(base, checkpoint, sources)
    plan = map_vocabularies(base_document, document)
    check_map(plan, base_document, document)
    for name, entry in sources.items():
        if len(entry.shape) > 1:
            check_rows(plan, (base_document, document), base.tensors[name], entry)


def _target(
    members: Sequence[AlignmentMember],
    documents: Sequence[TokenizerFile],
    policy: str,
    multiple: int,
    general: Sequence[str],
) -> _Target:
    """Return the vocabulary that a policy names."""
    sizes = [stated_size(member.checkpoint) for member in members]
    labels = [member.label for member in members]
    expansion = None
    if policy == "union":
        union = unite(documents[0], documents[1:], general)
        owner, document, expansion = 0, union.document, union.expansion
    elif policy == "base" or policy in labels:
        owner = 0 if policy == "base" else labels.index(policy)
        document = documents[owner]
    else:
        policies = ["base", "union", *labels]
        raise LexgraftError(f"no vocabulary `{policy}`", cure=nearest(policy, policies))
    size = max(sizes[owner], document.size)
    return _Target(document, expansion, owner, -(-size // multiple) * multiple)


def _map(
    target: _Target,
    member_index: int,
    members: Sequence[AlignmentMember],
    documents: Sequence[TokenizerFile],
) -> Int[np.ndarray, " row"]:
    """Return for every row of the target the member's row of the same token; -1 where it lacks.

    A token whose number is beyond a model's rows is one that the model lacks.
    """
    ids = np.full(target.size, -1, np.int64)
    document, checkpoint = documents[member_index], members[member_index].checkpoint
    if member_index == target.owner:  # its own numbers, padding included
        had = min(stated_size(checkpoint), target.size)
        ids[:had] = np.arange(had)
        ids[document.size : target.document.size] = -1
        return ids
    plan = map_vocabularies(target.document, document)
    check_map(plan, target.document, document)
    ids[: len(plan.ids)] = plan.ids
    ids[ids >= stated_size(checkpoint)] = -1
    return ids


def _is_plain(
    maps: Sequence[np.ndarray], members: Sequence[AlignmentMember], target: _Target
) -> bool:
    """Return whether every model numbers its rows as the target does already."""
    same = np.arange(target.document.size)
    return all(
        stated_size(member.checkpoint) == target.size and bool((ids[: len(same)] == same).all())
        for ids, member in zip(maps, members, strict=True)
    )


def _assets(
    member: AlignmentMember, owner: AlignmentMember, base: Checkpoint, target: _Target
) -> dict[str, bytes]:
    """Return a member's configuration, with the vocabulary's size and special ids."""
    return {
        name: json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n"
        for name in (_CONFIG, _GENERATION)
        if (content := _config(member, owner, base, target.size, name))
    }


def _tokenizer(owner: AlignmentMember, target: _Target) -> dict[str, bytes]:
    """Return the files of the common tokenizer."""
    home = owner.tokenizer
    files = {
        name: regular_file(home, name).read_bytes()
        for name in side_files(home)
        if name not in CONFIG_FILES
    }
    if target.expansion is not None:
        files = tokenizer_files(target.expansion, files)
        if MODEL in files:
            files[MODEL] = expanded_sentencepiece(target.expansion, files[MODEL], str(home / MODEL))
    return files


def _config(
    member: AlignmentMember, owner: AlignmentMember, base: Checkpoint, size: int, name: str
) -> dict[str, Any]:
    """Return a member's configuration with the size and the special ids of the vocabulary."""
    if not has_file(member.checkpoint.folder, name):
        return {}
    content = dict(read_json(regular_file(member.checkpoint.folder, name)))
    if owner is not member and has_file(owner.checkpoint.folder, name):
        owner_config = read_json(regular_file(owner.checkpoint.folder, name))
        content |= {key: owner_config[key] for key in SPECIAL_IDS if key in owner_config}
    heads = any(role_of(tensor) == "head" for tensor in base.tensors)
    if heads and flag(content, "tie_word_embeddings"):  # a row it lacks has a head of its own
        content["tie_word_embeddings"] = False
    return resized_config(content, size) if name == _CONFIG else content


def _write(
    folder: Path,
    key: str,
    rows: Mapping[str, AlignedRows],
    member_index: int,
    copied: Mapping[str, TensorEntry],
    sides: Mapping[str, bytes],
    members: Sequence[AlignmentMember],
) -> Path:
    """Write a member's vocabulary and the tensors kept, unless this run has been here before."""
    made = finished_manifest(folder)
    if made is not None and made.get("together") == key:
        refuse_changed(folder, made)
        return folder
    plain = {name: entry for name, entry in copied.items() if name not in rows}
    layout = plan_layout(
        [
            (name, tensor_rows.dtype(member_index), tensor_rows.shape)
            for name, tensor_rows in rows.items()
        ]
        + [(name, entry.dtype, entry.shape) for name, entry in plain.items()]
    )
    inputs = [checkpoint.folder for member in members for checkpoint in folders(member.checkpoint)]
    with open_folder(folder, layout, key, inputs) as writer:
        for name, tensor_rows in rows.items():
            if name not in writer.done:
                blocks = (
                    raw_rows(block, tensor_rows.dtype(member_index))
                    for block in _blocks(tensor_rows, member_index)
                )
                writer.note(name, writer.write(name, blocks))
        for name, entry in plain.items():
            if name not in writer.done:
                writer.note(name, writer.write(name, read_windows(entry)))
        files = digests_of_files(layout.headers, layout.index(), sides)
        manifest = {"together": key, "tensors": writer.digests(), "files": files}
        writer.finish(sides, manifest_bytes(manifest))
    return folder


def _blocks(rows: AlignedRows, member_index: int) -> Iterator[Tensor]:
    """Yield a member's rows, some at a time."""
    for start in range(0, rows.shape[0], BLOCK):
        yield rows.of(member_index, start, min(start + BLOCK, rows.shape[0]))


def _with_vocabulary(checkpoint: Checkpoint, vocabulary: Checkpoint) -> Checkpoint:
    """Return a model with its vocabulary tensors from another folder, and that folder's files."""
    tensors = dict(sorted({**checkpoint.tensors, **vocabulary.tensors}.items()))
    shards = tuple(dict.fromkeys((*vocabulary.shards, *checkpoint.shards)))
    return View(vocabulary.folder, tensors, shards, (vocabulary, *folders(checkpoint)))
