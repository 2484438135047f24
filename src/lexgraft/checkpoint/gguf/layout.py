"""Which tensors a model folder must hold, under which names, and where a GGUF file has them."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from lexgraft.checkpoint.gguf.architecture import Sizes, architecture_of, sizes_of
from lexgraft.checkpoint.gguf.header import Gguf
from lexgraft.errors import UserError

Change = Literal["none", "minus one", "halves"]


class Target(Struct, frozen=True):
    """A tensor of the model folder, and what undoes the change made for GGUF.

    `minus one`: Gemma's norms are stored with their 1 added. `halves`: rows of a head are stored as
    pairs (rotation of neighbours), a model folder keeps first halves before second halves.
    """

    name: str
    shape: tuple[int, ...]
    change: Change = "none"


def targets_of(gguf: Gguf) -> dict[str, Target]:
    """Return GGUF name → tensor of the model folder, for exactly the tensors of the file.

    Raises:
        UserError: a tensor is missing, unknown or of another shape.
    """
    name, sizes = architecture_of(gguf), sizes_of(gguf)
    norm: Change = "minus one" if name == "gemma3" else "none"
    plane = (sizes.vocabulary, sizes.hidden)
    targets = {
        "token_embd.weight": Target("model.embed_tokens.weight", plane),
        "output_norm.weight": Target("model.norm.weight", (sizes.hidden,), norm),
    }
    if "output.weight" in gguf.tensors:
        targets["output.weight"] = Target("lm_head.weight", plane)
    for layer in range(sizes.layers):
        for stem, target in (_linear(name, sizes) | _norms(name, sizes, norm)).items():
            full = f"model.layers.{layer}.{target.name}.weight"
            targets[f"blk.{layer}.{stem}.weight"] = Target(full, target.shape, target.change)
    for stem in sorted(targets.keys() | gguf.tensors.keys()):
        _check(stem, gguf, targets)
    return targets


def _check(stem: str, gguf: Gguf, targets: Mapping[str, Target]) -> None:
    """Raise unless a tensor is both expected and there, in the expected shape."""
    if stem not in targets:
        raise UserError(
            f"tensor {stem!r} has no place in this architecture",
            where=gguf.label,
            cure="scaled rotation tables, biases and experts are not converted",
        )
    if stem not in gguf.tensors:
        raise UserError(f"tensor {stem!r} is missing", where=gguf.label)
    if gguf.tensors[stem].shape != targets[stem].shape:
        raise UserError(
            f"tensor {stem!r} is {gguf.tensors[stem].shape}, not {targets[stem].shape}",
            where=gguf.label,
        )


def _linear(name: str, sizes: Sizes) -> dict[str, Target]:
    """Return the matrices of one layer."""
    turn: Change = "halves" if name == "llama" else "none"
    query, key = sizes.heads * sizes.head, sizes.key_heads * sizes.head
    hidden, inner = sizes.hidden, sizes.inner
    return {
        "attn_q": Target("self_attn.q_proj", (query, hidden), turn),
        "attn_k": Target("self_attn.k_proj", (key, hidden), turn),
        "attn_v": Target("self_attn.v_proj", (key, hidden)),
        "attn_output": Target("self_attn.o_proj", (hidden, query)),
        "ffn_gate": Target("mlp.gate_proj", (inner, hidden)),
        "ffn_up": Target("mlp.up_proj", (inner, hidden)),
        "ffn_down": Target("mlp.down_proj", (hidden, inner)),
    }


def _norms(name: str, sizes: Sizes, change: Change) -> dict[str, Target]:
    """Return the norms of one layer: two in Llama, six in Gemma 3."""
    wide, narrow = (sizes.hidden,), (sizes.head,)
    if name == "llama":
        return {
            "attn_norm": Target("input_layernorm", wide, change),
            "ffn_norm": Target("post_attention_layernorm", wide, change),
        }
    return {
        "attn_norm": Target("input_layernorm", wide, change),
        "post_attention_norm": Target("post_attention_layernorm", wide, change),
        "ffn_norm": Target("pre_feedforward_layernorm", wide, change),
        "post_ffw_norm": Target("post_feedforward_layernorm", wide, change),
        "attn_q_norm": Target("self_attn.q_norm", narrow, change),
        "attn_k_norm": Target("self_attn.k_norm", narrow, change),
    }
