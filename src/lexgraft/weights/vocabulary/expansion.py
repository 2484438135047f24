"""Choosing what to add, and adding it in the base's own algorithm: a plan, nothing written."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, log
from typing import Literal

from lexgraft.weights.tokenizer.token_bytes import INSIDE, SPACE
from lexgraft.weights.tokenizer.tokenizer_engine import TokenizerEngine
from lexgraft.weights.tokenizer.tokenizer_file import TokenizerFile
from lexgraft.weights.vocabulary.bpe_merges import MergeChains, MergeConstraints, Pair
from lexgraft.weights.vocabulary.candidates import CandidateToken
from lexgraft.weights.vocabulary.occurrences import BackgroundCorpus, Occurrences, count_occurrences

Role = Literal["word", "character", "step"]
PASSES = 8  # rounds over the candidates while there is room
COMMON = 20.0  # per million tokens of general text
SEEN = 3  # occurrences that a small general text may show by chance
MARGIN = 1.0  # natural log by which a new piece beats its old cut


@dataclass(frozen=True)
class AddedToken:
    """A new token: a word that was asked for, or what its merges need on the way to it.

    That is a step, which text never shows, or a character that the base spells in bytes: it is
    one token from then on, wherever it stands.
    """

    token: str  # as the tokenizer spells it
    id: int
    role: Role
    text: str
    parts: tuple[int, ...]  # the base's tokens for it
    count: float  # in the user's text, or the weight of its terms
    score: float = 0.0  # of a Unigram piece


@dataclass(frozen=True)
class Expansion:
    """All additions to a base, in order of their ids, and the merges that make them."""

    base: TokenizerFile
    additions: tuple[AddedToken, ...]
    merges: tuple[tuple[str, str], ...]
    refused: Mapping[str, int]  # why candidates were left out → how many

    @property
    def words(self) -> tuple[AddedToken, ...]:
        """The additions that were asked for."""
        return tuple(new for new in self.additions if new.role == "word")

    @property
    def shown(self) -> frozenset[int]:
        """The ids that text may show: all but those of steps."""
        return frozenset(new.id for new in self.additions if new.role != "step")


@dataclass(frozen=True)
class ExpansionContext:
    """What a choice rests on: the base, the candidates, what texts show of them."""

    engine: TokenizerEngine
    units: tuple[CandidateToken, ...]
    weights: tuple[float, ...]
    seen: Occurrences
    crowd: BackgroundCorpus
    limit: float  # occurrences in general text from which a word is no technical one
    wanted: frozenset[str] | None = None  # spellings; only pairs that make one may be merged
    pieces: float = inf  # of the base, that a word may stand for at most

    @property
    def base(self) -> TokenizerFile:
        """The tokenizer that grows."""
        return self.engine.document


def survey_texts(
    engine: TokenizerEngine,
    units: Sequence[CandidateToken],
    texts: Sequence[str],
    general: Sequence[str],
    common: float = COMMON,
    *,
    alone: bool = False,
    pieces: float = inf,
) -> ExpansionContext:
    """Return what texts show of the candidates; without texts their own weights count.

    Args:
        engine: The base.
        units: The candidates.
        texts: The user's text.
        general: Text that is to be cut as before; without it the user's stands for it.
        common: How often, per million tokens of general text, a technical word may occur in it.
        alone: Whether base tokens may only be merged into a candidate, never into a step: then no
            text is cut otherwise that holds no candidate, whether it was looked at or not.
        pieces: How many pieces of the base a word may stand for.
    """
    occurrences = count_occurrences(engine, units, texts) if texts else Occurrences()
    weights = (
        [float(occurrences.counts[number]) for number in range(len(units))]
        if texts
        else [unit.weight for unit in units]
    )
    pairs: list[Pair] = []
    crowd_texts = general or texts
    if engine.document.kind == "BPE":
        pairs = sorted(
            {
                pair
                for number, unit in enumerate(units)
                for cut in occurrences.variants(number, unit.cut)
                for pair in pairwise(cut)
            }
        )
    else:
        crowd_texts = general  # nothing fires outside a new piece
    crowd = BackgroundCorpus(engine, units, pairs, crowd_texts)
    limit = max(SEEN, common * crowd.tokens / 1e6) if general else inf
    spellings = frozenset(unit.spelled for unit in units) if alone else None
    return ExpansionContext(
        engine, tuple(units), tuple(weights), occurrences, crowd, limit, spellings, pieces
    )


def choose_tokens(
    ground: ExpansionContext, budget: int, min_saving: float, only: frozenset[str] | None = None
) -> Expansion:
    """Return the additions within a budget of new tokens: what saves most per token comes first.

    Args:
        ground: The base, the candidates, and what texts show of them.
        budget: New tokens, steps included.
        min_saving: The smallest saving, in tokens over the user's text, that is worth an addition.
        only: Spellings to choose from; None: all candidates.
    """
    refused: Counter[str] = Counter()
    order: list[int] = []
    for number in _ranked(ground):
        if only is not None and ground.units[number].spelled not in only:
            refused["left out in an earlier round"] += 1
        elif len(ground.units[number].cut) > ground.pieces:
            refused["of more pieces than allowed"] += 1
        elif ground.crowd.seen[number] > ground.limit:
            refused["common in general text"] += 1
        elif _saving(ground, number) < min_saving:
            refused["saves too little"] += 1
        else:
            order.append(number)
    if ground.base.kind == "BPE":
        return _grow_merges(ground, order, budget, refused)
    refused["over the budget"] += max(0, len(order) - budget)
    return _grow_pieces(ground, order[:budget], refused)


def _saving(ground: ExpansionContext, number: int) -> float:
    """Return the tokens that a unit saves: how often it occurs times how many pieces it loses."""
    return ground.weights[number] * (len(ground.units[number].cut) - 1)


def _ranked(ground: ExpansionContext) -> list[int]:
    """Return the candidates, the greatest saving per new token first."""
    merging = ground.base.kind == "BPE"

    def rank(number: int) -> tuple[float, float, bytes]:
        unit, saving = ground.units[number], _saving(ground, number)
        return -saving / (len(unit.cut) - 1 if merging else 1), -saving, unit.raw

    return sorted(range(len(ground.units)), key=rank)


def _grow_merges(
    ground: ExpansionContext, order: Sequence[int], budget: int, refused: Counter[str]
) -> Expansion:
    """Return the growth of a BPE vocabulary: short words first, so that long ones build on them."""
    shared = Counter(p for number in order for p in pairwise(ground.units[number].cut))
    chains = MergeChains(ground.base, shared)
    words: dict[int, int] = {}  # token → unit
    waiting = list(order)
    for _ in range(PASSES):
        room, batch = budget - len(chains.tokens), list[int]()
        while waiting and room > 0:
            room -= len(ground.units[waiting[0]].cut) - 1
            batch.append(waiting.pop(0))
        for number in sorted(batch, key=lambda n: (len(ground.units[n].cut), n)):
            unit = ground.units[number]
            cuts = ground.seen.variants(number, unit.cut)
            token = chains.add(cuts, _constraints(ground, number), budget - len(chains.tokens))
            if token is None:
                refused["pieces that meet in general text too"] += 1
            else:
                words[token] = number
        if not batch:
            break
    refused["over the budget"] += len(waiting)
    return _of_chains(ground, chains, words, refused)


def _constraints(ground: ExpansionContext, number: int) -> MergeConstraints:
    """Return what general text allows a unit: pairs of its own, characters that are rare in it."""
    crowd, limit, spellings, tokens = ground.crowd, ground.limit, ground.wanted, ground.base.tokens

    def pair(merged: Pair) -> bool:
        makes = spellings is None or tokens[merged[0]] + tokens[merged[1]] in spellings
        return makes and crowd.outside(number, merged) <= 0

    def spelled(merged: str) -> bool:
        text = merged.replace(SPACE, " ")
        return crowd.count(text) <= crowd.seen[number] * ground.units[number].raw.decode().count(
            text
        )

    return MergeConstraints(pair, lambda sign: crowd.characters[sign] <= limit, spelled)


def _of_chains(
    ground: ExpansionContext,
    chains: MergeChains,
    words: Mapping[int, int],
    refused: Mapping[str, int],
) -> Expansion:
    """Return a growth with the merges of chains."""
    additions: list[AddedToken] = []
    for token, number in chains.tokens.items():
        pieces = chains.parts(number)
        text = b"".join(ground.engine.raw[piece] for piece in pieces).decode(errors="replace")
        unit = words.get(number)
        role: Role = "word"
        if unit is None:
            role = "character" if chains.is_character(number) else "step"
        count = 0.0 if unit is None else ground.weights[unit]
        additions.append(AddedToken(token, number, role, text, pieces, count))
    merges = tuple((chains.spelled(a), chains.spelled(b)) for a, b in chains.merges)
    return Expansion(ground.base, tuple(additions), merges, dict(refused))


def _grow_pieces(
    ground: ExpansionContext, order: Sequence[int], refused: Mapping[str, int]
) -> Expansion:
    """Return the growth of a vocabulary that is searched for the best or the longest piece."""
    base, additions = ground.base, list[AddedToken]()
    scale = _Scale(base, ground.seen.tokens) if base.kind == "Unigram" else None
    for number in order:
        unit = ground.units[number]
        token = unit.spelled
        if base.kind == "WordPiece" and not unit.raw.startswith(b" "):
            token = INSIDE + token.removeprefix(INSIDE)
        if token in base.ids or token in base.added:
            continue
        score = scale.score(unit, ground.weights[number]) if scale else 0.0
        text = unit.raw.decode(errors="replace")
        new_id = base.size + len(additions)
        pieces = tuple(piece for piece in unit.cut if piece in base.tokens)
        additions.append(
            AddedToken(token, new_id, "word", text, pieces, ground.weights[number], score)
        )
    return Expansion(base, tuple(additions), (), dict(refused))


class _Scale:
    """The scores of a Unigram vocabulary: natural logarithms of shares of a text's pieces."""

    def __init__(self, base: TokenizerFile, tokens: int) -> None:
        rows: list[tuple[str, float]] = base.model["vocab"]
        special = base.added.keys()
        self._scores = {n: float(s) for n, (piece, s) in enumerate(rows) if piece not in special}
        self._ordered = sorted(self._scores.values())
        self._unknown = self._ordered[0] - 10.0  # what the tokenizers package takes off
        self._tokens = tokens

    def score(self, unit: CandidateToken, count: float) -> float:
        """Return the score of a new piece: its share of the text, but enough to beat its old cut.

        Without a text the median of the base's scores stands for the share.
        """
        old = sum(self._scores.get(piece, self._unknown) for piece in unit.cut)
        share = self._ordered[len(self._ordered) // 2]
        if self._tokens:
            share = log(max(count, 0.5) / self._tokens)
        highest = self._ordered[-1]
        return max(self._ordered[0], min(max(share, old + MARGIN), highest))
