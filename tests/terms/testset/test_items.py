"""Items and their wrong options."""

from collections import Counter
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraft.errors import LexgraftError
from lexgraft.project import Form
from lexgraft.records import Concept, Item, Term
from lexgraft.terms.testset.audit import audit
from lexgraft.terms.testset.baseline_rules import FREQUENT, MIDDLE, PIECES, SHARED
from lexgraft.terms.testset.distractor_pool import Distractors
from lexgraft.terms.testset.item_evidence import piece_scores
from lexgraft.terms.testset.items import build_items

Maker = Callable[[int], list[Concept]]
FORMS = (
    Form("definition-to-term", "en", "ja"),
    Form("term-to-definition", "ja", "en"),
    Form("term-to-term", "ja", "en"),
)


KANA = "アカサ タナハ マヤラ イキシ チニヒ ミリウ クスツ ヌフム ユルエ ケセテ ネヘメ レオコ"


def build(
    concepts: list[Concept],
    lenders: tuple[Concept, ...] = (),
    distractors: Distractors = "field",
    draws: int = 2,
    seed: int = 1,
) -> list[Item]:
    return build_items(
        concepts,
        forms=FORMS,
        options=4,
        draws=draws,
        distractors=distractors,
        seed=seed,
        lenders=lenders,
    )


def right(item: Item) -> str:
    return item.options[item.gold].strip()


@pytest.mark.parametrize("distractors", ["sibling", "field", "random"])
def test_every_concept_is_asked_in_every_form_and_draw(
    make_concepts: Maker, distractors: Distractors
):
    items = build(make_concepts(24), distractors=distractors)
    assert len(items) == 24 * 3 * 2
    assert len({item.id for item in items}) == len(items)
    assert len({(item.concept, item.kind, item.draw) for item in items}) == len(items)


def test_the_right_option_is_the_concept_s_own_and_options_are_distinct(make_concepts: Maker):
    concepts = {concept.id: concept for concept in make_concepts(24)}
    for item in build(list(concepts.values())):
        own = concepts[item.concept]
        texts = own.names(item.answer_language) + tuple(own.definitions.values())
        assert right(item) in texts
        assert len(set(item.options)) == 4
        wrong = {text.strip() for text in item.options} - {right(item)}
        assert wrong.isdisjoint(texts)


def test_an_option_continues_its_context_with_a_space_only_where_words_have_spaces(
    make_concepts: Maker,
):
    for item in build(make_concepts(12)):
        assert all(text.startswith(" ") == (item.answer_language == "en") for text in item.options)


def test_the_places_of_the_right_option_are_used_equally_often(make_concepts: Maker):
    items = build(make_concepts(24))
    for kind in {item.kind for item in items}:
        for draw in (0, 1):
            places = Counter(i.gold for i in items if (i.kind, i.draw) == (kind, draw))
            assert places == {0: 6, 1: 6, 2: 6, 3: 6}


def test_draws_differ_in_wording_wrong_options_and_place(make_concepts: Maker):
    items = build(make_concepts(30))
    for first, second in zip(items[::2], items[1::2], strict=True):
        assert (first.concept, first.kind) == (second.concept, second.kind)
        assert first.context != second.context
        assert first.gold != second.gold
        assert set(first.options) & set(second.options) == {first.options[first.gold]}


def test_synonyms_and_broader_concepts_are_never_wrong_options(make_concepts: Maker):
    first, second, third, *rest = make_concepts(20)
    replace = msgspec.structs.replace
    shared = Term("Sharedname", "en", status="admitted")
    first = replace(first, terms=(*first.terms, shared))
    second = replace(second, terms=(*second.terms, shared))
    third = replace(third, broader=(first.id,))
    forbidden = {
        name.strip()
        for one in (second, third)
        for name in (*one.names("ja"), *one.names("en"), *one.definitions.values())
    }
    for item in build([first, second, third, *rest], draws=4):
        if item.concept == first.id:
            assert forbidden.isdisjoint(text.strip() for text in item.options)


def test_wrong_options_have_the_answer_s_script_and_length_where_there_are_enough(
    make_concepts: Maker,
):
    concepts = make_concepts(40)
    kana = [
        msgspec.structs.replace(one, terms=(one.terms[0], Term(text, "ja", "noun")))
        for one, text in zip(concepts, KANA.split(), strict=False)
    ]
    items = build([*kana, *concepts[12:]])
    for item in items:
        if item.kind == "definition-to-term":
            scripts = {"ア" <= text[0] <= "ン" for text in item.options}
            assert len(scripts) == 1


