"""Bytes, hours, money and statistical power of a stage before it runs (pure)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct, structs

from lexgraft.business import MachinePrice
from lexgraft.evaluation.definitions import DEFINITION_TOKENS
from lexgraft.evaluation.term_generation import TERM_TOKENS
from lexgraft.project import TestSetSettings, TuneSettings
from lexgraft.records import Cost, Document, Item
from lexgraft.terms.testset import TestSet
from lexgraft.terms.text.token_estimate import tokens_of

ITEM_TOKENS = 40  # of one question with its answer, where no text is at hand to count
ENTRY_TOKENS = 80  # of a glossary entry with its definition before a prompt, likewise

LimitedTexts = Sequence[tuple[int, Sequence[Document]]]
"""Running texts with the most tokens that are read of each."""


class ComputeWork(Struct, frozen=True, forbid_unknown_fields=True):
    """What a stage has to compute: token positions run, rows projected on the vocabulary."""

    tokens: int
    rows: int
    training: bool = False
    unit: str = ""  # what it grows with, as gates count it: concepts, documents, …
    exact: int = 0  # multiply-adds in float64 beside: what guided merges sum up and solve

    def __add__(self, other: "ComputeWork") -> "ComputeWork":
        return structs.replace(
            self,
            tokens=self.tokens + other.tokens,
            rows=self.rows + other.rows,
            exact=self.exact + other.exact,
        )

    def times(self, factor: float) -> "ComputeWork":
        """Return this work done `factor` times."""
        tokens, rows = round(self.tokens * factor), round(self.rows * factor)
        return structs.replace(self, tokens=tokens, rows=rows, exact=round(self.exact * factor))


class MachineRates(NamedTuple):
    """Operations a second: models are asked in the run's format and trained in float32."""

    asking: float
    training: float
    exact: float  # of float64, as guided merges sum up inputs

    def seconds(self, work: ComputeWork, body: int, head: int) -> float:
        """Return what this work takes on a decoder of so many parameters."""
        rate = self.training if work.training else self.asking
        return operations(work, body, head) / rate + 2.0 * work.exact / self.exact


def work_of_items(items: Iterable[Item], unit: str = "") -> ComputeWork:
    """Return the work of asking items once, each context shared by its options."""
    tokens = rows = 0
    for item in items:
        options = sum(tokens_of(option) for option in item.options)
        tokens += tokens_of(item.context) + 2 * options
        rows += 2 * options
    return ComputeWork(tokens, rows, unit=unit)


def confirm_work(
    testset: TestSet, texts: LimitedTexts, models: int = 1
) -> tuple[ComputeWork, ComputeWork, ComputeWork]:
    """Return the work of asking models all that they are judged by, but free answers.

    `texts` are the running texts with the most tokens read of each.

    Returns:
        The work of the concepts, of everyday items, and of documents.
    """
    return (
        work_of_items(testset.items["confirm"], "concepts").times(models),
        work_of_items(testset.general, "items").times(models),
        structs.replace(work_of_texts(texts), unit="documents").times(models),
    )


def work_of_texts(texts: LimitedTexts) -> ComputeWork:
    """Return the work of reading running texts once; given are the most tokens read of each."""
    tokens = sum(
        min(limit, tokens_of(document.text)) for limit, documents in texts for document in documents
    )
    return ComputeWork(tokens, tokens)


def free_answer_work(settings: TestSetSettings, testset: TestSet) -> ComputeWork:
    """Return the work of one model's free answers and of the scorer that reads them."""
    concepts = settings.generated
    written = TERM_TOKENS * len(settings.forms) + 2 * DEFINITION_TOKENS
    read = work_of_items(testset.items["confirm"][: 4 * concepts])
    return ComputeWork(concepts * (written + 4 * ITEM_TOKENS), concepts * written) + read


def training_work(settings: TuneSettings) -> ComputeWork:
    """Return the work of one tuning."""
    tokens = settings.steps * settings.batch * ITEM_TOKENS
    return ComputeWork(tokens, tokens // 2, training=True)


def start_work(settings: TuneSettings) -> ComputeWork:
    """Return the work of reading, before a tuning, what its model is held to."""
    examples = settings.steps * settings.batch
    held = examples * settings.replay if settings.keep != "replay" else 0
    distilled = examples * (1 - settings.replay) if settings.targets == "distilled" else 0
    tokens = round((held + 2 * distilled) * ITEM_TOKENS + distilled * ENTRY_TOKENS)
    return ComputeWork(tokens, round((held + 2 * distilled) * ITEM_TOKENS / 2))


def operations(work: ComputeWork, body: int, head: int) -> float:
    """Return multiply-adds × 2 for this work on a decoder of so many parameters.

    A training step costs three forwards of the body and two of a frozen head.
    """
    passes, heads = (3, 2) if work.training else (1, 1)
    return 2.0 * (passes * work.tokens * body + heads * work.rows * head)


def estimate(
    work: ComputeWork, *, body: int, head: int, rates: MachineRates, price: MachinePrice
) -> Cost:
    """Return the expected cost on a machine of these rates."""
    seconds = rates.seconds(work, body, head)
    return Cost(seconds, 0, *price.of(seconds))


def sum_costs(costs: Iterable[Cost]) -> Cost:
    """Return seconds and money added up, and the highest peak of memory."""
    costs_taken = tuple(costs)
    return Cost(
        sum(cost.seconds for cost in costs_taken),
        max((cost.peak_bytes for cost in costs_taken), default=0),
        sum(cost.money for cost in costs_taken),
        next((cost.currency for cost in costs_taken if cost.currency), ""),
    )
