"""The names that files of a Hugging Face model folder have."""

SINGLE = "model.safetensors"

INDEX = "model.safetensors.index.json"

ADAPTER = "adapter_model.safetensors"

ASSET_FILES = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "vocab.json",
    "merges.txt",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
)


CONFIG = "adapter_config.json"
