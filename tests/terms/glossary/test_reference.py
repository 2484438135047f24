"""Matching beside the rules written out: every span of the text looked at, one by one."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.terms.glossary.term_filter import TermFilter
from lexgraft.terms.glossary.term_matcher import Matcher
from lexgraft.terms.text.character_tables import spacing_of
from lexgraft.terms.text.further_spellings import further_spellings
from lexgraft.terms.text.letter_case import case_pattern, has_case
from lexgraft.terms.text.normalize import Folded, fold, folded_text
from lexgraft.terms.text.protected_spans import without_protected
from lexgraft.terms.text.spelling_fold import fold_spelling, term_key
from lexgraft.terms.text.word_forms import base_forms, inflections
from lexgraft.terms.text.written_alike import may_end_there, written_alike

ALPHABET = "abst 's's京都ア한글-+é\u0301ﬁ㈱A\u3000ーｱﾞ\u00adกุ่あ・バン取付けり()‑IT\n"
TERMS = st.lists(st.text(ALPHABET, min_size=1, max_size=6), min_size=1, max_size=12)
TEXT = st.text(ALPHABET, max_size=30)


def by_the_rules(terms: Sequence[str], text: str) -> list[tuple[int, int, list[str]]]:
    """Return places and sorted terms, found by brute force."""
    forms = all_forms(terms)
    folded = fold(without_protected(text))
    spelled = fold_spelling(folded.text)
    found: list[tuple[int, int, list[str]]] = []
    start = 0
    while start < len(spelled.text):
        places = (
            (end, spelled.starts[start], spelled.ends[end - 1])
            for end in range(len(spelled.text), start, -1)
            if spelled.text[start:end] in forms and bounded(spelled.text, start, end)
        )
        good = (
            (end, first, last, there)
            for end, first, last in places
            if folded.is_whole(first, last)
            and (there := written(forms[spelled.text[start:end]], folded, first, last, text))
        )
        if hit := next(good, None):
            end, first, last, there = hit
            found.append((folded.starts[first], folded.ends[last - 1], there))
            start = end
        else:
            start += 1
    return found


Form = tuple[str, str, bool]
"""A term, a folded writing of it, and whether the term itself is written so."""


def all_forms(terms: Sequence[str]) -> dict[str, list[Form]]:
    """Return the writings by every key under which they are found."""
    known: dict[str, list[Form]] = {}
    for term in terms:
        for number, spelling in enumerate([term, *further_spellings(term)]):
            if key := term_key(spelling):
                known.setdefault(key, []).append((term, folded_text(spelling), number == 0))
    forms = {key: list(values) for key, values in known.items()}
    for key, values in known.items():
        for form in inflections(key):
            if form not in known:
                forms.setdefault(form, []).extend(values)
    return forms


def written(forms: list[Form], folded: Folded, first: int, last: int, text: str) -> list[str]:
    """Return the terms that are meant at a place: as it is written, before all others."""
    there = folded.text[first:last]
    original = text[folded.starts[first] : folded.ends[last - 1]]
    around = folded.text[first - 1 : first] if first else "", folded.text[last : last + 1]
    forms = [
        form
        for form in forms
        if has_case(original, case_of(form)) and (form[2] or may_end_there(form[1], around[1]))
    ]
    same = [form for form in forms if there == form[1] or there in inflections(form[1])]
    same = same or [form for form in forms if written_alike(form[1], there, original, *around)]
    listed = [form for form in same if form[2]] or same
    cased = [form for form in listed if case_of(form)] or listed
    return sorted({form[0] for form in cased})


def case_of(form: Form) -> str:
    """Return the letters whose case counts, of the term or of the spelling made of it."""
    term, plain, is_listed = form
    if is_listed:
        return case_pattern(term)
    made = (text for text in further_spellings(term) if folded_text(text) == plain)
    return case_pattern(next(made))


def bounded(text: str, start: int, end: int) -> bool:
    """Tell that a span does not cut a word."""
    before = spacing_of(text[start - 1]) if start else ""
    after = spacing_of(text[end]) if end < len(text) else ""
    if spacing_of(text[start]) == before and before in {"spaced", "hangul"}:
        return False
    return not (spacing_of(text[end - 1]) == after == "spaced")


def found(
    terms: Sequence[str], text: str, *, compiled: bool = False
) -> list[tuple[int, int, list[str]]]:
    matcher = Matcher(((term, term) for term in terms), compiled=compiled)
    return [(one.start, one.end, sorted(set(one.values))) for one in matcher.find(text)]


@given(TERMS, TEXT)
def test_the_matches_are_those_of_the_rules(terms: list[str], text: str) -> None:
    assert found(terms, text) == by_the_rules(terms, text)


@given(TERMS, st.lists(st.integers(0, 11), max_size=12), st.sampled_from(["", " ", "s ", "'s "]))
def test_so_they_are_in_texts_made_of_the_terms(
    terms: list[str], picks: list[int], between: str
) -> None:
    text = between.join(terms[pick % len(terms)] for pick in picks)
    assert found(terms, text) == by_the_rules(terms, text)


@given(st.text("abcesixyzh", min_size=1, max_size=8))
def test_stems_lead_back_from_every_form(key: str) -> None:
    assert all(key in base_forms(form) for form in inflections(key))
    assert all(key in inflections(stem) for stem in base_forms(key))


@pytest.mark.parametrize("size", [52, 53, 54, 55, 56, 57, 200])
def test_long_terms_and_their_plurals_are_found(size: int) -> None:
    spaced = "ab " * (size // 3) + "c" * (size % 3) + "cell"
    assert found([spaced, "ab"], f"ab {spaced}s, ab")[1:2] == [(3, 4 + len(spaced), [spaced])]
    han = "京都" * (size // 2) + "本" * (size % 2)
    assert found([han, "京"], f"東{han}")[0] == (1, 1 + len(han), [han])


def test_terms_are_found_across_the_blocks_in_which_a_text_is_read() -> None:
    term = "heart attack"
    for before in range((1 << 13) - 14, (1 << 13) + 2):
        text = "ア" * (before - 1) + "." + term + "."
        assert found([term, "heart"], text) == [(before, before + len(term), [term])]


@pytest.mark.slow  # the compiler takes some seconds
@given(TERMS, TEXT, st.lists(st.integers(0, 11), max_size=12), st.sampled_from(["", " ", "s "]))
def test_the_compiled_search_finds_the_same(
    terms: list[str], text: str, picks: list[int], between: str
) -> None:
    made = between.join(terms[pick % len(terms)] for pick in picks)
    for one in (text, made):
        assert list(TermFilter(terms, compiled=True).spans(one)) == list(
            TermFilter(terms).spans(one)
        )
        assert found(terms, one, compiled=True) == found(terms, one)


@pytest.mark.slow
@pytest.mark.parametrize("size", [53, 54, 55, 56, 200])
def test_the_compiled_search_finds_long_terms_across_blocks(size: int) -> None:
    term = "ab " * (size // 3) + "cell"
    for before in range((1 << 13) - size - 9, (1 << 13) + 2, 7):
        text = "ア" * (before - 1) + "." + term + "s. ab"
        assert found([term, "ab"], text, compiled=True) == found([term, "ab"], text)


@pytest.mark.slow
def test_the_compiled_search_has_room_for_every_span_of_a_block() -> None:
    for terms, text in ((["ア", "アア", "アアア"], "ア" * 5000), (["a", "a a"], "a " * 4000)):
        spans = list(TermFilter(terms, compiled=True).spans(text))
        assert len(spans) > 5000
        assert spans == list(TermFilter(terms).spans(text))


def test_the_sieve_lets_little_else_through() -> None:
    terms = [f"term {number}" for number in range(2000)]
    text = " ".join(f"word {number}" for number in range(2000))
    assert len(list(TermFilter(terms).spans(text))) < 40
