import json
from pathlib import Path

import pytest
import torch
from tiny_tokenizers import DOMAIN, GENERAL, TERMS, train

from lexgraft.checkpoint.vocabulary.content import grown_document
from lexgraft.checkpoint.vocabulary.engine import Engine
from lexgraft.checkpoint.vocabulary.plan import Request, plan_vocabulary
from lexgraft.errors import UserError
from lexgraft.models.distil import distil_rows, make_lessons


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
def test_fitted_rows_lead_nearer_to_the_old_hidden_states(
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
    lessons = make_lessons(base, grown, DOMAIN)
    start = torch.randn(grown.document.size - size, 16) * 0.02
    rows, losses = distil_rows(model, lessons, start, size, 12)
    assert losses[-1] < 0.9 * losses[0]
    shown = {number - size for lesson in lessons for number in lesson.new if number >= size}
    moved = {int(at) for at in (rows != start).any(1).nonzero()}
    assert moved == shown
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_text_without_new_words_teaches_nothing(engines: tuple[Engine, Engine]):
    assert make_lessons(*engines, GENERAL) == []
    with pytest.raises(UserError, match="no text shows a new token"):
        distil_rows(torch.nn.Linear(1, 1), [], torch.ones(1, 1), 1, 1)
