"""A tiny Llama folder written as a GGUF file that llama.cpp serves, in float32."""

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from safetensors.numpy import load_file

_NAMES = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_ENDS = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}


def write_llama(folder: Path, file: Path) -> Path:
    """Return `file`, the Llama of a folder with a byte-level tokenizer."""
    config = json.loads((folder / "config.json").read_bytes())
    writer = gguf.GGUFWriter(str(file), "llama")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(config["hidden_size"] // config["num_attention_heads"])
    writer.add_vocab_size(config["vocab_size"])
    _add_tokenizer(writer, json.loads((folder / "tokenizer.json").read_bytes()))
    for name, tensor in load_file(folder / "model.safetensors").items():
        writer.add_tensor(_renamed(name), _laid_out(name, tensor.astype(np.float32), config))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def _add_tokenizer(writer: Any, tokenizer: dict[str, Any]) -> None:
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    special = {token["content"] for token in tokenizer["added_tokens"]}
    tokens = sorted(vocabulary, key=lambda token: vocabulary[token])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token in special else 1 for token in tokens])
    # the file's format has no list of nothing: two signs that never stand side by side
    merges = [" ".join(pair) for pair in tokenizer["model"]["merges"]] or ["\u0120 \u0120\u0120"]
    writer.add_token_merges(merges)
    writer.add_bos_token_id(vocabulary["<bos>"])
    writer.add_eos_token_id(vocabulary["<eos>"])
    writer.add_add_bos_token(bool(tokenizer["post_processor"]))


def _renamed(name: str) -> str:
    if name in _ENDS:
        return _ENDS[name]
    _, _, layer, rest = name.split(".", 3)
    return f"blk.{layer}.{_NAMES[rest.removesuffix('.weight')]}.weight"


def _laid_out(name: str, tensor: np.ndarray, config: dict[str, Any]) -> np.ndarray:
    """Return queries and keys with the halves of each head interleaved, as llama.cpp turns them."""
    role = next((role for role in ("q_proj", "k_proj") if role in name), "")
    if not role:
        return tensor
    heads = config["num_attention_heads" if role == "q_proj" else "num_key_value_heads"]
    rows, width = tensor.shape
    split = tensor.reshape(heads, 2, rows // heads // 2, width).swapaxes(1, 2)
    return np.ascontiguousarray(split.reshape(rows, width))
