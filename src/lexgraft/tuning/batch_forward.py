"""A batch through the model: its hidden states, and the loss on the answers."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lexgraft.arrays.shapes import Float
from lexgraft.errors import LexgraftError
from lexgraft.tuning.answer_loss import AnswerLoss, answer_loss
from lexgraft.tuning.divergence import HeldDivergence, WordChances, divergence
from lexgraft.tuning.lora_training import head_of, hidden_states
from lexgraft.tuning.teacher_chances import answer_weight, held_weight, is_held
from lexgraft.tuning.token_batches import TrainingRow
from lexgraft.tuning.training_config import TrainingConfig

SAME_LOGITS = 1e-3  # tolerance of the self-check


class Objective(NamedTuple):
    """What rows are learned by: their answers, or what the model said before it was trained."""

    config: TrainingConfig = TrainingConfig()
    noted: Mapping[TrainingRow, WordChances] = {}


ANSWERS = Objective()


def batch_loss(
    model: nn.Module,
    batch: Sequence[TrainingRow],
    rows_in_all: int | None = None,
    objective: Objective = ANSWERS,
) -> Float[Tensor, ""]:
    """Return the mean over the rows of the mean loss of their answer tokens.

    That is the cross-entropy of the answer, or the divergence from what was noted of the row. Rows
    are padded on the right: a causal model's earlier states do not see what comes later. The mean
    is taken over `rows_in_all` rows where the batch is a part of a larger one.
    """
    config, noted = objective
    device = head_of(model).weight.device
    width = max(len(row.tokens) for row in batch)
    tokens = torch.tensor([row.tokens + (0,) * (width - len(row.tokens)) for row in batch])
    states = hidden_states(model, tokens.to(device)).to(device)
    head = head_of(model).weight  # after the body: rows under training are put in with its call
    rows = len(batch) if rows_in_all is None else rows_in_all
    losses: list[Tensor] = []
    learned = [n for n, row in enumerate(batch) if answer_weight(row, config)]
    if learned:
        words = [word for n in learned for word in batch[n].tokens[batch[n].start :]]
        weights = _weights(batch, learned, rows, partial(answer_weight, config=config))
        before = states[_before_answers(batch, learned)].float()  # head and loss are in float32
        losses.append(_answers(before, head, torch.tensor(words).to(device), weights.to(device)))
    held = [n for n, row in enumerate(batch) if is_held(row, config)]
    if held:
        chances = [noted[batch[n]].to(device) for n in held]
        start = WordChances(*(torch.cat(values) for values in zip(*chances, strict=True)))
        weights = _weights(batch, held, rows, partial(held_weight, config=config))
        before = states[_before_answers(batch, held)].float()
        losses.append(_held(before, head, start, weights.to(device)))
    return losses[0] if len(losses) == 1 else losses[0] + losses[1]


def _before_answers(batch: Sequence[TrainingRow], chosen: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Return the places of the tokens before each answer token of chosen rows."""
    places = [(n, t - 1) for n in chosen for t in range(batch[n].start, len(batch[n].tokens))]
    rows, tokens = torch.tensor(places).unbind(dim=1)
    return rows, tokens


def _weights(
    batch: Sequence[TrainingRow],
    chosen: Sequence[int],
    rows: int,
    weigh: Callable[[TrainingRow], float],
) -> Float[Tensor, " token"]:
    """Return the weight of each answer token of chosen rows, so that rows count alike."""
    lengths = [(n, len(batch[n].tokens) - batch[n].start) for n in chosen]
    return torch.tensor(
        [weigh(batch[n]) / (rows * long) for n, long in lengths for _ in range(long)]
    )


def _answers(rows: Tensor, head: Tensor, words: Tensor, weights: Tensor) -> Tensor:
    if head.requires_grad:
        return answer_loss(rows, head, words, weights)
    return AnswerLoss.apply(rows, head, words, weights)  # pyright: ignore[reportReturnType]


def _held(rows: Tensor, head: Tensor, start: WordChances, weights: Tensor) -> Tensor:
    if head.requires_grad:
        return divergence(rows, head, start, weights)
    return HeldDivergence.apply(rows, head, *start, weights)  # pyright: ignore[reportReturnType]


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
