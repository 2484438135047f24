"""Suppress new tokens: shift their rows along the shared direction of the hidden states.

The last hidden states of a language model have a large part in common (Gao et al., 2019,
arXiv 1907.12009). A row that is moved against it becomes less likely, by a small change of the row;
to be unlikely at every single place, the first of a text too, it moves farther. Where the head has
a bias, that is the direction.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lexgraft.arrays.shapes import Bool, Float32, Float64
from lexgraft.errors import LexgraftError
from lexgraft.records import Progress, silent
from lexgraft.weights.vocabulary.fit.aligned_texts import (
    AlignedText,
    Teacher,
    TeacherOutput,
    teacher_outputs,
)

SILENT = 20.0  # nats below all old tokens together; float32 sees nothing from 17 on
TURNS, PULL, ENOUGH = 64, 2.0, 0.3  # of the direction: turns, their step, the cosine that will do
ROUNDS = 12  # of halving
GENTLE = 1e-2  # nats a token that new rows may take on general text, on average


class NewTokenRows(NamedTuple):
    """Rows of new tokens."""

    inputs: Float32[Tensor, "new width"]
    outputs: Float32[Tensor, "new width"] | None  # None: the inputs, for the head is tied to them
    bias: Float32[Tensor, " new"] | None = None  # of the head

    @property
    def head(self) -> Float32[Tensor, "new long"]:
        """What hidden states are multiplied by; a bias is one more column, of states that are 1."""
        outputs = self.inputs if self.outputs is None else self.outputs
        return outputs if self.bias is None else torch.cat([outputs, self.bias.unsqueeze(1)], 1)

    def with_head(self, head: Float32[Tensor, "new long"]) -> "NewTokenRows":
        """Return these rows with another head; tied inputs follow it."""
        width = self.inputs.shape[1]
        outputs, bias = head[:, :width], None if self.bias is None else head[:, width]
        return (
            NewTokenRows(outputs, None, bias)
            if self.outputs is None
            else NewTokenRows(self.inputs, outputs, bias)
        )

    def towards(self, opening: Float32[Tensor, "new width"], share: float) -> "NewTokenRows":
        """Return these rows with a share of others in the head, as long as they were."""
        outputs = self.inputs if self.outputs is None else self.outputs
        mixed = (1 - share) * outputs + share * opening
        mixed *= outputs.norm(dim=1, keepdim=True) / mixed.norm(dim=1, keepdim=True).clamp_min(
            1e-12
        )
        return self._replace(inputs=mixed) if self.outputs is None else self._replace(outputs=mixed)


class TextPositions(NamedTuple):
    """Positions of text: hidden states and log-normalisers of the base model."""

    hidden: Float32[Tensor, "place long"]  # with a column of ones where the head has a bias
    total: Float32[Tensor, " place"]  # log of the sum of exp(logit) over the base's vocabulary


def text_positions(base: Teacher, targets: Sequence[TeacherOutput]) -> TextPositions:
    """Return the positions of all texts in one."""
    hidden = torch.cat([target.hidden for target in targets])
    if base.biased:
        hidden = nn.functional.pad(hidden, (0, 1), value=1.0)
    return TextPositions(hidden, torch.cat([target.total for target in targets]))


def suppress_rows(
    model: nn.Module,
    aligned_texts: Sequence[AlignedText],
    rows: NewTokenRows,
    progress: Progress = silent,
) -> tuple[NewTokenRows, float]:
    """Return rows that take no probability from old tokens, and the most that they take (nats).

    Args:
        model: The base model.
        aligned_texts: General text; every other one is looked at, the rest says what is taken.
        rows: The rows to begin with.
        progress: Called per text.

    Raises:
        LexgraftError: fewer than two texts, or a model whose hidden states share no direction.
    """
    if len(aligned_texts) < 2:
        raise LexgraftError(
            "too little general text to make rows quiet", cure="give --general-text"
        )
    base = Teacher(model)
    targets = teacher_outputs(base, aligned_texts, progress)
    fitted, judged = (text_positions(base, targets[half::2]) for half in range(2))
    direction = shared_direction(fitted.hidden, bias=base.biased)
    if direction is None:
        raise LexgraftError(
            "this model's hidden states share no direction, so new rows cannot be made quiet",
            cure="fit them on text that has the words: --distil",
        )
    head = lower_rows(base, rows.head, fitted, direction)
    return rows.with_head(head), float(probability_leaked(base, head, judged).max())


def mean_direction(
    hidden: Float32[Tensor, "place long"], *, bias: bool = False
) -> Float32[Tensor, " long"]:
    """Return the direction of length one in which hidden states point on average, or the bias's."""
    if bias:
        return nn.functional.one_hot(torch.tensor(hidden.shape[1] - 1), hidden.shape[1]).float()
    return nn.functional.normalize(nn.functional.normalize(hidden, dim=1).mean(0), dim=0)


