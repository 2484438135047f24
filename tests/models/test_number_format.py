"""Number formats: chosen by what the machine computes, set around forwards alone."""

from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
import torch

from lexgraft.errors import LexgraftError
from lexgraft.models import number_format
from lexgraft.models.number_format import choose_format, computes_mixed, products_in
from lexgraft.models.transformers import TransformersModel

Maker = Callable[..., Path]

needs_bfloat16 = pytest.mark.skipif(
    not computes_mixed(), reason="a processor with products in bfloat16"
)


@pytest.fixture
def gain(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return what pretends that this machine's `mixed` is so many times as fast."""
    return lambda times: monkeypatch.setattr(number_format, "mixed_gain", lambda: times)


@pytest.mark.parametrize(
    ("times", "chosen"), [(0.0, "float32"), (1.1, "float32"), (1.3, "mixed"), (4.0, "mixed")]
)
def test_auto_is_mixed_where_its_product_is_much_faster(
    times: float, chosen: str, gain: Callable[[float], None]
) -> None:
    gain(times)
    assert choose_format("auto") == chosen
    assert choose_format("float32") == "float32"


@pytest.mark.parametrize("asked", ["mixed", "bfloat16"])
def test_a_format_that_the_processor_has_not_is_refused_by_name(
    asked: number_format.AskedFormat, gain: Callable[[float], None]
) -> None:
    gain(0.0)
    with pytest.raises(LexgraftError, match=f"no products in bfloat16.*`{asked}`"):
        choose_format(asked)
    gain(1.0)
    assert choose_format(asked) == asked


def test_auto_on_another_device_is_float32_and_mixed_is_refused_there() -> None:
    assert choose_format("auto", "cuda") == "float32"
    with pytest.raises(LexgraftError, match="format of processors; the device is `cuda`"):
        choose_format("mixed", "cuda")


def test_a_format_is_set_for_its_calls_and_put_back_after_the_last() -> None:
    before = torch.get_float32_matmul_precision()
    with products_in("mixed"):
        with products_in("mixed"):
            assert torch.get_float32_matmul_precision() == "medium"
        assert torch.get_float32_matmul_precision() == "medium"
    assert torch.get_float32_matmul_precision() == before
    with pytest.raises(KeyError), products_in("mixed"):
        raise KeyError
    assert torch.get_float32_matmul_precision() == before


def test_calls_in_another_format_wait_for_those_that_run() -> None:
    seen: list[str] = []

    def exact() -> None:
        with products_in("float32"):
            seen.append(torch.get_float32_matmul_precision())

    waiting = Thread(target=exact)
    with products_in("mixed"):
        waiting.start()
        waiting.join(0.05)
        assert waiting.is_alive()
        seen.append(torch.get_float32_matmul_precision())
    waiting.join(5)
    assert seen == ["medium", "highest"]


QUESTIONS = [
    ("The muscle of the heart:", [" myocardium", " myometrium", " mitral valve", " atrium"]),
    ("心臓の筋肉の層:", ["心筋", "心膜", "子宮筋層"]),
]


@needs_bfloat16
@pytest.mark.parametrize("architecture", ["gemma3", "gpt2"])
def test_mixed_shares_contexts_and_is_near_float32(architecture: str, make_model: Maker) -> None:
    folder = make_model(architecture)
    exact = TransformersModel.load(folder, "m", 1)
    mixed = TransformersModel.load(folder, "m", 1, dtype="mixed")
    assert (exact.scoring, mixed.scoring) == ("shared", "shared mixed")
    assert next(mixed.module.parameters()).dtype == torch.float32
    for one, other in zip(
        exact.loglikelihoods(QUESTIONS), mixed.loglikelihoods(QUESTIONS), strict=True
    ):
        for score, rounded in zip(one, other, strict=True):
            assert rounded.tokens == score.tokens
            assert rounded.loglik == pytest.approx(score.loglik, abs=0.05 * score.tokens)
            assert rounded.loglik != score.loglik
    [(bits, _)], [(rounded_bits, _)] = (
        model.text_bits(["the heart beats in the chest"], 64) for model in (exact, mixed)
    )
    assert rounded_bits == pytest.approx(bits, rel=0.01)


def test_asking_leaves_the_precision_of_other_products_alone(make_model: Maker) -> None:
    model = TransformersModel.load(make_model("gpt2"), "m", 1, dtype="auto")
    before = torch.get_float32_matmul_precision()
    model.loglikelihoods(QUESTIONS)
    model.generate(["the heart"], 2, ())
    assert torch.get_float32_matmul_precision() == before


@needs_bfloat16
def test_bfloat16_shares_contexts_too(make_model: Maker) -> None:
    model = TransformersModel.load(make_model("gemma3"), "m", 1, dtype="bfloat16")
    assert model.scoring == "shared bfloat16, head in float32"
    assert not model.warning
