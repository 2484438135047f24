"""Logits of a plain forward: the head never copied, never all logits at once."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from inspect import signature
from threading import get_ident
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lexgraft.arrays.shapes import Float, Int
from lexgraft.models.logit_transform import LogitTransform

BLOCK = 64  # places whose logits are held at once
ROUNDING = {torch.float32: 1e-4, torch.bfloat16: 0.05, torch.float16: 0.01}
"""By how much one logit may differ, as a share of the largest: the same arithmetic, other sums."""


def plain_logits(
    model: nn.Module, tokens: Int[Tensor, " place"], count: int
) -> Iterator[Float[Tensor, "block word"]]:
    """Yield the logits after the last `count` tokens of one text, a block of places at a time.

    The body runs once, inside an ordinary forward that gives the last place's logits. What the
    head and the configuration's scale and cap make of the body's states is taken for the other
    places if it gives these; where it does not, the model's own forward gives all at once.
    """
    if count <= BLOCK:
        yield _forward(model, tokens, count)
        return
    states: list[Tensor] = []
    live: Any = model  # what transformers adds to a module is not typed
    this = get_ident()

    def keep(_module: nn.Module, _given: object, output: Any) -> None:
        if get_ident() == this:  # others may run the same model
            states.append(output.last_hidden_state)

    handle = live.base_model.register_forward_hook(keep)
    try:
        last = _forward(model, tokens, 1)
    finally:
        handle.remove()
    head: nn.Module | None = live.get_output_embeddings()
    transform = LogitTransform.of(live.config.get_text_config())
    if states and head is not None:
        hidden = states[0][0, -count:]
        if _alike(transform.apply(head(hidden[-1:])), last):
            for block in hidden.split(BLOCK):
                yield transform.apply(head(block))
            return
    yield from _forward(model, tokens, count).split(BLOCK)


def token_predictions(
    model: nn.Module,
    tokens: Int[Tensor, " place"],
    top: int,
    chosen: Int[np.ndarray, "place chosen"] | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, per place: token ids, their log-probabilities, the likeliest token.

    The ids are the `top` likeliest, or `chosen`.
    """
    ids: list[Tensor] = []
    values: list[Tensor] = []
    best: list[Tensor] = []
    for logits in plain_logits(model, tokens, len(tokens)):
        logprobs, start = logits.float().log_softmax(-1), sum(map(len, best))
        wanted = (
            logprobs.topk(top).indices
            if chosen is None
            else torch.from_numpy(chosen[start : start + len(logits)]).to(tokens.device)
        )
        ids.append(wanted)
        values.append(logprobs.gather(-1, wanted))
        best.append(logprobs.argmax(-1))
    columns = (torch.cat(column).cpu().numpy() for column in (ids, values, best))
    return next(columns), next(columns), next(columns)


def only_last(model: nn.Module, count: int) -> dict[str, int]:
    """Return the arguments that limit a forward to its last logits, where the model takes them."""
    takes_count = "logits_to_keep" in signature(model.forward).parameters
    return {"logits_to_keep": count} if takes_count else {}


@contextmanager
def dense_head(model: nn.Module) -> Generator[None]:
    """Give the head what it multiplies without gaps.

    The last places of one or several rows lie apart in memory, and for such torch copies the
    whole head once per row (`benchmarks/drawing.py`). That a single row has no gaps it does not
    see from its strides, so the states are copied, not asked for as contiguous.
    """
    live: Any = model
    head: nn.Module | None = live.get_output_embeddings()
    if head is None:
        yield
        return

    def dense(_module: nn.Module, given: tuple[Tensor]) -> tuple[Tensor]:
        return (given[0].clone(memory_format=torch.contiguous_format),)

    handle = head.register_forward_pre_hook(dense)
    try:
        yield
    finally:
        handle.remove()


def _forward(
    model: nn.Module, tokens: Int[Tensor, " place"], count: int
) -> Float[Tensor, "last word"]:
    with dense_head(model):
        output = model(input_ids=tokens[None], use_cache=False, **only_last(model, count))
    return output.logits[0, -count:]


def _alike(one: Float[Tensor, "1 word"], other: Float[Tensor, "1 word"]) -> bool:
    allowed = ROUNDING[other.dtype] * float(other.abs().max())
    return one.shape == other.shape and bool((one - other).abs().max() <= allowed)
