"""A batch through the model: its hidden states, and the loss on the answers."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lexgraft.arrays.shapes import Float
from lexgraft.errors import LexgraftError
from lexgraft.tuning.answer_loss import AnswerLoss, answer_loss
from lexgraft.tuning.lora_training import head_of
from lexgraft.tuning.token_batches import TrainingRow

SAME_LOGITS = 1e-3  # tolerance of the self-check


def batch_loss(
    model: nn.Module, batch: Sequence[TrainingRow], rows_in_all: int | None = None
) -> Float[Tensor, ""]:
    """Return the mean over the rows of the mean cross-entropy of their answer tokens.

    Rows are padded on the right: a causal model's earlier states do not see what comes later. The
    mean is taken over `rows_in_all` rows where the batch is a part of a larger one.
    """
    device = head_of(model).weight.device
    width = max(len(row.tokens) for row in batch)
    tokens = torch.tensor([row.tokens + (0,) * (width - len(row.tokens)) for row in batch])
    states = hidden_states(model, tokens.to(device)).to(device)
    positions = [(n, t) for n, row in enumerate(batch) for t in range(row.start, len(row.tokens))]
    index = torch.tensor(positions, device=device)
    rows = len(batch) if rows_in_all is None else rows_in_all
    share = [1 / (rows * (len(row.tokens) - row.start)) for row in batch]
    weights = torch.tensor([share[n] for n, _ in positions], device=device)
    words = torch.tensor([batch[n].tokens[t] for n, t in positions], device=device)
    head = head_of(model).weight  # after the body: rows under training are put in with its call
    learned = states[index[:, 0], index[:, 1] - 1].float()  # head and loss are in float32
    if head.requires_grad:
        return answer_loss(learned, head, words, weights)
    loss: Tensor = AnswerLoss.apply(learned, head, words, weights)  # pyright: ignore[reportAssignmentType]
    return loss


def hidden_states(model: nn.Module, tokens: Tensor) -> Float[Tensor, "row token hidden"]:
    """Return the last hidden states, before the head."""
    body: Any = model.base_model
    return body(input_ids=tokens, use_cache=False).last_hidden_state


@torch.no_grad()
def held_out_loss(model: nn.Module, rows: Sequence[TrainingRow], batch: int) -> float:
    """Return the mean loss on rows that are not trained on, in batches of `batch` rows."""
    batches = [rows[first : first + batch] for first in range(0, len(rows), batch)]
    return sum(batch_loss(model, rows_of_batch, len(rows)).item() for rows_of_batch in batches)


@torch.no_grad()
def check_head(model: nn.Module, row: TrainingRow) -> None:
    """Check that the model's logits are its head applied to its last hidden states.

    Raises:
        LexgraftError: they are not.
    """
    head = head_of(model)
    tokens = torch.tensor([row.tokens[:8]], device=head.weight.device)
    logits: Tensor = model(input_ids=tokens, use_cache=False).logits
    from_head = head(hidden_states(model, tokens))
    if not torch.allclose(logits, from_head, atol=SAME_LOGITS, rtol=SAME_LOGITS):
        raise LexgraftError(
            f"{type(model).__name__} does more to its logits than apply the head",
            cure="such models (soft-capped or scaled logits) cannot be tuned yet",
        )
