"""Does a folder that was written answer as the live model did? Some dozen prompts, asked twice."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from lexgraft.arrays.shapes import Float32
from lexgraft.errors import LexgraftError
from lexgraft.models.transformers import TransformersModel, template_of
from lexgraft.records import AnswerParity

PROMPTS = (
    "The heart is",
    "Water boils at",
    "Paris",
    "2 + 3 =",
    "def add(a, b):",
    "Once upon a time",
    "日本の首都は",
    "心臓は",
    "Der Hund",
    "La maison est",
    '{"name": "',
    "A. B. C.",
)
ANSWER = 8  # tokens of an answer
CHATS = (
    [{"role": "user", "content": "Hello"}],
    [
        {"role": "user", "content": "心臓とは"},
        {"role": "assistant", "content": "臓器です。"},
        {"role": "user", "content": "Thanks"},
    ],
)
Rows = tuple[tuple[int, ...], ...]


class Replies(NamedTuple):
    """What a model made of the prompts."""

    rows: Rows  # the prompts in its own tokens
    logits: tuple[Float32[np.ndarray, " token"], ...]  # of what follows each prompt
    chances: tuple[Float32[np.ndarray, " place"], ...]  # log-probability of each prompt's tokens
    answers: tuple[str, ...]  # the likeliest continuations; none where a prompt is too long


def replies(model: TransformersModel, rows: Rows | None = None) -> Replies:
    """Return what a model makes of the prompts: of its own tokens, or of the rows given.

    Args:
        model: as it is now.
        rows: what logits are taken of, so that two models read the same numbers.
    """
    own = tuple(tuple(model.encode(prompt)) for prompt in PROMPTS)
    pairs = [*_logits(model, own if rows is None else rows)]
    try:
        answers = tuple(model.generate(PROMPTS, ANSWER, ()))
    except LexgraftError:  # a model that takes fewer tokens than these
        answers = ()
    return Replies(own, tuple(one for one, _ in pairs), tuple(two for _, two in pairs), answers)


def compare_replies(
    live: Replies, again: Replies, chats: Sequence[tuple[str, ...] | None] = (None, None)
) -> AnswerParity:
    """Return how far a folder, loaded again, answers as the live model did.

    Args:
        live: what the model in memory made of the prompts.
        again: what the folder's model made of the prompts and of the live model's tokens.
        chats: messages as the live model's chat template and the folder's write them.
    """
    pairs = [*zip(live.logits, again.logits, strict=True)]
    pairs += [*zip(live.chances, again.chances, strict=True)]
    apart = max((float(np.abs(one - two).max(initial=0.0)) for one, two in pairs), default=0.0)
    return AnswerParity(
        prompts=len(live.rows),
        logits=float(f"{apart:.2g}"),
        same_tokens=sum(map(tuple.__eq__, live.rows, again.rows)),
        same_answers=sum(one == two for one, two in zip(live.answers, again.answers, strict=False)),
        answers=len(live.answers),
        same_chat=None if chats[0] is chats[1] is None else chats[0] == chats[1],
    )


def compare_grown(base: Replies, grown: Replies, rows: int) -> AnswerParity:
    """Return how far a model with a grown vocabulary still computes as the one it grew from.

    On prompts that both cut alike, and by the logits of the base's own tokens: new words take
    chances from all others, and may stand in answers.

    Args:
        base: what the base made of the prompts.
        grown: what the grown model made of them and of the base's tokens.
        rows: how many tokens the base has.
    """
    alike = [place for place, row in enumerate(base.rows) if row == grown.rows[place]]
    if not alike:
        return AnswerParity(left_out="every prompt holds a new word")
    differences = (base.logits[n][:rows] - grown.logits[n][:rows] for n in alike)
    apart = max(float(np.abs(difference).max(initial=0.0)) for difference in differences)
    return AnswerParity(len(alike), float(f"{apart:.2g}"), same_tokens=len(alike))


def compare_renumbered(before: Replies, after: Replies, ids: Mapping[int, int]) -> AnswerParity:
    """Return how far a model that numbers its tokens anew computes as it did.

    On prompts all of whose tokens have a new number, and by the logits of these tokens.

    Args:
        before: what it made of the prompts.
        after: what it makes, numbered anew, of the prompts and of the same tokens.
        ids: old number → new number.
    """
    known = [place for place, row in enumerate(before.rows) if ids.keys() >= set(row)]
    if not known:
        return AnswerParity(left_out="every prompt holds a token that the vocabulary lacks")
    old, new = list(ids), list(ids.values())
    pairs = ((before.logits[n][old], after.logits[n][new]) for n in known)
    apart = max(float(np.abs(one - two).max(initial=0.0)) for one, two in pairs)
    alike = sum(tuple(ids[token] for token in before.rows[n]) == after.rows[n] for n in known)
    return AnswerParity(len(known), float(f"{apart:.2g}"), same_tokens=alike)


def renderings(tokenizer: Any) -> tuple[str, ...] | None:
    """Return messages as a tokenizer's chat template writes them; None: it has none.

    What a template refuses stands as the refusal: two folders should refuse alike.
    """
    if not tokenizer.chat_template:
        return None
    template = template_of(tokenizer)
    texts: list[str] = []
    for messages in CHATS:
        try:
            texts.append(template.render(messages))
        except LexgraftError as error:
            texts.append(f"refused: {error.what}")
    return tuple(texts)


@torch.inference_mode()
def _logits(
    model: TransformersModel, rows: Rows
) -> Iterator[tuple[Float32[np.ndarray, " token"], Float32[np.ndarray, " place"]]]:
    """Yield the logits behind every row, and the log-probabilities of its tokens."""
    network = model.module
    device = next(network.parameters()).device
    for row in rows:
        ids = torch.tensor([row], device=device)
        logits = network(input_ids=ids, use_cache=False).logits[0].float()
        chances = logits[:-1].log_softmax(-1).gather(-1, ids[0, 1:, None])[:, 0]
        yield logits[-1].cpu().numpy(), chances.cpu().numpy()
