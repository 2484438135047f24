import json
from pathlib import Path

import pytest
import torch
from tiny_tokenizers import DOMAIN, GENERAL, TERMS, train

from lexgraft.errors import LexgraftError
from lexgraft.weights.tokenizer.tokenizer_engine import TokenizerEngine
from lexgraft.weights.vocabulary.expanded_files import expanded_tokenizer
from lexgraft.weights.vocabulary.expansion import Expansion
from lexgraft.weights.vocabulary.expansion_plan import ExpansionRequest, plan_vocabulary
from lexgraft.weights.vocabulary.fit.aligned_texts import (
    Teacher,
    align_texts,
    texts_with_new_tokens,
)
from lexgraft.weights.vocabulary.fit.distillation import distil_rows
from lexgraft.weights.vocabulary.fit.input_embeddings import occurring_in
from lexgraft.weights.vocabulary.fit.suppress_new_tokens import SILENT, NewTokenRows


@pytest.fixture
def expansion(tmp_path: Path) -> Expansion:
    """Return technical words, and the byte-level tokenizer that they are added to."""
    (tmp_path / "tokenizer.json").write_text(json.dumps(train("byte-level")), encoding="utf-8")
    terms = [(language, term) for language, words in TERMS.items() for term in words]
    return plan_vocabulary(ExpansionRequest(tmp_path, terms, general=GENERAL)).expansion


@pytest.fixture
def engines(expansion: Expansion) -> tuple[TokenizerEngine, TokenizerEngine]:
    """Return the tokenizer before and after."""
    return TokenizerEngine(expansion.base), TokenizerEngine(expanded_tokenizer(expansion))


def test_both_cuts_meet_where_they_have_said_the_same(
    engines: tuple[TokenizerEngine, TokenizerEngine],
):
    base, grown = engines
    (aligned,) = align_texts(base, grown, ["the eigenvalue", GENERAL[0]])
    assert aligned.new[-1] >= base.document.size
    assert aligned.new_places[-1] == len(aligned.new) - 1
    assert aligned.old_places[-1] == len(aligned.old) - 1
    assert base.decode(aligned.old) == grown.decode(aligned.new) == "the eigenvalue"


@pytest.mark.slow
@pytest.mark.parametrize(
    "architecture", ["llama", pytest.param("gemma3_text", marks=pytest.mark.slow)]
)
def test_fitted_rows_write_and_read_nearer_to_the_old_cut(
    expansion: Expansion, engines: tuple[TokenizerEngine, TokenizerEngine], architecture: str
):
    from transformers import AutoConfig, AutoModelForCausalLM

    base, grown = engines
    size = base.document.size
    config = AutoConfig.for_model(
        architecture,
        vocab_size=size,
        hidden_size=16,
        intermediate_size=24,
        head_dim=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
    )
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_config(config).eval().requires_grad_(requires_grad=False)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    aligned_texts = align_texts(base, grown, DOMAIN, [1])
    start = torch.randn(grown.document.size - size, 16) * 0.02
    heads = torch.randn(grown.document.size - size, 16) * 0.02
    pieces = [one.parts for one in expansion.additions]
    shown = occurring_in(aligned_texts, size, len(start))
    for outputs in (None, heads):
        for steps in (0, 30):
            fitted = distil_rows(
                model, aligned_texts, NewTokenRows(start, outputs), pieces, size, steps
            )
            assert fitted.writing[1] < 0.9 * fitted.writing[0]
            assert (fitted.rows.outputs is None) == (outputs is None)
            moved = (fitted.rows.inputs != start).any(1)
            if outputs is not None:
                assert torch.equal(moved, shown if steps else torch.zeros_like(shown))
            if steps and outputs is not None:  # a model that knows nothing has little to be read
                assert fitted.reading is not None
                assert fitted.reading[1] < fitted.reading[0]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_what_texts_show_is_as_likely_as_its_pieces_and_the_rest_is_quiet(
    expansion: Expansion, engines: tuple[TokenizerEngine, TokenizerEngine]
):
    from transformers import AutoConfig, AutoModelForCausalLM

    base, grown = engines
    size, width = base.document.size, 32
    config = AutoConfig.for_model(
        "llama",
        vocab_size=size,
        hidden_size=width,
        intermediate_size=24,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        initializer_range=0.1,
    )
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_config(config).eval().requires_grad_(requires_grad=False)
    aligned_texts = align_texts(base, grown, DOMAIN, [1])
    shown = occurring_in(aligned_texts, size, grown.document.size - size)
    assert 0 < int(shown.sum()) < len(shown)
    start = torch.randn(len(shown), width) * 0.02
    pieces = [one.parts for one in expansion.additions]
    fitted = distil_rows(model, aligned_texts, NewTokenRows(start, start), pieces, size, 0)
    aligned = aligned_texts[0]
    at = next(n for n in range(1, len(aligned.new)) if aligned.new[n] >= size)
    line, token = aligned.new[:at], aligned.new[at] - size
    with torch.no_grad():
        states = model.base_model(torch.tensor([[*line, *pieces[token]]])).last_hidden_state[0]
        logits = model.lm_head(states[at - 1 : -1])
        assert fitted.rows.outputs is not None
        new = fitted.rows.outputs @ states[at - 1]
        old = logits[0].logsumexp(0)
    wanted = logits.log_softmax(1)[range(len(pieces[token])), pieces[token]].sum()
    said = new - torch.logaddexp(old, new.logsumexp(0))
    assert float(said[token]) == pytest.approx(float(wanted), rel=0.15)  # -63; at first -6
    assert float(said[~shown].max()) < -SILENT / 2


def test_text_without_new_words_teaches_nothing(engines: tuple[TokenizerEngine, TokenizerEngine]):
    assert align_texts(*engines, GENERAL) == []
    first = engines[0].document.size
    assert texts_with_new_tokens(engines[1], [GENERAL[0], "", "the eigenvalue"], first) == [
        "the eigenvalue"
    ]
    with pytest.raises(LexgraftError, match="no text shows a new token"):
        distil_rows(torch.nn.Linear(1, 1), [], NewTokenRows(torch.ones(1, 1), None), [], 1, 1)


def test_lines_filled_up_are_read_as_by_themselves():
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(
        "llama",
        vocab_size=20,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
    )
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_config(config).eval().requires_grad_(requires_grad=False)
    rows, lines = torch.randn(3, 16), [[1, 5, 20, 7], [1, 22], [1, 21, 21, 4, 9, 2]]
    together = Teacher(model).read(lines, rows, 20)
    for line, found in zip(lines, together, strict=True):
        (alone,) = Teacher(model).read([line], rows, 20)
        assert torch.allclose(found[: len(line)], alone, atol=1e-6)
