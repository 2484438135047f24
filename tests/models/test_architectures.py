"""Tiny random models of many architectures: shared scoring, or the plain path with a warning."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

from lexgraft.models.logit_transform import LogitTransform
from lexgraft.models.scoring import TreeScorer
from lexgraft.models.token_tree import SHORTEST_HEADER, build_rows, plan, shared_start
from lexgraft.models.transformers import TransformersModel

pytestmark = pytest.mark.slow

VOCABULARY = 258
SIZES: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 512,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 1,
}
WINDOW = {
    "head_dim": 8,
    "sliding_window": 16,
    "layer_types": ["sliding_attention", "full_attention"],
}
SHARED: dict[str, dict[str, Any]] = {
    "llama": {},
    "mistral": {"sliding_window": 16},
    "mixtral": {"num_local_experts": 2, "sliding_window": None},
    "qwen2": {},
    "qwen3": {"head_dim": 8},
    "gemma2": {**WINDOW, "query_pre_attn_scalar": 8, "final_logit_softcapping": 0.05},
    "gemma3_text": {**WINDOW, "query_pre_attn_scalar": 8},
    "phi3": {},
    "gpt2": {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 512},
    "gpt_neox": {},
    "granite": {"logits_scaling": 3.0},
    "cohere": {"logit_scale": 0.25},
    "olmo2": {},
    "stablelm": {},
    "starcoder2": {"sliding_window": 16},
    "opt": {"ffn_dim": 24, "word_embed_proj_dim": 16},
}
PLAIN: dict[str, dict[str, Any]] = {
    "bloom": {"n_layer": 2, "n_head": 2},  # attention biased by distance
    "falcon": {"alibi": True, "num_kv_heads": 1, "new_decoder_architecture": False},
    "mamba": {"state_size": 4},  # no attention at all
}
HEADER = "The following questions are about the human body, its diseases and their treatment.\n"
ITEMS: list[tuple[str, Sequence[str]]] = [
    (HEADER + "The muscle of the heart:", [" myocardium", " myometrium", " atrium"]),
    (HEADER + "心臓:", ["心筋", "心膜"]),
    ("A:", ["x", "xy", "xyz"]),
]


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<bos>": 0, "<eos>": 1} | {sign: 2 + i for i, sign in enumerate(alphabet)}
    bytewise = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytewise.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=bytewise, bos_token="<bos>", eos_token="<eos>", pad_token="<eos>"
    )


def build(
    architecture: str, extra: dict[str, Any], dtype: torch.dtype = torch.float32
) -> nn.Module:
    config = AutoConfig.for_model(architecture, **(SIZES | extra))
    model: Any = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(noise * 0.3 if parameter.dim() > 1 else parameter + noise * 0.1)
    return model.to(dtype).eval().requires_grad_(requires_grad=False)


def plain(model: Any, tokenizer: Any, context: str, option: str) -> float:
    """The ordinary route, one option, every logit."""
    start = len(tokenizer(context)["input_ids"])
    ids = torch.tensor([tokenizer(context + option)["input_ids"]])
    with torch.inference_mode():
        logprobs = model(ids).logits[0].double().log_softmax(-1)
    return sum(float(logprobs[i - 1, ids[0, i]]) for i in range(start, ids.shape[1]))


def check(model: nn.Module, tokenizer: Any, scored: TransformersModel) -> None:
    for (context, options), scores in zip(ITEMS, scored.loglikelihoods(ITEMS), strict=True):
        for option, score in zip(options, scores, strict=True):
            assert score.loglik == pytest.approx(plain(model, tokenizer, context, option), abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", SHARED)
def test_contexts_and_headers_are_shared_and_change_no_score(
    architecture: str, tokenizer: PreTrainedTokenizerFast
) -> None:
    model = build(architecture, SHARED[architecture])
    scored = TransformersModel(model, tokenizer, "tiny")
    assert (scored.scoring, scored.warning) == ("shared", "")
    assert scored._trees.shares_headers
    assert (
        shared_start([row for rows in scored._rows(ITEMS[:2]) for row in rows]) >= SHORTEST_HEADER
    )
    check(model, tokenizer, scored)


@pytest.mark.parametrize("architecture", PLAIN)
def test_what_takes_no_token_tree_is_scored_plainly_with_a_warning(
    architecture: str, tokenizer: PreTrainedTokenizerFast
) -> None:
    model = build(architecture, PLAIN[architecture])
    scored = TransformersModel(model, tokenizer, "tiny")
    assert scored.scoring == "plain"
    assert "one by one" in scored.warning
    check(model, tokenizer, scored)


@pytest.mark.parametrize("architecture", ["gemma2", "mamba"])
def test_token_requests_are_grouped_by_context_and_know_greedy_answers(
    architecture: str, tokenizer: PreTrainedTokenizerFast
) -> None:
    model: Any = build(architecture, (SHARED | PLAIN)[architecture])
    scored = TransformersModel(model, tokenizer, "tiny")
    with torch.inference_mode():
        best = int(model(torch.tensor([[5, 6, 7]])).logits[0, -1].argmax())
    other = (best + 1) % VOCABULARY
    requests = [([5, 6, 7], [best]), ([9], [1, 2]), ([5, 6, 7], [other]), ([5, 6, 7], [best, 3])]
    found = scored.score_tokens(requests)
    assert [greedy for _, greedy in found[:3]] == [True, False, False]
    for (context, rest), (value, _) in zip(requests, found, strict=True):
        with torch.inference_mode():
            logprobs = model(torch.tensor([[*context, *rest]])).logits[0].double().log_softmax(-1)
        expected = sum(float(logprobs[len(context) + i - 1, t]) for i, t in enumerate(rest))
        assert value == pytest.approx(expected, abs=1e-4)


def test_a_head_that_does_more_than_it_says_is_found_out(
    tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = LogitTransform(scale=None, softcap=None)

    def nothing(_config: object) -> LogitTransform:
        return plain

    monkeypatch.setattr(LogitTransform, "of", nothing)
    model = build("granite", SHARED["granite"])
    scored = TransformersModel(model, tokenizer, "tiny")
    assert scored.scoring == "plain"
    assert "differ by" in scored.warning
    check(model, tokenizer, scored)


def test_half_precision_has_a_key_of_its_own_and_stays_near(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    exact = TransformersModel(build("llama", {}), tokenizer, "tiny")
    half = TransformersModel(build("llama", {}, torch.bfloat16), tokenizer, "tiny", "bfloat16")
    assert half.scoring == "shared bfloat16, head in float32"
    pairs = zip(exact.loglikelihoods(ITEMS), half.loglikelihoods(ITEMS), strict=True)
    for one, other in pairs:
        assert [s.loglik for s in one] == pytest.approx([s.loglik for s in other], rel=0.05)


def test_a_header_is_forgotten_when_the_weights_change(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    model = build("llama", {})
    scored = TransformersModel(model, tokenizer, "tiny")
    before = scored.loglikelihoods(ITEMS)
    name, weight = next((n, p) for n, p in model.named_parameters() if "q_proj" in n)
    scored.put([(name, weight.detach() * 2)], "other")
    check(model, tokenizer, scored)
    scored.reset()
    assert scored.loglikelihoods(ITEMS) == before


def ids(seed: int, count: int) -> list[int]:
    return [(seed * 7919 + place * 104729) % VOCABULARY for place in range(count)]


@pytest.mark.parametrize(("header", "least"), [(0, 4.0), (300, 15.0)])
def test_sharing_saves_the_operations_it_promises(header: int, least: float) -> None:
    """24 items of 68 tokens, four phrases of 1, 2, 3 and 5; the peer runs and projects all."""
    model: Any = build("llama", {})
    sizes = (1, 2, 3, 5)
    questions = [
        build_rows([*ids(1, header), *ids(n + 3, 68)], [ids(n + 50, s) for s in sizes], 1024)
        for n in range(24)
    ]
    with torch.inference_mode():
        with FlopCounterMode(display=False) as peer:
            for size in sizes:
                model(torch.tensor([ids(2, header + 68 + size - 1)]))
        scorer = TreeScorer(model, 1024)
        with FlopCounterMode(display=False) as ours:
            for batch in plan(questions, 1024):
                scorer.score([row for index in batch for row in questions[index]])
    assert len(questions) * peer.get_total_flops() / ours.get_total_flops() >= least
