"""Which tensors a model folder must hold, under which names, and where a GGUF file has them."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.gguf.architecture import Sizes, architecture_of, sizes_of
from lexgraft.weights.checkpoint.gguf.gguf_header import Gguf

Change = Literal["none", "minus one", "halves"]


class GgufTarget(Struct, frozen=True):
    """A tensor of the model folder, and what undoes the change made for GGUF.

    `minus one`: Gemma's norms are stored with their 1 added. `halves`: rows of a head are stored as
    pairs (rotation of neighbours), a model folder keeps first halves before second halves.
    """

    name: str
    shape: tuple[int, ...]
    change: Change = "none"


def targets_of(gguf: Gguf) -> dict[str, GgufTarget]:
    """Return GGUF name → tensor of the model folder, for exactly the tensors of the file.

    Raises:
        LexgraftError: a tensor is missing, unknown or of another shape.
    """
    name, sizes = architecture_of(gguf), sizes_of(gguf)
    norm: Change = "minus one" if name == "gemma3" else "none"
    plane = (sizes.vocabulary, sizes.hidden)
    targets = {
        "token_embd.weight": GgufTarget("model.embed_tokens.weight", plane),
        "output_norm.weight": GgufTarget("model.norm.weight", (sizes.hidden,), norm),
    }
    if "output.weight" in gguf.tensors:
        targets["output.weight"] = GgufTarget("lm_head.weight", plane)
    for layer in range(sizes.layers):
        for stem, target in (_linear(name, sizes) | _norms(name, sizes, norm)).items():
            full = f"model.layers.{layer}.{target.name}.weight"
            targets[f"blk.{layer}.{stem}.weight"] = GgufTarget(full, target.shape, target.change)
    for stem in sorted(targets.keys() | gguf.tensors.keys()):
        _check(stem, gguf, targets)
    return targets


def _check(stem: str, gguf: Gguf, targets: Mapping[str, GgufTarget]) -> None:
    """Raise unless a tensor is both expected and there, in the expected shape."""
    if stem not in targets:
        raise LexgraftError(
            f"tensor {stem!r} has no place in this architecture",
            where=gguf.label,
            cure="scaled rotation tables, biases and experts are not converted",
        )
    if stem not in gguf.tensors:
        raise LexgraftError(f"tensor {stem!r} is missing", where=gguf.label)
    if gguf.tensors[stem].shape != targets[stem].shape:
        raise LexgraftError(
            f"tensor {stem!r} is {gguf.tensors[stem].shape}, not {targets[stem].shape}",
            where=gguf.label,
        )


def _linear(name: str, sizes: Sizes) -> dict[str, GgufTarget]:
    """Return the matrices of one layer."""
    turn: Change = "halves" if name == "llama" else "none"
    query, key = sizes.heads * sizes.head, sizes.key_heads * sizes.head
    hidden, inner = sizes.hidden, sizes.inner
    return {
        "attn_q": GgufTarget("self_attn.q_proj", (query, hidden), turn),
        "attn_k": GgufTarget("self_attn.k_proj", (key, hidden), turn),
        "attn_v": GgufTarget("self_attn.v_proj", (key, hidden)),
        "attn_output": GgufTarget("self_attn.o_proj", (hidden, query)),
        "ffn_gate": GgufTarget("mlp.gate_proj", (inner, hidden)),
        "ffn_up": GgufTarget("mlp.up_proj", (inner, hidden)),
        "ffn_down": GgufTarget("mlp.down_proj", (hidden, inner)),
    }


def _norms(name: str, sizes: Sizes, change: Change) -> dict[str, GgufTarget]:
    """Return the norms of one layer: two in Llama, six in Gemma 3."""
    wide, narrow = (sizes.hidden,), (sizes.head,)
    if name == "llama":
        return {
            "attn_norm": GgufTarget("input_layernorm", wide, change),
            "ffn_norm": GgufTarget("post_attention_layernorm", wide, change),
        }
    return {
        "attn_norm": GgufTarget("input_layernorm", wide, change),
        "post_attention_norm": GgufTarget("post_attention_layernorm", wide, change),
        "ffn_norm": GgufTarget("pre_feedforward_layernorm", wide, change),
        "post_ffw_norm": GgufTarget("post_feedforward_layernorm", wide, change),
        "attn_q_norm": GgufTarget("self_attn.q_norm", narrow, change),
        "attn_k_norm": GgufTarget("self_attn.k_norm", narrow, change),
    }
