import json
from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.assets import read_assets


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


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "tokenizer.json").symlink_to("/etc/passwd")
    with pytest.raises(LexgraftError, match="link that leaves"):
        read_assets(tmp_path, "bfloat16")


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '{"a": NaN}', "[]", "{", "\ud800"])
def test_configuration_that_is_not_strict_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(LexgraftError, match=r"config\.json"):
        read_assets(tmp_path, "bfloat16")