def test_siblings_come_before_strangers(make_concepts: Maker):
    concepts = {concept.id: concept for concept in make_concepts(49)}  # seven of each type
    names = {one.names("en")[0]: one.type for one in concepts.values()}
    for item in build(list(concepts.values()), distractors="sibling"):
        if item.kind == "term-to-term":
            types = {names[text.strip()] for text in item.options}
            assert types == {concepts[item.concept].type}


def test_an_answer_is_not_told_from_what_unasked_concepts_lend_by_how_often_it_is_an_option(
    make_concepts: Maker,
):
    concepts = make_concepts(200)
    items = build(concepts[:40], lenders=tuple(concepts[40:]))
    lent = {one.names("en")[0] for one in concepts[40:]}
    assert any(text.strip() in lent for item in items for text in item.options)
    scores = [score for score in audit(items) if score.name == FREQUENT]
    assert all(score.value < 0.35 for score in scores)


def test_the_answer_is_as_often_of_middle_length_as_any_option(make_concepts: Maker):
    plain = make_concepts(160)
    concepts = [
        msgspec.structs.replace(
            one,
            terms=(Term(one.names("en")[0] + "abcdefgh"[: number % 9], "en", "noun"), one.terms[1]),
        )
        for number, one in enumerate(plain)
    ]
    items = build_items(
        concepts,
        forms=[Form("term-to-term", "ja", "en")],
        options=4,
        draws=2,
        distractors="matched",
        seed=1,
    )
    (score,) = [one for one in audit(items) if one.name == MIDDLE]
    assert score.low < 0.25 < score.high


def test_pieces_tell_the_answer_less_where_siblings_share_them(make_concepts: Maker):
    kinds = {"炎": "inflamed", "腫": "swollen", "血": "bleeding", "痛": "painful", "狭": "narrow"}
    concepts = {
        one.id: msgspec.structs.replace(
            one,
            terms=(Term(one.names("ja")[0] + kind, "ja", "noun"),),
            definitions={"en": f"{one.definitions['en']} It is {kinds[kind]}."},
        )
        for one, kind in zip(make_concepts(120), "炎腫血痛狭" * 24, strict=True)
    }

    def decided(distractors: Distractors) -> float:
        items = build_items(
            list(concepts.values()),
            forms=[Form("definition-to-term", "en", "ja")],
            options=4,
            draws=2,
            distractors=distractors,
            seed=1,
        )
        scores = piece_scores(items, concepts)
        (score,) = [one for one in audit(items, concepts, scores) if one.name == PIECES]
        return score.value

    assert decided("random") > 0.6
    assert decided("matched") < 0.45


def test_too_few_wrong_options_are_refused_with_the_concept(make_concepts: Maker):
    with pytest.raises(
        LexgraftError, match=r"only 2 wrong options for `C000\d`(.|\n)*`testset.options: 3`"
    ):
        build(make_concepts(3))


def test_a_concept_that_cannot_be_asked_for_is_refused_by_its_id(make_concepts: Maker):
    blank = Concept("C9999", (Term("Word", "en"),))
    with pytest.raises(LexgraftError, match="C9999"):
        build([*make_concepts(8), blank])


@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_neither_order_nor_repetition_changes_anything(data: st.DataObject, make_concepts: Maker):
    concepts = make_concepts(8)
    shuffled = data.draw(st.permutations(concepts))
    assert build(shuffled) == build(concepts)


def test_another_seed_draws_other_options(make_concepts: Maker):
    one, other = build(make_concepts(24), seed=1), build(make_concepts(24), seed=2)
    assert [item.options for item in one] != [item.options for item in other]


def test_matched_options_share_as_much_text_with_the_question_as_the_answer_does():
    def name(number: int, ending: str) -> str:
        return "".join("bdfgklmnpr"[int(digit)] + "u" for digit in f"{number:03d}") + ending

    endings = ("itis", "osis")
    other = str.maketrans("bdfgklmnpru", "ctvxjqhwzsa")
    concepts = [
        Concept(
            str(number),
            (Term(name(number, endings[number % 2]), "en", "noun"),),
            {"en": f"Of {name(number, '').translate(other)} and a kind -{endings[number % 2]}."},
            field="medicine",
        )
        for number in range(80)
    ]

    def shared(distractors: Distractors) -> float:
        items = build_items(
            concepts,
            forms=[Form("definition-to-term", "en", "en")],
            options=4,
            draws=2,
            distractors=distractors,
            seed=1,
        )
        (score,) = [one for one in audit(items) if one.name == SHARED]
        return score.value

    assert shared("random") > 0.35
    assert shared("matched") == pytest.approx(0.25, abs=0.08)
