"""Low-rank training: what is learned, what is left alone, and that a killed run goes on."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional
from transformers import AutoModelForCausalLM, AutoTokenizer

from lexgraft.errors import LexgraftError
from lexgraft.files.ownership import claim
from lexgraft.models.float32_head import widen_head
from lexgraft.records import Progress, silent
from lexgraft.tuning.answer_loss import AnswerLoss, answer_loss
from lexgraft.tuning.batch_forward import Objective, batch_loss
from lexgraft.tuning.lora_training import LoraLayers, hidden_states, linear_layers
from lexgraft.tuning.teacher_chances import start_chances
from lexgraft.tuning.token_batches import Encode, TrainingRow, batches, encode_examples
from lexgraft.tuning.train import TrainingResult, TrainingWork, learning_rate, train
from lexgraft.tuning.training_config import TrainingConfig
from lexgraft.tuning.training_examples import DistilledLesson, TrainingExample
from lexgraft.tuning.training_state import PURPOSE, TRAINING, check_trained, unfinished_folder
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import open_input_model

EXAMPLES = [TrainingExample(f"the word for {n} is", f" w{n} w{n}") for n in range(12)] * 2
RECIPE = TrainingConfig(rank=2, alpha=4, learning_rate=1e-2, batch=4)
HELD = [TrainingExample(f"the other word for {n} is", f" w{n} w{n}") for n in range(3)]
CHECKED = msgspec.structs.replace(RECIPE, patience=3, check_every=1)
REPLAYED = [
    msgspec.structs.replace(one, replayed=True) if n % 3 == 0 else one
    for n, one in enumerate(EXAMPLES)
]
HELD_BY_KL = msgspec.structs.replace(CHECKED, keep="kl", likeliest=9)


KILLED = """
import os, sys, torch
sys.path.insert(0, {here!r})
from pathlib import Path
import test_train
from transformers import AutoModelForCausalLM, AutoTokenizer

model = AutoModelForCausalLM.from_pretrained({model!r}, dtype=torch.float32).eval()
tokenizer = AutoTokenizer.from_pretrained({model!r})
def die(what, done, total):
    if done == 5:
        os.kill(os.getpid(), 9)
