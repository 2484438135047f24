"""Token distillation (arXiv 2505.20133): new rows that lead to the hidden states of the old cut."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import torch
from jaxtyping import Float32
from torch import Tensor, nn

from lexgraft.checkpoint.vocabulary.engine import Engine
from lexgraft.errors import UserError
from lexgraft.records import Progress, digest, silent

LONGEST = 64  # tokens of a text, in the base's cut
BATCH = 8  # texts per step
RATE = 0.02  # of the mean length of the rows, per step of Adam


class Lesson(NamedTuple):
    """One text cut both ways, and the places where both cuts have said the same."""

    old: list[int]
    new: list[int]
    old_places: list[int]
    new_places: list[int]


def make_lessons(base: Engine, grown: Engine, texts: Sequence[str]) -> list[Lesson]:
    """Return the texts in which something new is produced, with places from the first of it on."""
    lessons: list[Lesson] = []
    cuts = zip(base.encode(texts), grown.encode(texts), strict=True)
    for old, new in ((old[:LONGEST], new[:LONGEST]) for old, new in cuts):
        first = next((at for at, number in enumerate(new) if number >= base.document.size), None)
        if first is None:
            continue
        ends = {end: at for at, end in enumerate(_ends(base, old))}
        joined = [
            (ends[end], at)
            for at, end in enumerate(_ends(grown, new))
            if at >= first and end in ends
        ]
        if joined:
            lessons.append(Lesson(old, new, [a for a, _ in joined], [b for _, b in joined]))
    return lessons


def distil_rows(
    model: nn.Module,
    lessons: Sequence[Lesson],
    start: Float32[Tensor, "new width"],
    first: int,
    steps: int,
    progress: Progress = silent,
) -> tuple[Float32[Tensor, "new width"], list[float]]:
    """Return input rows fitted to the old cut's hidden states, and the loss of every step.

    The loss is the squared difference of the last hidden states, relative to their size, at every
    place from the new token on (section 3). Nothing but the new rows is changed; rows that no text
    shows stay as they were.

    Args:
        model: The base model; it is teacher and student.
        lessons: Texts cut both ways.
        start: The rows to begin with, by id from `first` on.
        first: The first new id.
        steps: How many batches.
        progress: Called per step.

    Raises:
        UserError: no text shows a new token.
    """
    if not lessons:
        raise UserError("no text shows a new token", cure="distil on text that has the words")
    rows = start.clone().requires_grad_()
    rate = RATE * float(start.norm(dim=1).mean()) / start.shape[1] ** 0.5
    adam = torch.optim.Adam([rows], lr=rate)
    losses: list[float] = []
    order: list[int] = []
    for step in range(steps):
        progress("distilling", step, steps)
        if len(order) < BATCH:
            order += sorted(range(len(lessons)), key=lambda n, at=step: digest("distil", at, n))
        adam.zero_grad()
        taken, order = order[:BATCH], order[BATCH:]
        loss = torch.stack([_loss(model, lessons[number], rows, first) for number in taken]).mean()
        loss.backward()
        adam.step()
        losses.append(float(loss.detach()))
    progress("distilling", steps, steps)
    return rows.detach(), losses


def _loss(model: nn.Module, lesson: Lesson, rows: Tensor, first: int) -> Tensor:
    """Return how far the new cut leads from where the old one leads, relative to the latter."""
    live: Any = model  # what transformers adds to a module is not typed
    embedding = live.get_input_embeddings()
    with torch.no_grad():
        wanted = live.base_model(torch.tensor([lesson.old]), use_cache=False).last_hidden_state
        ids = torch.tensor(lesson.new)
        known = embedding(ids.clamp(max=first - 1))
    wanted = wanted[0, lesson.old_places]
    scale = float(getattr(embedding, "embed_scale", 1.0))  # Gemma multiplies what it looks up
    fresh = rows[(ids - first).clamp(min=0)] * scale
    inputs = torch.where((ids >= first).unsqueeze(1), fresh, known)
    found = live.base_model(inputs_embeds=inputs[None], use_cache=False).last_hidden_state
    difference = found[0, lesson.new_places] - wanted
    return difference.square().mean() / wanted.square().mean().clamp_min(1e-12)


def _ends(engine: Engine, ids: Sequence[int]) -> list[int]:
    """Return at which byte of the text every token ends."""
    return list(accumulate(len(engine.raw[number]) for number in ids))
