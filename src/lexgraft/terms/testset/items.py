"""Items: one question, its right option and controlled wrong ones, per concept, form and draw."""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from lexgraft.errors import LexgraftError
from lexgraft.project import Form
from lexgraft.records import Concept, Item, digest
from lexgraft.terms.testset.cue_balance import balanced, cues_of
from lexgraft.terms.testset.distractor_pool import DistractorPool, Distractors, pool_of
from lexgraft.terms.testset.form_profile import FormProfile
from lexgraft.terms.testset.piece_table import AnswerRows, PieceTable, learn_pieces
from lexgraft.terms.testset.pseudo_terms import pseudo_terms
from lexgraft.terms.testset.question_forms import Kin
from lexgraft.terms.testset.question_wordings import wording
from lexgraft.terms.wordings.filled_text import seam


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
    tables: Mapping[Form, PieceTable] | None = None,
    earlier: Mapping[tuple[str, Form], Sequence[Item]] = MappingProxyType({}),
) -> list[Item]:
    """Return one item per concept, form and draw; the concepts' order does not matter.

    Wrong options are answers of the other `concepts`, and of `lenders` that nobody asks about.
    They come from a circle of the closest in type or field, then in part of speech, script and
    length; of that circle those are taken among which no cue tells the answer (`cue_balance`), and
    never one that is right too. A lexical decision has pseudo-terms instead. Broader concepts are
    looked up in `kin`; `tables` are the pieces learnt, where they are at hand; `earlier` are items
    of a test set before: they stay as they are where question and answer are still the same.

    Raises:
        LexgraftError: a concept that a form cannot ask for, or too few wrong options for one.
    """
    items: list[Item] = []
    for form in forms:
        pool = pool_of(concepts, lenders, form, seed, kin or {})
        if not pool.asked:
            continue
        old = {view.concept.id: _still_right(view, form, earlier) for view in pool.asked}
        targets = [target for target in pool.asked if not old[target.concept.id]]
        items += [item for unchanged in old.values() for item in unchanged]
        if not targets:
            continue
        known = kin or {concept.id: concept for concept in (*concepts, *lenders)}
        pieces = tables[form] if tables else learn_pieces(known, form, pool.keys)
        rows = pieces.rows_of([member.answer for member in pool.members])
        uses = Counter({view.answer: draws for view in pool.asked})
        uses.update(wrong for unchanged in old.values() for wrong in _wrong_options(unchanged))
        for rank, target in enumerate(targets):
            wrong = _wrong(target, pool, options - 1, draws, distractors, pieces, rows, uses)
            for draw, texts in enumerate(wrong):
                _check_enough(target, texts, form, options - 1)
                uses.update(texts)
                items.append(_item(target, form, draw, texts, (rank + draw) % options))
    return sorted(items, key=lambda item: (item.kind, item.pair, item.concept, item.draw))


def _still_right(
    target: FormProfile, form: Form, earlier: Mapping[tuple[str, Form], Sequence[Item]]
) -> Sequence[Item]:
    """Return a concept's earlier items; none where its question or its answer is another now."""
    old = earlier.get((target.concept.id, form), ())
    for item in old:
        words = wording(form, target.question, target.concept.id, item.draw)
        answer = seam(words.context) + target.answer
        if (item.context, item.neutral) != words or item.options[item.gold] != answer:
            return ()
    return old


def _wrong_options(items: Sequence[Item]) -> list[str]:
    return [
        option.strip()
        for item in items
        for index, option in enumerate(item.options)
        if index != item.gold
    ]


def _wrong(
    target: FormProfile,
    pool: DistractorPool,
    count: int,
    draws: int,
    distractors: Distractors,
    pieces: PieceTable,
    rows: AnswerRows,
    uses: Mapping[str, int],
) -> list[list[str]]:
    """Return the wrong options of each draw: pseudo-terms, or the answers of other concepts."""
    key = pool.keys[target.concept.id]
    if pool.form.kind == "lexical-decision":
        words = [view.answer for view in pool.members]
        return _dealt(pseudo_terms(target.answer, words, count * draws, key), count, draws)
    if distractors == "random":
        near = pool.near(target, count * draws, distractors)
        return _dealt([one.answer for one in near], count, draws)
    scores = pieces.row_scores(target.question, target.concept.id, rows)
    near = pool.near(target, count * draws, distractors, scores)
    cues = cues_of(target, near, pieces, uses)
    chosen = balanced(cues, count, draws, key)
    return [[near[place].answer for place in places] for places in chosen]


def _dealt(texts: Sequence[str], count: int, draws: int) -> list[list[str]]:
    """Return so many texts for each draw, beginning anew where there are too few for all."""
    enough = [texts[turn % len(texts)] for turn in range(count * draws)] if texts else []
    return [list(dict.fromkeys(enough[draw * count : (draw + 1) * count])) for draw in range(draws)]


def _check_enough(target: FormProfile, wrong: Sequence[str], form: Form, needed: int) -> None:
    if len(wrong) < needed:
        raise LexgraftError(
            f"only {len(wrong)} wrong options for `{target.concept.id}` ({target.answer}) where "
            f"{needed} are needed ({form.kind} {form.question}->{form.answer})",
            cure=f"add concepts to the term base, or ask with `testset.options: {len(wrong) + 1}`"
            if wrong
            else "add concepts to the term base",
        )


def _item(target: FormProfile, form: Form, draw: int, wrong: Sequence[str], gold: int) -> Item:
    words = wording(form, target.question, target.concept.id, draw)
    texts = list(wrong)
    texts.insert(gold, target.answer)
    options = tuple(seam(words.context) + text for text in texts)
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
