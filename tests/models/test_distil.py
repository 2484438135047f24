import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from tiny_tokenizers import DOMAIN, GENERAL, TERMS, train

from lexgraft.checkpoint.vocabulary.content import grown_document
from lexgraft.checkpoint.vocabulary.engine import Engine
from lexgraft.checkpoint.vocabulary.plan import Request, plan_vocabulary
from lexgraft.errors import UserError
from lexgraft.models.distil import distil_rows
from lexgraft.models.lessons import Base, make_lessons, showing
from lexgraft.models.quiet import Rows
from lexgraft.models.reading_rows import fit_reading, shown_in
from lexgraft.models.writing_rows import Contexts, fit_writing


class Looked(torch.nn.Module):
    """A model of which only the configuration is asked."""

    base_model = None

    def get_input_embeddings(self) -> Any:
        return None

    get_output_embeddings = get_input_embeddings

    @property
    def config(self) -> Any:
        return SimpleNamespace(get_text_config=SimpleNamespace)


@pytest.fixture
def engines(tmp_path: Path) -> tuple[Engine, Engine]:
    """Return a byte-level tokenizer before and after technical words."""
    (tmp_path / "tokenizer.json").write_text(json.dumps(train("byte-level")), encoding="utf-8")
    terms = [(language, term) for language, words in TERMS.items() for term in words]
    growth = plan_vocabulary(Request(tmp_path, terms, general=GENERAL)).growth
    return Engine(growth.base), Engine(grown_document(growth))


def test_both_cuts_meet_where_they_have_said_the_same(engines: tuple[Engine, Engine]):
    base, grown = engines
    (lesson,) = make_lessons(base, grown, ["the eigenvalue", GENERAL[0]])
    assert lesson.new[-1] >= base.document.size
    assert lesson.new_places[-1] == len(lesson.new) - 1
    assert lesson.old_places[-1] == len(lesson.old) - 1
    assert base.decode(lesson.old) == grown.decode(lesson.new) == "the eigenvalue"


@pytest.mark.slow
@pytest.mark.parametrize(
    "architecture", ["llama", pytest.param("gemma3_text", marks=pytest.mark.slow)]
)
def test_fitted_rows_lead_nearer_to_what_the_old_cut_led_to(
    engines: tuple[Engine, Engine], architecture: str
):
    from transformers import AutoConfig, AutoModelForCausalLM

    base, grown = engines
    size = base.document.size
    config = AutoConfig.for_model(
        architecture, vocab_size=size, hidden_size=16, intermediate_size=24, head_dim=8,
        num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2, bos_token_id=1,
        eos_token_id=2, pad_token_id=2,
    )  # fmt: skip
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_config(config).eval().requires_grad_(requires_grad=False)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    lessons = make_lessons(base, grown, DOMAIN, [1])
    start = torch.randn(grown.document.size - size, 16) * 0.02
    heads = torch.randn(grown.document.size - size, 16) * 0.02
    for outputs in (None, heads):
        fitted = distil_rows(model, lessons, Rows(start, outputs), size, 30)
        assert fitted.reading is not None
        assert fitted.reading[1] < fitted.reading[0]
        if outputs is not None:  # tied rows are what reading made of them
            assert fitted.writing[1] <= fitted.writing[0]
        assert (fitted.rows.outputs is None) == (outputs is None)
        if outputs is not None:
            shown = {number - size for lesson in lessons for number in lesson.new if number >= size}
            assert {int(at) for at in (fitted.rows.inputs != start).any(1).nonzero()} == shown
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_what_is_read_alone_is_not_made_quiet(engines: tuple[Engine, Engine]):
    from transformers import AutoConfig, AutoModelForCausalLM

    base, grown = engines
    size, width = base.document.size, 16
    config = AutoConfig.for_model(
        "llama", vocab_size=size, hidden_size=width, intermediate_size=24, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2,
    )  # fmt: skip
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_config(config).eval().requires_grad_(requires_grad=False)
    text, read = (make_lessons(base, grown, [one], [1]) for one in DOMAIN[:2])
    alone = shown_in(read, size, grown.document.size - size)
    alone &= ~shown_in(text, size, grown.document.size - size)
    assert alone.any()
    start = torch.randn(grown.document.size - size, width) * 0.02
    fitted = distil_rows(model, text, Rows(start, None), size, 3, read=read).rows.inputs
    learned = fit_reading(Base(model), [*text, *read], start, size, 3).rows
    assert torch.equal(fitted[alone], learned[alone])
    assert not torch.equal(fitted, learned)  # steps are quiet, what the text shows is settled


def test_rows_learn_where_new_tokens_come_next_and_only_those_that_are_shown():
    """Two kinds of context, e0 and e1; new token 0 follows e0, an old one e1; 1 never comes."""
    generator = torch.Generator().manual_seed(5)
    kinds = torch.arange(60) % 2
    hidden = 9 * torch.eye(4)[kinds] + 0.1 * torch.randn(60, 4, generator=generator)
    held = torch.arange(60) % 5 == 0
    known = Contexts(hidden, torch.full((60,), 2.0), -kinds, torch.ones(60), held)
    start = Rows(torch.full((2, 4), 0.05), None)
    base = Base(Looked())
    rows, losses = fit_writing(base, known, start)
    assert torch.equal(rows[1], start.inputs[1])
    assert min(losses) < 0.95 * losses[0]
    assert float(rows[0, 0]) > float(rows[0, 1]) + 0.1
    assert float(known.loss(base, rows, held)) == pytest.approx(min(losses))


def test_text_without_new_words_teaches_nothing(engines: tuple[Engine, Engine]):
    assert make_lessons(*engines, GENERAL) == []
    first = engines[0].document.size
    assert showing(engines[1], [GENERAL[0], "", "the eigenvalue"], first) == ["the eigenvalue"]
    with pytest.raises(UserError, match="no text shows a new token"):
        distil_rows(torch.nn.Linear(1, 1), [], Rows(torch.ones(1, 1), None), 1, 1)


def test_lines_filled_up_are_read_as_by_themselves():
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(
        "llama", vocab_size=20, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=2,
    )  # fmt: skip
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_config(config).eval().requires_grad_(requires_grad=False)
    rows, lines = torch.randn(3, 16), [[1, 5, 20, 7], [1, 22], [1, 21, 21, 4, 9, 2]]
    together = Base(model).read(lines, rows, 20)
    for line, found in zip(lines, together, strict=True):
        (alone,) = Base(model).read([line], rows, 20)
        assert torch.allclose(found[: len(line)], alone, atol=1e-6)
