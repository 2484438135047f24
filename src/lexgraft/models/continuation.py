"""The continuation of several prompts at once, token by token: the most likely unless drawn."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lexgraft.models.plain_logits import dense_head, only_last

Finished = Callable[[Sequence[int]], bool]
Pick = Callable[[Tensor], Tensor]
"""The next token of every row, from the logits of the last place."""


def most_likely(logits: Tensor) -> Tensor:
    """Return the most likely token of every row."""
    return logits.argmax(-1)


def continue_prompts(
    model: nn.Module,
    prompts: Sequence[Sequence[int]],
    max_tokens: int,
    finished: Finished,
    pick: Pick = most_likely,
) -> list[list[int]]:
    """Return the continuation of every prompt, up to where `finished` holds of it.

    Prompts are padded on the left; a row that has finished leaves the batch.
    """
    size, device = max(len(prompt) for prompt in prompts), next(model.parameters()).device
    tokens = torch.zeros(len(prompts), size, dtype=torch.long, device=device)
    mask = torch.zeros(len(prompts), size, dtype=torch.long, device=device)
    for number, prompt in enumerate(prompts):
        tokens[number, size - len(prompt) :] = torch.tensor(prompt)
        mask[number, size - len(prompt) :] = 1
    answers: list[list[int]] = [[] for _ in prompts]
    active = list(range(len(prompts)))
    past = None
    for _ in range(max_tokens):
        positions = (mask.cumsum(-1) - 1).clamp(min=0)[:, -tokens.shape[1] :]
        with dense_head(model):
            output = model(
                input_ids=tokens,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=past,
                use_cache=True,
                **only_last(model, 1),
            )
        past = output.past_key_values
        tokens = pick(output.logits[:, -1]).unsqueeze(-1)
        for number, token in zip(active, tokens[:, 0].tolist(), strict=True):
            answers[number].append(token)
        keep = [i for i, number in enumerate(active) if not finished(answers[number])]
        if not keep:
            break
        if len(keep) < len(active):
            past.batch_select_indices(torch.tensor(keep, device=device))
        active, tokens = [active[i] for i in keep], tokens[keep]
        mask = _longer(mask[keep])
    return answers


def _longer(mask: Tensor) -> Tensor:
    """Return the mask with one more visible column."""
    return torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)


def end_tokens(model: nn.Module, tokenizer: Any) -> frozenset[int]:
    """Return the tokens that end an answer."""
    named = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    listed = named if isinstance(named, list) else [named]
    return frozenset(end for end in [*listed, tokenizer.eos_token_id] if isinstance(end, int))
