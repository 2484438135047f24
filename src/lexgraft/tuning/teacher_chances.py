"""What a model says before it is trained: of general text, and of lessons with the entry read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from msgspec import Struct
from torch import nn

from lexgraft.errors import LexgraftError
from lexgraft.records import Progress
from lexgraft.tuning.divergence import WordChances, chances_of
from lexgraft.tuning.lora_training import head_of, hidden_states
from lexgraft.tuning.token_batches import TrainingRow
from lexgraft.tuning.training_config import TrainingConfig

ENOUGH = 0.5  # of the concepts must have a lesson whose term the teacher writes


class DistilledLessons(Struct, frozen=True, forbid_unknown_fields=True):
    """How many lessons and concepts were to be distilled, and of how many the teacher is able."""

    lessons: int
    lessons_able: int
    concepts: int
    concepts_able: int


class StartChances(NamedTuple):
    """What was noted of rows before training, and the lessons whose term the teacher writes."""

    noted: Mapping[TrainingRow, WordChances]
    able: frozenset[TrainingRow]


@torch.no_grad()
def start_chances(
    model: nn.Module, rows: Sequence[TrainingRow], config: TrainingConfig, progress: Progress
) -> StartChances:
    """Return what the model, before it is trained, says at the answers of rows that are held to it.

    Those are replayed texts where `config.keep` holds them by divergence, and distilled lessons. A
    lesson's chances are mixed token by token (after MixSD, arXiv 2605.16865, with chances in place
    of drawn tokens): while the term is written, those of the model with the entry in its prompt
    wherever the model without it would write another word; else the model's own.
    """
    held = {row: None for row in rows if is_held(row, config)}
    ordered = sorted(held, key=lambda row: len(row.tokens))
    noted: dict[TrainingRow, WordChances] = {}
    able: set[TrainingRow] = set()
    for first in range(0, len(ordered), config.batch):
        batch = ordered[first : first + config.batch]
        lessons = [row for row in batch if row.teacher]
        noted.update(_answer_chances(model, [(row, row.tokens) for row in batch], config))
        entered = _answer_chances(model, [(row, row.teacher) for row in lessons], config)
        for row, teacher in entered:
            able |= {row} if _writes(teacher, row) else set()
            noted[row] = _mixed(noted[row], teacher, row)
        progress("what the model says before it is trained", first + len(batch), len(ordered))
    return StartChances(noted, frozenset(able))


def answer_weight(row: TrainingRow, config: TrainingConfig) -> float:
    """Return what the loss on a row's own answer counts for: 0 where it is held instead."""
    return 0.0 if row.teacher or (row.replayed and config.keep == "kl") else 1.0


def held_weight(row: TrainingRow, config: TrainingConfig) -> float:
    """Return what the divergence from what the model said at a row before counts for."""
    if row.teacher:
        return 1.0
    return config.keep_weight if row.replayed and config.keep != "replay" else 0.0


def is_held(row: TrainingRow, config: TrainingConfig) -> bool:
    """Return whether a row is held to what the model said before it was trained."""
    return bool(held_weight(row, config)) or not answer_weight(row, config)


def able_rows(
    rows: Sequence[TrainingRow], able: frozenset[TrainingRow]
) -> tuple[list[TrainingRow], DistilledLessons | None]:
    """Return as many rows, lessons of an unable teacher replaced by others, and the count of them.

    A lesson whose term the model does not write with the entry in its prompt would teach something
    else; the lessons that remain take its place in turns. None are counted where none is distilled.

    Raises:
        LexgraftError: the teacher writes the terms of too few concepts.
    """
    lessons = list(dict.fromkeys(row for row in rows if row.teacher))
    if not lessons:
        return list(rows), None
    remaining = [row for row in lessons if row in able]
    concepts = {row.concept for row in lessons}, {row.concept for row in remaining}
    counts = DistilledLessons(len(lessons), len(remaining), *map(len, concepts))
    if counts.concepts_able < max(1, ENOUGH * counts.concepts):
        raise LexgraftError(
            f"with its entry in the prompt this model writes the term of {counts.concepts_able} of "
            f"{counts.concepts} concepts: too few to teach the others without it",
            where="tune.targets",
            cure="learn the term base's own answers: `tune.targets: termbase`",
        )
    return [*_replaced(rows, remaining, able)], counts


def _replaced(
    rows: Sequence[TrainingRow], remaining: Sequence[TrainingRow], able: frozenset[TrainingRow]
) -> Iterator[TrainingRow]:
    """Yield the rows, each lesson of an unable teacher replaced by the next remaining one."""
    replaced = 0
    for row in rows:
        if row.teacher and row not in able:
            yield remaining[replaced % len(remaining)]
            replaced += 1
        else:
            yield row


def _answer_chances(
    model: nn.Module, read: Sequence[tuple[TrainingRow, Sequence[int]]], config: TrainingConfig
) -> list[tuple[TrainingRow, WordChances]]:
    """Return the chances at the answer tokens of rows, each after the tokens given with it."""
    if not read:
        return []
    device, width = head_of(model).weight.device, max(len(tokens) for _, tokens in read)
    padded = torch.tensor([[*tokens, *[0] * (width - len(tokens))] for _, tokens in read])
    hidden = hidden_states(model, padded.to(device)).to(device)
    head = head_of(model).weight
    noted: list[tuple[TrainingRow, WordChances]] = []
    for states, (row, tokens) in zip(hidden, read, strict=True):
        answer = len(row.tokens) - row.start
        before = states[len(tokens) - answer - 1 : len(tokens) - 1]
        chances = chances_of(before, head, config.likeliest)
        noted.append((row, chances.to(torch.device("cpu"))))
    return noted


def _writes(teacher: WordChances, row: TrainingRow) -> bool:
    """Return whether the likeliest words of the teacher write the row's term."""
    term = row.tokens[row.start : row.start + row.written]
    return teacher.words[: row.written, 0].tolist() == list(term)


def _mixed(own: WordChances, teacher: WordChances, row: TrainingRow) -> WordChances:
    """Return the teacher's chances where the term is written and the model would not; else its."""
    answer = torch.tensor(row.tokens[row.start :])
    by_teacher = own.words[:, 0] != answer
    by_teacher[row.written :] = False
    chosen = by_teacher[:, None]
    words, logs = (torch.where(chosen, *pair) for pair in zip(teacher, own, strict=True))
    return WordChances(words, logs)
