"""Items: one question, its right option and controlled wrong ones, per concept, form and draw."""

from collections.abc import Iterator, Sequence
from math import floor
from typing import Literal

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.project import Form
from lexgraft.records import Concept, Item, digest
from lexgraft.terms.testset.baseline_rules import by_shared_text
from lexgraft.terms.testset.form_profile import (
    FormProfile,
    could_be_right,
    generic_stems,
    profile,
    profile_of_option,
)
from lexgraft.terms.testset.pseudo_terms import pseudo_terms
from lexgraft.terms.testset.question_forms import Kin
from lexgraft.terms.testset.question_wordings import wording
from lexgraft.terms.text.phonetic import sound_similarity

Distractors = Literal["sibling", "field", "matched", "random"]

_NEAR: dict[Distractors, int] = {
    "sibling": 1,
    "field": 4,
    "matched": 8,
    "random": 1,
}  # times as many as needed are drawn from
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
    lenders: Sequence[Concept] = (),
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
        pool = _pool(concepts, lenders, form, seed, kin or {})
        for rank, target in enumerate(pool.asked):
            wrong = _wrong_texts(target, pool, (options - 1) * draws, distractors)
            _check_enough(target, wrong, form, options - 1)
            for draw in range(draws):
                turns = range(draw * (options - 1), (draw + 1) * (options - 1))
                chosen = [wrong[turn % len(wrong)] for turn in turns]
                items.append(_item(target, form, draw, chosen, (rank + draw) % options))
    return sorted(items, key=lambda item: (item.kind, item.pair, item.concept, item.draw))


def _pool(
    concepts: Sequence[Concept], lenders: Sequence[Concept], form: Form, seed: int, kin: Kin
) -> _Pool:
    """Return one form's concepts, the asked ones in the order that rotates the right place."""
    keys = {
        concept.id: int(digest(seed, form, concept.id), 16) for concept in (*concepts, *lenders)
    }
    ordered = sorted(concepts, key=lambda concept: keys[concept.id])
    lent = sorted(lenders, key=lambda concept: keys[concept.id])[:_LENT]
    views = [_askable(concept, form, kin) for concept in ordered]
    spare = [view for concept in lent if (view := profile_of_option(concept, form, kin))]
    return _Pool(form, views, spare, generic_stems([*views, *spare]), keys)


def _askable(concept: Concept, form: Form, kin: Kin) -> FormProfile:
    view = profile(concept, form, kin)
    if isinstance(view, str):
        raise LexgraftError(f"cannot ask for `{concept.id}`: {view}", cure="leave the concept out")
    return view


def _wrong_texts(
    target: FormProfile, pool: _Pool, count: int, distractors: Distractors
) -> Sequence[str]:
    """Return up to `count` wrong options: pseudo-terms, or the answers of other concepts."""
    if pool.form.kind != "lexical-decision":
        return [candidate.answer for candidate in _wrong(target, pool, count, distractors)]
    words = [view.answer for view in (*pool.asked, *pool.spare)]
    return pseudo_terms(target.answer, words, count, pool.keys[target.concept.id])


def _wrong(
    target: FormProfile, pool: _Pool, count: int, distractors: Distractors
) -> list[FormProfile]:
    """Return up to `count` concepts whose answers are wrong here: drawn by chance from the near.

    `matched` takes, of a wider circle, those first that differ least in frequency and in cues.
    """
    near = _near(target, pool, count, distractors)
    if distractors == "matched":
        near.sort(key=lambda entry: (_mismatch(target, entry[1]), entry[0]))
    else:
        near.sort(key=lambda entry: entry[0])
    return [candidate for _, candidate in near[:count]]


def _near(
    target: FormProfile, pool: _Pool, count: int, distractors: Distractors
) -> list[tuple[int, FormProfile]]:
    """Return (chance, concept) of those that may be drawn, the closest first, no answer twice."""
    explained = distractors == "matched" and _is_explained(target.form)
    circle = count * (_NEAR_EXPLAINED if explained else _NEAR[distractors])
    near: dict[str, tuple[int, FormProfile]] = {}
    for distance, chance, candidate in _ranked(target, pool, distractors):
        # Of those that are alike a whole circle, to draw from; of the unlike no more than needed.
        if len(near) >= (count if distance[0] else circle):
            break
        is_other = candidate.concept.id != target.concept.id
        if is_other and not could_be_right(target, candidate, pool.generic):
            near.setdefault(candidate.answer, (chance, candidate))
    return list(near.values())


