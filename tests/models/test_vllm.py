"""vLLM in this process: what it is asked, what it is not, and its absence."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.models import LanguageModel, RunOptions
from lexgraft.models.vllm import VllmModel, load_vllm


class Engine:
    """Speaks as vLLM's `LLM` does; keeps what it was told."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        if "broken" in settings["model"]:
            raise KeyError("no kernel\n image")

    def generate(self, prompts: list[str], how: Any, *, use_tqdm: bool) -> list[Any]:
        assert (how.temperature, use_tqdm) == (0.0, False)
        said = [f"{prompt}!"[: how.max_tokens] for prompt in prompts]
        return [SimpleNamespace(outputs=[SimpleNamespace(text=text)]) for text in said]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    package = SimpleNamespace(LLM=Engine, SamplingParams=SimpleNamespace)
    there = {"vllm": package}
    monkeypatch.setattr("lexgraft.models.vllm.import_module", there.__getitem__)
    monkeypatch.setattr("lexgraft.models.vllm.version", {"vllm": "0.11"}.__getitem__)


@pytest.mark.usefixtures("installed")
def test_free_answers_are_greedy_and_never_run_remote_code() -> None:
    model = VllmModel.load(Path("folder"), "weights", "bfloat16")
    assert isinstance(model, LanguageModel)
    assert (model.digest, model.scoring) == ("weights", "vllm 0.11 bfloat16")
    assert model.generate(["ab", "c"], 2, ("\n",)) == ["ab", "c!"]
    assert model._engine.settings == {
        "model": "folder",
        "dtype": "bfloat16",
        "seed": 0,
        "trust_remote_code": False,
    }


@pytest.mark.usefixtures("installed")
def test_options_and_texts_are_refused() -> None:
    model = VllmModel.load(Path("folder"), "weights", "float32")
    for ask in (
        lambda: model.plan_batches([("a", ["b"])]),
        lambda: model.loglikelihoods([("a", ["b"])]),
        lambda: model.text_bits(["a"], 5),
    ):
        with pytest.raises(LexgraftError, match="no log-likelihoods"):
            ask()


@pytest.mark.usefixtures("installed")
def test_a_model_it_cannot_run_is_named() -> None:
    with pytest.raises(LexgraftError, match=r"cannot run this model here: .*no kernel.* image"):
        VllmModel.load(Path("broken"), "weights", "float32")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("config.json", {"attn_implementation": "evil/kernel"}, "loads a kernel from a hub"),
        ("config.json", {"num_hidden_layers": 3000}, "the files hold 0 tensors"),
        ("tokenizer.json", {"normalizer": {"prepend": "a" * 2000}}, "refused"),
        ("adapter_config.json", {}, "stray adapter_config"),
    ],
)
def test_a_folder_is_looked_at_before_vllm_is(
    file: str, content: dict[str, Any], said: str, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / file).write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(LexgraftError, match=said):
        load_vllm(str(tmp_path), RunOptions("weights"))


def test_without_vllm_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("lexgraft.models.vllm.import_module", missing)
    with pytest.raises(LexgraftError, match="vLLM is not installed") as caught:
        VllmModel.load(Path("folder"), "weights", "float32")
    assert "lexgraft[vllm]" in caught.value.cure
