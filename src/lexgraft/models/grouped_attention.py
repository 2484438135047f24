"""Attention of short rows: few large products instead of many small ones."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

USUAL, GROUPED = "sdpa", "lexgraft_grouped"  # as a configuration names them
LARGEST = 1 << 24  # scores held at once: beyond it a kernel that holds none is as fast

_ELSEWHERE = ("softcap", "position_bias", "s_aux", "cache")  # what only some attention takes

Attend = Callable[..., tuple[Tensor, Tensor | None]]


def prefer_grouped(model: Any) -> None:
    """Let a model of the usual attention take the grouped one where that is faster."""
    if getattr(model.config.get_text_config(), "_attn_implementation", None) == USUAL:
        model.set_attn_implementation(GROUPED)


def grouped_attention(usual: Attend) -> Attend:
    """Return attention that is computed per group of query heads where that is faster.

    softmax(scale · Q Kᵀ + mask) V, as in the usual kernel, which runs a product per head and row:
    in rows of some tens of tokens more time goes into starting these, in `mixed` ten times as
    much as into computing them. All query heads that share a key head are one product here. Only
    what is asked under `inference_mode` with a mask in float32 comes here; all else, training
    and plain forwards too, is left to `usual`.

    Args:
        usual: what transformers calls with (module, query, key, value, mask, scaling=…, …).
    """

    def attend(
        module: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attention_mask: Tensor | None,
        scaling: float | None = None,
        **named: Any,
    ) -> tuple[Tensor, Tensor | None]:
        rows, heads, places, width = query.shape
        groups, seen = key.shape[1], key.shape[2]
        if (
            not torch.is_inference_mode_enabled()
            or attention_mask is None
            or attention_mask.dtype != torch.float32
            or query.dtype != torch.float32
            or any(named.get(name) is not None for name in _ELSEWHERE)
            or rows * heads * places * seen > LARGEST
        ):
            return usual(module, query, key, value, attention_mask, scaling=scaling, **named)
        scale = width**-0.5 if scaling is None else scaling
        alike = rows * groups
        queries = (query * scale).reshape(alike, -1, width)
        scores = torch.bmm(queries, key.reshape(alike, seen, width).transpose(1, 2))
        shares = scores.view(rows, heads, places, seen).add_(attention_mask).softmax(-1)
        found = torch.bmm(shares.view(alike, -1, seen), value.reshape(alike, seen, -1))
        return found.view(rows, heads, places, -1).transpose(1, 2).contiguous(), None

    return attend