test_train.run(
    model, lambda text: tokenizer(text)["input_ids"], Path({output!r}),
    progress=die, recipe=test_train.{recipe}, held=test_train.HELD, examples=test_train.REPLAYED,
)
"""


@pytest.fixture
def model(tiny_model: Path) -> Any:
    return AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32).eval()


@pytest.fixture
def encode(tiny_model: Path) -> Encode:
    tokenizer: Any = AutoTokenizer.from_pretrained(tiny_model)

    def tokens(text: str) -> list[int]:
        return tokenizer(text)["input_ids"]

    return tokens


def write_nothing(_tensors: object, _folder: Path) -> None:
    """Leave a result that nobody loads unwritten."""


def run(model: Any, encode: Encode, output: Path, **changes: Any) -> TrainingResult:
    given: dict[str, Any] = {"base_digest": "base", "threads": 1, "checkpoint_every": 2} | changes
    recipe, held = given.pop("recipe", RECIPE), given.pop("held", ())
    examples = given.pop("examples", EXAMPLES)
    return train(model, encode, examples, recipe, output, TrainingWork(**given), held)


def steps_into(seen: list[int]) -> Progress:
    def note(_what: str, done: int, _total: int) -> None:
        seen.append(done)

    return note


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_loss_falls_and_the_model_itself_stays_as_it_was(
    model: Any, encode: Encode, tmp_path: Path
) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    flags = [weight.requires_grad for weight in model.parameters()]
    trained = run(
        model,
        encode,
        tmp_path / "adapter",
        recipe=msgspec.structs.replace(RECIPE, learning_rate=0.05),
    )
    assert sum(trained.losses[-2:]) < 0.9 * sum(trained.losses[:2])
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert [weight.requires_grad for weight in model.parameters()] == flags


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")
def test_peft_reads_the_adapter_and_gives_the_logits_of_the_trained_model(
    model: Any, encode: Encode, tmp_path: Path
) -> None:
    import peft

    run(model, encode, tmp_path / "adapter")
    tokens = torch.tensor([encode("the word for 3 is w3")])
    layers = linear_layers(model)
    lora = LoraLayers(layers, RECIPE.rank, RECIPE.alpha, seed=0)
    lora.load(load_file(tmp_path / "adapter" / "adapter_model.safetensors"))
    with torch.no_grad():
        base = model(input_ids=tokens).logits
        with lora.attached(model):
            own = model(input_ids=tokens).logits
        theirs = peft.PeftModel.from_pretrained(model, str(tmp_path / "adapter"))
        logits = theirs(input_ids=tokens).logits
    assert not torch.allclose(own, base, atol=1e-2)
    assert torch.allclose(own, logits, atol=1e-5)


def test_the_checkpoint_reader_finds_the_delta_that_was_trained(
    tiny_model: Path, model: Any, encode: Encode, tmp_path: Path
) -> None:
    base = open_checkpoint(tiny_model)
    run(model, encode, tmp_path / "adapter", base_digest=base.digest)
    tensors = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    adapter = open_input_model(tmp_path / "adapter", base, "tuned")
    name = "model.layers.1.mlp.up_proj"
    down, up = (tensors[f"base_model.model.{name}.lora_{part}.weight"] for part in "AB")
    delta = adapter.delta(f"{name}.weight")
    assert delta is not None
    assert torch.allclose(delta, 2 * (up @ down), atol=1e-6)
    assert adapter.delta("model.embed_tokens.weight") is None
    assert len(adapter.touched) == 14


def test_an_adapter_of_another_base_is_refused(
    make_model: Any, model: Any, encode: Encode, tmp_path: Path
) -> None:
    run(model, encode, tmp_path / "adapter", base_digest="the digest of another base")
    with pytest.raises(LexgraftError):
        open_input_model(tmp_path / "adapter", open_checkpoint(make_model("gemma3", 1)), "tuned")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["CHECKED", "HELD_BY_KL"])
def test_a_killed_run_goes_on_to_the_same_bytes(
    tiny_model: Path, model: Any, encode: Encode, tmp_path: Path, name: str
) -> None:
    recipe = {"CHECKED": CHECKED, "HELD_BY_KL": HELD_BY_KL}[name]
    run(model, encode, tmp_path / "whole", recipe=recipe, held=HELD, examples=REPLAYED)
    script = KILLED.format(
        here=str(Path(__file__).parent),
        model=str(tiny_model),
        output=str(tmp_path / "killed"),
        recipe=name,
    )
    assert (
        subprocess.run([sys.executable, "-c", script], check=False, capture_output=True).returncode
        == -9
    )
    assert not (tmp_path / "killed").exists()
    assert (unfinished_folder(tmp_path / "killed") / "state.safetensors").is_file()
    seen: list[int] = []
    run(
        model,
        encode,
        tmp_path / "killed",
        progress=steps_into(seen),
        recipe=recipe,
        held=HELD,
        examples=REPLAYED,
    )
    assert seen[-2:] == [5, 6]
    assert 1 not in seen or name == "HELD_BY_KL"  # what it said before is read again
    assert files_of(tmp_path / "killed") == files_of(tmp_path / "whole")


def test_with_weight_nought_general_text_is_replayed_to_the_same_bytes(
    model: Any, encode: Encode, tmp_path: Path
) -> None:
    run(model, encode, tmp_path / "replay", examples=REPLAYED)
    recipe = msgspec.structs.replace(RECIPE, keep="both", keep_weight=0)
    run(model, encode, tmp_path / "both", examples=REPLAYED, recipe=recipe)
    replayed, both = (files_of(tmp_path / name) for name in ("replay", "both"))
    assert replayed["adapter_model.safetensors"] == both["adapter_model.safetensors"]
    plain = run(model, encode, tmp_path / "plain")  # a replayed text is learned like any other
    assert plain.losses == tuple(msgspec.json.decode(replayed["lexgraft.json"])["losses"])


def test_what_is_held_by_divergence_moves_less_the_more_it_counts(
    model: Any, encode: Encode, tmp_path: Path
) -> None:
    texts = [one for one in REPLAYED if one.replayed]
    rows = encode_examples(texts, encode, 99)
    wild = msgspec.structs.replace(RECIPE, learning_rate=0.05, keep="kl", likeliest=20)
    noted = start_chances(model, rows, wild, silent).noted
    moved: list[float] = []
    for weight in (0.0, 1.0, 100.0):
        recipe = msgspec.structs.replace(wild, keep_weight=weight)
        run(model, encode, tmp_path / f"{weight}", examples=REPLAYED, recipe=recipe)
        lora = LoraLayers(linear_layers(model), RECIPE.rank, RECIPE.alpha, seed=0)
        lora.load(load_file(tmp_path / f"{weight}" / "adapter_model.safetensors"))
        with lora.attached(model), torch.no_grad():
            measure = msgspec.structs.replace(wild, keep_weight=1.0)
            moved.append(batch_loss(model, rows, objective=Objective(measure, noted)).item())
    assert moved == sorted(moved, reverse=True)
    assert moved[2] < 0.5 * moved[0]
    untouched = Objective(msgspec.structs.replace(wild, keep_weight=1.0), noted)
    assert batch_loss(model, rows, objective=untouched).item() == pytest.approx(0, abs=1e-5)


def test_lessons_whose_term_the_model_does_not_write_with_its_entry_stop_the_training(
    model: Any, encode: Encode, tmp_path: Path
) -> None:
    lesson = DistilledLesson("the entry says w1\nthe word is", "w1", "c1")
    examples = [TrainingExample("the word is", " w1\n", distilled=lesson)]
    with pytest.raises(LexgraftError, match="term of 0 of 1 concepts"):
        run(model, encode, tmp_path / "adapter", examples=examples)


def test_a_finished_run_is_returned_without_a_step(
    model: Any, encode: Encode, tmp_path: Path
) -> None:
    first = run(model, encode, tmp_path / "adapter")
    seen: list[int] = []
    again = run(model, encode, tmp_path / "adapter", progress=steps_into(seen))
    assert again == first
    assert seen == []


def test_an_output_that_holds_something_else_is_refused(
    model: Any, encode: Encode, tmp_path: Path
) -> None:
    run(model, encode, tmp_path / "adapter")
    with pytest.raises(LexgraftError, match="something else"):
        run(model, encode, tmp_path / "adapter", base_digest="another")


def test_a_state_of_another_plan_is_not_taken_up(
    model: Any, encode: Encode, tmp_path: Path
) -> None:
    run(model, encode, tmp_path / "right")

    def stop(_what: str, done: int, _total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    other = msgspec.structs.replace(RECIPE, learning_rate=0.5)
    with pytest.raises(KeyboardInterrupt):
        run(model, encode, tmp_path / "adapter", recipe=other, progress=stop)
    run(model, encode, tmp_path / "adapter")
    assert files_of(tmp_path / "adapter") == files_of(tmp_path / "right")


@pytest.mark.slow
def test_the_adapter_in_bf16_is_half_as_large(model: Any, encode: Encode, tmp_path: Path) -> None:
    run(model, encode, tmp_path / "wide")
    run(
        model, encode, tmp_path / "narrow", recipe=msgspec.structs.replace(RECIPE, dtype="bfloat16")
    )
    wide, narrow = (
        (tmp_path / name / "adapter_model.safetensors").stat().st_size
        for name in ("wide", "narrow")
    )
    assert narrow < 0.7 * wide


def test_only_what_follows_the_prompt_is_learned(encode: Encode) -> None:
    (row,) = encode_examples([TrainingExample("ab", "cd")], encode, 100)
    assert row.tokens == tuple(encode("abcd"))
    assert row.start == len(encode("ab"))


def test_an_answer_beyond_the_last_token_allowed_is_left_out(encode: Encode) -> None:
    rows = encode_examples(
        [TrainingExample("abcdefgh" * 9, "x"), TrainingExample("a", "b")], encode, 9
    )
    assert len(rows) == 1
    with pytest.raises(LexgraftError, match="no example"):
        encode_examples([TrainingExample("abcdefgh" * 9, "x")], encode, 9)


def test_nothing_to_train_on_is_refused(encode: Encode) -> None:
    with pytest.raises(LexgraftError, match="nothing"):
        encode_examples([], encode, 9)


def test_the_batch_loss_is_the_mean_of_the_rows_mean_losses(model: Any) -> None:
    rows = [TrainingRow((2, 5, 9, 11, 30), 3), TrainingRow((2, 40, 7), 1)]
    means: list[torch.Tensor] = []
    for row in rows:
        logits = model(input_ids=torch.tensor([row.tokens])).logits[0]
        wanted = torch.tensor(row.tokens[row.start :])
        means.append(functional.cross_entropy(logits[row.start - 1 : -1], wanted))
    assert batch_loss(model, rows).item() == pytest.approx(
        torch.stack(means).mean().item(), rel=1e-5
    )


def test_the_gradient_of_the_loss_is_that_of_plain_cross_entropy() -> None:
    generator = torch.Generator().manual_seed(1)
    rows = torch.randn(300, 8, generator=generator, dtype=torch.float64).requires_grad_()
    head = torch.randn(50, 8, generator=generator, dtype=torch.float64)
    words = torch.randint(50, (300,), generator=generator)
    weights = torch.rand(300, generator=generator, dtype=torch.float64)
    loss: Any = AnswerLoss.apply(rows, head, words, weights)
    (own,) = torch.autograd.grad(loss, rows)
    plain = (functional.cross_entropy(rows @ head.T, words, reduction="none") * weights).sum()
    (expected,) = torch.autograd.grad(plain, rows)
    assert loss.item() == pytest.approx(plain.item())
    assert torch.allclose(own, expected, atol=1e-3)


def test_a_head_under_training_gets_its_gradient_too() -> None:
    generator = torch.Generator().manual_seed(2)
    rows = torch.randn(9, 4, generator=generator).requires_grad_()
    head = torch.randn(7, 4, generator=generator).requires_grad_()
    words, weights = torch.arange(9) % 7, torch.rand(9, generator=generator)
    frozen: Any = AnswerLoss.apply(rows, head.detach(), words, weights)
    trained = answer_loss(rows, head, words, weights)
    (before,), (after, of_head) = (
        torch.autograd.grad(frozen, [rows]),
        torch.autograd.grad(trained, [rows, head]),
    )
    assert trained.item() == pytest.approx(frozen.item(), rel=1e-5)
    assert torch.allclose(before, after, atol=1e-4)
    assert of_head.abs().max() > 0


def test_training_ends_when_held_out_wordings_get_no_better_and_takes_the_best(
    model: Any, encode: Encode, tmp_path: Path
) -> None:
    wild = msgspec.structs.replace(CHECKED, learning_rate=0.9, patience=1, clip=100.0)
    short = run(model, encode, tmp_path / "short", recipe=wild, held=HELD)
    losses = [loss for _, loss in short.checks]
    assert len(short.losses) < 6  # of six steps
    assert losses[-1] >= min(losses[:-1])
    step = losses.index(min(losses)) + 1

    def stop(_what: str, done: int, _total: int) -> None:
        if done == step + 1:
            raise KeyboardInterrupt

    given: Any = {"recipe": wild, "held": HELD, "checkpoint_every": 1, "progress": stop}
    with pytest.raises(KeyboardInterrupt):
        run(model, encode, tmp_path / "cut", **given)
    then = load_file(unfinished_folder(tmp_path / "cut") / "state.safetensors")
    best = load_file(tmp_path / "short" / "adapter_model.safetensors")
    assert all(torch.equal(then[f"now.{name}"], value) for name, value in best.items())


def test_without_patience_nothing_is_held_out(model: Any, encode: Encode, tmp_path: Path) -> None:
    plain = run(model, encode, tmp_path / "plain")
    held = run(model, encode, tmp_path / "held", held=HELD)
    assert plain.losses == held.losses
    assert held.checks == ()
    assert files_of(tmp_path / "plain") == files_of(tmp_path / "held")


def test_an_adapter_recorded_by_an_earlier_version_is_known_again(
    model: Any, encode: Encode, tmp_path: Path
) -> None:
    first = run(model, encode, tmp_path / "adapter")
    record = tmp_path / "adapter" / "lexgraft.json"
    held: Any = msgspec.json.decode(record.read_bytes())
    for field in ("method", "tokens", "patience", "check_every"):
        del held["recipe"][field]
    record.write_bytes(msgspec.json.encode(held))
    assert run(model, encode, tmp_path / "adapter") == first


def test_a_loss_worked_by_hand() -> None:
    # two words, logits (ln 3, 0): the first has probability 3/4, so the loss is ln 4/3
    rows = torch.tensor([[1.0]], requires_grad=True)
    head = torch.tensor([[3.0]]).log()
    head = torch.cat([head, torch.zeros(1, 1)])
    loss: Any = AnswerLoss.apply(rows, head, torch.tensor([0]), torch.tensor([2.0]))
    loss.backward()
    assert loss.item() == pytest.approx(2 * torch.tensor(4 / 3).log().item())
    assert rows.grad is not None
    assert rows.grad.item() == pytest.approx(2 * (3 / 4 - 1) * torch.tensor(3.0).log().item())


def test_batches_hold_every_row_once_and_little_padding() -> None:
    rows = [TrainingRow(tuple(range(2 + (n * 7) % 40)), 1) for n in range(100)]
    made = batches(rows, 8, seed=1)
    flat = [row for batch in made for row in batch]
    assert sorted(len(row.tokens) for row in flat) == sorted(len(row.tokens) for row in rows)
    padded = sum(len(batch) * max(len(row.tokens) for row in batch) for batch in made)
    assert padded < 1.2 * sum(len(row.tokens) for row in rows)
    assert made == batches(rows, 8, seed=1)


def test_the_rate_warms_up_and_ends_near_zero() -> None:
    recipe = msgspec.structs.replace(RECIPE, learning_rate=0.1, warmup=0.1)
    rates = [learning_rate(step, 100, recipe) for step in range(100)]
    assert rates[0] == pytest.approx(0.01)
    assert rates[10] == max(rates) == pytest.approx(0.1)
    assert rates[55] == pytest.approx(0.05)
    assert rates[99] < 0.001


def test_a_model_that_caps_its_logits_is_refused(
    model: Any, encode: Encode, tmp_path: Path
) -> None:
    model.config.final_logit_softcapping = 0.01
    with pytest.raises(LexgraftError, match="more to its logits"):
        run(model, encode, tmp_path / "adapter")


@pytest.mark.parametrize("method", ["lora", "weights"])
def test_a_model_in_bfloat16_is_trained_in_float32_near_where_one_in_float32_goes(
    model: Any, encode: Encode, tmp_path: Path, method: Any
) -> None:
    recipe = msgspec.structs.replace(RECIPE, learning_rate=0.02, method=method)
    no_write: Any = {"write": write_nothing} if method == "weights" else {}
    exact = run(model, encode, tmp_path / "exact", recipe=recipe, **no_write)
    narrow = model.to(torch.bfloat16)
    widen_head(narrow)
    halved = run(narrow, encode, tmp_path / "halved", recipe=recipe, **no_write)
    assert halved.losses == pytest.approx(exact.losses, abs=0.1)
    assert halved.losses != exact.losses
    assert halved.losses[-1] < halved.losses[0]


def test_hidden_states_give_the_logits_through_the_head(model: Any) -> None:
    tokens = torch.tensor([[2, 3, 4]])
    states = hidden_states(model, tokens)
    assert torch.allclose(model.lm_head(states), model(input_ids=tokens).logits, atol=1e-5)


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "adapter_config.json"])
def test_an_adapter_that_is_not_as_it_was_trained_is_named(
    model: Any, encode: Encode, tmp_path: Path, name: str
) -> None:
    run(model, encode, tmp_path / "adapter")
    file = tmp_path / "adapter" / name
    file.write_bytes(file.read_bytes()[:-1] + b"\n\n")
    with pytest.raises(LexgraftError, match=rf"{name}: not as the training wrote it"):
        run(model, encode, tmp_path / "adapter")


def test_a_record_of_a_training_that_is_damaged_is_named(
    model: Any, encode: Encode, tmp_path: Path
) -> None:
    run(model, encode, tmp_path / "adapter")
    (tmp_path / "adapter" / "lexgraft.json").write_bytes(b"{")
    with pytest.raises(LexgraftError, match="not a record of a training"):
        run(model, encode, tmp_path / "adapter")


def test_what_a_kill_left_half_written_is_no_part_of_the_result(
    model: Any, encode: Encode, tmp_path: Path
) -> None:
    code = (
        "import os, sys; from lexgraft.records import _write; from pathlib import Path\n"
        "def pieces():\n    yield b'half'\n    os._exit(9)\n"
        "_write(Path(sys.argv[1]), pieces())"
    )
    run(model, encode, tmp_path / "whole")
    claim(unfinished_folder(tmp_path / "out"), PURPOSE, tmp_path / "out")
    half = unfinished_folder(tmp_path / "out") / TRAINING
    subprocess.run([sys.executable, "-c", code, half], check=False)
    assert len([*half.parent.iterdir()]) == 2  # with the mark
    run(model, encode, tmp_path / "out")
    assert_same_folder(tmp_path / "out", tmp_path / "whole")
    check_trained(tmp_path / "out")


def assert_same_folder(one: Path, other: Path) -> None:
    first, second = ({p.name: p.read_bytes() for p in folder.iterdir()} for folder in (one, other))
    assert first == second


@pytest.mark.parametrize("harm", ["cut", "changed"])
def test_a_state_that_is_not_as_it_was_saved_is_named(
    model: Any, encode: Encode, tmp_path: Path, harm: str
) -> None:
    def stop(what: str, done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(model, encode, tmp_path / "adapter", progress=stop)
    state = unfinished_folder(tmp_path / "adapter") / "state.safetensors"
    data = state.read_bytes()
    state.write_bytes(data[:-9] if harm == "cut" else data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(LexgraftError, match=r"state\.safetensors: not (.|\n)*begins anew"):
        run(model, encode, tmp_path / "adapter")
