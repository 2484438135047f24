"""Fit output embeddings so that P(new token) is the base's probability of its pieces."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lexgraft.arrays.shapes import Bool, Float32, Float64, Int64
from lexgraft.records import Progress, digest, silent
from lexgraft.weights.vocabulary.fit.aligned_texts import AlignedText, Teacher
from lexgraft.weights.vocabulary.fit.fit_cache import NOTHING, FitCache
from lexgraft.weights.vocabulary.fit.suppress_new_tokens import NewTokenRows, TextPositions

PLACES = 1_280  # of text, at which the tokens of one group are looked at
TOGETHER = 256  # tokens in a group
BEFORE = 0.8  # of the places: those before a token of the group
KEEP = 16  # places asked at, after which the answers are kept
HELD_BACK = 8  # every so many places
STAY = 0.1  # what moving a row costs, in mean squares of a coordinate of the hidden states
SHARES = (0.0, 0.5, 1.0)  # of the first piece's row in a row's beginning
_MOST = 0.9  # of what comes next, that new tokens may be together

Line = tuple[int, ...]


class WantedLogProbabilities(NamedTuple):
    """The logits that some new tokens should have at contexts of text."""

    tokens: Int64[Tensor, " own"]  # their places among the new
    places: TextPositions
    logits: Float32[Tensor, "place own"]  # before scale and soft cap


class OutputFit:
    """Ridge regression of new tokens' logits on hidden states, in closed form."""

    def __init__(self, target: WantedLogProbabilities) -> None:
        self.wanted, self.tokens = target, target.tokens
        states, logits = target.places.hidden.double(), target.logits.double()
        held = torch.arange(len(states)) % HELD_BACK == 0
        self._hidden, self._logits = states[held], logits[held]
        if not bool(held.all()):
            states, logits = states[~held], logits[~held]
        square = states.T @ states / len(states)
        self._unit = float(square.diagonal().mean())
        self._values, self._vectors = torch.linalg.eigh(square)
        self._aim = self._vectors.T @ (states.T @ logits) / len(states)

    def pulled(
        self, rows: Float32[Tensor, "new long"], stay: float = STAY
    ) -> Float32[Tensor, "new long"]:
        """Return rows moved towards the regression's solution, those of its own tokens alone.

        They minimise the mean square of the logits' errors plus `stay` · u · |move|², where u is
        the mean square of a coordinate of the hidden states (ridge regression towards the rows).
        """
        weight = stay * self._unit
        turned = self._vectors.T @ rows[self.tokens].double().T
        solved = (weight * turned + self._aim) / (self._values + weight).unsqueeze(1)
        fitted = rows.clone()
        fitted[self.tokens] = (self._vectors @ solved).T.to(rows.dtype)
        return fitted

    def squares(
        self, base: Teacher, rows: Float32[Tensor, "new long"]
    ) -> Float64[Tensor, "place own"]:
        """Return the squares of the finished logits' errors at the places held back."""
        logits = self._hidden @ rows[self.tokens].double().T
        return (base.transform.apply(logits) - base.transform.apply(self._logits)).square()


class OutputContexts:
    """Regressions for any number of new tokens, in groups that each have contexts of their own."""

    def __init__(self, base: Teacher, groups: Sequence[WantedLogProbabilities]) -> None:
        self._base, self.groups = base, [OutputFit(group) for group in groups]
        pairs = zip(*(group.places for group in groups), strict=True)
        self.places = TextPositions(*(torch.cat(tensors) for tensors in pairs))

    def pulled(
        self, rows: Float32[Tensor, "new long"], stay: float = STAY
    ) -> Float32[Tensor, "new long"]:
        """Return rows moved towards the solutions; see `OutputFit.pulled`."""
        for group in self.groups:
            rows = group.pulled(rows, stay)
        return rows

    def error(self, rows: Float32[Tensor, "new long"]) -> float:
        """Return by how many nats a new token is off, root mean square over places held back."""
        squares = [group.squares(self._base, rows).flatten() for group in self.groups]
        return float(torch.cat(squares).mean().sqrt())

    def begun(
        self, start: NewTokenRows, opening: Float32[Tensor, "new width"] | None
    ) -> Float32[Tensor, "new long"]:
        """Return the best solution of starts between the given rows and their first pieces'."""
        shares = (0.0,) if opening is None else SHARES
        heads = [
            self.pulled((start if opening is None else start.towards(opening, share)).head)
            for share in shares
        ]
        return min(heads, key=self.error)


