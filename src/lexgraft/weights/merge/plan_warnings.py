"""What a plan says of the folders that it takes files from, beside what it refuses."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from lexgraft.weights.checkpoint.assets import code_named, has_tokenizer
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.config_check import check_folders
from lexgraft.weights.checkpoint.input_model import InputModel
from lexgraft.weights.checkpoint.input_statistics import InputStatistics
from lexgraft.weights.checkpoint.lora_adapter import Adapter
from lexgraft.weights.checkpoint.lora_config import read_config
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.checkpoint.tensor_names import NUMBERED, role_of
from lexgraft.weights.checkpoint.tensor_reading import DTYPES
from lexgraft.weights.checkpoint.view import folders
from lexgraft.weights.merge.tokenizer_check import largest_id
from lexgraft.weights.methods import Method

_QUANTISED = re.compile(
    r"(?i)(?:^|[-_./])(?:bnb|[48]bit|int[48]|gptq|awq|fp8|mxfp4|nf4)(?:$|[-_.])"
)
_ROWS = re.compile(r"(?:^|\.)(?:embed_tokens|wte|word_embeddings|embed_in)\.weight$")


def config_warnings(base: Checkpoint, models: Iterable[InputModel]) -> Iterator[str]:
    """Yield what to say of whole models that are configured otherwise than the base.

    Raises:
        LexgraftError: settings differ under which the same weights compute something else.
    """
    for model in models:
        if isinstance(model.source, Checkpoint):
            yield from check_folders(base.folder, model.folder)


def quantised_notes(base: Checkpoint, models: Iterable[InputModel]) -> Iterator[str]:
    """Yield a sentence for every folder of quantised weights: what they are read as."""
    whole_models = [model.source for model in models if isinstance(model.source, Checkpoint)]
    sources = [source for model in (base, *whole_models) for source in folders(model)]
    for source in {source.folder: source for source in sources}.values():
        entries = source.tensors.values()
        counts = Counter((e.packed.stored.dtype, e.dtype) for e in entries if e.packed is not None)
        for (stored, code), count in sorted(counts.items()):
            yield (
                f"{count:,} quantised tensors of {source.folder} ({stored}) are read as "
                f"{DTYPES[code]}; the result is dense"
            )


def nothing_learnt(method: Method) -> str:
    """Return the warning about a method that learns and has not."""
    return f"nothing was learnt for `{method.name}` yet: as it stands the first model comes out"


def learning_warnings(
    method: Method,
    statistics: InputStatistics | None,
    tensors: Mapping[str, TensorEntry],
    merged: Iterable[str],
) -> Iterator[str]:
    """Yield what a method that learns of inputs leaves as the first model's against its wish.

    `merged` are the tensors that some model may change.
    """
    if not method.learns:
        return
    if statistics is None:
        yield nothing_learnt(method)
        return
    unread = [
        name
        for name in merged
        if len(tensors[name].shape) > 1
        and name not in statistics.index.weights
        and role_of(name) not in ("embedding", "head", "norm")
    ]
    if unread:
        kinds = ", ".join(dict.fromkeys(_kind(name) for name in unread))
        yield (
            f"{kinds}: {len(unread)} tensors stay the first model's, since nothing can be learnt "
            "of what they read: they are no linear layers, read some tokens only, or are shared"
        )
    if statistics.left_out:
        names = ", ".join(dict.fromkeys(name.split(".")[-2] for name in statistics.left_out))
        yield (
            f"{names}: {len(statistics.left_out)} matrices stay the first model's, since the "
            f"{statistics.index.general.tokens:,} tokens of general text are fewer than their "
            "inputs: give more texts to learn from"
        )


def _kind(name: str) -> str:
    """Return what a tensor is called within its layer.

    >>> _kind("model.layers.7.mlp.experts.3.w1.weight")
    'mlp.experts.w1'
    """
    after = NUMBERED.split(name)[-1] if NUMBERED.search(name) else name
    return ".".join(word for word in after.removesuffix(".weight").split(".") if not word.isdigit())


def adapter_warnings(models: Iterable[InputModel]) -> Iterator[str]:
    """Yield a warning for every adapter that says it was trained on a quantised model (QLoRA)."""
    for model in models:
        if any(entry.packed for entry in model.base.tensors.values()):
            continue  # it may be that very model
        for adapter in (model.source, model.adapter):
            if isinstance(adapter, Adapter):
                trained_on = read_config(adapter.folder).get("base_model_name_or_path")
                if isinstance(trained_on, str) and _QUANTISED.search(trained_on):
                    yield (
                        f"the adapter in {adapter.folder} was trained on the quantised model "
                        f"{trained_on!a:.120}; here it is put onto the weights in "
                        f"{model.base.folder}, which differ from those by their rounding"
                    )


def code_warnings(homes: Iterable[Path]) -> Iterator[str]:
    """Yield a warning for every folder whose configuration names code, which is left out."""
    for folder in dict.fromkeys(homes):
        keys = code_named(folder)
        if keys:
            yield f"left out of the configuration, for it loads code: {', '.join(keys)} ({folder})"


def tokenizer_warnings(home: Path, tensors: Mapping[str, TensorEntry]) -> Iterator[str]:
    """Yield a warning where the result has no tokenizer, or one with more ids than rows."""
    if not has_tokenizer(home):
        yield f"the result will have no tokenizer: there is none in {home}"
    rows = max((e.shape[0] for name, e in tensors.items() if _ROWS.search(name)), default=None)
    largest = largest_id(home)
    if rows is not None and largest is not None and largest >= rows:
        yield (
            f"the tokenizer in {home} gives ids up to {largest:,} and the model has {rows:,} "
            "rows: a text with one of the tokens beyond cannot be read"
        )
