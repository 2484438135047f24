"""Spelling keys: the same for terms and texts, with the way back to the places."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lexgraft.terms.text.further_spellings import further_spellings, has_further_spellings
from lexgraft.terms.text.normalize import fold
from lexgraft.terms.text.protected_spans import without_protected
from lexgraft.terms.text.spelling_fold import fold_spelling, spelling_key

TEXTS = st.text("abT-'’‑ 京都取付りけアーばヴァ・=ゔい国國㈱é\n", max_size=24) | st.text(
    max_size=24
)


@given(TEXTS)
def test_a_text_has_the_key_that_a_term_has(text: str) -> None:
    plain = fold(text).text
    assert fold_spelling(plain).text == spelling_key(plain)


@given(TEXTS)
def test_every_sign_of_a_key_has_its_place(text: str) -> None:
    plain = fold(text).text
    spelled = fold_spelling(plain)
    places = list(zip(spelled.starts, spelled.ends, strict=True))
    assert len(places) == len(spelled.text)
    assert all(0 <= first < last <= len(plain) for first, last in places)
    assert all(one[1] <= other[0] for one, other in pairwise(places))


@given(TEXTS)
def test_a_term_without_further_spellings_is_told_fast(term: str) -> None:
    assert has_further_spellings(term) or not further_spellings(term)


@given(st.text("ab {}<>/`$%&;_@.:=\"' \n", max_size=60))
def test_what_is_hidden_leaves_every_place_where_it_was(text: str) -> None:
    hidden = without_protected(text)
    assert len(hidden) == len(text)
    assert all(
        now in (before, "\ufffc", "\u200b") for before, now in zip(text, hidden, strict=True)
    )
