"""Answers of invented models, graded: what a gate is given, with the truth known.

A model is how much better, in nats, it scores the right option of every concept than the three
wrong ones. Models share what is in the items; each has some luck of its own in every item.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from lexgraft.adoption.metrics import ComparisonContext
from lexgraft.evaluation.grade import GradedItem
from lexgraft.project import (
    GeneralSettings,
    GlossarySettings,
    Languages,
    MergeGate,
    Project,
    TestSetSettings,
    TuneSettings,
)
from lexgraft.records import Document, TextScore

Rng = np.random.Generator
DRAWS, WRONG = 2, 3
REGISTERS = 3  # of the texts that come with lexgraft
NEED_TERM = 0.5  # share of the concepts whose items nothing less answers, in the medical example
PAIR, EVERYDAY = "en->ja", ("en->en", "en->ja")
LUCK = 1.0  # nats, of a model in one item
OF_ITEM, OF_OPTION = 0.7, 0.8  # nats that all models share


class Sizes(NamedTuple):
    """How much is asked."""

    confirm: int  # concepts that are judged: those whose items need the term
    registers: int  # of each language
    documents: int  # per register
    items: int  # everyday concepts
    choose: int
    glossary: int
    taught: int
    margin: float  # of general ability

    @classmethod
    def of(cls, project: Project, *, defaults: bool = False) -> "Sizes":
        """Return the numbers of a project, or those of one that states none."""
        testset, general, margin = project.testset, project.general, project.gates.merge
        glossary, tune = project.glossary, project.tune
        if defaults:
            testset, general, margin = (
                TestSetSettings(forms=testset.forms),
                GeneralSettings(),
                MergeGate(),
            )
            glossary, tune = GlossarySettings(), TuneSettings()
        assert general
        assert glossary
        assert tune
        return cls(
            confirm=round(NEED_TERM * testset.confirm),
            registers=REGISTERS,
            documents=general.texts[0].documents // REGISTERS,
            items=general.items,
            choose=testset.choose,
            glossary=glossary.concepts,
            taught=tune.terms,
            margin=margin.general_loss,
        )

    def changed(self, numbers: Mapping[str, float]) -> "Sizes":
        """Return the sizes with some others."""
        whole = {name: value if name == "margin" else int(value) for name, value in numbers.items()}
        return self._replace(**whole)  # pyright: ignore[reportArgumentType] (int where it is one)


class Questions(NamedTuple):
    """Items of one set of concepts: what all models find in them."""

    ids: tuple[str, ...]
    ease: np.ndarray  # concept × draw
    wrong: np.ndarray  # concept × draw × wrong option
    pair: str

    def answered(self, rng: Rng, knowledge: np.ndarray, luck: float = LUCK) -> list[GradedItem]:
        """Return the graded answers of a model with so much knowledge of every concept."""
        shape = (len(self.ids), DRAWS)
        right = knowledge[:, None] + self.ease + luck * rng.normal(size=shape)
        wrong = self.wrong + luck * rng.normal(size=(*shape, WRONG))
        best_wrong = wrong.max(axis=2)
        shares = 1 / (1 + np.exp(wrong - right[:, :, None]).sum(axis=2))
        return [
            _graded(concept, self.pair, draw, float(margin), float(share))
            for concept, margins, row in zip(self.ids, right - best_wrong, shares, strict=True)
            for draw, (margin, share) in enumerate(zip(margins, row, strict=True))
        ]


def questions(rng: Rng, n: int, pair: str = PAIR, name: str = "c") -> Questions:
    """Return two items for each of n concepts."""
    ids = tuple(f"{name}{place}" for place in range(n))
    ease = OF_ITEM * rng.normal(size=(n, DRAWS))
    return Questions(ids, ease, OF_OPTION * rng.normal(size=(n, DRAWS, WRONG)), pair)


def mean_share(knowledge: np.ndarray) -> float:
    """Return P(right option), averaged over what items and luck may be, for many concepts."""
    rng = np.random.default_rng(0)
    asked = questions(rng, len(knowledge))
    return float(np.mean([item.probability for item in asked.answered(rng, knowledge)]))


def judged_in(sizes: Sizes, alpha: float) -> ComparisonContext:
    """Return what comparisons know: texts in both languages, concepts that stand alone."""
    documents = [
        Document(f"{language} {register} {place}", language, f"register {register}", "text")
        for language in ("en", "ja")
        for register in range(sizes.registers)
        for place in range(sizes.documents)
    ]
    return ComparisonContext(Languages("ja", "en"), documents, seed=0, alpha=alpha)


def texts(rng: Rng, documents: Sequence[Document], loss: float, spread: float) -> list[TextScore]:
    """Return bits of the documents, each so much more than it had and by chance.

    What a document had is a function of its id: every model reads the same text.
    """
    before = np.array([300 + 40 * (sum(map(ord, one.id)) % 11) for one in documents])
    bits = before * (1 + loss + spread * rng.normal(size=len(documents)))
    return [TextScore(one.id, float(bit), 400) for one, bit in zip(documents, bits, strict=True)]


def _graded(concept: str, pair: str, draw: int, margin: float, share: float) -> GradedItem:
    right = margin > 0
    return GradedItem(
        concept=concept,
        kind="definition-to-term",
        pair=pair,
        draw=draw,
        right=right,
        right_by_sum=right,
        right_per_character=right,
        right_blind=False,
        margin=margin,
        probability=share,
        chance=1 / (1 + WRONG),
    )
