"""What a tensor's name says: the layer it belongs to and the part it plays there."""

import re
from collections.abc import Iterable
from typing import Literal

Role = Literal["attention", "mlp", "norm", "embedding", "head", "other"]

_LAYER = re.compile(r"(?:^|\.)(?:layers|h|blocks)\.(\d{1,6})\.")
_OTHER_TOWERS = re.compile(r"(?:^|\.)(?:vision|audio|multi_modal|mm)_?\w*\.")
_PARTS: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("norm", re.compile(r"(?:^|\.)(?:ln_\w+|[a-z_]*norm\d*)\.\w+$")),
    ("head", re.compile(r"(?:^|\.)(?:lm_head|embed_out)\.\w+$")),
    ("embedding", re.compile(r"(?:^|\.)(?:wte|wpe|embed\w*|word_embeddings)\.\w+$")),
    ("attention", re.compile(r"(?:^|\.)(?:self_attn|attn|attention|self_attention)\.")),
    ("mlp", re.compile(r"(?:^|\.)(?:mlp|feed_forward|ffn|block_sparse_moe)\.")),
)


def layer_of(name: str) -> int | None:
    """Return the number of the language model's layer that holds a tensor, from 0."""
    match = _LAYER.search(name)
    return int(match[1]) if match and not _OTHER_TOWERS.search(name) else None


def with_layer(name: str, number: int) -> str:
    """Return the name that a layer's tensor has in the layer of another number."""
    match = _LAYER.search(name)
    if match is None:
        raise ValueError(f"{name} belongs to no layer")
    return f"{name[: match.start(1)]}{number}{name[match.end(1) :]}"


def count_layers(names: Iterable[str]) -> int:
    """Return the number of layers that the names speak of."""
    return max((layer + 1 for name in names if (layer := layer_of(name)) is not None), default=0)


def depth_of(name: str, layers: int) -> float:
    """Return where a tensor stands: 0 in the embeddings and the first layer, 1 in the last.

    The last norm and the head stand at 1, and so does a model's only layer.
    """
    layer = layer_of(name)
    if layer is not None:
        return layer / (layers - 1) if layers > 1 else 1.0
    return 1.0 if role_of(name) in {"norm", "head"} else 0.0


def role_of(name: str) -> Role:
    """Return the part a tensor plays, `other` where its name does not say."""
    if _OTHER_TOWERS.search(name):
        return "other"
    for role, pattern in _PARTS:
        if pattern.search(name):
            return role
    return "other"