def output_contexts(
    base: Teacher,
    aligned_texts: Sequence[AlignedText],
    plain: Sequence[AlignedText],
    pieces: Sequence[Sequence[int]],
    occurring: Bool[Tensor, " new"],
    first: int,
    cache: FitCache = NOTHING,
    progress: Progress = silent,
) -> OutputContexts:
    """Return, for every new token that occurs in texts, the logits it should have at contexts.

    At every place each token of a group should be as likely as its pieces are there by the base,
    one after the other, whether it comes there or not: so it is learned from all places what makes
    a word likely, and from places before words of the group above all. Some places of `plain`
    texts, and some before old tokens, are among them.

    Args:
        base: Whose likelihoods are to be met.
        aligned_texts: Texts cut both ways.
        plain: Texts that both tokenizers tokenized alike.
        pieces: The base's tokens for every new one, by id from `first` on.
        occurring: Which new tokens the texts show.
        first: The first new id.
        cache: Where answers are kept, and where some may be found.
        progress: Called every few places.
    """
    before, general_lines = _lines_before(aligned_texts, plain, first)
    tokens = occurring.nonzero().squeeze(1).tolist()
    groups = [tokens[offset : offset + TOGETHER] for offset in range(0, len(tokens), TOGETHER)]
    chosen = [_choose_lines(group, before, general_lines) for group in groups]
    count, done, targets = sum(len(lines) for lines in chosen), 0, list[WantedLogProbabilities]()
    for number, (group, lines) in enumerate(zip(groups, chosen, strict=True)):
        teacher_request = _OutputRequest(base, [tuple(pieces[token]) for token in group])
        answers = cache.tensors(f"places-{number}")
        for start in range(len(answers.get("total", ())), len(lines), KEEP):
            progress("asking how likely new tokens are", done + start, count)
            answers = _joined(
                answers, [teacher_request.at(line) for line in lines[start : start + KEEP]]
            )
            cache.keep(f"places-{number}", answers)
        done += len(lines)
        hidden = answers["hidden"]
        if base.biased:
            hidden = nn.functional.pad(hidden, (0, 1), value=1.0)
        positions = TextPositions(hidden, answers["total"])
        targets.append(WantedLogProbabilities(torch.tensor(group), positions, answers["logits"]))
    return OutputContexts(base, targets)


def _joined(
    answers: Mapping[str, Tensor], new_answers: Sequence[tuple[Tensor, Tensor, Tensor]]
) -> dict[str, Tensor]:
    """Return answers with more of them behind."""
    names = ("hidden", "total", "logits")
    stacked = dict(
        zip(names, (torch.stack(column) for column in zip(*new_answers, strict=True)), strict=True)
    )
    return {
        name: torch.cat([answers[name], tensor]) if answers else tensor
        for name, tensor in stacked.items()
    }


class _OutputRequest:
    """Asks how likely words are after any line, all of them at once: beginnings are read once."""

    def __init__(self, base: Teacher, words: Sequence[Line]) -> None:
        self._base = base
        prefixes = sorted({word[:end] for word in words for end in range(1, len(word))})
        longest = [
            prefix
            for prefix, after in zip(prefixes, [*prefixes[1:], ()], strict=True)
            if after[: len(prefix)] != prefix
        ]
        self._tails = longest
        cell_of = {
            prefix[: end + 1]: (tail, end)
            for tail, prefix in enumerate(longest)
            for end in range(len(prefix))
        }
        self._row, self._column = (
            torch.tensor([cell_of[prefix][axis] for prefix in prefixes], dtype=torch.int64)
            for axis in (0, 1)
        )
        number = {prefix: index for index, prefix in enumerate(prefixes)}
        self._first = torch.tensor([word[0] for word in words])
        steps = [
            (n, number[word[:end]], word[end])
            for n, word in enumerate(words)
            for end in range(1, len(word))
        ]
        self._word, self._prefix, self._next = (
            torch.tensor([step[axis] for step in steps], dtype=torch.int64) for axis in range(3)
        )

    @torch.no_grad()
    def at(self, line: Line) -> tuple[Tensor, Tensor, Tensor]:
        """Return a line's last hidden state, its total, and the logits words should have there."""
        last, tails = self._base.after(line, self._tails)
        (total,) = self._base.total(last.unsqueeze(0))
        likely = self._base.logits(last.unsqueeze(0), self._first)[0] - total
        if len(self._tails):
            states = tails[self._row, self._column]
            logits = self._base.own_logits(states[self._prefix], self._next)
            continuation = logits - self._base.total(states)[self._prefix]
            likely = likely.index_add(0, self._word, continuation)
        room = torch.log1p(-likely.exp().sum().clamp(max=_MOST))
        return last.float(), total, self._base.transform.invert(likely + total - room)


def _lines_before(
    aligned_texts: Sequence[AlignedText], plain: Sequence[AlignedText], first: int
) -> tuple[dict[int, set[Line]], set[Line]]:
    """Return the lines that stand before every new token, and one line of every text."""
    before, general_lines = dict[int, set[Line]](), set[Line]()
    for aligned in aligned_texts:
        for old, new in zip(aligned.old_places[:-1], aligned.new_places, strict=False):
            if aligned.new[new + 1] >= first:
                lines = before.setdefault(aligned.new[new + 1] - first, set())
                lines.add(tuple(aligned.old[: old + 1]))
        general_lines.add(_sampled_prefix(aligned))
    return before, general_lines.union(map(_sampled_prefix, plain))


def _sampled_prefix(aligned: AlignedText) -> Line:
    """Return the beginning of a text, up to the same place in every run."""
    positions = aligned.old_places
    return tuple(aligned.old[: positions[int(digest(*aligned.old), 16) % len(positions)] + 1])


def _choose_lines(
    group: Sequence[int], before: dict[int, set[Line]], general_lines: set[Line]
) -> list[Line]:
    """Return some places for a group, the same in every run: most before a token of it."""
    before_group = _some(
        set().union(*(before.get(token, set()) for token in group)), int(BEFORE * PLACES)
    )
    elsewhere = _some(general_lines.difference(before_group), PLACES - int(BEFORE * PLACES))
    return _some({*before_group, *elsewhere}, PLACES)


def _some(lines: set[Line], limit: int) -> list[Line]:
    return sorted(lines, key=lambda line: digest("place", *line))[:limit]
