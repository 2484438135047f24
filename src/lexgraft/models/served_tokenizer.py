"""A server's own tokenizer, as far as the seam between context and option needs it."""

from collections.abc import Sequence
from functools import partial

from lexgraft.errors import LexgraftError
from lexgraft.models.context_continuation import ContinuationBoundaries
from lexgraft.models.dialects import Dialect
from lexgraft.models.server_client import all_of, finished

_ANY = "x"  # a text to be encoded with and without what begins every text
HALF = "\ufffd"  # what half a character is decoded to


class ServedTokenizer:
    """Encodes and decodes by asking the server: its tokens are those that the model is given."""

    eos_token_id: int | None = None

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        bare, whole = (finished(dialect.encode(_ANY, special=with_it)) for with_it in (False, True))
        ends = range(1, len(whole) - len(bare) + 1)
        self._start = next((whole[:1] for end in ends if whole[end:][: len(bare)] == bare), [])
        self.bos_token_id = self._start[0] if self._start else None

    def __call__(
        self, texts: str | Sequence[str], *, add_special_tokens: bool = True
    ) -> dict[str, list[list[int]] | list[int]]:
        """Return token ids as tokenizers of transformers do; of an empty text its start token."""
        if isinstance(texts, str):
            return {"input_ids": self._start if add_special_tokens else []}
        unique = [text for text in dict.fromkeys(texts) if text]
        lines = all_of([partial(self._dialect.encode, text) for text in unique])
        by_text = dict(zip(unique, lines, strict=True)) | {"": []}
        return {"input_ids": [by_text[text] for text in texts]}

    def decode(self, ids: Sequence[int], **_: object) -> str:
        """Return the text of token ids."""
        return finished(self._dialect.decode(ids)) if ids else ""


class ServedBoundaries(ContinuationBoundaries):
    """The same seam and the same cut as for folders, with a server's tokenizer."""

    def __init__(self, tokenizer: ServedTokenizer) -> None:
        super().__init__(tokenizer, None)
        self._served = tokenizer

    def texts(self, texts: Sequence[str], max_tokens: int) -> list[tuple[list[int], int]]:
        """Return, per text, at most `max_tokens` ids and the UTF-8 bytes after the first of them.

        A text is cut between two characters, never inside one.
        """
        lines = self._encode(texts)
        return [
            self._until(text, ids, max_tokens - len(self.start))
            for text, ids in zip(texts, lines, strict=True)
        ]

    def _until(self, text: str, ids: list[int], room: int) -> tuple[list[int], int]:
        end, first = min(room, len(ids)), 0 if self.start else 1
        scored = text if end == len(ids) else self._served.decode(ids[:end])
        while end > first and scored.endswith(HALF):
            end -= 1
            scored = self._served.decode(ids[:end])
        if end <= first:
            return [*self.start, *ids[:first]], 0
        before = self._served.decode(ids[:first]) if first else ""
        return [*self.start, *ids[:end]], len(scored.encode()) - len(before.encode())

    def refuse_nothing(self, context: Sequence[int | None], where: str) -> None:
        """Refuse a context without a token: nothing says what comes before the option.

        Raises:
            LexgraftError: the model begins no text with a token.
        """
        if None in context:
            raise LexgraftError(
                "an option without anything before it, and this model begins no text with a token",
                where=where,
                cure="leave --general out, or give the model's folder",
            )
