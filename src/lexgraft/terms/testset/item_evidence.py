"""What an item can be answered by: only by its term, by pieces of words, or by a loanword's sound.

Estimand. The reader imagined here has read every other concept of the term base, and knows
which pieces of questions go with which pieces of answers (`PieceTable`); the asked concept and
those of the wrong options it has never seen. An item is *decided by pieces* where this reader's
one choice is the right option. On all the others it is wrong, or has no choice at all, so that
a model that does better than chance there knows more than pieces.

The mark follows from the item and the term base, never from a model: a guesser that does not
read pieces is right on 1 / options of the items of either mark. By luck the reader picks the right
option of one item in four about which pieces say nothing; those are lost to the headline, not
biased. Whoever reads pieces is *below* chance on what is left: better than chance there is never
owed to them. Ties, and questions of which no other concept has a piece, are no choice.

A concept counts in a direction by those of its items that need the term (`needing_term`).
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from lexgraft.project import Form
from lexgraft.records import Concept, Item, SolvableBy
from lexgraft.terms.testset.piece_table import PieceTable, learn_pieces
from lexgraft.terms.testset.question_forms import PARTS, texts_of
from lexgraft.terms.text.scripts import is_loanword

ENOUGH = 30
"""Concepts whose items need their term, from which on a gate judges these alone."""
OWN_ANSWERS = frozenset({"term", "definition"})
"""Answers that belong to one concept; fields and broader terms are those of many."""


def piece_scores(
    items: Iterable[Item],
    concepts: Mapping[str, Concept],
    tables: Mapping[Form, PieceTable] | None = None,
) -> dict[str, Sequence[int]]:
    """Return item id → how well each option fits by pieces; all 0 where pieces tell nothing.

    `tables` are those of the forms, where they have been learnt already.
    """
    scores: dict[str, Sequence[int]] = {}
    for form, form_items in _by_form(items).items():
        asked = {item.concept for item in form_items}
        table = tables[form] if tables else learn_pieces(concepts, form, asked)
        own = PARTS[form.kind][1] in OWN_ANSWERS
        for item in form_items:
            question = texts_of(concepts[item.concept], form, concepts)[0]
            options = [option.strip() for option in item.options]
            scores[item.id] = table.scores(question, options, item.concept, leave_options=own)
    return scores


def with_evidence(
    items: Iterable[Item],
    concepts: Mapping[str, Concept],
    scores: Mapping[str, Sequence[int]],
) -> tuple[Item, ...]:
    """Return the items, each marked by what it can be answered by."""
    return tuple(
        msgspec.structs.replace(item, solvable_by=_solvable_by(item, concepts, scores[item.id]))
        for item in items
    )


def needing_term(items: Iterable[Item]) -> dict[str, tuple[str, ...]]:
    """Return direction → ids of the concepts with an item that needs the term, in order."""
    concepts: dict[str, dict[str, None]] = {}
    for item in items:
        found = concepts.setdefault(item.pair, {})
        if item.needs_term:
            found[item.concept] = None
    return {pair: tuple(sorted(found)) for pair, found in concepts.items()}


def is_heard(item: Item, concept: Concept, kin: Mapping[str, Concept]) -> bool:
    """Tell an item across languages whose term is a loanword in katakana: it can be heard."""
    if item.question_language == item.answer_language:
        return False
    texts = texts_of(concept, form_of(item), kin)
    return any(
        is_loanword(text)
        for text, part in zip(texts, PARTS[item.kind], strict=True)
        if part == "term"
    )


def form_of(item: Item) -> Form:
    """Return the form that an item was asked in."""
    return Form(item.kind, item.question_language, item.answer_language)


def _solvable_by(item: Item, concepts: Mapping[str, Concept], scores: Sequence[int]) -> SolvableBy:
    if is_heard(item, concepts[item.concept], concepts):
        return "sound"
    others = [score for place, score in enumerate(scores) if place != item.gold]
    return "pieces" if scores[item.gold] > max(others) else "term"


def _by_form(items: Iterable[Item]) -> dict[Form, list[Item]]:
    forms: dict[Form, list[Item]] = {}
    for item in items:
        forms.setdefault(form_of(item), []).append(item)
    return forms
