"""Whether a server's numbers can be believed: against themselves, and against the model's folder.

Servers cut prompts short, shift values by a place, leave values out or round in their own ways.
Each of that shows in a few probes, before an answer counts.
"""

import math
from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

from lexgraft.errors import LexgraftError
from lexgraft.models import LanguageModel, OptionScore, Question
from lexgraft.models.dialects import ServedQuestion
from lexgraft.models.served_model import ServedModel
from lexgraft.models.server_client import all_of, finished

PROBES: tuple[Question, ...] = (
    ("The organ that pumps blood through the body is the", (" heart", " liver", " lung", " knee")),
    ("Question: What is high temperature of the body called?\nAnswer:", (" fever", " anaemia")),
    ("血液を全身に送り出す臓器は「", ("心臓」", "肝臓」", "肺」")),
    ("Water boils at 100 degrees.\n\nIce melts at", (" 0 degrees", " 50 degrees")),
)
"""Questions whose options exclude each other, in two languages."""
REPEATED = 0.1  # nats a token by which the same question may be answered otherwise, batched anew
APART = 0.1  # nats a token by which a server may differ from the folder in float32
Rows = Sequence[Sequence[float]]
TOTAL = 1.01  # what probabilities of options that exclude each other may add up to
_ANY = "x"
_CURE = "update the server, name its kind with --server-kind, or give the model's folder"


class Agreement(NamedTuple):
    """How far a server's scores lie from those of the model's folder."""

    options: int
    tokens: int
    largest: float  # nats, of one option
    per_token: float  # nats, the largest of an option's difference by its tokens

    def words(self, folder: str) -> str:
        """Return what is said of it."""
        return (
            f"against {folder} in float32: {self.options} options of {self.tokens} tokens differ "
            f"by at most {self.largest:.2g} nats, {self.per_token:.2g} a token"
        )


def check_server(model: ServedModel, where: str) -> tuple[str, ...]:
    """Return what was checked of a server's numbers, if nothing contradicts itself.

    * The same questions twice give the same numbers, within `REPEATED` a token.
    * Options that exclude each other are not more likely than certain, together.
    * An option in two pieces, P(a) P(b | a), is as likely as in one.
    * The likeliest next token is as likely when it is given as when it is written.

    Raises:
        LexgraftError: one of these does not hold, or none can be tried.
    """
    questions = [probe for probe in model.encoded(PROBES) if not any(probe.crossed)]
    first, second = _scored(model, questions), _scored(model, questions)
    total = max((sum(math.exp(sum(row)) for row in rows) for rows in first), default=0.0)
    repeated = max(_gaps(zip(first, second, strict=True)), default=0.0)
    halves, following = _in_pieces(model, questions, first), _given_and_written(model, questions)
    pieces, written = max(halves, default=0.0), max(following, default=0.0)
    if not (halves or following):  # nothing else finds values that are out of place
        raise LexgraftError(
            f"the server's numbers cannot be checked: of {len(PROBES)} probes {len(questions)} can "
            "be asked, and none in pieces or given as it was written",
            where=where,
            cure=_CURE,
        )
    complaints = (
        (repeated <= REPEATED, f"the same question twice differs by {repeated:.2g} nats a token"),
        (total <= TOTAL, f"options that exclude each other have a probability of {total:.3g}"),
        (pieces <= REPEATED, f"an option in two pieces differs by {pieces:.2g} nats a token"),
        (
            written <= REPEATED,
            f"a token differs by {written:.2g} nats given and written: values out of place",
        ),
    )
    for holds, what in complaints:
        if not holds:
            raise LexgraftError(
                f"the server's numbers contradict themselves: {what}", where=where, cure=_CURE
            )
    words = (
        f"the server's numbers agree with themselves on {len(questions)} probes: asked twice "
        f"within {repeated:.2g} nats a token, in pieces within {pieces:.2g} ({len(halves)}), given "
        f"and written within {written:.2g} ({len(following)})"
    )
    return (words,)


