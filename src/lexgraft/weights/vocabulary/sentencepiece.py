"""A SentencePiece model beside tokenizer.json: kept in step, or refused where it differs.

The format is a protocol buffer (google/sentencepiece, sentencepiece_model.proto): field 1 repeats
pieces (1 text, 2 score, 3 type), field 2 is the trainer's settings (4 the size of the vocabulary).
What is appended to such a file counts as if it had stood in it.
"""

import struct
from collections.abc import Iterator

from lexgraft.errors import LexgraftError
from lexgraft.weights.tokenizer.tokenizer_file import TokenizerFile
from lexgraft.weights.vocabulary.expansion import Expansion

MODEL = "tokenizer.model"
LIMIT = 64 << 20  # bytes
_NORMAL, _USER = 1, 4
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_STEP = 1.0  # between the scores of new BPE pieces, which are negative ranks


def expanded_sentencepiece(expansion: Expansion, data: bytes, where: str) -> bytes:
    """Return a SentencePiece model with the additions at the same ids as in tokenizer.json.

    Raises:
        LexgraftError: not such a model, or one whose pieces are others than tokenizer.json's.
    """
    pieces = read_pieces(data, where)
    _check_same(expansion.base, [piece for piece, _ in pieces], where)
    lowest = min((score for _, score in pieces), default=0.0)
    added = [
        _piece(expansion.base.tokens.get(number, f"<unused-id-{number}>"), 0.0, _USER)
        for number in range(len(pieces), expansion.base.size)
    ]
    for rank, new in enumerate(expansion.additions, 1):
        score = new.score if expansion.base.kind == "Unigram" else lowest - rank * _STEP
        added.append(_piece(new.token, score, _NORMAL))
    size = expansion.base.size + len(expansion.additions)
    return data + b"".join(added) + _field(2, _varint(4 << 3) + _varint(size))


def read_pieces(data: bytes, where: str) -> list[tuple[str, float]]:
    """Return the pieces of a SentencePiece model with their scores."""
    if len(data) > LIMIT:
        raise LexgraftError(f"larger than {LIMIT:,} bytes", where=where)
    pieces: list[tuple[str, float]] = []
    try:
        for number, value in _fields(data):
            if number == 1 and isinstance(value, bytes):
                piece_fields = dict(_fields(value))
                text, score = piece_fields[1], piece_fields.get(2, b"\0\0\0\0")
                assert isinstance(text, bytes)
                assert isinstance(score, bytes)
                pieces.append((text.decode(), struct.unpack("<f", score)[0]))
    except (ValueError, KeyError, IndexError, AssertionError, struct.error) as error:
        raise LexgraftError("not a SentencePiece model", where=where) from error
    return pieces


def _check_same(base: TokenizerFile, pieces: list[str], where: str) -> None:
    """Raise unless every piece has its id in tokenizer.json."""
    for number, piece in enumerate(pieces):
        if base.tokens.get(number) != piece:
            raise LexgraftError(
                f"piece {number} is {piece[:40]!a} here and "
                f"{base.tokens.get(number, '')[:40]!a} in tokenizer.json",
                where=where,
                cure="transformers reads tokenizer.json alone: take tokenizer.model out of the "
                "folder, or bring the two together first",
            )


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Yield the fields of a message: number and content."""
    offset = 0
    while offset < len(data):
        key, offset = _read_varint(data, offset)
        kind = key & 7
        if kind == _VARINT:
            value, offset = _read_varint(data, offset)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, offset = _read_varint(data, offset)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError("no such kind of field")
        if offset + size > len(data):
            raise ValueError("cut off")
        yield key >> 3, data[offset : offset + size]
        offset += size


def _read_varint(data: bytes, offset: int) -> tuple[int, int]:
    """Return a number of up to ten bytes, and where it ends."""
    value = 0
    for index in range(10):
        byte = data[offset + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, offset + index + 1
    raise ValueError("a number too long")


def _varint(value: int) -> bytes:
    """Return a number in as many bytes as it needs."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def _field(number: int, content: bytes) -> bytes:
    """Return a field that holds bytes."""
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _piece(text: str, score: float, kind: int) -> bytes:
    """Return one piece of a vocabulary."""
    scored = _varint(2 << 3 | _FIXED32) + struct.pack("<f", score)
    kinds = _varint(3 << 3) + _varint(kind) if kind != _NORMAL else b""
    return _field(1, _field(1, text.encode()) + scored + kinds)
