"""The seam between context and option, with a tokenizer that merges across it."""

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
