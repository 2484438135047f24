"""Items: one question, its right option and controlled wrong ones, per concept, form and draw."""

from collections.abc import Sequence
from math import floor
from typing import Literal

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.project import Form
from lexgraft.records import Concept, Item, digest
from lexgraft.terms.testset.baseline_rules import by_shared_text
from lexgraft.terms.testset.form_profile import (
    FormProfile,
    generic_stems,
    may_answer,
    option,
    profile,
)
from lexgraft.terms.testset.pseudo_terms import pseudo_terms
from lexgraft.terms.testset.question_forms import Kin
from lexgraft.terms.testset.question_wordings import wording
from lexgraft.terms.text.phonetic import alike

Distractors = Literal["sibling", "field", "matched", "random"]

_NEAR: dict[Distractors, int] = {
    "sibling": 1,
    "field": 4,
    "matched": 8,
    "random": 1,
}  # times as many to draw from
_NEAR_EXPLAINED = 40  # the same for `matched` options of definitions, where most share nothing
_ALIKE = (0.0, 0.0, 2.0)  # same part of speech and script, lengths within a factor of 1.5
_PRIME = 2**127 - 1
_LENT = 1000  # of the others at most, so that a large term base costs no more


class _Pool(Struct, frozen=True):
    """What one form draws from: the concepts asked about, and those that only lend options."""

    form: Form
    asked: list[FormProfile]
    spare: list[FormProfile]
    generic: frozenset[str]  # stems that tell nothing
    keys: dict[str, int]  # concept id → number that its chances follow from


def build_items(
    concepts: Sequence[Concept],
    *,
    forms: Sequence[Form],
    options: int,
    draws: int,
    distractors: Distractors,
    seed: int,
    others: Sequence[Concept] = (),
    kin: Kin | None = None,
) -> list[Item]:
    """Return one item per concept, form and draw; the concepts' order does not matter.

    Wrong options are answers of the other `concepts`, so that each answer is about as often right
    as any other. They are the closest in type or field, then in part of speech, script and length,
    and never right too. Where too few of them have the answer's script and about its length,
    `others` (concepts that nobody asks about) lend theirs. A lexical decision has pseudo-terms
    instead. Broader concepts are looked up in `kin`.

    Raises:
        LexgraftError: a concept that a form cannot ask for, or too few wrong options for one.
    """
    items: list[Item] = []
    for form in forms:
        pool = _pool(concepts, others, form, seed, kin or {})
        for rank, one in enumerate(pool.asked):
            wrong = _wrong_texts(one, pool, (options - 1) * draws, distractors)
            _check_enough(one, wrong, form, options - 1)
            for draw in range(draws):
                places = range(draw * (options - 1), (draw + 1) * (options - 1))
                chosen = [wrong[place % len(wrong)] for place in places]
                items.append(_item(one, form, draw, chosen, (rank + draw) % options))
    return sorted(items, key=lambda item: (item.kind, item.pair, item.concept, item.draw))


def _pool(
    concepts: Sequence[Concept], others: Sequence[Concept], form: Form, seed: int, kin: Kin
) -> _Pool:
    """Return one form's concepts, the asked ones in the order that rotates the right place."""
    keys = {one.id: int(digest(seed, form, one.id), 16) for one in (*concepts, *others)}
    asked = [_askable(one, form, kin) for one in sorted(concepts, key=lambda one: keys[one.id])]
    lent = sorted(others, key=lambda one: keys[one.id])[:_LENT]
    spare = [one for one in (option(concept, form, kin) for concept in lent) if one]
    return _Pool(form, asked, spare, generic_stems([*asked, *spare]), keys)


def _askable(concept: Concept, form: Form, kin: Kin) -> FormProfile:
    seen = profile(concept, form, kin)
    if isinstance(seen, str):
        raise LexgraftError(f"cannot ask for `{concept.id}`: {seen}", cure="leave the concept out")
    return seen


def _wrong_texts(
    one: FormProfile, pool: _Pool, wanted: int, distractors: Distractors
) -> Sequence[str]:
    """Return up to `wanted` wrong options: pseudo-terms, or the answers of other concepts."""
    if pool.form.kind != "lexical-decision":
        return [other.answer for other in _wrong(one, pool, wanted, distractors)]
    words = [other.answer for other in (*pool.asked, *pool.spare)]
    return pseudo_terms(one.answer, words, wanted, pool.keys[one.concept.id])


