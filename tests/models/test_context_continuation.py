"""The seam between context and option, with a tokenizer that merges across it."""

from collections.abc import Callable
from typing import Literal

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from lexgraft.models.context_continuation import ContinuationBoundaries


@pytest.fixture
def seams() -> ContinuationBoundaries:
    """Bytes and one merge: `ab` is one token, also where the context ends in `a`."""
    signs = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<s>": 0} | {sign: 1 + i for i, sign in enumerate(signs)}
    vocabulary["ab"] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[("a", "b")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    return ContinuationBoundaries(
        PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>"), None
    )


def test_an_option_keeps_its_own_tokens_where_one_would_cross_the_seam(
    seams: ContinuationBoundaries,
) -> None:
    [(context, [crossing, clear], crossed)] = seams.questions([("xa", ["bc", "cc"])])
    [(alone, [_], _)] = seams.questions([("xa", ["z"])])
    assert crossed == [True, False]
    assert context == alone
    assert len(crossing) == len(clear) == 2


def test_spaces_at_the_end_of_a_context_go_to_the_option(seams: ContinuationBoundaries) -> None:
    assert seams.questions([("x: ", ["b"])]) == seams.questions([("x:", [" b"])])


def fast(tokenizer: Tokenizer) -> ContinuationBoundaries:
    return ContinuationBoundaries(PreTrainedTokenizerFast(tokenizer_object=tokenizer), None)


def metaspace(*words: str, scheme: Literal["always", "first"]) -> Tokenizer:
    """A tokenizer in SentencePiece's way, which writes a space before what it is given."""
    signs = sorted({"▁", *"".join(words), "\n"})
    pieces = [("<unk>", -20.0)]
    pieces += [(sign, -9.0) for sign in signs] + [(word, -3.0) for word in words]
    made = Tokenizer(models.Unigram(pieces, unk_id=0))
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    made.decoder = decoders.Metaspace(prepend_scheme=scheme)
    return made


def bytewise(*, space: bool) -> Tokenizer:
    signs = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {sign: i for i, sign in enumerate(signs)}
    merges = [("n", "e"), ("ne", "y"), ("e", "y"), ("Ġ", "ey")]
    vocabulary |= {a + b: len(vocabulary) + i for i, (a, b) in enumerate(merges)}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=space)
    made.decoder = decoders.ByteLevel()
    return made


def wordpiece() -> Tokenizer:
    words = ["[UNK]", "kidn", "kidney", "ey", "##ey", "##e", "x", "k", "##idn"]
    made = Tokenizer(models.WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    return made


SEAMS: dict[str, tuple[Callable[[], Tokenizer], list[str]]] = {
    "SentencePiece, a space before all": (
        lambda: metaspace("▁kidney", "▁kidn", "▁ey", "ey", scheme="always"),
        ["ey"],
    ),
    "SentencePiece, a space before the first": (
        lambda: metaspace("▁kidney", "▁kidn", "▁ey", "ey", scheme="first"),
        ["ey"],
    ),
    "bytes, a space before the first": (lambda: bytewise(space=True), ["ey"]),
    "bytes": (lambda: bytewise(space=False), ["ey"]),
    "words and their pieces": (wordpiece, ["##ey"]),
}


@pytest.mark.parametrize("kind", SEAMS)
def test_an_option_that_crosses_the_seam_gains_no_space(kind: str) -> None:
    """`kidn` + `ey` stays one word, though the tokenizer has a token for all of it."""
    made, expected = SEAMS[kind]
    tokenizer = made()
    [(_, [option], [crossed])] = fast(tokenizer).questions([("kidn", ["ey"])])
    assert crossed
    assert [tokenizer.id_to_token(token) for token in option] == expected
