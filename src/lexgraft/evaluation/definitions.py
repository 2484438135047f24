"""Definitions written freely: what is asked, and the three ways they are looked at."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from lexgraft.evaluation.chrf import chrf
from lexgraft.evaluation.definition_choice import identification_items
from lexgraft.evaluation.grade import grade, known
from lexgraft.evaluation.judge import JudgeCase, JudgedText, JudgeLabel, ask_judge, judged
from lexgraft.project import Form
from lexgraft.records import Answer, Concept, Item, Score, digest
from lexgraft.stats.intervals import Interval, bootstrap, wilson
from lexgraft.terms.testset.question_wordings import wording

DEFINITION_GENERATION = "definition generation"
DEFINITION_TOKENS = 32
CHRF = "definitions, chrF"
JUDGED = ("definitions, judged", "bias of the judge", "definitions, judged less bias")

Scorer = Callable[[Sequence[Item]], list[Answer]]


class WrittenDefinition(NamedTuple):
    """Definitions of concepts, asked for by their names in one language, written in another."""

    named: str  # language of the name in the prompt
    language: str  # of the definitions
    prompts: Mapping[str, str]  # concept → prompt
    texts: Mapping[str, str]  # concept → definition

    @property
    def group(self) -> str:
        """Return the direction, e.g. `ja->en`."""
        return f"{self.named}->{self.language}"


def definition_prompts(concepts: Sequence[Concept], named: str, language: str) -> dict[str, str]:
    """Return concept → prompt that names it and asks for its definition."""
    form = Form("term-to-definition", named, language)
    return {
        concept.id: wording(form, concept.names(named)[0], concept.id, 0).context
        for concept in concepts
        if concept.names(named)
    }


def identified(
    found: WrittenDefinition, items: Sequence[Item], concepts: Sequence[Concept], scorer: Scorer
) -> Interval | None:
    """Return the share of definitions by which a frozen scorer picks the term; None without any."""
    own = f"{found.language}->{found.language}"
    about = [i for i in items if i.pair == own and i.kind == "definition-to-term"]
    asked = identification_items(about, concepts, found.texts)
    if not asked:
        return None
    verdicts = known(grade(asked, scorer(asked)))
    return wilson(sum(verdicts.values()), len(verdicts))


def cases(found: WrittenDefinition, concepts: Sequence[Concept]) -> list[JudgeCase]:
    """Return the definitions beside the term base's own, where it has one."""
    return [
        JudgeCase(
            concept.id,
            found.prompts[concept.id],
            concept.definitions[found.language],
            found.texts[concept.id],
        )
        for concept in concepts
        if concept.id in found.texts and concept.definitions.get(found.language)
    ]


def likeness(found: Sequence[JudgeCase], seed: int) -> Interval:
    """Return the mean chrF against the references, with a bootstrap over concepts."""
    values = np.array([[chrf(one.text, one.reference)] for one in found], np.float64)
    return bootstrap(values.reshape(-1, 1), lambda means: means[..., 0], seed)


def judgement(command: str, found: Sequence[JudgeCase], labels: Sequence[JudgeLabel]) -> JudgedText:
    """Return what a judge says of the cases, its bias on labelled ones taken off."""
    sample = [
        JudgeCase(digest("label", number), one.prompt, one.reference, one.text)
        for number, one in enumerate(labels)
    ]
    said = ask_judge(command, [*found, *sample])
    return judged(said[: len(found)], said[len(found) :], [label.label for label in labels])


def judged_scores(model: str, group: str, found: JudgedText) -> list[Score]:
    """Return the judge's mean, its bias, and the mean without it."""
    return [one.score(name, model, group) for name, one in zip(JUDGED, found, strict=True)]
