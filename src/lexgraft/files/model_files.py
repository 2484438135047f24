"""The names that files of a Hugging Face model folder have, and which belong to a result."""

from fnmatch import fnmatchcase

SINGLE = "model.safetensors"

HEADER_LIMIT = 16 << 20
"""Bytes of the header of a file of weights, at most."""

INDEX = "model.safetensors.index.json"

ADAPTER = "adapter_model.safetensors"

CONFIG = "adapter_config.json"

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
"""The commonest, in the order in which they enter a folder's digest, before all others."""

TEMPLATES = "additional_chat_templates"
"""The folder of further chat templates that transformers writes beside a tokenizer."""

_DATA = (".json", ".txt")  # suffixes that many kinds of files have: their names decide
_FORMATS = ("jinja", "tiktoken", "spm", "bpe", "codes", "vocab", "model", "model.v*")
_PROCESSOR_WORDS = ("processor", "feature_extractor")
_WORDS = ("token", "vocab", "merges", "bpe", "tekken", "spiece", "chat_template", "normalizer")
_OTHERS = frozenset({"vocabulary.json"})  # our own record of added words

SIDE_PATTERNS = (
    *ASSET_FILES[:2],
    *(f"*.{suffix}" for suffix in _FORMATS),
    *(f"*{word}*{suffix}" for suffix in _DATA for word in (*_WORDS, *_PROCESSOR_WORDS)),
)
"""Patterns that every side file fits: a few others do as well."""


def is_side_file(name: str) -> bool:
    """Return whether a file belongs beside the weights: configuration, tokenizer, processor.

    It is decided by kind: what only tokenizers and templates are stored as, and data whose name
    says that a tokenizer, a template or a processor reads it. Weights, code, adapters, indexes
    and records of training are none of these.

    Example:
        >>> [is_side_file(name) for name in ("spiece.model", "tokenizer.py", "trainer_state.json")]
        [True, False, False]
    """
    folder, _, file = name.rpartition("/")
    if folder:
        return folder == TEMPLATES and file.endswith(".jinja") and not file.startswith(".")
    if name.startswith(".") or name in _OTHERS or name.endswith(".index.json"):
        return False
    return any(fnmatchcase(name, pattern) for pattern in SIDE_PATTERNS)


def is_processor(name: str) -> bool:
    """Return whether a side file is read by the processor of images, sound or video."""
    return name.endswith(".json") and any(word in name for word in _PROCESSOR_WORDS)
