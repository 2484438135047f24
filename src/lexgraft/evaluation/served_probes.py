"""Whether a server still runs the model that gave the answers kept under its name."""

from pathlib import Path

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.load_runs import AGAIN
from lexgraft.files.checked_files import is_on_record, read_checked, write_checked
from lexgraft.models import LanguageModel
from lexgraft.models.openai_server import OpenAIModel
from lexgraft.models.served_model import ServedModel
from lexgraft.models.server_checks import APART, PROBES, usable_probes

FILE = "probes.jsonl"
"""Beside a server's answers: what it said to the same few questions when they were begun."""
_TOKENS = 8  # of a free answer


class ProbeAnswer(Struct, frozen=True):
    """What a server says to one probe: an option's log P, or how it goes on where it gives none."""

    loglik: float = 0.0
    tokens: int = 0
    text: str = ""


def check_same_model(model: LanguageModel, answers: Path) -> None:
    """Refuse a server that answers otherwise than when a folder of its answers was begun.

    Its weights cannot be seen, and another model may be served under the same name and release.
    The first time, what it says is put on record.

    Raises:
        LexgraftError: options differ by more than rounding; of free answers, all differ.
    """
    if not isinstance(model, ServedModel | OpenAIModel):
        return
    current, file = _answers(model), answers / FILE
    if not is_on_record(file):
        write_checked(file, current)
        return
    begun = read_checked(file, ProbeAnswer, AGAIN)
    difference = _difference(begun, current)
    if difference:
        raise LexgraftError(
            f"the server does not answer as when the answers here were given: {difference}",
            where=str(answers),
            cure="another model stands behind this name: give another --output, or serve the one "
            "that was asked",
        )


def _answers(model: ServedModel | OpenAIModel) -> list[ProbeAnswer]:
    if isinstance(model, OpenAIModel):
        texts = model.generate([context for context, _ in PROBES], _TOKENS, ())
        return [ProbeAnswer(text=text) for text in texts]
    scores = model.loglikelihoods(usable_probes(model))
    return [ProbeAnswer(score.loglik, score.tokens) for row in scores for score in row]


def _difference(begun: list[ProbeAnswer], current: list[ProbeAnswer]) -> str:
    """Return in words by what answers differ; empty: by no more than rounding."""
    if [answer.tokens for answer in begun] != [answer.tokens for answer in current]:
        return "it cuts the same texts into other tokens"
    pairs = list(zip(begun, current, strict=True))
    free = [(first.text, second.text) for first, second in pairs if not first.tokens]
    if free and all(first != second for first, second in free):
        return "it goes on otherwise after every probe"
    gaps = [
        abs(first.loglik - second.loglik) / first.tokens for first, second in pairs if first.tokens
    ]
    largest = max(gaps, default=0.0)
    return f"an option differs by {largest:.2g} nats a token" if not largest <= APART else ""