def shared_direction(
    hidden: Float32[Tensor, "place long"], *, bias: bool = False
) -> Float32[Tensor, " long"] | None:
    """Return a direction of length one in which all hidden states point; None: there is none.

    It begins as their mean. States that point elsewhere (those of a text's first token do) gain
    weight until the least of all cosines is no longer small.

    Args:
        hidden: Hidden states; with a bias their last column is the one that it is multiplied by.
        bias: Whether the head has one.
    """
    if bias:
        return mean_direction(hidden, bias=True)
    states = nn.functional.normalize(hidden, dim=1)
    weight = torch.full((len(states),), 1 / len(states))
    best, min_cosine = weight, 0.0
    for _ in range(TURNS):
        direction = nn.functional.normalize(weight @ states, dim=0)
        cosines = states @ direction
        if float(cosines.min()) > min_cosine:
            best, min_cosine = direction, float(cosines.min())
        if min_cosine >= ENOUGH:
            break
        weight = weight * (-PULL * cosines).exp()
        weight = weight / weight.sum()
    return best if min_cosine > 0 else None


def lower_rows(
    base: Teacher,
    rows: Float32[Tensor, "new long"],
    positions: TextPositions,
    direction: Float32[Tensor, " long"],
) -> Float32[Tensor, "new long"]:
    """Return rows lowered so far that all of them together take no probability at any position."""
    limit = base.transform.invert(
        positions.total - SILENT - torch.tensor(float(max(1, len(rows)))).log()
    )
    reach = positions.hidden @ direction
    shift = torch.zeros(len(rows))
    for states, bound, long in zip(
        positions.hidden.split(_AT_ONCE), limit.split(_AT_ONCE), reach.split(_AT_ONCE), strict=True
    ):
        over = (states @ rows.T - bound.unsqueeze(1)) / long.unsqueeze(1)
        shift = torch.maximum(shift, over.amax(0))
    return rows - shift.unsqueeze(1) * direction


def probability_leaked(
    base: Teacher, rows: Float32[Tensor, "new long"], positions: TextPositions
) -> Float64[Tensor, " place"]:
    """Return the nats by which new rows make old tokens less likely, per place."""
    losses: list[Tensor] = []
    for hidden, total in zip(
        positions.hidden.split(_AT_ONCE), positions.total.split(_AT_ONCE), strict=True
    ):
        new = base.transform.apply(hidden @ rows.T).double().logsumexp(1)
        # log(old + new) - log(old) = softplus(log new - log old)
        losses.append(nn.functional.softplus(new - total.double()))
    return torch.cat(losses)


def limit_leakage(
    base: Teacher,
    rows: Float32[Tensor, "new long"],
    positions: TextPositions,
    occurring: Bool[Tensor, " new"],
    general: TextPositions | None,
) -> Float32[Tensor, "new long"]:
    """Return rows with unused tokens suppressed and the others lowered until they take little.

    Where the others take more than `GENTLE` nats a token from general text, halving finds the
    smallest shift, one for all of them, by which they do not.
    """
    calmed, shared = rows.clone(), shared_direction(positions.hidden, bias=base.biased)
    if shared is not None and not bool(occurring.all()):
        calmed[~occurring] = lower_rows(base, rows[~occurring], positions, shared)
    direction = mean_direction(positions.hidden, bias=base.biased)
    if general is None or float(probability_leaked(base, calmed, general).mean()) <= GENTLE:
        return calmed
    low, high = 0.0, SILENT / float((general.hidden @ direction).mean())
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        lower = rows[occurring] - middle * direction
        little = float(probability_leaked(base, lower, general).mean()) <= GENTLE
        low, high = (low, middle) if little else (middle, high)
    calmed[occurring] -= high * direction
    return calmed


_AT_ONCE = 2_048  # places
