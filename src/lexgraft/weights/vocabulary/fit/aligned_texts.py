"""Texts in the base's and the expanded tokenizer's tokens, and the base model as their teacher."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lexgraft.arrays.shapes import Float, Float32, Int64
from lexgraft.models.logit_transform import LogitTransform
from lexgraft.records import Progress, silent
from lexgraft.weights.tokenizer.tokenizer_engine import TokenizerEngine

LONGEST = 64  # tokens of a text, in the base's cut
WORDS = 32_768  # of the vocabulary, projected at a time


class AlignedText(NamedTuple):
    """One text in both tokenizations, and the positions where both have covered the same bytes."""

    old: list[int]
    new: list[int]
    old_places: list[int]
    new_places: list[int]
    first: int  # of the places: the first one at or after a new token


class TeacherOutput(NamedTuple):
    """What the base model computes for the old tokens of a text, at the aligned positions."""

    hidden: Float32[Tensor, "place width"]
    total: Float32[Tensor, " place"]  # log of the sum of exp(logit) over its vocabulary


def align_texts(
    base: TokenizerEngine, grown: TokenizerEngine, texts: Sequence[str], start: Sequence[int] = ()
) -> list[AlignedText]:
    """Return the texts in which something new is produced.

    Args:
        base: The tokenizer before.
        grown: The tokenizer after.
        texts: What to learn from.
        start: The tokens that every text begins with.
    """
    aligned_texts: list[AlignedText] = []
    for old, new in zip(base.encode(texts), grown.encode(texts), strict=True):
        aligned = _aligned_text(base, grown, [*start, *old][:LONGEST], [*start, *new][:LONGEST])
        if aligned is not None:
            aligned_texts.append(aligned)
    return aligned_texts


def texts_with_new_tokens(grown: TokenizerEngine, texts: Sequence[str], first: int) -> list[str]:
    """Return the texts in which a token from `first` on is produced."""
    rows = grown.encode(texts)
    return [text for text, ids in zip(texts, rows, strict=True) if max(ids, default=-1) >= first]


def unchanged_texts(
    base: TokenizerEngine, grown: TokenizerEngine, texts: Sequence[str], start: Sequence[int] = ()
) -> list[AlignedText]:
    """Return the texts that both tokenizers split alike: no new token should follow in them."""
    aligned_texts: list[AlignedText] = []
    for old, new in zip(base.encode(texts), grown.encode(texts), strict=True):
        ids = [*start, *old][:LONGEST]
        if old == new and len(ids) > 1:
            positions = list(range(len(ids)))
            aligned_texts.append(AlignedText(ids, ids, positions, positions, len(ids)))
    return aligned_texts


def _aligned_text(
    base: TokenizerEngine, grown: TokenizerEngine, old: list[int], new: list[int]
) -> AlignedText | None:
    """Return one text in both tokenizations; None where it holds no new token."""
    begin = next(
        (position for position, number in enumerate(new) if number >= base.document.size), None
    )
    if begin is None:
        return None
    old_ends = {end: position for position, end in enumerate(_ends(base, old))}
    new_ends = {end: position for position, end in enumerate(_ends(grown, new))}
    joined = [(old_ends[end], position) for end, position in new_ends.items() if end in old_ends]
    first = sum(position < begin for _, position in joined)
    if first == len(joined):
        return None
    return AlignedText(old, new, [a for a, _ in joined], [b for _, b in joined], first)


class Teacher:
    """A live model that reads and is asked; nothing of it is changed."""

    def __init__(self, model: nn.Module) -> None:
        live: Any = model  # what transformers adds to a module is not typed
        self._body, self._embedding = live.base_model, live.get_input_embeddings()
        self._head = live.get_output_embeddings()
        self.biased = getattr(self._head, "bias", None) is not None
        config = live.config.get_text_config()
        self.transform = LogitTransform.of(config)
        # Gemma multiplies what it looks up
        self._lifted = float(getattr(self._embedding, "embed_scale", 1.0))

    def read(
        self, lines: Sequence[Sequence[int]], rows: Float32[Tensor, "new width"], first: int
    ) -> Float[Tensor, "line token width"]:
        """Return the last hidden states of lines, ids from `first` on looked up in other rows.

        Shorter lines are filled up at their ends, which what comes before does not see.
        """
        ids = _filled(lines)
        embedded = self._embedding(ids.clamp(max=first - 1))
        new_rows = (rows * self._lifted).to(embedded.dtype)[(ids - first).clamp(min=0)]
        inputs = torch.where((ids >= first).unsqueeze(-1), new_rows, embedded)
        return self._body(inputs_embeds=inputs, use_cache=False).last_hidden_state

    @torch.no_grad()
    def hidden(self, aligned_texts: Sequence[AlignedText]) -> list[Float[Tensor, "place width"]]:
        """Return the last hidden states for the old tokens, from the first new token on."""
        lines = self._body(
            input_ids=_filled([aligned.old for aligned in aligned_texts]), use_cache=False
        ).last_hidden_state
        pairs = zip(lines, aligned_texts, strict=True)
        return [line[aligned.old_places[aligned.first :]] for line, aligned in pairs]

    def logits(
        self, hidden: Float[Tensor, "place width"], tokens: Int64[Tensor, " token"]
    ) -> Float32[Tensor, "place token"]:
        """Return the logits of some of its tokens."""
        bias = getattr(self._head, "bias", None)
        biases = None if bias is None else bias[tokens]
        return self.transform.apply(
            nn.functional.linear(hidden, self._head.weight[tokens], biases).float()
        )

    def own_logits(
        self, hidden: Float[Tensor, "place width"], tokens: Int64[Tensor, " place"]
    ) -> Float32[Tensor, " place"]:
        """Return the logit of one token at every place."""
        bias = getattr(self._head, "bias", None)
        logits = (hidden.float() * self._head.weight[tokens].float()).sum(1)
        return self.transform.apply(logits if bias is None else logits + bias[tokens].float())

    @torch.no_grad()
    def total(self, hidden: Float[Tensor, "place width"]) -> Float32[Tensor, " place"]:
        """Return the logarithm of the sum of exp(logit) over the vocabulary."""
        blocks, bias = self._head.weight.split(WORDS), getattr(self._head, "bias", None)
        biases = [None] * len(blocks) if bias is None else bias.split(WORDS)
        totals = [
            self.transform.apply(nn.functional.linear(hidden, block, block_bias).float()).logsumexp(
                1
            )
            for block, block_bias in zip(blocks, biases, strict=True)
        ]
        return torch.stack(totals).logsumexp(0)

    @torch.no_grad()
    def target(self, aligned: AlignedText) -> TeacherOutput:
        """Return hidden states and log-normalisers for the old tokens of a text."""
        ids = torch.tensor([aligned.old])
        states = self._body(input_ids=ids, use_cache=False).last_hidden_state
        hidden = states[0, aligned.old_places]
        return TeacherOutput(hidden, self.total(hidden))

    @torch.no_grad()
    def after(
        self, line: Sequence[int], tails: Sequence[Sequence[int]]
    ) -> tuple[Float[Tensor, " width"], Float[Tensor, "tail token width"]]:
        """Return the last hidden states of a line's end, and of tails that each go on with it.

        The line is read once, where the architecture has a cache that can be repeated. Shorter
        tails are filled up at their ends.
        """
        read = self._body(input_ids=torch.tensor([list(line)]), use_cache=True)
        last = read.last_hidden_state[0, -1]
        if not tails:
            return last, last.new_zeros(0, 0, len(last))
        past: Any = getattr(read, "past_key_values", None)
        if hasattr(past, "batch_repeat_interleave"):
            past.batch_repeat_interleave(len(tails))
            tail_states = self._body(input_ids=_filled(tails), past_key_values=past, use_cache=True)
            return last, tail_states.last_hidden_state
        lines = _filled([[*line, *tail] for tail in tails])
        return last, self._body(input_ids=lines, use_cache=False).last_hidden_state[:, len(line) :]


def teacher_outputs(
    base: Teacher, aligned_texts: Sequence[AlignedText], progress: Progress = silent
) -> list[TeacherOutput]:
    """Return what the base model computes for the old tokens of every text."""
    targets: list[TeacherOutput] = []
    for number, aligned in enumerate(aligned_texts):
        progress("reading the old cut", number, len(aligned_texts))
        targets.append(base.target(aligned))
    return targets


def _filled(lines: Sequence[Sequence[int]]) -> Int64[Tensor, "line token"]:
    """Return lines of tokens as one tensor, filled up at their ends."""
    return nn.utils.rnn.pad_sequence([torch.tensor(line) for line in lines], batch_first=True)


def _ends(engine: TokenizerEngine, ids: Sequence[int]) -> list[int]:
    """Return at which byte of the text every token ends."""
    return list(accumulate(len(engine.raw[number]) for number in ids))
