"""Tiny tokenizers of all four algorithms, trained here, and texts with and without terms."""

import json
from collections.abc import Sequence
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

KINDS = ("byte-level", "byte-fallback", "unigram", "wordpiece")
TERMS = {
    "en": (
        "photosynthesis",
        "myocardial infarction",
        "eigenvalue",
        "mitochondria",
        "encephalopathy",
    ),
    "ja": ("心筋梗塞", "光合成", "固有値分解", "脳症", "急性心筋梗塞"),
}
ENGLISH = (
    "the quick brown fox jumps over the lazy dog and then it runs to the river",
    "a photo of the value that people want to read about in their own cardinal way",
    "she cooks fresh coffee and pays for it; the far action has an easy pathway",
)
JAPANESE = (
    "これは日本語の文章です。今日はとても良い天気です。",
    "私は学校に行きます。心が光る。急に合うものを固く持つ。",
    "有名な値段です。頭を使って分けて、解いて、成す。性格がよい。",
)
GENERAL = [line for pair in zip(ENGLISH, JAPANESE, strict=True) for line in pair]
DOMAIN = [
    "Light drives photosynthesis and the mitochondria; an eigenvalue of myocardial infarction.",
    "the photosynthesis, then encephalopathy and the eigenvalue: mitochondria again",
    "after a myocardial infarction the mitochondria change; encephalopathy follows",
    "光合成は植物の反応である。心筋梗塞の治療。固有値分解と行列。脳症の患者。急性心筋梗塞です。",
    "急性心筋梗塞と脳症、光合成、固有値分解。心筋梗塞を見る。",
]


SPECIALS = ["<unk>", "<s>", "</s>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
SIGNS = sorted({*"".join(GENERAL), *"梗塞筋脳症患者治療植物反応列行"} - {" "})


def train(kind: str, size: int = 400, texts: Sequence[str] = ()) -> dict[str, Any]:
    """Return a tokenizer.json trained on general text alone, or on the texts given."""
    make = {
        "byte-level": _byte_level,
        "byte-fallback": _byte_fallback,
        "unigram": _unigram,
        "wordpiece": _wordpiece,
    }[kind]
    made, trainer = make({"vocab_size": size, "special_tokens": SPECIALS, "show_progress": False})
    made.train_from_iterator(texts or GENERAL * 3, trainer)
    content = json.loads(made.to_str())
    if kind == "byte-fallback":  # as in Gemma: bytes are text, and whole texts are cut at once
        content["added_tokens"] = [t for t in content["added_tokens"] if t["content"] in SPECIALS]
        content["pre_tokenizer"] = None
    return content


def _byte_level(options: dict[str, Any]) -> tuple[Any, Any]:
    """Return an untrained tokenizer in GPT-2's way, and its trainer."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return made, trainers.BpeTrainer(**options, initial_alphabet=alphabet)


def _byte_fallback(options: dict[str, Any]) -> tuple[Any, Any]:
    """Return an untrained tokenizer in Gemma's way, and its trainer."""
    made = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    made.normalizer = normalizers.Replace(" ", "▁")
    made.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    options |= {"special_tokens": [*SPECIALS, *BYTES], "vocab_size": options["vocab_size"] + 256}
    alphabet = sorted(set("".join(GENERAL)) - {" "})
    return made, trainers.BpeTrainer(**options, initial_alphabet=alphabet, max_token_length=8)


def _unigram(options: dict[str, Any]) -> tuple[Any, Any]:
    """Return an untrained tokenizer in T5's way, and its trainer."""
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    made.decoder = decoders.Metaspace(prepend_scheme="always")
    return made, trainers.UnigramTrainer(**options, unk_token="<unk>", initial_alphabet=SIGNS)


def _wordpiece(options: dict[str, Any]) -> tuple[Any, Any]:
    """Return an untrained tokenizer in BERT's way, and its trainer."""
    made = Tokenizer(models.WordPiece(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    alphabet = [*SIGNS, *(f"##{sign}" for sign in SIGNS)]
    return made, trainers.WordPieceTrainer(**options, initial_alphabet=alphabet)
