import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from lexgraft.weights.tokenizer.tokenizer_file import check_document
from lexgraft.weights.vocabulary.bpe_merges import MergeChains, MergeConstraints

ALL = MergeConstraints(lambda _pair: True, lambda _sign: True)


def content(*merges: str) -> dict[str, Any]:
    vocab = {sign: place for place, sign in enumerate("abcdef")}
    for merge in merges:
        vocab[merge.replace(" ", "")] = len(vocab)
    model = {"type": "BPE", "vocab": vocab, "merges": list(merges), "byte_fallback": False}
    return {"version": "1.0", "added_tokens": [], "model": model}


def grown(base: dict[str, Any], chains: MergeChains) -> Tokenizer:
    model = dict(base["model"])
    model["vocab"] = {**model["vocab"], **chains.tokens}
    pairs = [f"{chains.spelled(a)} {chains.spelled(b)}" for a, b in chains.merges]
    return Tokenizer.from_str(
        json.dumps({**base, "model": {**model, "merges": [*model["merges"], *pairs]}})
    )


def test_a_chain_starts_at_the_pair_that_meets_nowhere_else():
    """Base: ab. The word ab·c·d is cut [6, 2, 3]; only (c, d) is its own, so: cd, then ab+cd."""
    base = check_document(content("a b"), "test")
    chains = MergeChains(base, {})
    made = chains.add(
        [[6, 2, 3]], MergeConstraints(lambda pair: pair == (2, 3), lambda _: False), 9
    )
    assert made == 8
    assert chains.merges == {(2, 3): 7, (6, 7): 8}
    assert chains.tokens == {"cd": 7, "abcd": 8}
    assert chains.parts(8) == (6, 2, 3)
    assert grown(content("a b"), chains).encode("abcd").ids == [8]
    assert grown(content("a b"), chains).encode("abc").ids == [6, 2]


def test_a_step_is_never_a_token_that_the_base_knows():
    """Base: ab, and ba from (b, a). A merge (a, b)… of a·b is the base's; (b, c) is free."""
    base = check_document(content("a b", "c d"), "test")
    chains = MergeChains(base, {})
    assert chains.add([[0, 1]], ALL, 9) is None  # would make `ab` another way
    assert chains.tokens == {}


def test_no_room_and_no_safe_pair_leave_everything_as_it_was():
    chains = MergeChains(check_document(content(), "test"), {})
    assert chains.add([[0, 1, 2]], ALL, 1) is None
    assert chains.add([[0, 1, 2]], MergeConstraints(lambda _: False, lambda _: False), 9) is None
    assert (chains.merges, chains.tokens) == ({}, {})


def test_longer_words_build_on_shorter_ones():
    chains = MergeChains(check_document(content(), "test"), {})
    assert chains.add([[0, 1]], ALL, 9) == 6
    assert chains.add([[0, 1, 2]], ALL, 9) == 7
    assert chains.merges == {(0, 1): 6, (6, 2): 7}


@settings(max_examples=15)
@given(
    words=st.lists(st.text("abcdef", min_size=2, max_size=6), min_size=1, max_size=8, unique=True)
)
def test_every_word_that_was_added_becomes_one_token(words: list[str]):
    base = content("a b", "c d", "ab c")
    document = check_document(base, "test")
    plain = Tokenizer.from_str(json.dumps(base))
    chains = MergeChains(document, {})
    made = {
        word: chains.add([plain.encode(word).ids], ALL, 99)
        for word in sorted(words, key=lambda word: (len(word), word))
        if len(plain.encode(word).ids) > 1
    }
    tokenizer = grown(base, chains)
    for word, token in made.items():
        if token is not None:
            assert tokenizer.encode(word).ids == [token]
            assert tokenizer.id_to_token(token) == word


def test_new_characters_are_not_a_words_own_and_what_they_make_is_asked_for():
    """Base: a, b and bytes. é·è·a: é and è stand elsewhere, `èa` does not, so: èa, then é+èa."""
    vocab = {"a": 0, "b": 1, "<0xC3>": 2, "<0xA9>": 3, "<0xA8>": 4}
    model = {"type": "BPE", "vocab": vocab, "merges": [], "byte_fallback": True}
    base = {"version": "1.0", "added_tokens": [], "model": model}
    chains = MergeChains(check_document(base, "test"), {})
    leave = MergeConstraints(lambda _: False, lambda _: True, lambda text: text == "èa")
    made = chains.add([[2, 3, 2, 4, 0]], leave, 9)
    assert chains.tokens == {"é": 5, "è": 6, "èa": 7, "éèa": 8}
    assert [chains.is_character(number) for number in (5, 6, 7)] == [True, True, False]
    tokenizer = grown(base, chains)
    assert tokenizer.encode("éèa").ids == [8] == [made]
    assert tokenizer.encode("éèb").ids == [5, 6, 1]
