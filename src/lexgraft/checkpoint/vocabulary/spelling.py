"""What a token stands for, in bytes, whatever its tokenizer's way of spelling."""

import re
from collections.abc import Iterable

from lexgraft.checkpoint.vocabulary.document import Alphabet, Document

SPACE = "\u2581"  # how SentencePiece writes a space
INSIDE = "##"  # how WordPiece marks what continues a word
_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")


def _signs() -> dict[str, int]:
    """Return the byte of every sign of the byte-level alphabet (Radford et al. 2019, GPT-2)."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    moved = {chr(256 + place): byte for place, byte in enumerate(others)}
    return {chr(byte): byte for byte in plain} | moved


SIGNS = _signs()


def token_bytes(token: str, alphabet: Alphabet) -> bytes:
    """Return the bytes of text a token of the model stands for."""
    if alphabet == "bytes":
        known = all(sign in SIGNS for sign in token)
        return bytes(SIGNS[sign] for sign in token) if known else token.encode()
    if alphabet == "words":
        inside = token.startswith(INSIDE)
        return token.removeprefix(INSIDE).encode() if inside else b" " + token.encode()
    byte = _BYTE.fullmatch(token)
    return bytes([int(byte[1], 16)]) if byte else token.replace(SPACE, " ").encode()


def byte_of(token: str) -> int | None:
    """Return the byte that a token of the form `<0xE6>` stands for."""
    found = _BYTE.fullmatch(token)
    return int(found[1], 16) if found else None


def token_text(token: str, alphabet: Alphabet) -> str:
    """Return the text a token stands for, empty where it is only part of a character."""
    try:
        return token_bytes(token, alphabet).decode()
    except UnicodeDecodeError:
        return ""


def meanings(document: Document) -> dict[tuple[str, bytes], int]:
    """Return the id of everything a vocabulary can say: ("text" or "special", bytes) → id.

    Where two tokens stand for the same bytes (a byte and a character), the first one counts.
    """
    found: dict[tuple[str, bytes], int] = {}
    for number, token in _in_order(document.tokens.items()):
        special = token in document.specials
        raw = token.encode()
        if not special and token not in document.added:
            raw = token_bytes(token, document.alphabet)
        found.setdefault(("special" if special else "text", raw), number)
    return found


def _in_order(tokens: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return tokens by id."""
    return sorted(tokens)
