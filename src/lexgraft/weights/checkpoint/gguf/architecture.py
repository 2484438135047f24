"""What a GGUF file says about the model → its sizes and config.json."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec import Struct

from lexgraft.errors import LexgraftError, nearest
from lexgraft.weights.checkpoint.gguf.byte_cursor import Value
from lexgraft.weights.checkpoint.gguf.gguf_header import Gguf

MODELS = {"gemma3": "Gemma3ForCausalLM", "llama": "LlamaForCausalLM"}
LAYERS_LIMIT = 1_000


class Sizes(Struct, frozen=True):
    """The numbers that give every tensor its shape."""

    vocabulary: int
    hidden: int
    inner: int
    layers: int
    heads: int
    key_heads: int
    head: int


def architecture_of(gguf: Gguf) -> str:
    """Return the architecture's name, one of `MODELS`.

    Raises:
        LexgraftError: another architecture.
    """
    name = str(gguf.metadata.get("general.architecture", ""))
    if name not in MODELS:
        raise LexgraftError(
            f"architecture {name!r} is not converted", where=gguf.label, cure=nearest(name, MODELS)
        )
    return name


def config_of(gguf: Gguf) -> dict[str, Any]:
    """Return the content of config.json.

    Raises:
        LexgraftError: another architecture, or a number that is missing or out of range.
    """
    name, sizes = architecture_of(gguf), sizes_of(gguf)
    tokens = {
        f"{role}_token_id": gguf.metadata.get(f"tokenizer.ggml.{key}_token_id")
        for role, key in (("bos", "bos"), ("eos", "eos"), ("pad", "padding"))
    }
    shared = {
        "architectures": [MODELS[name]],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "dtype": "bfloat16",
        "head_dim": sizes.head,
        "hidden_size": sizes.hidden,
        "initializer_range": 0.02,
        "intermediate_size": sizes.inner,
        "max_position_embeddings": _whole(gguf.metadata, f"{name}.context_length"),
        "num_attention_heads": sizes.heads,
        "num_hidden_layers": sizes.layers,
        "num_key_value_heads": sizes.key_heads,
        "rms_norm_eps": _real(gguf.metadata, f"{name}.attention.layer_norm_rms_epsilon"),
        "tie_word_embeddings": "output.weight" not in gguf.tensors,
        "use_cache": True,
        "vocab_size": sizes.vocabulary,
    }
    special = _gemma3 if name == "gemma3" else _llama
    return dict(sorted((shared | tokens | special(gguf, sizes)).items()))


def sizes_of(gguf: Gguf) -> Sizes:
    """Return the sizes from the metadata; the vocabulary's from its embedding."""
    name, metadata = architecture_of(gguf), gguf.metadata
    hidden = _whole(metadata, f"{name}.embedding_length")
    heads = _whole(metadata, f"{name}.attention.head_count")
    embedding = gguf.tensors.get("token_embd.weight")
    if embedding is None:
        raise LexgraftError("tensor 'token_embd.weight' is missing", where=gguf.label)
    layers = _whole(metadata, f"{name}.block_count")
    if layers > LAYERS_LIMIT:
        raise LexgraftError(f"{layers:,} layers", where=gguf.label)
    return Sizes(
        vocabulary=embedding.shape[0],
        hidden=hidden,
        inner=_whole(metadata, f"{name}.feed_forward_length"),
        layers=layers,
        heads=heads,
        key_heads=_whole(metadata, f"{name}.attention.head_count_kv", heads),
        head=_whole(metadata, f"{name}.attention.key_length", hidden // heads),
    )


def _gemma3(gguf: Gguf, sizes: Sizes) -> dict[str, Any]:
    """Return what only Gemma 3 has: five sliding layers, then a full one, each with its rotation.

    Gemma 3 report (arXiv:2503.19786), section 2: 5:1 interleaving, rotation base 10k and 1M.
    """
    kinds = ["full_attention" if i % 6 == 5 else "sliding_attention" for i in range(sizes.layers)]
    local = {"rope_theta": 10_000.0, "rope_type": "default"}
    largest = sizes.layers == 62
    return {
        "attn_logit_softcapping": None,
        "final_logit_softcapping": None,
        "hidden_activation": "gelu_pytorch_tanh",
        "layer_types": kinds,
        "model_type": "gemma3_text",
        "query_pre_attn_scalar": sizes.hidden // sizes.heads if largest else sizes.head,
        "rope_parameters": {"full_attention": _rotation(gguf), "sliding_attention": local},
        "sliding_window": _whole(gguf.metadata, "gemma3.attention.sliding_window"),
        "use_bidirectional_attention": False,
    }


def _llama(gguf: Gguf, sizes: Sizes) -> dict[str, Any]:
    """Return what only Llama has."""
    if _whole(gguf.metadata, "llama.rope.dimension_count", sizes.head) != sizes.head:
        raise LexgraftError("only part of a head is rotated: not converted", where=gguf.label)
    return {
        "hidden_act": "silu",
        "mlp_bias": False,
        "model_type": "llama",
        "rope_parameters": _rotation(gguf),
    }


def _rotation(gguf: Gguf) -> dict[str, Any]:
    """Return the rotation of full attention, linearly scaled or not at all."""
    name, metadata = architecture_of(gguf), gguf.metadata
    theta = _real(metadata, f"{name}.rope.freq_base", 10_000.0)
    scaling = metadata.get(f"{name}.rope.scaling.type", "none")
    if scaling == "none":
        return {"rope_theta": theta, "rope_type": "default"}
    if scaling != "linear":
        raise LexgraftError(f"rotation scaling {scaling!r} is not converted", where=gguf.label)
    factor = _real(metadata, f"{name}.rope.scaling.factor")
    return {"factor": factor, "rope_theta": theta, "rope_type": "linear"}


def _whole(metadata: Mapping[str, Value], key: str, default: int | None = None) -> int:
    """Return a positive whole number of the metadata."""
    value = metadata.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31:
        raise LexgraftError(f"GGUF metadata `{key}` is {value!r}, not a positive whole number")
    return value


def _real(metadata: Mapping[str, Value], key: str, default: float | None = None) -> float:
    """Return a positive number of the metadata, in the fewest digits that name its float32."""
    value = metadata.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e30:
        raise LexgraftError(f"GGUF metadata `{key}` is {value!r}, not a positive number")
    return float(str(np.float32(value)))
