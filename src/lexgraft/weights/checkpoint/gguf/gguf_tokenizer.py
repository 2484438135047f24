"""A GGUF file's vocabulary → tokenizer.json and tokenizer_config.json."""

from typing import Any, cast

from lexgraft.errors import LexgraftError, nearest
from lexgraft.weights.checkpoint.gguf.gguf_header import Gguf
from lexgraft.weights.checkpoint.gguf.gguf_merges import (
    SPACE,
    Merges,
    implied_merges,
    stored_merges,
)

CONTROL, USER_DEFINED = 3, 4  # token types
TOKEN_LIMIT = 1_024  # characters
ROLES = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}

BYTES = {"add_prefix_space": False, "trim_offsets": True, "type": "ByteLevel"}
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPLITS: dict[str, list[dict[str, Any]]] = {
    "default": [BYTES | {"use_regex": True}],
    "gpt-2": [BYTES | {"use_regex": True}],
    "smollm": [{"individual_digits": True, "type": "Digits"}, BYTES | {"use_regex": True}],
    "llama-bpe": [
        {"behavior": "Isolated", "invert": False, "pattern": {"Regex": LLAMA3}, "type": "Split"},
        BYTES | {"use_regex": False},
    ],
}
"""What cuts text before byte-level merges, by `tokenizer.ggml.pre`."""


def tokenizer_of(gguf: Gguf) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the content of tokenizer.json and of tokenizer_config.json.

    Raises:
        LexgraftError: a vocabulary of another kind, or one that contradicts itself.
    """
    kind = str(gguf.metadata.get("tokenizer.ggml.model", ""))
    kinds = {"llama": _sentencepiece, "gpt2": _byte_level}
    if kind not in kinds:
        cure = nearest(kind, kinds)
        raise LexgraftError(f"tokenizer {kind!r} is not converted", where=gguf.label, cure=cure)
    tokens = _tokens(gguf)
    named = _named(gguf, tokens)
    document = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": _added(gguf, tokens, named),
        **kinds[kind](gguf, tokens, named),
        "post_processor": _frame(gguf, tokens, named),
    }
    architecture = gguf.metadata["general.architecture"]
    config: dict[str, Any] = {
        "clean_up_tokenization_spaces": False,
        "model_input_names": ["input_ids", "attention_mask"],
        "model_max_length": gguf.metadata[f"{architecture}.context_length"],
        "padding_side": "left",
        "tokenizer_class": "PreTrainedTokenizerFast",
        **{f"{role}_token": text for role, text in named.items()},
    }
    if isinstance(template := gguf.metadata.get("tokenizer.chat_template"), str):
        config["chat_template"] = template
    return document, dict(sorted(config.items()))


def _tokens(gguf: Gguf) -> list[str]:
    """Return the vocabulary, runs of spaces spelled SentencePiece's way, every token once."""
    tokens = gguf.metadata.get("tokenizer.ggml.tokens")
    rows = gguf.tensors["token_embd.weight"].shape[0]
    if not isinstance(tokens, list) or not 0 < len(tokens) <= rows or isinstance(tokens[0], int):
        raise LexgraftError("no vocabulary, or one beyond its embedding", where=gguf.label)
    texts = [str(text) for text in tokens]
    if gguf.metadata["tokenizer.ggml.model"] == "llama":
        texts = [text if text.strip(" ") else SPACE * len(text) for text in texts]
    if len(frozenset(texts)) != len(texts) or not 0 < len(max(texts, key=len)) <= TOKEN_LIMIT:
        raise LexgraftError("a token occurs twice or is too long", where=gguf.label)
    return texts


def _named(gguf: Gguf, tokens: list[str]) -> dict[str, str]:
    """Return the tokens that have a role, by role."""
    named: dict[str, str] = {}
    for role, key in ROLES.items():
        number = gguf.metadata.get(f"tokenizer.ggml.{key}_token_id")
        if number is None:
            continue
        if not isinstance(number, int) or not 0 <= number < len(tokens):
            raise LexgraftError(f"the {role} token {number!r} is not there", where=gguf.label)
        named[role] = tokens[number]
    return named


