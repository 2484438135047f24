"""A tokenizer at work: the one door to the tokenizers package."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tokenizers import Tokenizer

from lexgraft.errors import LexgraftError
from lexgraft.weights.tokenizer.token_bytes import SPACE, token_bytes
from lexgraft.weights.tokenizer.tokenizer_file import TokenizerFile

PIECES = 256  # texts cut at once
LONGEST = 100_000  # characters of a text cut at once
PROBE = "x"  # what stands before a word that is to be spelled as in the middle of a text
BREAKS = "\n\u010a"  # a line break, plain and in the byte-level alphabet


class TokenizedText(NamedTuple):
    """A text in tokens: their ids, and where every word (what is cut by itself) begins."""

    ids: list[int]
    starts: list[int]  # the length of the text in tokens is the last one


class TokenizerEngine:
    """A document that cuts texts."""

    def __init__(self, document: TokenizerFile) -> None:
        self.document = document
        plain = {**document.content, "truncation": None, "padding": None}
        self._tokenizer = build(plain, document.where)
        self.raw = [self._raw(number) for number in range(document.size)]

    def _raw(self, number: int) -> bytes:
        """Return the bytes of text that a token stands for; nothing for a special one."""
        token = self.document.tokens.get(number, "")
        if token in self.document.specials or token in self.document.added:
            return b""
        return token_bytes(token, self.document.alphabet)

    def cut(self, texts: Sequence[str]) -> Iterator[TokenizedText]:
        """Yield every text in tokens and words, without special tokens around it."""
        for start in range(0, len(texts), PIECES):
            chunk = [text[:LONGEST] for text in texts[start : start + PIECES]]
            for encoding in self._tokenizer.encode_batch(chunk, add_special_tokens=False):
                yield TokenizedText(encoding.ids, _starts(encoding.word_ids))

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return every text in tokens."""
        encoded: list[list[int]] = []
        for start in range(0, len(texts), PIECES):
            chunk = [text[:LONGEST] for text in texts[start : start + PIECES]]
            rows = self._tokenizer.encode_batch_fast(chunk, add_special_tokens=False)
            encoded += [row.ids for row in rows]
        return encoded

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of tokens."""
        return self._tokenizer.decode(ids, skip_special_tokens=False)

    def spell(self, before: str, word: str) -> list[str]:
        """Return how a word is spelled after a probe, in the pieces it is always cut into."""
        normalizer, cutter = self._tokenizer.normalizer, self._tokenizer.pre_tokenizer
        text = normalizer.normalize_str(before + word) if normalizer else before + word
        pieces = [p for p, _ in cutter.pre_tokenize_str(text)] if cutter else [text]
        skip = "".join(pieces).find(PROBE) + len(PROBE)
        spellings: list[str] = []
        for piece in pieces:
            tail = piece[min(skip, len(piece)) :].lstrip(BREAKS)
            skip = max(0, skip - len(piece))
            mark = max(tail.rfind(SPACE), 0)
            spellings += [segment for segment in (tail[:mark], tail[mark:]) if segment]
        return spellings


def build(content: Mapping[str, Any], where: str) -> Tokenizer:
    """Return the tokenizer of a checked tokenizer.json."""
    try:
        return Tokenizer.from_str(json.dumps(content, ensure_ascii=False))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic in the package is no Exception
        message = str(error)[:200].encode("ascii", "backslashreplace").decode()
        raise LexgraftError(f"not a tokenizer that works: {message}", where=where) from error


def _starts(words: Sequence[int | None]) -> list[int]:
    """Return where words begin, and the number of tokens."""
    starts = [n for n, word in enumerate(words) if n == 0 or word is None or word != words[n - 1]]
    return [*starts, len(words)]
