"""What kinds of questions show and want."""

from collections.abc import Callable

import msgspec
import pytest

from lexgraft.project import Form
from lexgraft.records import Concept, Term
from lexgraft.terms.testset.audit import audit
from lexgraft.terms.testset.form_profile import profile
from lexgraft.terms.testset.items import build_items
from lexgraft.terms.testset.question_forms import GAP, texts_of

Maker = Callable[[int], list[Concept]]
ROOTS = ("Zugal", "Wexor", "Hyvan", "Qiblo")


@pytest.fixture
def ranked(make_concepts: Maker) -> list[Concept]:
    """Return concepts under four broader ones, in four fields, with a sentence each."""
    above = [Concept(f"R{n}", (Term(name, "en", "noun"),)) for n, name in enumerate(ROOTS)]
    below = [
        msgspec.structs.replace(
            one,
            broader=(f"R{n % 4}",),
            field=f"{ROOTS[n % 4]} works",
            sentences={"en": f"We put the {one.names('en')[0].lower()} back in place."},
        )
        for n, one in enumerate(make_concepts(24))
    ]
    return [*below, *above]


@pytest.mark.parametrize("kind", ["term-to-field", "term-to-broader", "cloze", "lexical-decision"])
def test_every_kind_becomes_items_with_one_right_option(ranked: list[Concept], kind: str):
    form = Form(kind, "en", "en")  # pyright: ignore[reportArgumentType]
    kin = {one.id: one for one in ranked}
    asked = [one for one in ranked[:24] if not isinstance(profile(one, form, kin), str)]
    items = build_items(
        asked, forms=[form], options=4, draws=2, distractors="field", seed=1, kin=kin
    )
    assert len(items) == 48
    for item in items:
        right = texts_of(kin[item.concept], form, kin)[1]
        assert [text.strip() for text in item.options].count(right) == 1
        assert item.options[item.gold].strip() == right
    assert audit(items, kin)


def test_a_gap_stands_for_every_name_of_the_concept():
    concept = Concept(
        "1",
        (Term("bearing", "en"), Term("ball bearing", "en"), Term("軸受", "ja")),
        sentences={"en": "A ball  bearing is a bearing, not bearings.", "ja": "軸受を替える。"},
    )
    gapped = texts_of(concept, Form("cloze", "en", "en"))
    assert gapped == (f"A {GAP} is a {GAP}, not bearings.", "bearing")
    assert texts_of(concept, Form("cloze", "ja", "en"))[0] == f"{GAP}を替える。"
    bare = msgspec.structs.replace(concept, sentences={"en": "Nothing here."})
    assert profile(bare, Form("cloze", "en", "en")) == "no sentence in en"


def test_what_a_concept_lacks_is_named():
    concept = Concept("1", (Term("bearing", "en"),))
    assert profile(concept, Form("term-to-field", "en", "en")) == "no field in en"
    assert profile(concept, Form("term-to-broader", "en", "en")) == "no broader term in en"
    short = Concept("2", (Term("jig", "en"),))
    assert "too short" in str(profile(short, Form("lexical-decision", "en", "en")))


def test_one_word_in_two_languages_is_not_asked():
    motor = Concept("1", (Term("Zylinder", "de"), Term("cylinder", "en")))
    assert "one word" in str(profile(motor, Form("term-to-term", "de", "en")))
    loan = Concept("2", (Term("シリンダー", "ja"), Term("cylinder", "en")))
    assert not isinstance(profile(loan, Form("term-to-term", "ja", "en")), str)