def usable_probes(model: ServedModel) -> list[Question]:
    """Return the probes whose options share no token with what stands before them."""
    encoded = zip(PROBES, model.encoded(PROBES), strict=True)
    return [probe for probe, question in encoded if not any(question.crossed)]


def check_against(model: ServedModel, local: LanguageModel, name: str, where: str) -> str:
    """Return how far a server's scores lie from those of the same model's folder, in words.

    Raises:
        LexgraftError: by more than `APART` nats a token, or their options have other tokens.
    """
    served, computed = model.loglikelihoods(PROBES), local.loglikelihoods(PROBES)
    agreement = agreement_of(served, computed)
    if agreement is None:
        raise LexgraftError(
            f"the server cuts texts into other tokens than `{name}`",
            where=where,
            cure="it serves another model, or another tokenizer of it: give the folder it serves",
        )
    if not agreement.per_token <= APART:
        raise LexgraftError(
            f"the server's scores are not those of the folder: {agreement.words(name)}",
            where=where,
            cure=f"at most {APART} a token is rounding: it serves another model, or a coarsely "
            "quantised one, which is asked without --check-against as a model of its own",
        )
    return agreement.words(name)


def agreement_of(
    served: Sequence[Sequence[OptionScore]], computed: Sequence[Sequence[OptionScore]]
) -> Agreement | None:
    """Return how far scores of the same options lie apart; None where their tokens differ."""
    pairs = [
        pair for rows in zip(served, computed, strict=True) for pair in zip(*rows, strict=True)
    ]
    if any(remote.tokens != local.tokens for remote, local in pairs):
        return None
    gaps = [abs(remote.loglik - local.loglik) for remote, local in pairs]
    return Agreement(
        options=len(pairs),
        tokens=sum(remote.tokens for remote, _ in pairs),
        largest=max(gaps),
        per_token=max(gap / remote.tokens for gap, (remote, _) in zip(gaps, pairs, strict=True)),
    )


def _scored(model: ServedModel, questions: Sequence[ServedQuestion]) -> list[list[list[float]]]:
    return all_of([partial(model.dialect.score, question) for question in questions])


def _gaps(pairs: Iterable[tuple[Rows, Rows]]) -> list[float]:
    """Return the differences of two sums of one option, by its tokens."""
    return [
        abs(sum(first) - sum(second)) / len(first)
        for rows in pairs
        for first, second in zip(*rows, strict=True)
    ]


def _in_pieces(
    model: ServedModel, questions: Sequence[ServedQuestion], rows: Sequence[Rows]
) -> list[float]:
    """Return how far every longest option in two pieces is from what it is in one."""
    pieces: list[ServedQuestion] = []
    wholes: list[Rows] = []
    for question, scores in zip(questions, rows, strict=True):
        number = max(range(len(scores)), key=lambda index: len(scores[index]))
        ids, size = question.options[number], len(scores[number]) // 2
        begun, rest = finished(model.dialect.decode(ids[:size])), question.texts[number]
        if size and rest.startswith(begun):
            context, text = [*question.context, *ids[:size]], question.text + begun
            rest = [rest.removeprefix(begun)]
            pieces.append(ServedQuestion(context, [ids[size:]], text, rest, [False]))
            wholes.append([scores[number][size:]])
    return _gaps(zip(_scored(model, pieces), wholes, strict=True))


def _given_and_written(model: ServedModel, questions: Sequence[ServedQuestion]) -> list[float]:
    """Return the differences between a next token's log P as written and as given."""
    written = all_of([partial(model.dialect.continued, question) for question in questions])
    follow_ups: list[ServedQuestion] = []
    values: list[Rows] = []
    for question, following in zip(questions, written, strict=True):
        if following.token is not None:
            probe = question._replace(
                options=[[following.token]], texts=[following.text], crossed=[False]
            )
        else:
            (probe,) = model.encoded([(question.text, [following.text or _ANY])])
        if following.text and not any(probe.crossed) and len(probe.options[0]) == 1:
            follow_ups.append(probe)
            values.append([[following.logprob]])
    return _gaps(zip(_scored(model, follow_ups), values, strict=True))
