"""Scores, free answers and bits of tiny real models, against ordinary forwards."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from lexgraft.errors import LexgraftError
from lexgraft.models.scoring import score_plainly
from lexgraft.models.transformers import TransformersModel

Maker = Callable[..., Path]

ITEMS: list[tuple[str, Sequence[str]]] = [
    ("The muscle of the heart:", [" myocardium", " myometrium", " mitral valve", " atrium"]),
    ("心臓の筋肉の層:", ["心筋", "心膜", "子宮筋層"]),
    ("A:", ["x", "xy", "xyz"]),
    ("Trailing space: ", ["one", "two"]),
]


class Plain:
    """The ordinary route, written without the package."""

    def __init__(self, folder: Path) -> None:
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)

    def loglik(self, context: str, option: str) -> float:
        bare = context.rstrip()
        context, option = bare, context[len(bare) :] + option
        start = len(self.tokenizer(context)["input_ids"])
        ids = self.tokenizer(context + option)["input_ids"]
        return self._sum(ids, start)

    def _sum(self, ids: list[int], start: int) -> float:
        with torch.inference_mode():
            logprobs = self.model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
        return sum(float(logprobs[i - 1, ids[i]]) for i in range(start, len(ids)))

    def bits(self, text: str) -> float:
        return -self._sum(self.tokenizer(text)["input_ids"], 1) / 0.6931471805599453

    def answer(self, prompt: str, tokens: int) -> str:
        ids = list(self.tokenizer(prompt)["input_ids"])
        start = len(ids)
        for _ in range(tokens):
            with torch.inference_mode():
                best = int(self.model(torch.tensor([ids])).logits[0, -1].argmax())
            if best == self.tokenizer.eos_token_id:
                break
            ids.append(best)
        return self.tokenizer.decode(ids[start:], skip_special_tokens=True)


def load(folder: Path) -> TransformersModel:
    return TransformersModel.load(folder, "the-base", 1)


@pytest.mark.parametrize("architecture", ["gemma3", "gpt2"])
def test_sharing_the_context_changes_no_score(architecture: str, make_model: Maker) -> None:
    folder = make_model(architecture)
    model, plain = load(folder), Plain(folder)
    assert model.scoring == "shared"
    for (context, options), scores in zip(ITEMS, model.loglikelihoods(ITEMS), strict=True):
        for option, score in zip(options, scores, strict=True):
            assert score.loglik == pytest.approx(plain.loglik(context, option), abs=1e-4)


def test_a_model_without_a_start_token_is_scored_as_it_encodes(make_model: Maker) -> None:
    folder = make_model("gpt2", adds_start=False)
    model, plain = load(folder), Plain(folder)
    [scores] = model.loglikelihoods([ITEMS[0]])
    assert scores[0].loglik == pytest.approx(plain.loglik(ITEMS[0][0], ITEMS[0][1][0]), abs=1e-4)


def test_an_empty_context_is_a_start_token(make_model: Maker) -> None:
    for adds_start in (True, False):
        model = load(make_model("gpt2", adds_start=adds_start))
        [[score]] = model.loglikelihoods([("", ["heart"])])
        assert score.tokens == 5
        assert score.loglik < 0


@pytest.mark.parametrize("device", ["nowhere", "cpu:99x", "cuda:99"])
def test_a_device_that_is_not_there_is_named(tiny_model: Path, device: str) -> None:
    with pytest.raises(LexgraftError, match=f"no device `{device}` here"):
        TransformersModel.load(tiny_model, "digest", 1, device=device)


def test_tokens_of_an_option_are_counted(tiny_model: Path) -> None:
    [scores] = load(tiny_model).loglikelihoods([("A:", ["x", "xyz", "心"])])
    assert [score.tokens for score in scores] == [1, 3, 3]


def test_more_options_than_the_budget_holds_are_scored_in_pieces(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = load(tiny_model).loglikelihoods(ITEMS)
    monkeypatch.setattr("lexgraft.models.transformers.TOKEN_BUDGET", 40)
    pieces = load(tiny_model).loglikelihoods(ITEMS)
    for one, other in zip(whole, pieces, strict=True):
        assert [s.tokens for s in one] == [s.tokens for s in other]
        assert [s.loglik for s in one] == pytest.approx([s.loglik for s in other], abs=1e-4)


def test_a_batch_asked_alone_gives_the_very_same_numbers(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lexgraft.models.transformers.TOKEN_BUDGET", 40)
    model = load(tiny_model)
    items = [(f"{context} {n}:", options) for n in range(4) for context, options in ITEMS]
    whole = model.loglikelihoods(items)
    batches = model.plan_batches(items)
    assert len(batches) > 3
    for batch in batches:
        alone = model.loglikelihoods([items[index] for index in batch])
        assert alone == [whole[index] for index in batch]


def test_the_plan_follows_from_content_not_from_order(tiny_model: Path) -> None:
    model = load(tiny_model)
    items = [(f"{context} {n}:", options) for n in range(60) for context, options in ITEMS]
    there = [tuple(items[i] for i in batch) for batch in model.plan_batches(items)]
    back = items[::-1]
    again = [tuple(back[i] for i in batch) for batch in model.plan_batches(back)]
    assert there == again
    assert len(there) > 1


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["gemma3", "llama", "gpt2"])
def test_prompts_answered_together_are_answered_as_alone(
    architecture: str, make_model: Maker
) -> None:
    folder = make_model(architecture)
    plain = Plain(folder)
    prompts = ["The muscle of the heart is", "A", "心筋とは何か", "Short:"]
    answers = load(folder).generate(prompts, 24, ())
    assert answers == [plain.answer(prompt, 24) for prompt in prompts]


def test_an_answer_ends_before_the_first_stop_text(make_model: Maker) -> None:
    folder = make_model("llama")
    model = load(folder)
    [free] = model.generate(["The muscle"], 24, ())
    stop = free[5:7]
    assert model.generate(["The muscle"], 24, ("never there", stop)) == [free.split(stop)[0]]


def test_bits_of_a_text_are_those_of_an_ordinary_forward(make_model: Maker) -> None:
    for architecture in ("gemma3", "llama"):
        folder = make_model(architecture)
        texts = ["The heart has four chambers.", "心臓には四つの部屋がある。", "x"]
        plain = Plain(folder)
        for text, (bits, size) in zip(texts, load(folder).text_bits(texts, 400), strict=True):
            assert size == len(text.encode())
            assert bits == pytest.approx(plain.bits(text), rel=1e-5)


def test_a_long_text_is_cut_between_two_characters(make_model: Maker) -> None:
    model = load(make_model("llama"))
    [(_, size)] = model.text_bits(["心臓"], 5)  # the start and four of six byte tokens
    assert size == len("心".encode())
    [cut, whole] = model.text_bits(["心臓", "心"], 5)
    assert cut == whole


def test_without_a_start_token_the_first_token_of_a_text_is_not_scored(make_model: Maker) -> None:
    model = load(make_model("gpt2", adds_start=False))
    assert [size for _, size in model.text_bits(["abc", "a", ""], 50)] == [2, 0, 0]


def test_weights_are_put_and_restored_bit_for_bit(tiny_model: Path, make_model: Maker) -> None:
    model = load(tiny_model)
    before = model.loglikelihoods(ITEMS)
    other = AutoModelForCausalLM.from_pretrained(make_model("gemma3", 1), dtype=torch.float32)
    model.put(((n, p.detach()) for n, p in other.named_parameters()), "other")
    assert model.digest == "other"
    assert model.loglikelihoods(ITEMS) == load(make_model("gemma3", 1)).loglikelihoods(ITEMS)
    model.reset()
    assert model.digest == "the-base"
    assert model.loglikelihoods(ITEMS) == before


def test_what_an_earlier_candidate_replaced_does_not_stay(tiny_model: Path) -> None:
    model = load(tiny_model)
    name = "model.layers.0.mlp.up_proj.weight"
    model.put([("model.norm.weight", torch.full((32,), 0.5))], "a")
    model.put([(name, torch.zeros(48, 32))], "b")
    both = model.loglikelihoods(ITEMS)
    fresh = load(tiny_model)
    fresh.put([(name, torch.zeros(48, 32))], "b")
    assert fresh.loglikelihoods(ITEMS) == both


def test_a_tied_head_follows_the_embeddings(tiny_model: Path) -> None:
    model = load(tiny_model)
    embeddings = torch.randn(258, 32, generator=torch.Generator().manual_seed(3)) * 0.2
    model.put([("model.embed_tokens.weight", embeddings)], "new")
    scores = model.loglikelihoods(ITEMS)
    model.put(
        [("lm_head.weight", torch.zeros(258, 32)), ("model.embed_tokens.weight", embeddings)],
        "the same",
    )
    assert model.loglikelihoods(ITEMS) == scores
    live: Any = model._model
    assert live.lm_head.weight.data_ptr() == live.model.embed_tokens.weight.data_ptr()


def test_names_without_the_body_prefix_are_known(make_model: Maker) -> None:
    model = load(make_model("gpt2"))
    before = model.loglikelihoods(ITEMS)
    model.put([("ln_f.weight", torch.full((32,), 2.0))], "new")
    assert model.loglikelihoods(ITEMS) != before


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("model.layers.9.mlp.up_proj.weight", (48, 32), "has no weight"),
        ("model.layers.0.mlp.up_proj.weight", (2, 2), "has shape"),
    ],
)
def test_a_refused_weight_leaves_the_model_as_it_was_loaded(
    tiny_model: Path, name: str, shape: tuple[int, ...], message: str
) -> None:
    model = load(tiny_model)
    before = model.loglikelihoods(ITEMS)
    good = ("model.norm.weight", torch.full((32,), 0.5))
    with pytest.raises(LexgraftError, match=message):
        model.put([good, (name, torch.zeros(shape))], "broken")
    assert model.digest == "the-base"
    assert model.loglikelihoods(ITEMS) == before


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LexgraftError, match=r"no config\.json"):
        load(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "gemma3_text"}')
    with pytest.raises(LexgraftError, match="not a model that can be loaded"):
        load(tmp_path)


def test_a_folder_that_needs_remote_code_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(
        '{"model_type": "strange", "auto_map": {"AutoConfig": "own.Config",'
        ' "AutoModelForCausalLM": "own.Model"}}'
    )
    (tmp_path / "own.py").write_text("raise SystemExit('ran')")
    with pytest.raises(LexgraftError, match="not a model that can be loaded"):
        load(tmp_path)


def test_a_question_longer_than_the_model_takes_is_refused(tiny_model: Path) -> None:
    with pytest.raises(LexgraftError, match="a question of 60"):
        load(tiny_model).loglikelihoods([("x" * 600, ["y"])])


def test_an_option_without_text_is_refused(tiny_model: Path) -> None:
    with pytest.raises(LexgraftError, match="has no token"):
        load(tiny_model).loglikelihoods([("A:", ["x", ""])])


@pytest.mark.real
@pytest.mark.slow
def test_the_real_base_model_scores_trees_as_plain_forwards() -> None:
    folder = Path(__file__).parents[2] / ".cache/models/gemma-3-270m"
    if not folder.is_dir():
        pytest.skip("the base model has not been downloaded")
    model = load(folder)
    assert model.scoring == "shared"
    rows = [row for question in model._rows(ITEMS) for row in question]
    with torch.inference_mode():
        shared, plain = model._trees.score(rows), score_plainly(model._model, rows)
    for one, other in zip(shared, plain, strict=True):
        assert [s.likeliest for s in one] == [s.likeliest for s in other]
        assert [s.logprob for s in one] == pytest.approx([s.logprob for s in other], abs=1e-4)
