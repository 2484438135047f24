"""A model folder with a expanded vocabulary: rows added, the rest copied, files consistent."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from xxhash import xxh3_128

from lexgraft.errors import LexgraftError
from lexgraft.files.model_files import INDEX, SINGLE
from lexgraft.files.safe_json import read_json
from lexgraft.records import Progress, digest, silent, write_bytes
from lexgraft.weights.checkpoint.assets import edited, read_assets
from lexgraft.weights.checkpoint.checkpoint_index import (
    Checkpoint,
    regular_file,
    side_files,
)
from lexgraft.weights.checkpoint.file_layout import plan_layout
from lexgraft.weights.checkpoint.folder_writer import open_folder, refuse_inputs
from lexgraft.weights.checkpoint.full_precision import open_full_precision
from lexgraft.weights.checkpoint.layer_stack import language_config
from lexgraft.weights.checkpoint.main_dtype import main_dtype
from lexgraft.weights.checkpoint.manifest_file import manifest_bytes
from lexgraft.weights.checkpoint.safetensors_header import WIDTHS, TensorEntry
from lexgraft.weights.checkpoint.tensor_bytes import tensor_windows
from lexgraft.weights.checkpoint.tensor_reading import DTYPES, dtype_of, read_windows
from lexgraft.weights.checkpoint.written_folder import (
    digests_of_files,
    finished_manifest,
    refuse_changed,
)
from lexgraft.weights.tokenizer.tokenizer_file import TOKENIZER, read_document
from lexgraft.weights.vocabulary.expanded_files import tokenizer_files
from lexgraft.weights.vocabulary.expansion import Expansion
from lexgraft.weights.vocabulary.new_rows import (
    How,
    NewRows,
    RowDonor,
    count_origins,
    new_rows,
    stated_size,
    vocabulary_tensors,
)
from lexgraft.weights.vocabulary.sentencepiece import MODEL, expanded_sentencepiece

VOCABULARY = "vocabulary.json"  # what was added, beside the model
SPECIAL_IDS = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id")


def has_weights(folder: Path) -> bool:
    """Return whether a folder holds a model and not a tokenizer alone."""
    return (folder / SINGLE).exists() or (folder / INDEX).exists()


def open_donor(folder: Path) -> RowDonor:
    """Return a model folder as a source of rows."""
    return RowDonor(open_full_precision(folder), read_document(folder))


def write_tokenizer(expansion: Expansion, folder: Path, output: Path) -> None:
    """Write the expanded tokenizer of a folder without weights."""
    refuse_inputs(output, [folder])
    if output.exists() and any(output.iterdir()):
        raise LexgraftError(
            "the output folder is not empty", where=str(output), cure="choose another"
        )
    sides = {name: regular_file(folder, name).read_bytes() for name in side_files(folder)}
    for name, data in expanded_assets(expansion, sides, folder).items():
        write_bytes(output / name, data)
    write_bytes(output / VOCABULARY, additions_json(expansion, {}))


def write_model(
    expansion: Expansion,
    base: Checkpoint,
    output: Path,
    donor: RowDonor | None = None,
    how: How = "auto",
    multiple: int = 1,
    fitted: Mapping[str, Tensor] | None = None,
    progress: Progress = silent,
    request: str = "",
) -> dict[str, dict[str, int]]:
    """Write the base with the expanded vocabulary; return how its new rows came about.

    Args:
        expansion: What is added.
        base: The model that grows.
        output: A new folder, or one in which this very run was interrupted.
        donor: A model that has some of the tokens.
        how: Where rows come from.
        multiple: The vocabulary is padded to a multiple of this.
        fitted: Rows that were distilled or made suppressed, by tensor; those that are as they began
            keep the name of where they came from.
        progress: Called per tensor.
        request: What `written_before` will know the finished folder by.

    Raises:
        LexgraftError: weights, configuration and tokenizer of the base do not fit each other, or
            the output folder is not free.
    """
    size, sides = _assets(expansion, base, multiple)
    names = vocabulary_tensors(base, stated_size(base))
    new_by_tensor = {
        name: new_rows(base.tensors[name], expansion.additions, expansion.base, donor, how)
        for name in names
    }
    for name, values in (fitted or {}).items():
        new_by_tensor[name] = _moved(new_by_tensor[name], values)
    layout = plan_layout(
        (e.name, e.dtype, (size, *e.shape[1:]) if e.name in new_by_tensor else e.shape)
        for e in base.tensors.values()
    )
    origins = count_origins(new_by_tensor)
    inputs = [base.folder, *([donor.checkpoint.folder] if donor else [])]
    key = _key(expansion, base, how, multiple, fitted or {})
    with open_folder(output, layout, key, inputs) as writer:
        for number, (name, entry) in enumerate(base.tensors.items()):
            progress("writing", number, len(base.tensors))
            if name not in writer.done:
                rows = new_by_tensor.get(name)
                windows = _grown(entry, expansion, rows, size) if rows else read_windows(entry)
                writer.note(name, writer.write(name, windows))
        base.check_unchanged()
        additions = additions_json(expansion, origins)
        sides = {**sides, VOCABULARY: additions}
        manifest = {
            "vocabulary": key,
            "request": request,
            "base": base.digest,
            "tensors": writer.digests(),
            "files": digests_of_files(layout.headers, layout.index(), sides),
        }
        writer.finish(sides, manifest_bytes(manifest))
    progress("writing", len(base.tensors), len(base.tensors))
    return origins


def request_of(
    expansion: Expansion, base: Checkpoint, donor: RowDonor | None, how: How, multiple: int
) -> str:
    """Return what tells a growth without a fit from all others, before anything is written."""
    words = [(new.token, new.role, new.parts) for new in expansion.additions]
    lender = donor.checkpoint.digest if donor else ""
    return digest("grown", base.digest, lender, words, how, multiple)


def written_before(output: Path, request: str) -> dict[str, dict[str, int]] | None:
    """Return how the rows of a folder came about that this very call has finished; None: not yet.

    Raises:
        LexgraftError: it holds another model, or not what was written.
    """
    manifest = finished_manifest(output)
    if manifest is None:
        return None
    if manifest.get("request") != request:
        raise LexgraftError(
            "the folder holds another grown model",
            where=str(output),
            cure="choose a new folder, or move this one away",
        )
    refuse_changed(output, manifest)
    return read_json(output / VOCABULARY)["rows"]


def expanded_assets(
    expansion: Expansion, sides: Mapping[str, bytes], folder: Path
) -> dict[str, bytes]:
    """Return the side files of a folder with those of the tokenizer grown."""
    files = tokenizer_files(expansion, sides)
    if MODEL in sides:
        files[MODEL] = expanded_sentencepiece(expansion, sides[MODEL], str(folder / MODEL))
    return files


def additions_json(expansion: Expansion, origins: Mapping[str, Mapping[str, int]]) -> bytes:
    """Return what was added, as JSON: for every new id its spelling, role and pieces."""
    rows = [
        {"id": n.id, "token": n.token, "role": n.role, "text": n.text, "parts": n.parts}
        for n in expansion.additions
    ]
    return _text({"base_size": expansion.base.size, "rows": origins, "additions": rows})


def resized_config(config: Mapping[str, Any], size: int) -> dict[str, Any]:
    """Return a configuration that says how many rows the vocabulary has."""
    prefix, inner = language_config(config)
    parts = (("", config), (prefix, inner))
    return edited(config, {f"{p}vocab_size": size for p, part in parts if "vocab_size" in part})


def _assets(expansion: Expansion, base: Checkpoint, multiple: int) -> tuple[int, dict[str, bytes]]:
    """Return the rows of the expanded vocabulary, and all side files."""
    had = stated_size(base)
    if expansion.base.size > had:
        raise LexgraftError(
            f"the tokenizer has {expansion.base.size:,} ids, the model {had:,} rows",
            where=str(base.folder / TOKENIZER),
            cure="the tokenizer is not this model's: get both from one source",
        )
    size = max(had, expansion.base.size + len(expansion.additions))
    size = -(-size // multiple) * multiple
    sides = expanded_assets(
        expansion, read_assets(base.folder, DTYPES[main_dtype(base.tensors.values())]), base.folder
    )
    settings = resized_config(json.loads(sides["config.json"]), size)
    _check_ids(settings, expansion.base.size, base.folder)
    return size, {**sides, "config.json": _text(settings)}


def _key(
    expansion: Expansion, base: Checkpoint, how: How, multiple: int, fitted: Mapping[str, Tensor]
) -> str:
    """Return what tells one grown folder from all others."""
    words = [new.token for new in expansion.additions]
    rows = {
        name: xxh3_128(values.contiguous().numpy().data).hexdigest()
        for name, values in fitted.items()
    }
    return digest("vocabulary", base.digest, words, how, multiple, rows)


def _moved(start: NewRows, values: Tensor) -> NewRows:
    """Return rows with those that a fit has moved in their place."""
    changed = (values != start.values).view(len(values), -1).any(1).tolist()
    pairs = zip(start.origins, changed, strict=True)
    return NewRows(values, tuple("fitted" if now else before for before, now in pairs))


def _check_ids(config: Mapping[str, Any], size: int, folder: Path) -> None:
    """Raise for a special token beyond the vocabulary: a grown token must never take its place."""
    for key in SPECIAL_IDS:
        value = config.get(key)
        for number in value if isinstance(value, list) else [value]:
            if isinstance(number, int) and number >= size:
                raise LexgraftError(
                    f"{key} is {number}, beyond the tokenizer's {size:,} ids",
                    where=str(folder / "config.json"),
                    cure="configuration and tokenizer belong to different models",
                )


def _grown(
    entry: TensorEntry, expansion: Expansion, new: NewRows, size: int
) -> Iterator[bytes | memoryview]:
    """Yield a tensor with the new rows at their ids; padding of the base stays where it lies."""
    first, last = expansion.base.size, expansion.base.size + len(expansion.additions)
    width = entry.size // entry.shape[0] * WIDTHS[entry.dtype]
    had = entry.shape[0]
    yield from _stored(entry, 0, first * width)
    yield raw_rows(new.values, entry.dtype)
    if had > last:
        yield from _stored(entry, last * width, had * width)
    padding = size - max(had, last)
    if padding:  # as unlikely as a mean row is; a row of zeros might be the likeliest of all
        yield raw_rows(
            new.values.mean(0, keepdim=True).expand(padding, *new.values.shape[1:]), entry.dtype
        )


def _stored(entry: TensorEntry, start: int, stop: int) -> Iterator[memoryview]:
    """Yield some of a tensor's bytes as they are stored."""
    yield from tensor_windows(entry, start, stop)


def raw_rows(rows: Tensor, code: str) -> memoryview:
    """Return rows as they are stored."""
    return rows.to(dtype_of(code)).contiguous().view(-1).view(torch.uint8).numpy().data


def _text(value: object) -> bytes:
    """Return JSON for a reader."""
    return json.dumps(value, indent=1, ensure_ascii=False).encode() + b"\n"
