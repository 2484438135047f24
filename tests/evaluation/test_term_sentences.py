"""Sentences with a term: the term base's own or the wordings', cut before the term."""

from lexgraft.evaluation.term_sentences import term_sentences, translated_sentences
from lexgraft.records import Concept, Item, Term


def concept(**sentences: str) -> Concept:
    terms = (Term("nephritis", "en"), Term("腎炎", "ja"), Term("腎臓炎", "ja"))
    return Concept("c", terms, sentences=sentences)


def item(question: str = "en", answer: str = "ja", gold: int = 0) -> Item:
    options = ("腎炎", "膀胱炎") if gold == 0 else ("膀胱炎", "腎炎")
    return Item("i", "c", "term-to-term", question, answer, 0, "", "", options, gold)


def test_a_sentence_of_the_wordings_says_the_same_in_both_languages() -> None:
    (one,) = term_sentences([item(gold=1)], {"c": concept()}, examples="例\n\n")
    assert not one.is_own
    assert "nephritis" in one.source
    assert one.translated.startswith("例\n\n")
    assert one.source in one.translated
    assert one.completed.context.startswith(one.translated)
    assert "腎炎" not in one.completed.context
    assert one.completed.options == ("膀胱炎", "腎炎")  # no space in Japanese
    assert one.control == "膀胱炎"


def test_the_term_base_s_own_sentences_are_taken_where_both_hold_the_term() -> None:
    own = concept(en="Acute nephritis hurts.", ja="痛むのは腎臓炎だ。")
    (one,) = term_sentences([item()], {"c": own})
    assert (one.is_own, one.source) == (True, "Acute nephritis hurts.")
    assert one.completed.context.endswith("痛むのは")
    assert one.completed.neutral == "痛むのは"
    for lacking in (concept(en="It hurts.", ja="腎炎だ。"), concept(en="Nephritis hurts.")):
        assert not term_sentences([item()], {"c": lacking})[0].is_own


def test_a_term_follows_after_a_space_where_its_script_has_some() -> None:
    terms = (Term("弁", "ja"), Term("valve", "en"))
    (one,) = term_sentences([item("ja", "en")], {"c": Concept("c", terms)})
    assert one.completed.options == (" 腎炎", " 膀胱炎")  # as given: what counts is the space
    assert not one.completed.context.endswith(" ")


def test_a_sentence_that_is_shown_is_translated_with_its_term() -> None:
    shown = translated_sentences([item()], {"c": concept()})
    (one,) = term_sentences([item()], {"c": concept()})
    assert shown.startswith(one.completed.context + "腎炎")
    assert shown.endswith("\n\n")