def _added(gguf: Gguf, tokens: list[str], named: dict[str, str]) -> list[dict[str, Any]]:
    """Return the tokens that are found whole in a text, before anything cuts it."""
    types = gguf.metadata.get("tokenizer.ggml.token_type", [1] * len(tokens))
    if not isinstance(types, list) or len(types) != len(tokens):
        raise LexgraftError("the vocabulary and its token types differ in length", where=gguf.label)
    roles = frozenset(named.values())
    same = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return [
        {"id": number, "content": text, **same, "special": kind == CONTROL or text in roles}
        for number, (text, kind) in enumerate(zip(tokens, cast("list[int]", types), strict=True))
        if kind in (CONTROL, USER_DEFINED) or text in roles
    ]


def _sentencepiece(gguf: Gguf, tokens: list[str], named: dict[str, str]) -> dict[str, Any]:
    """Return merges with bytes as the last resort; Gemma puts no space in front, Llama does."""
    gemma = gguf.metadata["general.architecture"] == "gemma3"
    leading = gguf.metadata.get("tokenizer.ggml.add_space_prefix", not gemma) is True
    space, underline = {"String": " "}, {"String": SPACE}
    decoders: list[dict[str, Any]] = [
        {"type": "Replace", "pattern": underline, "content": " "},
        {"type": "ByteFallback"},
        {"type": "Fuse"},
    ]
    if leading:
        decoders.append({"type": "Strip", "content": " ", "start": 1, "stop": 0})
    cut = {"type": "Split", "pattern": space, "behavior": "MergedWithPrevious", "invert": False}
    scheme = "first" if leading else "never"
    mark = {"type": "Metaspace", "replacement": SPACE, "prepend_scheme": scheme, "split": False}
    merges = implied_merges(gguf, tokens, gemma=gemma)
    return {
        "normalizer": {"type": "Replace", "pattern": space, "content": SPACE} if gemma else None,
        "pre_tokenizer": cut if gemma else mark,
        "decoder": {"type": "Sequence", "decoders": decoders},
        "model": _merge_model(tokens, merges, named.get("unk"), bytes_last=True),
    }


def _byte_level(gguf: Gguf, tokens: list[str], named: dict[str, str]) -> dict[str, Any]:
    """Return a byte-level merge model with the file's own merges."""
    cut = str(gguf.metadata.get("tokenizer.ggml.pre", "default"))
    if cut not in SPLITS:
        cure = nearest(cut, SPLITS)
        raise LexgraftError(
            f"text cut the way of {cut!r} is not converted", where=gguf.label, cure=cure
        )
    merges = stored_merges(gguf, tokens)
    return {
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": SPLITS[cut]},
        "decoder": BYTES | {"use_regex": True},
        "model": _merge_model(tokens, merges, named.get("unk"), bytes_last=False),
    }


def _merge_model(
    tokens: list[str], merges: Merges, unknown: str | None, *, bytes_last: bool
) -> dict[str, Any]:
    """Return the model part of tokenizer.json."""
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": unknown,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": bytes_last,
        "byte_fallback": bytes_last,
        "ignore_merges": False,
        "vocab": {text: number for number, text in enumerate(tokens)},
        "merges": merges,
    }


def _frame(gguf: Gguf, tokens: list[str], named: dict[str, str]) -> dict[str, Any] | None:
    """Return what puts the beginning and end tokens around a text, if the model wants them.

    A SentencePiece vocabulary that says nothing wants a beginning (so does llama.cpp read it).
    """
    first = gguf.metadata["tokenizer.ggml.model"] == "llama"
    begin = gguf.metadata.get("tokenizer.ggml.add_bos_token", first) is True
    end = gguf.metadata.get("tokenizer.ggml.add_eos_token", False) is True
    before = [named["bos"]] if begin and "bos" in named else []
    after = [named["eos"]] if end and "eos" in named else []
    if not before and not after:
        return None

    def around(sequence: str, side: int) -> list[dict[str, Any]]:
        def mark(text: str) -> dict[str, Any]:
            return {"SpecialToken": {"id": text, "type_id": side}}

        inside = {"Sequence": {"id": sequence, "type_id": side}}
        return [*map(mark, before), inside, *map(mark, after)]

    return {
        "type": "TemplateProcessing",
        "single": around("A", 0),
        "pair": [*around("A", 0), *around("B", 1)],
        "special_tokens": {
            text: {"id": text, "ids": [tokens.index(text)], "tokens": [text]}
            for text in (*before, *after)
        },
    }
