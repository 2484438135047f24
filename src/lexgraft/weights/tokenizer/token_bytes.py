"""What a token stands for, in bytes, whatever its tokenizer's way of spelling."""

import re

from lexgraft.weights.tokenizer.tokenizer_file import Alphabet, TokenizerFile

SPACE = "\u2581"  # how SentencePiece writes a space
ASCII = 0x80  # bytes below are characters by themselves
INSIDE = "##"  # how WordPiece marks what continues a word
_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")


def _signs() -> dict[str, int]:
    """Return the byte of every sign of the byte-level alphabet (Radford et al. 2019, GPT-2)."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    unprintable = [byte for byte in range(256) if byte not in plain]
    shifted = {chr(256 + index): byte for index, byte in enumerate(unprintable)}
    return {chr(byte): byte for byte in plain} | shifted


SIGNS = _signs()


def token_bytes(token: str, alphabet: Alphabet) -> bytes:
    """Return the bytes of text a token of the model stands for."""
    if alphabet == "bytes":
        is_alphabet = all(sign in SIGNS for sign in token)
        return bytes(SIGNS[sign] for sign in token) if is_alphabet else token.encode()
    if alphabet == "words":
        inside = token.startswith(INSIDE)
        return token.removeprefix(INSIDE).encode() if inside else b" " + token.encode()
    byte = _BYTE.fullmatch(token)
    return bytes([int(byte[1], 16)]) if byte else token.replace(SPACE, " ").encode()


def byte_of(token: str) -> int | None:
    """Return the byte that a token of the form `<0xE6>` stands for."""
    match = _BYTE.fullmatch(token)
    return int(match[1], 16) if match else None


def meanings(document: TokenizerFile) -> dict[tuple[str, bytes], int]:
    """Return the id of everything a vocabulary can say: ("text", "special" or "byte", bytes) → id.

    A byte of the last resort that is a character as well (`<0x41>` beside `A`) is no text: only the
    like of it means the same.
    """
    ids: dict[tuple[str, bytes], int] = {}
    for number, token in sorted(document.tokens.items()):
        ids.setdefault(_meaning(document, token), number)
    return ids


def _meaning(document: TokenizerFile, token: str) -> tuple[str, bytes]:
    """Return what a token says."""
    if token in document.specials:
        return "special", token.encode()
    byte = byte_of(token) if document.alphabet == "spaces" else None
    if byte is not None:
        return "text" if byte >= ASCII else "byte", bytes([byte])
    if token in document.added:
        return "text", token.encode()
    return "text", token_bytes(token, document.alphabet)
