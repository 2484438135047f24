"""Terms written freely: which of five grades, and whether in the language asked for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple, get_args

import numpy as np

from lexgraft.evaluation.chrf import chrf
from lexgraft.evaluation.output_language import in_language, repeats
from lexgraft.evaluation.term_grade import TermGrade, grade_term
from lexgraft.records import Concept, Item, Score
from lexgraft.stats.intervals import bootstrap, wilson

TERM_TOKENS = 16
SEED = 0  # of the bootstrap
NAMED = "term generation"
FAITHFUL = "in the language asked for"
LOOPING = "runs into a loop"
LIKE = f"{NAMED}, chrF"


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
    for item in sorted(items, key=lambda one: one.draw):
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
    line = next((part for part in text.split("\n") if part.strip()), "")
    return WrittenTerm(
        item.concept,
        item.pair,
        text,
        grade_term(text, names, elsewhere),
        in_language(line, language),
        repeats(text),
        max(chrf(line, name) for name in names),
    )


def written_scores(model: str, found: Sequence[WrittenTerm]) -> list[Score]:
    """Return, per direction, the share named right, each grade, and the language kept."""
    scores: list[Score] = []
    for group in dict.fromkeys(one.group for one in found):
        chosen = [one for one in found if one.group == group]
        counts, n = Counter(one.grade for one in chosen), len(chosen)
        shares = {NAMED: counts["exact"] + counts["variant"]}
        shares |= {f"{NAMED}, {grade}": counts[grade] for grade in get_args(TermGrade)}
        shares |= {
            FAITHFUL: sum(one.faithful for one in chosen),
            LOOPING: sum(one.loops for one in chosen),
        }
        scores += [wilson(k, n).score(name, model, group) for name, k in shares.items()]
        like = np.array([[one.likeness] for one in chosen], np.float64)
        mean = bootstrap(like, lambda means: means[..., 0], SEED)
        scores.append(mean.score(LIKE, model, group))
    return scores
