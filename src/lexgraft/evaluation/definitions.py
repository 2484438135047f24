"""Definitions written freely: prompts, and scores by a frozen scorer, by chrF and by a judge."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.chrf import chrf
from lexgraft.evaluation.definition_choice import identification_items
from lexgraft.evaluation.grade import grade, known
from lexgraft.evaluation.judge import JudgeCase, JudgeLabel, ask_judge
from lexgraft.evaluation.measures import (
    DEFINITION_CHRF,
    DEFINITION_GENERATION,
    DEFINITIONS_JUDGED,
)
from lexgraft.project import Form
from lexgraft.records import Answer, Concept, Item, Score, digest, write_bytes
from lexgraft.stats.clustered import clustered_mean
from lexgraft.stats.intervals import Interval
from lexgraft.stats.paired import share_right
from lexgraft.stats.prediction_powered import CorrectedMean, corrected_mean
from lexgraft.terms.testset.question_wordings import wording

DEFINITION_TOKENS = 32
FILE = "definitions.jsonl"

Generate = Callable[[Sequence[str], str], list[str]]
"""Prompts and the language of what they ask for, to continuations in order."""


class WrittenDefinitions(NamedTuple):
    """Definitions of concepts, asked for by their names in one language, written in another."""

    name_language: str  # of the name in the prompt
    language: str  # of the definitions
    prompts: Mapping[str, str]  # concept → prompt
    texts: Mapping[str, str]  # concept → definition

    @property
    def group(self) -> str:
        """Return the direction, e.g. `ja->en`."""
        return f"{self.name_language}->{self.language}"


Scorer = Callable[[WrittenDefinitions, Sequence[Item]], list[Answer]]
"""Answers of a frozen model to items that ask about these definitions."""


def definition_prompts(
    concepts: Sequence[Concept], name_language: str, language: str
) -> dict[str, str]:
    """Return concept → prompt that names it and asks for its definition."""
    form = Form("term-to-definition", name_language, language)
    return {
        concept.id: wording(form, concept.names(name_language)[0], concept.id, 0).context
        for concept in concepts
        if concept.names(name_language)
    }


def write_definition(
    concepts: Sequence[Concept], name_language: str, language: str, generate: Generate
) -> WrittenDefinitions:
    """Return the definitions that a model writes in one language, by names in another."""
    prompts = definition_prompts(concepts, name_language, language)
    texts = dict(zip(prompts, generate(list(prompts.values()), language), strict=True))
    return WrittenDefinitions(name_language, language, prompts, texts)


def definitions_for_items(
    items: Iterable[Item], concepts: Sequence[Concept], generate: Generate
) -> list[WrittenDefinitions]:
    """Return the definitions in every language that items quote some in, by names in each.

    Raises:
        LexgraftError: no item quotes a definition.
    """
    quoting = [item for item in items if item.kind == "definition-to-term"]
    languages = dict.fromkeys(item.question_language for item in quoting)
    name_languages = dict.fromkeys([*languages, *(item.answer_language for item in quoting)])
    if not quoting:
        raise LexgraftError("no item quotes a definition", cure="leave --defined out")
    return [
        write_definition(concepts, name_language, language, generate)
        for language in languages
        for name_language in name_languages
    ]


def definition_scores(
    model: str,
    definitions: Iterable[WrittenDefinitions],
    items: Sequence[Item],
    concepts: Sequence[Concept],
    families: Mapping[str, str],
    *,
    scorer: Scorer | None = None,
    judge: str = "",
    labels: Sequence[JudgeLabel] = (),
) -> list[Score]:
    """Return, per direction, what a frozen scorer, chrF and a judge make of definitions.

    `items` are those of the test set that quote definitions: a scorer is asked them with the
    written ones instead. chrF and the judge compare with the term base's own definitions.
    `families` are those of the whole test set: relatives count as one cluster.
    """
    scores: list[Score] = []
    for written in definitions:
        cases = judge_cases(written, concepts)
        share = identified(written, items, concepts, families, scorer) if scorer else None
        scores += [share.score(DEFINITION_GENERATION, model, written.group)] if share else []
        if cases:
            likeness = _likeness(cases, families)
            scores.append(likeness.score(DEFINITION_CHRF, model, written.group))
        if judge and len(cases) > 1:  # a variance needs two
            estimates = judged_mean(judge, cases, labels)
            scores += [
                estimate.score(name, model, written.group)
                for name, estimate in zip(DEFINITIONS_JUDGED, estimates, strict=True)
            ]
    return scores


def identified(
    written: WrittenDefinitions,
    items: Sequence[Item],
    concepts: Sequence[Concept],
    families: Mapping[str, str],
    scorer: Scorer,
) -> Interval | None:
    """Return the share of definitions by which a frozen scorer picks the term; None without any."""
    pair = f"{written.language}->{written.language}"
    quoting = [item for item in items if item.pair == pair and item.kind == "definition-to-term"]
    questions = identification_items(quoting, concepts, written.texts)
    if not questions:
        return None
    verdicts = known(grade(questions, scorer(written, questions)))
    return share_right(verdicts, parents=families)


def _likeness(cases: Sequence[JudgeCase], families: Mapping[str, str]) -> Interval:
    """Return the mean chrF of the cases; relatives move together."""
    likeness = [chrf(case.text, case.reference) for case in cases]
    owners = [families.get(case.id, case.id) for case in cases]
    return clustered_mean(likeness, owners).within(0, 1)


def judge_cases(written: WrittenDefinitions, concepts: Sequence[Concept]) -> list[JudgeCase]:
    """Return the definitions beside the term base's own, where it has one."""
    return [
        JudgeCase(
            concept.id,
            written.prompts[concept.id],
            concept.definitions[written.language],
            written.texts[concept.id],
        )
        for concept in concepts
        if concept.id in written.texts and concept.definitions.get(written.language)
    ]


def judged_mean(
    command: str, cases: Sequence[JudgeCase], labels: Sequence[JudgeLabel]
) -> CorrectedMean:
    """Return a judge's mean score of the cases, its bias on labelled ones taken off."""
    sample = [
        JudgeCase(digest("label", number), label.prompt, label.reference, label.text)
        for number, label in enumerate(labels)
    ]
    scores = ask_judge(command, [*cases, *sample])
    return corrected_mean(
        scores[: len(cases)], scores[len(cases) :], [label.label for label in labels]
    )


def save_definitions(
    folder: Path, definitions: Iterable[WrittenDefinitions], concepts: Sequence[Concept]
) -> None:
    """Write one line per definition; with a `label` added to some they are a judge's sample."""
    rows = [
        {"group": written.group, **msgspec.to_builtins(case)}
        for written in definitions
        for case in judge_cases(written, concepts)
    ]
    write_bytes(folder / FILE, b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
