"""Terms written freely: how they relate to the concept, and whether in the language asked for."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, get_args

from lexgraft.evaluation.chrf import chrf
from lexgraft.evaluation.measures import IN_LANGUAGE, LOOPING, TERM_CHRF, TERM_GENERATION
from lexgraft.evaluation.output_language import in_language, repeats
from lexgraft.evaluation.term_grade import RIGHT, TermGrade, answers_in, grade_term
from lexgraft.records import Concept, Item, Score
from lexgraft.stats.clustered import clustered_mean
from lexgraft.stats.paired import NONE, share_right

TERM_TOKENS = 16


class WrittenTerm(NamedTuple):
    """One free answer, graded."""

    concept: str
    group: str
    text: str
    grade: TermGrade
    faithful: bool
    loops: bool
    likeness: float = 0.0  # chrF to the nearest name


def term_questions(items: Sequence[Item]) -> list[Item]:
    """Return the items whose answer is a term, the first draw of each concept and direction."""
    first: dict[tuple[str, str], Item] = {}
    for item in sorted(items, key=lambda item: item.draw):
        if item.kind != "term-to-definition":
            first.setdefault((item.concept, item.pair), item)
    return list(first.values())


def grade_written(
    items: Sequence[Item], texts: Sequence[str], concepts: Mapping[str, Concept]
) -> list[WrittenTerm]:
    """Return the free answers graded by their concept's names, else by the right option."""
    return [
        _grade(item, text, concepts.get(item.concept))
        for item, text in zip(items, texts, strict=True)
    ]


def _grade(item: Item, text: str, concept: Concept | None) -> WrittenTerm:
    language = item.answer_language
    names = [item.options[item.gold].strip(), *(concept.names(language) if concept else ())]
    elsewhere = [t.text for t in concept.terms if t.language != language] if concept else []
    first_line = next((line for line in text.split("\n") if line.strip()), "")
    return WrittenTerm(
        concept=item.concept,
        group=item.pair,
        text=text,
        grade=grade_term(text, names, elsewhere),
        faithful=in_language(first_line, language),
        loops=repeats(text),
        likeness=max(chrf(answer, name) for answer in answers_in(text) or ("",) for name in names),
    )


def written_scores(
    model: str, written: Sequence[WrittenTerm], families: Mapping[str, str] = NONE
) -> list[Score]:
    """Return, per direction, the share named right, each grade, the language kept, and chrF.

    `written` holds one answer per direction and concept; those of one family move together.
    """
    scores: list[Score] = []
    for group in dict.fromkeys(term.group for term in written):
        terms = [term for term in written if term.group == group]
        true_of = {TERM_GENERATION: {term.concept: term.grade in RIGHT for term in terms}}
        for grade in get_args(TermGrade):
            true_of[f"{TERM_GENERATION}, {grade}"] = {t.concept: t.grade == grade for t in terms}
        true_of[IN_LANGUAGE] = {term.concept: term.faithful for term in terms}
        true_of[LOOPING] = {term.concept: term.loops for term in terms}
        scores += [
            share_right(verdicts, parents=families).score(name, model, group)
            for name, verdicts in true_of.items()
        ]
        owners = [families.get(term.concept, term.concept) for term in terms]
        likeness = clustered_mean([term.likeness for term in terms], owners).within(0, 1)
        scores.append(likeness.score(TERM_CHRF, model, group))
    return scores
