import json
from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.assets import code_named, read_assets


def test_code_is_left_out_and_the_dtype_is_stated(tmp_path: Path) -> None:
    config = {
        "model_type": "gemma3_text",
        "torch_dtype": "float32",
        "auto_map": {"AutoModel": "evil.Model"},
        "text_config": {"auto_map": {"AutoConfig": "evil.Config"}, "hidden_size": 8},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "tokenizer_config.json").write_text('{"auto_map": {}, "bos_token": "<bos>"}')
    (tmp_path / "evil.py").write_text("raise SystemExit")
    (tmp_path / "tokenizer.json").write_bytes(b'{"as": "it is"}')
    sides = read_assets(tmp_path, "bfloat16")
    assert list(sides) == ["config.json", "tokenizer.json", "tokenizer_config.json"]
    assert json.loads(sides["config.json"]) == {
        "model_type": "gemma3_text",
        "torch_dtype": "bfloat16",
        "text_config": {"hidden_size": 8},
    }
    assert sides["tokenizer.json"] == b'{"as": "it is"}'
    assert json.loads(sides["tokenizer_config.json"]) == {"bos_token": "<bos>"}


def test_a_folder_without_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LexgraftError, match=r"no config\.json"):
        read_assets(tmp_path, "bfloat16")


SIDES = {
    "preprocessor_config.json": b'{"image_mean": [0.5]}',
    "processor_config.json": b'{"processor_class": "LlavaProcessor", "auto_map": {"a": "b.C"}}',
    "video_preprocessor_config.json": b"{}",
    "chat_template.json": b'{"chat_template": "x"}',
    "additional_chat_templates/tools.jinja": b"{{ tools }}",
    "tekken.json": b"{}",
    "spiece.model": b"\x0a\x00",
    "sentencepiece.bpe.model": b"\x0a",
    "tokenizer.model.v3": b"\x0a",
    "qwen.tiktoken": b"IQ== 0",
    "vocab.txt": b"a\n",
    "normalizer.json": b"{}",
}
LEFT = (
    "tokenizer.py",
    "tokenization_x.py",
    "pytorch_model.bin",
    "training_args.bin",
    "trainer_state.json",
    "quantize_config.json",
    "adapter_config.json",
    "model.safetensors.index.json",
    "manifest.json",
    "vocabulary.json",
    "requirements.txt",
    "README.md",
    "params.json",
    ".tokenizer.json",
    "additional_chat_templates/evil.py",
    "onnx/tokenizer.json",
)


def fill(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files into a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_all_that_a_processor_tokenizer_or_template_needs_comes_along_and_nothing_else(
    tmp_path: Path,
) -> None:
    fill(tmp_path, {"config.json": b"{}", **SIDES, **dict.fromkeys(LEFT, b"{}")})
    sides = read_assets(tmp_path, "bfloat16")
    assert sides.keys() == {"config.json", *SIDES}
    assert json.loads(sides["processor_config.json"]) == {"processor_class": "LlavaProcessor"}
    assert sides["spiece.model"] == SIDES["spiece.model"]


def test_the_processor_is_the_configurations_and_the_template_the_tokenizers(
    tmp_path: Path,
) -> None:
    base = fill(tmp_path / "base", {"config.json": b"{}", "vocab.txt": b"base"})
    chat = fill(tmp_path / "chat", {"config.json": b"{}", "vocab.txt": b"chat"})
    fill(base, {"preprocessor_config.json": b"{}", "chat_template.json": b'{"a": 1}'})
    fill(chat, {"preprocessor_config.json": b"[", "chat_template.jinja": b"{{ chat }}"})
    sides = read_assets(base, "bfloat16", tokenizer=chat)
    assert sides["vocab.txt"] == b"chat"
    assert json.loads(sides["preprocessor_config.json"]) == {}
    assert "chat_template.json" not in sides
    (base / "preprocessor_config.json").unlink()
    fill(chat, {"preprocessor_config.json": b'{"from": "chat"}'})
    assert b"chat" in read_assets(base, "bfloat16", tokenizer=chat)["preprocessor_config.json"]
    (chat / "preprocessor_config.json").unlink()
    spare = fill(tmp_path / "spare", {"image_processor_config.json": b"{}"})
    assert "image_processor_config.json" in read_assets(base, "bfloat16", spare=spare)


def test_a_template_that_is_asked_for_takes_the_place_of_all(tmp_path: Path) -> None:
    fill(tmp_path, {"config.json": b"{}", **SIDES})
    fill(tmp_path, {"tokenizer_config.json": b'{"chat_template": "old"}'})
    sides = read_assets(tmp_path, "bfloat16", chat_template="{{ new }}")
    assert sides["chat_template.jinja"] == b"{{ new }}"
    assert {"chat_template.json", "additional_chat_templates/tools.jinja"}.isdisjoint(sides)
    assert json.loads(sides["tokenizer_config.json"]) == {}


@pytest.mark.parametrize(
    "name",
    [
        "tokenizer.json",
        "generation_config.json",
        "spiece.model",
        "preprocessor_config.json",
        "additional_chat_templates/tools.jinja",
    ],
)
def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path, name: str) -> None:
    fill(tmp_path, {"config.json": b"{}", "additional_chat_templates/a.jinja": b""})
    up = "../" * (2 + name.count("/"))
    (tmp_path / name).symlink_to(f"{up}blobs/{'0' * 40}")
    with pytest.raises(LexgraftError, match="leads nowhere"):
        read_assets(tmp_path, "bfloat16")


def test_a_kernel_named_on_a_hub_is_left_out(tmp_path: Path) -> None:
    config = b'{"attn_implementation": "evil/kernel", "experts_implementation": "eager"}'
    fill(tmp_path, {"config.json": config})
    assert code_named(tmp_path) == ["attn_implementation"]
    sides = read_assets(tmp_path, "bfloat16")
    assert json.loads(sides["config.json"]) == {
        "dtype": "bfloat16",
        "experts_implementation": "eager",
    }


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "tokenizer.json").symlink_to("/etc/passwd")
    with pytest.raises(LexgraftError, match="link that leaves"):
        read_assets(tmp_path, "bfloat16")


def test_infinite_limits_of_a_configuration_come_along(tmp_path: Path) -> None:
    fill(tmp_path, {"config.json": b'{"time_step_limit": [-Infinity, Infinity]}'})
    assert b"-Infinity" in read_assets(tmp_path, "bfloat16")["config.json"]
    fill(tmp_path, {"generation_config.json": b'{"min_p": NaN}'})
    with pytest.raises(LexgraftError, match="NaN is not JSON"):
        read_assets(tmp_path, "bfloat16")


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '{"a": NaN}', "[]", "{", "\ud800"])
def test_configuration_that_is_not_strict_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(LexgraftError, match=r"config\.json"):
        read_assets(tmp_path, "bfloat16")
