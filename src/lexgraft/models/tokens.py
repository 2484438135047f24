"""Text into token ids: one seam rule for questions, one cut for long texts."""

from collections.abc import Sequence
from typing import Any

from lexgraft.errors import UserError
from lexgraft.models import Question


class Seams:
    """A tokenizer that splits a context from its options the same way every time."""

    def __init__(self, tokenizer: Any, limit: int | None) -> None:  # noqa: ANN401 (untyped package)
        self._tokenizer, self._limit = tokenizer, limit
        first: int | None = tokenizer.bos_token_id
        added: list[int] = tokenizer("")["input_ids"]
        self._start = [token for token in added[:1] if token == first]
        self._instead: list[int] = [tokenizer.eos_token_id if first is None else first]

    def questions(self, items: Sequence[Question]) -> list[tuple[list[int], list[list[int]]]]:
        """Return the token ids of every context and of its options.

        Context and option are encoded together and cut at the context's length; spaces that end a
        context go to the option, as in lm-evaluation-harness. Where a token would cross the seam
        the option is encoded by itself: a score never belongs to other text than the option's.
        """
        split = [_move_spaces(context, options) for context, options in items]
        contexts = self._encode([context for context, _ in split])
        wholes = iter(self._encode([c + option for c, options in split for option in options]))
        found: list[tuple[list[int], list[list[int]]]] = []
        for (_, options), context in zip(split, contexts, strict=True):
            ids = [self._after(context, next(wholes), option) for option in options]
            start = [*self._start, *context] or self._instead
            self.check(len(start) + max(map(len, ids), default=0))
            found.append((start, ids))
        return found

    def prompts(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of every prompt."""
        return [[*self._start, *ids] or self._instead for ids in self._encode(texts)]

    def texts(self, texts: Sequence[str], max_tokens: int) -> list[tuple[list[int], int]]:
        """Return, per text, at most `max_tokens` ids and the UTF-8 bytes after the first of them.

        A text is cut between two characters, never inside one.
        """
        if self._limit is not None:
            max_tokens = min(max_tokens, self._limit)
        room = max_tokens - len(self._start)
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
        first = 0 if self._start else 1
        if end <= first:
            return [*self._start, *ids[:first]], 0
        scored = text[0 if self._start else spans[0][1] : spans[end - 1][1]]
        return [*self._start, *ids[:end]], len(scored.encode())

    def _encode(self, texts: Sequence[str]) -> list[list[int]]:
        return self._tokenizer(list(texts), add_special_tokens=False)["input_ids"] if texts else []

    def _after(self, context: list[int], whole: list[int], option: str) -> list[int]:
        size = len(context)
        ids = whole[size:] if whole[:size] == context else self._encode([option])[0]
        if not ids:
            raise UserError(f"the option {option!r} has no token", cure="give every option text")
        return ids

    def check(self, tokens: int) -> None:
        """Refuse more tokens than the model takes."""
        if self._limit is not None and tokens > self._limit:
            raise UserError(
                f"a question of {tokens} tokens; the model takes {self._limit}",
                cure="shorten definitions or prompts",
            )


def _move_spaces(context: str, options: Sequence[str]) -> Question:
    bare = context.rstrip()
    spaces = context[len(bare) :]
    return bare, [spaces + option for option in options]
