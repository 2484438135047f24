"""A real llama-server (xllamacpp) with a tiny Llama: the numbers of plain forwards in float32."""

import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from served_gguf import write_llama

from lexgraft.errors import LexgraftError
from lexgraft.models import Question
from lexgraft.models.openai_server import connect
from lexgraft.models.served_model import ServedModel
from lexgraft.models.server_checks import check_against
from lexgraft.models.transformers import TransformersModel

SCRIPT = Path(__file__).parents[1] / "llama_server_process.py"
QUESTIONS: list[Question] = [
    ("心不全 is a disease of the", [" heart", " 肺臓の病気", "🫀 organ"]),  # tokens of half a sign
    ("Kidn", ["ey", "eys are"]),
    ("a ", ["b", "c d"]),
    ("", ["alone"]),
]


@pytest.fixture(scope="module")
def folder(make_model: Callable[..., Path]) -> Path:
    return make_model("llama")


@pytest.fixture(scope="module")
def address(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    file = write_llama(folder, tmp_path_factory.mktemp("gguf") / "tiny.gguf")
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(file), "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout
    try:
        yield process.stdout.readline().decode().strip() + "/v1"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.slow
def test_options_and_texts_have_the_sums_of_a_plain_forward(address: str, folder: Path) -> None:
    model, local = connect(address), TransformersModel.load(folder, "x", 1)
    assert isinstance(model, ServedModel)
    assert model.scoring.startswith("server llama-server")
    assert "agree with themselves on 4 probes" in model.checks[0]
    check_against(model, local, "tiny", address)
    rows = zip(model.loglikelihoods(QUESTIONS), local.loglikelihoods(QUESTIONS), strict=True)
    for served, plain in rows:
        for one, other in zip(served, plain, strict=True):
            assert one.loglik == pytest.approx(other.loglik, abs=2e-4)
            assert one.tokens == other.tokens
    texts = ["The heart beats. 心臓は動く。"]
    for tokens in (100, 20):
        ((bits, size),), ((plain_bits, plain_size),) = (
            asked.text_bits(texts, tokens) for asked in (model, local)
        )
        assert (bits, size) == (pytest.approx(plain_bits, abs=1e-3), plain_size)


@pytest.mark.slow
def test_a_question_longer_than_the_server_takes_is_refused(address: str) -> None:
    with pytest.raises(LexgraftError, match=r"400 .*context"):
        connect(address).loglikelihoods([("a" * 3000, ["b"])])
