"""What a tensor's name says: the part of the model it belongs to, and the role it plays there."""

import re
from functools import lru_cache
from typing import Literal

Role = Literal["attention", "mlp", "norm", "embedding", "head", "other"]
Tower = Literal["text", "vision", "audio", "projector", "mtp"]

NUMBERED = re.compile(r"(?:^|\.)(?:layers?|h|blocks?|resblocks)\.(\d{1,6})\.")
"""The number of a layer, in whatever tower: that of the outermost list of layers in a name."""

_TOWERS: tuple[tuple[Tower, re.Pattern[str]], ...] = (
    ("projector", re.compile(r".*projector.*|mm_.*|multi_modal.*|connector.*|aligner.*")),
    ("projector", re.compile(r"(?:re|perceiver_re)sampler.*|q_?former.*|perceiver.*")),
    ("vision", re.compile(r"(?:vision|visual|image|img|video)(?:_.*|s|)|vit|vpm|vqmodel")),
    ("audio", re.compile(r"(?:audio|speech)(?:_.*|)|apm|talker|token2wav|code2wav")),
    ("mtp", re.compile(r"mtp(?:_.*|)|nextn(?:_.*|)|(?:eagle|medusa)(?:_.*|)")),
)
_PARTS: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("norm", re.compile(r"(?:^|\.)(?:ln_\w+|[a-z_]*norm\d*)\.\w+$")),
    ("head", re.compile(r"(?:^|\.)(?:lm_head|embed_out)\.\w+$")),
    ("embedding", re.compile(r"(?:^|\.)(?:wte|wpe|embed\w*|word_embeddings)\.\w+$")),
    ("attention", re.compile(r"(?:^|\.)(?:self_attn|attn|attention|self_attention)\.")),
    ("mlp", re.compile(r"(?:^|\.)(?:mlp|feed_forward|ffn|block_sparse_moe)\.")),
)


def tower_of(name: str) -> Tower:
    """Return the part of a model that a tensor belongs to, by the words before its layer."""
    match = NUMBERED.search(name)
    words = (name[: match.start()] if match else name).split(".")
    for word in words:
        tower = _tower_of_word(word)
        if tower != "text":
            return tower
    return "text"


@lru_cache(maxsize=1 << 12)
def _tower_of_word(word: str) -> Tower:
    for tower, pattern in _TOWERS:
        if pattern.fullmatch(word):
            return tower
    return "text"


def with_layer(name: str, number: int) -> str:
    """Return the name that a layer's tensor has in the layer of another number."""
    match = NUMBERED.search(name)
    if match is None:
        raise ValueError(f"{name} belongs to no layer")
    return f"{name[: match.start(1)]}{number}{name[match.end(1) :]}"


def role_of(name: str) -> Role:
    """Return the part a tensor plays, `other` where its name does not say."""
    if tower_of(name) != "text":
        return "other"
    for role, pattern in _PARTS:
        if pattern.search(name):
            return role
    return "other"
