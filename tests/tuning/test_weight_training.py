"""The weights themselves under training: what moves, what stays, and that ties hold."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from lexgraft.tuning.logit_comparison import is_tied, largest_difference
from lexgraft.tuning.train import MODEL, TrainingResult, TrainingWork, train, trainable
from lexgraft.tuning.training_config import TrainingConfig
from lexgraft.tuning.training_examples import TrainingExample
from lexgraft.tuning.weight_training import TrainedWeights
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.checkpoint.replace_tensors import write_replaced

EXAMPLES = [TrainingExample(f"the word for {n} is", f" w{n} w{n}") for n in range(12)] * 2
WHOLE = TrainingConfig(method="weights", learning_rate=1e-2, batch=4)


def loaded(folder: Path) -> Any:
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def trained_on(folder: Path, recipe: TrainingConfig, output: Path) -> tuple[Any, TrainingResult]:
    model, base = loaded(folder), open_checkpoint(folder)
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)

    def encode(text: str) -> list[int]:
        return tokenizer(text)["input_ids"]

    work = TrainingWork(
        base_digest=base.digest,
        threads=1,
        checkpoint_every=2,
        write=lambda tensors, where: write_replaced(base, tensors, where),
    )
    done = train(model, encode, EXAMPLES, recipe, output, work)
    return model, done


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["gemma3", "llama"])
def test_everything_is_trained_and_ties_hold(
    make_model: Any, architecture: str, tmp_path: Path
) -> None:
    folder = make_model(architecture, 0, "float32")
    everything = msgspec.structs.replace(WHOLE, layers=("everything",))
    model, done = trained_on(folder, everything, tmp_path / "out")
    again = loaded(done.folder / MODEL)
    assert is_tied(again) == is_tied(model) == (architecture == "gemma3")
    assert sum(done.losses[-2:]) < 0.9 * sum(done.losses[:2])
    assert largest_difference(model, loaded(folder), [[2, 3, 4]]) == 0.0
    assert largest_difference(model, again, [[2, 3, 4]]) > 0.1
    base = open_checkpoint(folder)
    part = open_input_model(done.folder / MODEL, base, "tuned")
    assert set(part.touched) == set(base.tensors)


def test_chosen_layers_alone_move(make_model: Any, tmp_path: Path) -> None:
    folder = make_model("gemma3", 0, "float32")
    some = msgspec.structs.replace(WHOLE, layers=("mlp@1",))
    _, done = trained_on(folder, some, tmp_path / "out")
    part = open_input_model(done.folder / MODEL, open_checkpoint(folder), "tuned")
    names = {f"model.layers.1.mlp.{kind}_proj.weight" for kind in ("up", "down", "gate")}
    assert set(part.touched) == names


@pytest.mark.parametrize("architecture", ["gemma3", "llama"])
def test_rows_of_given_tokens_alone_move(
    make_model: Any, architecture: str, tmp_path: Path
) -> None:
    folder = make_model(architecture, 0, "float32")
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    tokens = tuple(tokenizer("w3")["input_ids"][1:])
    rows = msgspec.structs.replace(WHOLE, tokens=tokens)
    _, done = trained_on(folder, rows, tmp_path / "out")
    base = open_checkpoint(folder)
    part = open_input_model(done.folder / MODEL, base, "tuned")
    tied = architecture == "gemma3"
    head = set() if tied else {"lm_head.weight"}
    assert set(part.touched) == {"model.embed_tokens.weight"} | head
    for name in part.touched:
        delta = part.delta(name)
        assert delta is not None
        assert delta.abs().amax(1).nonzero()[:, 0].tolist() == sorted(tokens)


def test_the_model_computes_with_the_copies_only_while_they_are_attached(tiny_model: Path) -> None:
    model = loaded(tiny_model)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    weights = trainable(model, msgspec.structs.replace(WHOLE, layers=("embedding",)))
    assert isinstance(weights, TrainedWeights)
    with torch.no_grad():
        plain = model(input_ids=torch.tensor([[2, 3]])).logits
        for value in weights.parameters():
            value.mul_(2)
        with weights.attached(model):
            other = model(input_ids=torch.tensor([[2, 3]])).logits
        after = model(input_ids=torch.tensor([[2, 3]])).logits
    assert not torch.allclose(plain, other)
    assert torch.equal(plain, after)
    assert is_tied(model)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
