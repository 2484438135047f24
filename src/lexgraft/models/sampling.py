"""An answer told while it is written: whole characters, nothing past a stop text; drawn tokens."""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lexgraft.models.continuation import Pick, most_likely

CHUNK = 512  # of the vocabulary, looked at by its maximum
OnText = Callable[[str], bool]
"""Takes the next piece of the answer; returns whether more is wanted."""


class GeneratedText(NamedTuple):
    """An answer, how it ended, and its tokens with those of its prompt."""

    text: str
    finished: bool  # by itself or a stop text; false: cut at the tokens allowed, or unwanted
    prompt_tokens: int
    tokens: int


class TextStream:
    """Says an answer piece by piece as its tokens come."""

    def __init__(
        self,
        on_text: OnText,
        stop: Sequence[str],
        ends: Collection[int],
        decode: Callable[[Sequence[int]], str],
    ) -> None:
        self._on_text, self._stop, self._ends, self._decode = on_text, stop, ends, decode
        self._held = max((len(mark) - 1 for mark in stop), default=0)  # may begin a stop text
        self._text, self._said, self._tokens, self._finished = "", 0, 0, False

    def ends_with(self, ids: Sequence[int]) -> bool:
        """Say what is new and certain; return whether the answer ends here."""
        self._tokens = len(ids)
        self._text = self._decode(ids)
        cut = cut_at(self._text, self._stop)
        if cut is not None:
            self._text = self._text[:cut]
        self._finished = cut is not None or ids[-1] in self._ends
        return self._finished or not self._say(len(self._text) - self._held)

    def written(self, prompt_tokens: int) -> GeneratedText:
        """Say what was held back and return the whole."""
        self._say(len(self._text), final=True)
        return GeneratedText(self._text, self._finished, prompt_tokens, self._tokens)

    def _say(self, end: int, *, final: bool = False) -> bool:
        """Say the text up to `end`, unless a character is not complete; tell if more is asked."""
        piece = self._text[self._said : end]
        if not piece or (piece.endswith("\ufffd") and not final):
            return True
        self._said = end
        return self._on_text(piece)


def cut_at(text: str, stop: Sequence[str]) -> int | None:
    """Return where the first stop text begins, or None without one."""
    offsets = [offset for offset in (text.find(mark) for mark in stop if mark) if offset >= 0]
    return min(offsets) if offsets else None


def sampler(temperature: float, top_p: float, seed: int) -> Pick:
    """Return what draws the next token from the likeliest that together have `top_p`.

    Nucleus sampling (Holtzman et al., 2020, §3.1) at a temperature; 0 is the most likely token. The
    draws come from the seed alone.
    """
    if temperature == 0:
        return most_likely
    generator = torch.Generator().manual_seed(seed)

    def pick(logits: Tensor) -> Tensor:
        shares, order = (logits.float() / temperature).softmax(-1).sort(-1, descending=True)
        before = shares.cumsum(-1) - shares
        nucleus = shares.masked_fill(before >= top_p, 0.0)
        drawn = torch.multinomial(nucleus, 1, generator=generator)
        return order.gather(-1, drawn).squeeze(-1)

    return pick


def likeliest(count: int, seed: int) -> Pick:
    """Return what draws the next token from the likeliest few, by their chances.

    Top-k sampling (Fan et al., 2018, §3). The few are found among the chunks of the vocabulary that
    have the largest maxima, which is faster than ordering all of it.
    """
    generator = torch.Generator().manual_seed(seed)

    def pick(logits: Tensor) -> Tensor:
        short = -logits.shape[1] % CHUNK
        chunks = nn.functional.pad(logits.float(), (0, short), value=-torch.inf)
        chunks = chunks.unflatten(1, (-1, CHUNK))
        nearest = chunks.amax(2).topk(min(count, chunks.shape[1]), dim=1).indices
        near = chunks.gather(1, nearest.unsqueeze(2).expand(-1, -1, CHUNK)).flatten(1)
        values, ranks = near.topk(min(count, logits.shape[1]), dim=1)
        drawn = ranks.gather(1, torch.multinomial(values.softmax(1), 1, generator=generator))
        return (nearest.gather(1, drawn // CHUNK) * CHUNK + drawn % CHUNK).squeeze(1)

    return pick