def _ranked(
    target: FormProfile, pool: _Pool, distractors: Distractors
) -> Iterator[tuple[tuple[float, ...], int, FormProfile]]:
    """Yield (distance, chance, concept), the closest first, those at one distance by chance.

    The chance of a pair is the product of both keys modulo a prime: it depends on the seed, the
    form and these two concepts, on no other concept and on no order.
    """
    candidates = [*pool.asked, *pool.spare]
    key = pool.keys[target.concept.id]
    ranked = sorted(
        (
            _distance(target, candidate, distractors, lent=index >= len(pool.asked)),
            key * pool.keys[candidate.concept.id] % _PRIME,
            index,
        )
        for index, candidate in enumerate(candidates)
    )
    for distance, chance, index in ranked:
        yield distance, chance, candidates[index]


def _check_enough(target: FormProfile, wrong: Sequence[str], form: Form, needed: int) -> None:
    if len(wrong) < needed:
        raise LexgraftError(
            f"only {len(wrong)} wrong options for `{target.concept.id}` ({target.answer}) where "
            f"{needed} are needed ({form.kind} {form.question}->{form.answer})",
            cure="add concepts to the term base, or ask with fewer `options`",
        )


def _item(target: FormProfile, form: Form, draw: int, wrong: Sequence[str], gold: int) -> Item:
    words = wording(form, target.question, target.concept.id, draw)
    texts = list(wrong)
    texts.insert(gold, target.answer)
    space = " " if words.context[-1:].isascii() else ""
    options = tuple(space + text for text in texts)
    content = (target.concept.id, form, draw, words.context, words.neutral, options, gold)
    return Item(
        id=digest("item", *content),
        concept=target.concept.id,
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
    target: FormProfile, candidate: FormProfile, distractors: Distractors, *, lent: bool
) -> tuple[float, ...]:
    """Return how far a candidate is from the target, to be compared place by place.

    The first place is 0 for those that are close enough to draw from at will, and `lent` (of a
    concept that nobody asks about) is the last tie-break everywhere.

    * `random`: everybody is as close as anybody.
    * `field`, `matched`: first those of the field that look alike.
    * `sibling`: first those of the type, then those with broader concepts in common, then by looks.
    """
    if distractors == "random":
        return (0, lent)
    looks = _look_differences(target, candidate)
    other_field = target.concept.field != candidate.concept.field
    unlike = other_field or looks > _ALIKE
    if distractors in ("field", "matched"):
        # Among the alike, asked concepts come first: an answer that is never wrong gives itself
        # away. Among the unlike, looks count for more than who lends.
        return (unlike, lent and not unlike, other_field, *looks, lent)
    other_type = not target.concept.type or target.concept.type != candidate.concept.type
    shared = len(_classes(target.concept) & _classes(candidate.concept))
    return (other_type, -shared, unlike, *looks, lent)


def _classes(concept: Concept) -> set[str]:
    """Return what a concept belongs to: its type and its broader concepts."""
    return {concept.type, *concept.broader} - {""}


def _look_differences(target: FormProfile, candidate: FormProfile) -> tuple[float, float, float]:
    """Return differences of part of speech, script and length (relative, in steps of a fifth)."""
    short, long = sorted((target.length, candidate.length))
    return (
        float(target.part_of_speech != candidate.part_of_speech),
        float(target.script != candidate.script),
        5 * (long - short) // max(1, short),
    )


def _mismatch(target: FormProfile, candidate: FormProfile) -> tuple[float, float]:
    """Return by what `matched` tells a candidate from the answer: frequency, and a cue.

    Between two languages the cue is how much an option sounds like the question: a loanword sounds
    like its origin whatever stands beside it, so what sounds next like it is put there. Between
    definitions and terms it is the longest piece in common with the question, and counts first:
    technical words share pieces with what explains them (-itis with an inflammation), so the wrong
    ones must share as much.
    """
    frequency = _frequency_difference(target, candidate)
    if _is_explained(target.form):
        right, wrong = by_shared_text(target.question, (target.answer, candidate.answer))
        shares_less = wrong < right  # of two equally far ones, rather the one that shares more
        return 2 * abs(right - wrong) + shares_less, frequency
    right = sound_similarity(target.question, target.answer)
    wrong = sound_similarity(target.question, candidate.answer)
    return frequency, round(10 * abs(right - wrong))  # in tenths: finer is noise


def _is_explained(form: Form) -> bool:
    """Tell forms whose question and answer may share pieces of words because one explains both."""
    return form.question == form.answer or not form.kind.startswith("term")


def _frequency_difference(target: FormProfile, candidate: FormProfile) -> float:
    """Return by how many whole Zipf steps two answers differ; 0 where one is unmeasured."""
    language = target.form.answer
    target_zipf, candidate_zipf = (
        target.concept.rarity.get(language),
        candidate.concept.rarity.get(language),
    )
    return (
        0.0
        if target_zipf is None or candidate_zipf is None
        else abs(floor(target_zipf) - floor(candidate_zipf))
    )