def _wrong(
    one: FormProfile, pool: _Pool, wanted: int, distractors: Distractors
) -> list[FormProfile]:
    """Return up to `wanted` wrong answers, keyed chance among the closest, distinct in writing.

    `matched` takes, of a wider circle, those first that are nearest in what `_further` looks at.
    """
    own = pool.keys[one.concept.id]
    ranked = sorted(
        (_distance(one, other, distractors, place), own * pool.keys[other.concept.id] % _PRIME, at)
        for place, profiles in enumerate((pool.asked, pool.spare))
        for at, other in enumerate(profiles)
    )
    matched = distractors == "matched"
    circle = _NEAR_EXPLAINED if matched and _is_explained(one.form) else _NEAR[distractors]
    near: dict[str, tuple[int, FormProfile]] = {}
    for distance, chance, at in ranked:
        other = (pool.spare if distance[-1] else pool.asked)[at]
        if len(near) >= wanted * (1 if distance[0] else circle):
            break  # beyond those that are alike, no more than needed
        if other.concept.id != one.concept.id and not may_answer(one, other, pool.generic):
            near.setdefault(other.answer, (chance, other))
    drawn = sorted(
        near.values(),
        key=lambda entry: (_further(one, entry[1]) if matched else (0.0, 0.0), entry[0]),
    )
    return [other for _, other in drawn[:wanted]]


def _check_enough(one: FormProfile, wrong: Sequence[str], form: Form, needed: int) -> None:
    if len(wrong) < needed:
        raise LexgraftError(
            f"only {len(wrong)} wrong options for `{one.concept.id}` ({one.answer}) where "
            f"{needed} are needed ({form.kind} {form.question}->{form.answer})",
            cure="add concepts to the term base, or ask with fewer `options`",
        )


def _item(one: FormProfile, form: Form, draw: int, wrong: Sequence[str], gold: int) -> Item:
    words = wording(form, one.question, one.concept.id, draw)
    texts = list(wrong)
    texts.insert(gold, one.answer)
    space = " " if words.context[-1:].isascii() else ""
    options = tuple(space + text for text in texts)
    content = (one.concept.id, form, draw, words.context, words.neutral, options, gold)
    return Item(
        id=digest("item", *content),
        concept=one.concept.id,
        kind=form.kind,
        question_language=form.question,
        answer_language=form.answer,
        draw=draw,
        context=words.context,
        neutral=words.neutral,
        options=options,
        gold=gold,
    )


def _distance(
    one: FormProfile, other: FormProfile, distractors: Distractors, pool: int
) -> tuple[float, ...]:
    """Return how far an option is from the answer, to be compared place by place.

    The first place is 0 for those that are close enough to draw from at will. `random` ignores
    everything but the pool. Else those that look alike come first, among them the
    asked concepts; `sibling` puts type and shared broader concepts before looks.
    """
    if distractors == "random":
        return (0, pool)
    left, right = one.concept, other.concept
    looks = _looks(one, other)
    unlike = float(left.field != right.field or looks > _ALIKE)
    if distractors in ("field", "matched"):
        return (unlike, pool * (1 - unlike), left.field != right.field, *looks, pool)
    shared = len({left.type, *left.broader} & {right.type, *right.broader} - {""})
    stranger = float(not left.type or left.type != right.type)
    return (stranger, -shared, unlike, *looks, pool)


def _looks(one: FormProfile, other: FormProfile) -> tuple[float, float, float]:
    """Return differences of part of speech, script and length (relative, in steps of a fifth)."""
    short, long = sorted((one.length, other.length))
    return (
        float(one.part_of_speech != other.part_of_speech),
        float(one.script != other.script),
        5 * (long - short) // max(1, short),
    )


def _further(one: FormProfile, other: FormProfile) -> tuple[float, float]:
    """Return what `matched` looks at: differences of frequency (in Zipf steps), and of a cue.

    Between two languages the cue is how much an option sounds like the question: a loanword sounds
    like its origin whatever stands beside it, so what sounds next like it is put there. Between
    definitions and terms it is the longest piece in common with the question, and counts first:
    technical words share pieces with what explains them (-itis with an inflammation), so the wrong
    ones must share as much.
    """
    if _is_explained(one.form):
        right, wrong = by_shared_text(one.question, (one.answer, other.answer))
        return 2 * abs(right - wrong) + (wrong < right), _frequency(one, other)
    heard = abs(alike(one.question, one.answer) - alike(one.question, other.answer))
    return _frequency(one, other), round(10 * heard)


def _is_explained(form: Form) -> bool:
    """Tell forms whose question and answer may share pieces of words because one explains both."""
    return form.question == form.answer or not form.kind.startswith("term")


def _frequency(one: FormProfile, other: FormProfile) -> float:
    """Return by how many whole Zipf steps two answers differ; 0 where one is unmeasured."""
    language = one.form.answer
    left, right = one.concept.rarity.get(language), other.concept.rarity.get(language)
    return 0.0 if left is None or right is None else abs(floor(left) - floor(right))
