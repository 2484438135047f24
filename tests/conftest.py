"""Tiny random models in Hugging Face folders, with a byte-level tokenizer of 258 tokens."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

settings.register_profile(
    "lexgraft", deadline=None, derandomize=True, database=None, max_examples=40
)
settings.load_profile("lexgraft")

ModelMaker = Callable[..., Path]


def _save_tokenizer(folder: Path, *, adds_start: bool) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<bos>": 0, "<eos>": 1} | {sign: 2 + i for i, sign in enumerate(alphabet)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken("<bos>"), AddedToken("<eos>")])
    if adds_start:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<bos> $A", special_tokens=[("<bos>", 0)]
        )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<bos>", eos_token="<eos>", pad_token="<eos>"
    ).save_pretrained(folder)


_WINDOWS = {
    "head_dim": 8,
    "query_pre_attn_scalar": 8,
    "sliding_window": 16,
    "layer_types": ["sliding_attention", "full_attention"],
}
_EXTRA: dict[str, dict[str, Any]] = {
    "gemma3": _WINDOWS,
    "llama": {"tie_word_embeddings": False},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 512},
}
_SIZES: dict[str, Any] = {
    "vocab_size": 258,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 1,
}
_ENDS = {name: _SIZES[name] for name in ("vocab_size", "bos_token_id", "eos_token_id")}


def _config(architecture: str) -> Any:
    from transformers import AutoConfig

    kind = "gemma3_text" if architecture == "gemma3" else architecture
    sizes = _ENDS if architecture == "gpt2" else _SIZES
    return AutoConfig.for_model(kind, **sizes, **_EXTRA[architecture])


@pytest.fixture(scope="session")
def make_model(tmp_path_factory: pytest.TempPathFactory) -> ModelMaker:
    """Return a maker of model folders: architecture, seed, dtype, and whether <bos> is added."""
    made: dict[object, Path] = {}

    def make(
        architecture: str = "gemma3",
        seed: int = 0,
        dtype: str = "float32",
        *,
        adds_start: bool = True,
    ) -> Path:
        key = (architecture, seed, dtype, adds_start)
        if key not in made:
            folder = tmp_path_factory.mktemp(architecture)
            _build(folder, architecture, seed, dtype)
            _save_tokenizer(folder, adds_start=adds_start)
            made[key] = folder
        return made[key]

    return make


def _build(folder: Path, architecture: str, seed: int, dtype: str) -> None:
    """Save a random model; its weights are wide enough to matter."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    model = AutoModelForCausalLM.from_config(_config(architecture), dtype=torch.float32)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(noise * 0.3 if parameter.dim() > 1 else parameter + noise * 0.1)
    model.to(getattr(torch, dtype)).save_pretrained(folder)


@pytest.fixture(scope="session")
def tiny_model(make_model: ModelMaker) -> Path:
    """Return the folder of a random Gemma 3 text model: 2 layers, width 32, window 16, bf16."""
    return make_model("gemma3", 0, "bfloat16")


@pytest.fixture
def make_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Return a maker of file systems of a size, `64k`, where this process may mount some."""
    mounted: list[Path] = []

    def make(size: str) -> Path:
        disk = tmp_path / f"disk{len(mounted)}"
        disk.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("no right to mount a small disk here")
        mounted.append(disk)
        return disk

    yield make
    for disk in mounted:
        subprocess.run(["umount", str(disk)], check=True)


FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--force-prefers-reduced-motion",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--lang=en-US",
    "--window-size=1100,900",
)


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[WebDriver]":
    """Return a headless browser that reaches no network and keeps its logs."""
    from selenium import webdriver

    browser = shutil.which("chromium") or shutil.which("google-chrome")
    service = shutil.which("chromedriver")
    if not (browser and service):
        pytest.skip("needs chromium and chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    opened = webdriver.Chrome(
        options=options, service=webdriver.ChromeService(executable_path=service)
    )
    yield opened
    opened.quit()


@pytest.fixture(scope="session")
def contents() -> dict[str, dict[str, Any]]:
    """Return a tokenizer.json per algorithm."""
    from tiny_tokenizers import KINDS, train

    return {kind: train(kind) for kind in KINDS}


@pytest.fixture
def model_of(tmp_path: Path, contents: dict[str, dict[str, Any]]) -> Callable[..., Path]:
    """Return a maker of tiny Llama models whose vocabulary is one of the tokenizers'."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()

    def make(
        kind: str,
        name: str,
        *,
        tied: bool = True,
        seed: int = 0,
        extra: int = 0,
        content: Any = None,
    ) -> Path:
        folder = tmp_path / name
        content = content or contents[kind]
        size = 1 + max(
            *(row["id"] for row in content["added_tokens"]), len(content["model"]["vocab"]) - 1
        )
        config = LlamaConfig(
            vocab_size=size + extra,
            hidden_size=16,
            intermediate_size=24,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=128,
            bos_token_id=1,
            eos_token_id=2,
            pad_token_id=2,
            tie_word_embeddings=tied,
        )
        torch.manual_seed(seed)
        model: Any = LlamaForCausalLM(config)
        model.to(torch.bfloat16).save_pretrained(folder)
        (folder / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
        settings = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>"}
        (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
        return folder

    return make
