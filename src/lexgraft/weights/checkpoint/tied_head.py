"""Whether a model's output head is a matrix of its own, or its embeddings once more."""

import math
from collections.abc import Mapping
from typing import Any

from lexgraft.files.safe_json import flag
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.layer_stack import language_config, stack_of
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.checkpoint.tensor_bytes import fill_tensor
from lexgraft.weights.checkpoint.tensor_names import role_of

TIE = "tie_word_embeddings"
_TYPES = (
    "aya_vision bloom cohere cohere2 cohere2_moe cohere2_vision cohere_compass "
    "cohere_compass_text cpmant ctrl diffusion_gemma ernie4_5 ernie4_5_moe ernie4_5_vl_moe "
    "falcon falcon_mamba gemma gemma2 gemma3 gemma3_text gemma3n gemma3n_text gemma4 "
    "gemma4_text gemma4_assistant gemma4_unified gemma4_unified_assistant gemma4_unified_text "
    "gpt-sw3 gpt2 gpt_bigcode gpt_neo gpt_neox_japanese granite_swa hunyuan_vl jetmoe lfm2 "
    "lfm2_moe lfm2_vl lfm3 lfm3_vl mamba minicpm3 modernbert-decoder moss_transcribe_diarize "
    "mpt openai-gpt opt paligemma recurrent_gemma shieldgemma2 smollm3 starcoder2 vaultgemma "
    "xglm youtu zamba zamba2 zaya"
)
_TIED_TYPES = frozenset(_TYPES.split())
"""The architectures whose head is tied unless their configuration says otherwise."""

_PIECES, _PIECE = 64, 4096  # what is compared of two matrices: evenly spaced pieces, their bytes


def stated_tie(config: Mapping[str, Any]) -> bool | None:
    """Return whether a configuration ties the head to the embeddings; None: it does not say.

    Raises:
        LexgraftError: it says neither true nor false.
    """
    inner = language_config(config)[1]
    stated = inner if inner.get(TIE) is not None else config
    if stated.get(TIE) is not None:
        return flag(stated, TIE)
    types = {inner.get("model_type"), config.get("model_type")}
    return None if _TIED_TYPES.isdisjoint(types) else True


def stored_head(checkpoint: Checkpoint) -> str | None:
    """Return the name of the head's matrix; None where no file holds one."""
    return next((n for n, e in checkpoint.tensors.items() if _is_head(n, e)), None)


def own_head(checkpoint: Checkpoint, config: Mapping[str, Any]) -> str | None:
    """Return the name of a head that is more than a copy of the embeddings; None: there is none.

    Where the configuration ties the two, evenly spaced pieces of them are read and compared: a
    head that differs nevertheless is one of its own, as loaders take it.
    """
    head = stored_head(checkpoint)
    if head is None or not stated_tie(config):
        return head
    embeddings = embeddings_of(checkpoint, config)
    if embeddings is None:
        return head
    same = _same_pieces(checkpoint.tensors[embeddings], checkpoint.tensors[head])
    return None if same else head


def embeddings_of(checkpoint: Checkpoint, config: Mapping[str, Any]) -> str | None:
    """Return the name of the embeddings that a tied head shares; None where it is not clear."""
    head, stack = stored_head(checkpoint), stack_of(checkpoint.tensors, config)
    shape = None if head is None else checkpoint.tensors[head].shape
    names = [
        name
        for name, entry in checkpoint.tensors.items()
        if role_of(name) == "embedding"
        and stack.tower_of(name) == "text"
        and "position" not in name
        and not name.endswith("wpe.weight")
        and shape in {None, entry.shape}
    ]
    return names[0] if len(names) == 1 else None


def untying(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what to change in a configuration (dotted key → value) so that it ties nothing."""
    prefix, _ = language_config(config)
    return dict.fromkeys((TIE, f"{prefix}{TIE}"), False)


def _is_head(name: str, entry: TensorEntry) -> bool:
    named = "lm_head" in name or "embed_out" in name  # most names are told without a look at roles
    return named and len(entry.shape) > 1 and role_of(name) == "head"


def _same_pieces(first: TensorEntry, second: TensorEntry) -> bool:
    """Return whether two matrices hold the same bytes, as far as a sample tells."""
    if (first.dtype, first.shape) != (second.dtype, second.shape):
        return False
    if not (first.file.is_file() and second.file.is_file()):  # planned, not yet written
        return False
    size = first.end - first.start
    step = max(_PIECE, math.ceil(size / _PIECES))
    return all(
        _piece(first, start, size) == _piece(second, start, size) for start in range(0, size, step)
    )


def _piece(entry: TensorEntry, start: int, size: int) -> bytes:
    piece = bytearray(min(_PIECE, size - start))
    fill_tensor(entry, start, memoryview(piece))
    return bytes(piece)
