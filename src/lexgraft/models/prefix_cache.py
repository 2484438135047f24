"""A beginning that many rows share: its keys and values, computed once, seen by every row."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor


class SharedPrefix(NamedTuple):
    """The tokens, and what every layer keeps of them."""

    tokens: tuple[int, ...]
    past: Any  # transformers' cache: `layers` with `keys` and `values`


def compute_header(
    body: Callable[..., Any],
    tokens: tuple[int, ...],
    masks: Tensor | dict[str, Tensor],
    device: torch.device,
) -> SharedPrefix:
    """Return a header run through the body, every key kept whatever the attention window.

    A cache made from a configuration drops keys that a sliding window no longer sees; rows of
    different lengths need them all, and their masks say what is seen.
    """
    ids = torch.tensor([tokens], device=device)
    positions = torch.arange(len(tokens), device=device)[None]
    sample = body(input_ids=ids[:, :1], use_cache=True).past_key_values
    past = body(
        input_ids=ids,
        attention_mask=masks,
        position_ids=positions,
        past_key_values=type(sample)(),
        use_cache=True,
    ).past_key_values
    return SharedPrefix(tokens, past)


def expanded(header: SharedPrefix, rows: int) -> Any:
    """Return a fresh cache that holds the header once for every row."""
    cache = type(header.past)()
    for number, layer in enumerate(header.past.layers):
        shape = (rows, -1, -1, -1)
        cache.update(layer.keys.expand(shape), layer.values.expand(shape), number)
    return cache
