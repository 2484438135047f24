"""Text into token ids: one seam rule for questions, one cut for long texts."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from lexgraft.errors import LexgraftError
from lexgraft.models import Question

BEFORE = ("\n", ".", "x", "z", "0", "。", "の")
"""What an option is encoded after where a tokenizer would begin a text with a space of its own."""


class Encoded(NamedTuple):
    """A question in token ids."""

    context: list[int]
    options: list[list[int]]
    crossed: list[bool]  # options encoded apart from it, for a token would cross the seam


class ContinuationBoundaries:
    """A tokenizer that splits a context from its options the same way every time."""

    def __init__(self, tokenizer: Any, limit: int | None) -> None:
        self._tokenizer, self._limit = tokenizer, limit
        first: int | None = tokenizer.bos_token_id
        added: list[int] = tokenizer("")["input_ids"]
        self.start = [token for token in added[:1] if token == first]
        self._instead: list[int] = [tokenizer.eos_token_id if first is None else first]

    def questions(self, items: Sequence[Question]) -> list[Encoded]:
        """Return the token ids of every context and of its options.

        Context and option are encoded together and cut at the context's length; spaces that end a
        context go to the option, as in lm-evaluation-harness. Where a token would cross the seam
        that harness scores what is left of the tokens; here the option is encoded apart from the
        context, and counted: a score never belongs to other text than the option's.
        """
        split = [_move_spaces(context, options) for context, options in items]
        contexts = self._encode([context for context, _ in split])
        wholes = iter(self._encode([c + option for c, options in split for option in options]))
        questions: list[Encoded] = []
        for (_, options), context in zip(split, contexts, strict=True):
            joined = [next(wholes) for _ in options]
            continuations = [_after(context, whole) for whole in joined]
            ids = [
                self._checked(
                    option,
                    self._apart(option, context, whole) if continuation is None else continuation,
                )
                for option, whole, continuation in zip(options, joined, continuations, strict=True)
            ]
            start = [*self.start, *context] or self._instead
            self.check(len(start) + max(map(len, ids), default=0))
            questions.append(
                Encoded(start, ids, [continuation is None for continuation in continuations])
            )
        return questions

    def prompts(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of every prompt."""
        return [[*self.start, *ids] or self._instead for ids in self._encode(texts)]

    def texts(self, texts: Sequence[str], max_tokens: int) -> list[tuple[list[int], int]]:
        """Return, per text, at most `max_tokens` ids and the UTF-8 bytes after the first of them.

        A text is cut between two characters, never inside one.
        """
        if self._limit is not None:
            max_tokens = min(max_tokens, self._limit)
        room = max_tokens - len(self.start)
        encoded = self._tokenizer(
            list(texts), add_special_tokens=False, return_offsets_mapping=True
        )
        rows = zip(texts, encoded["input_ids"], encoded["offset_mapping"], strict=True)
        return [self._cut(text, ids, spans, room) for text, ids, spans in rows]

    def _cut(
        self, text: str, ids: list[int], spans: list[tuple[int, int]], room: int
    ) -> tuple[list[int], int]:
        end = min(room, len(ids))
        while 0 < end < len(ids) and spans[end][0] < spans[end - 1][1]:
            end -= 1
        first = 0 if self.start else 1
        if end <= first:
            return [*self.start, *ids[:first]], 0
        scored = text[0 if self.start else spans[0][1] : spans[end - 1][1]]
        return [*self.start, *ids[:end]], len(scored.encode())

    def _encode(self, texts: Sequence[str]) -> list[list[int]]:
        return self._tokenizer(list(texts), add_special_tokens=False)["input_ids"] if texts else []

    def _apart(self, option: str, context: list[int], joined: list[int]) -> list[int]:
        """Return an option's own tokens, which after the context's spell what the text says.

        Many tokenizers begin a text with a space, or with a word: `ey` encoded by itself would
        stand in `kidn ey`. Encoded after another sign, and cut from it, it stands in `kidney`.
        """
        (alone,) = self._encode([option])
        text = self._spelt(joined)
        if self._spelt([*context, *alone]) == text:
            return alone
        for sign in BEFORE:
            before, both = self._encode([sign, sign + option])
            tokens = _after(before, both)
            if tokens and self._spelt([*context, *tokens]) == text:
                return tokens
        return alone  # no text is spelt so, as where signs are unknown to the tokenizer

    def _spelt(self, ids: list[int]) -> str:
        return self._tokenizer.decode(ids, clean_up_tokenization_spaces=False)

    def _checked(self, option: str, ids: list[int]) -> list[int]:
        if not ids:
            raise LexgraftError(
                f"the option {option!r} has no token", cure="give every option text"
            )
        return ids

    def check(self, tokens: int) -> None:
        """Refuse more tokens than the model takes."""
        if self._limit is not None and tokens > self._limit:
            raise LexgraftError(
                f"a question of {tokens} tokens; the model takes {self._limit}",
                cure="shorten definitions or prompts",
            )


def _after(context: list[int], joined: list[int]) -> list[int] | None:
    """Return the tokens after the context, or None where the last of it has merged with them."""
    size = len(context)
    return joined[size:] if joined[:size] == context else None


def _move_spaces(context: str, options: Sequence[str]) -> Question:
    bare = context.rstrip()
    spaces = context[len(bare) :]
    return bare, [spaces + option for option in options]
