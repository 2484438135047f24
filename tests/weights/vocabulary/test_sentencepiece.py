import io
import json
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
from tiny_tokenizers import GENERAL, TERMS

from lexgraft.errors import LexgraftError
from lexgraft.weights.vocabulary.expanded_files import expanded_content
from lexgraft.weights.vocabulary.expanded_folder import write_tokenizer
from lexgraft.weights.vocabulary.expansion_plan import ExpansionRequest, plan_vocabulary
from lexgraft.weights.vocabulary.sentencepiece import expanded_sentencepiece, read_pieces

PASSAGES = [(language, term) for language, terms in TERMS.items() for term in terms]


def model(kind: str) -> bytes:
    """Return a real SentencePiece model trained on a few lines."""
    out = io.BytesIO()
    lines = [*GENERAL, "梗 塞 筋 脳 症"] * 3
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=out,
        model_type=kind,
        vocab_size=110 if kind == "unigram" else 210,
        character_coverage=1.0,
        minloglevel=2,
        num_threads=1,
        normalization_rule_name="identity",
    )
    return out.getvalue()


def tokenizer_json(data: bytes, kind: str) -> dict[str, Any]:
    """Return the tokenizer.json of a SentencePiece model."""
    pieces = read_pieces(data, "test")
    specials = [{"id": n, "content": pieces[n][0], "special": True} for n in range(3)]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    listed: Any = [list(piece) for piece in pieces]
    head: dict[str, Any] = {"type": "Unigram", "unk_id": 0, "vocab": listed}
    if kind == "bpe":
        vocab = {piece: number for number, (piece, _) in enumerate(pieces)}
        merges = [
            [piece[:cut], piece[cut:]]
            for piece, _ in pieces[3:]
            for cut in range(1, len(piece))
            if piece[:cut] in vocab and piece[cut:] in vocab
        ]
        head = {
            "type": "BPE",
            "vocab": vocab,
            "merges": merges,
            "unk_token": "<unk>",
            "fuse_unk": True,
        }
    spaces = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    return {
        "version": "1.0",
        "added_tokens": [special | flags for special in specials],
        "normalizer": None,
        "pre_tokenizer": spaces,
        "decoder": spaces,
        "model": head,
    }


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_both_files_cut_terms_into_the_same_new_ids(tmp_path: Path, kind: str):
    data, folder = model(kind), tmp_path / "base"
    folder.mkdir()
    (folder / "tokenizer.model").write_bytes(data)
    content = json.dumps(tokenizer_json(data, kind))
    (folder / "tokenizer.json").write_text(content, encoding="utf-8")
    expansion = plan_vocabulary(ExpansionRequest(folder, PASSAGES, general=GENERAL)).expansion
    write_tokenizer(expansion, folder, tmp_path / "out")
    processor = sentencepiece.SentencePieceProcessor(
        model_file=str(tmp_path / "out/tokenizer.model")
    )
    assert processor.vocab_size() == expansion.base.size + len(expansion.additions)
    assert [processor.id_to_piece(new.id) for new in expansion.additions] == [
        new.token for new in expansion.additions
    ]
    spaced = [word for word in expansion.words if word.text.startswith(" ")]
    assert spaced
    assert all(word.id in processor.encode("x" + word.text) for word in spaced)
    plain = sentencepiece.SentencePieceProcessor(model_proto=data)
    assert [processor.encode(text) for text in GENERAL] == [plain.encode(text) for text in GENERAL]
    assert len(expanded_content(expansion)["model"]["vocab"]) == processor.vocab_size()


def test_a_model_that_differs_from_tokenizer_json_is_refused(tmp_path: Path):
    data, folder = model("unigram"), tmp_path / "base"
    folder.mkdir()
    (folder / "tokenizer.json").write_text(
        json.dumps(tokenizer_json(data, "unigram")), encoding="utf-8"
    )
    expansion = plan_vocabulary(ExpansionRequest(folder, PASSAGES)).expansion
    other = bytearray(data)
    place = data.index("▁".encode(), data.index(b"</s>"))
    other[place : place + 3] = "●".encode()
    with pytest.raises(LexgraftError, match="in tokenizer"):
        expanded_sentencepiece(expansion, bytes(other), "test")


@pytest.mark.parametrize("data", [b"\x0a\xff", b"\xff" * 20, b"\x0a\x02\x0a\x05", b"\x0b"])
def test_what_is_no_model_is_refused(data: bytes):
    with pytest.raises(LexgraftError, match="not a SentencePiece model"):
        read_pieces(data, "test")
