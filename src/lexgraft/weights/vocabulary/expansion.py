"""Choose tokens to add in the base's own algorithm; a plan, nothing is written."""

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
    candidates: tuple[CandidateToken, ...]
    weights: tuple[float, ...]
    seen: Occurrences
    background: BackgroundCorpus
    limit: float  # occurrences in general text from which a word is no technical one
    wanted: frozenset[str] | None = None  # spellings; only pairs that make one may be merged
    pieces: float = inf  # of the base, that a word may stand for at most

    @property
    def base(self) -> TokenizerFile:
        """The tokenizer that grows."""
        return self.engine.document


def survey_texts(
    engine: TokenizerEngine,
    candidates: Sequence[CandidateToken],
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
        candidates: The candidates.
        texts: The user's text.
        general: Text that is to be tokenized as before; without it the user's stands for it.
        common: How often, per million tokens of general text, a technical word may occur in it.
        alone: Whether base tokens may only be merged into a candidate, never into a step: then no
            text is tokenized otherwise that holds no candidate, whether it was looked at or not.
        pieces: How many pieces of the base a word may stand for.
    """
    occurrences = count_occurrences(engine, candidates, texts) if texts else Occurrences()
    weights = (
        [float(occurrences.counts[number]) for number in range(len(candidates))]
        if texts
        else [candidate.weight for candidate in candidates]
    )
    pairs: list[Pair] = []
    background_texts = general or texts
    if engine.document.kind == "BPE":
        pairs = sorted(
            {
                pair
                for number, candidate in enumerate(candidates)
                for cut in occurrences.variants(number, candidate.cut)
                for pair in pairwise(cut)
            }
        )
    else:
        background_texts = general  # nothing fires outside a new piece
    background = BackgroundCorpus(engine, candidates, pairs, background_texts)
    limit = max(SEEN, common * background.tokens / 1e6) if general else inf
    spellings = frozenset(candidate.spelled for candidate in candidates) if alone else None
    return ExpansionContext(
        engine, tuple(candidates), tuple(weights), occurrences, background, limit, spellings, pieces
    )


def choose_tokens(
    context: ExpansionContext, budget: int, min_saving: float, only: frozenset[str] | None = None
) -> Expansion:
    """Return the additions within a budget of new tokens: what saves most per token comes first.

    Args:
        context: The base, the candidates, and what texts show of them.
        budget: New tokens, steps included.
        min_saving: The smallest saving, in tokens over the user's text, that is worth an addition.
        only: Spellings to choose from; None: all candidates.
    """
    refused: Counter[str] = Counter()
    order: list[int] = []
    for number in _ranked(context):
        if only is not None and context.candidates[number].spelled not in only:
            refused["left out in an earlier round"] += 1
        elif len(context.candidates[number].cut) > context.pieces:
            refused["of more pieces than allowed"] += 1
        elif context.background.seen[number] > context.limit:
            refused["common in general text"] += 1
        elif _saving(context, number) < min_saving:
            refused["saves too little"] += 1
        else:
            order.append(number)
    if context.base.kind == "BPE":
        return _grow_merges(context, order, budget, refused)
    refused["over the budget"] += max(0, len(order) - budget)
    return _grow_pieces(context, order[:budget], refused)


def _saving(context: ExpansionContext, number: int) -> float:
    """Return the tokens that a candidate saves: occurrences times pieces, less one."""
    return context.weights[number] * (len(context.candidates[number].cut) - 1)


def _ranked(context: ExpansionContext) -> list[int]:
    """Return the candidates, the greatest saving per new token first."""
    merging = context.base.kind == "BPE"

    def rank(number: int) -> tuple[float, float, bytes]:
        candidate, saving = context.candidates[number], _saving(context, number)
        return -saving / (len(candidate.cut) - 1 if merging else 1), -saving, candidate.raw

    return sorted(range(len(context.candidates)), key=rank)


def _grow_merges(
    context: ExpansionContext, order: Sequence[int], budget: int, refused: Counter[str]
) -> Expansion:
    """Expand a BPE vocabulary: short words first, so that long ones build on them."""
    shared = Counter(p for number in order for p in pairwise(context.candidates[number].cut))
    chains = MergeChains(context.base, shared)
    words: dict[int, int] = {}  # token → unit
    waiting = list(order)
    for _ in range(PASSES):
        room, batch = budget - len(chains.tokens), list[int]()
        while waiting and room > 0:
            room -= len(context.candidates[waiting[0]].cut) - 1
            batch.append(waiting.pop(0))
        for number in sorted(batch, key=lambda n: (len(context.candidates[n].cut), n)):
            candidate = context.candidates[number]
            cuts = context.seen.variants(number, candidate.cut)
            token = chains.add(cuts, _constraints(context, number), budget - len(chains.tokens))
            if token is None:
                refused["pieces that meet in general text too"] += 1
            else:
                words[token] = number
        if not batch:
            break
    refused["over the budget"] += len(waiting)
    return _of_chains(context, chains, words, refused)


def _constraints(context: ExpansionContext, number: int) -> MergeConstraints:
    """Return what general text allows: pairs of the candidate alone, characters rare there."""
    background, limit = context.background, context.limit
    spellings, tokens = context.wanted, context.base.tokens

    def pair(merged: Pair) -> bool:
        makes = spellings is None or tokens[merged[0]] + tokens[merged[1]] in spellings
        return makes and background.outside(number, merged) <= 0

    def spelled(merged: str) -> bool:
        text = merged.replace(SPACE, " ")
        inside = context.candidates[number].raw.decode().count(text)
        return background.count(text) <= background.seen[number] * inside

    return MergeConstraints(pair, lambda sign: background.characters[sign] <= limit, spelled)


def _of_chains(
    context: ExpansionContext,
    chains: MergeChains,
    words: Mapping[int, int],
    refused: Mapping[str, int],
) -> Expansion:
    """Return an expansion with the merges of chains."""
    additions: list[AddedToken] = []
    for token, number in chains.tokens.items():
        pieces = chains.parts(number)
        text = b"".join(context.engine.raw[piece] for piece in pieces).decode(errors="replace")
        candidate = words.get(number)
        role: Role = "word"
        if candidate is None:
            role = "character" if chains.is_character(number) else "step"
        count = 0.0 if candidate is None else context.weights[candidate]
        additions.append(AddedToken(token, number, role, text, pieces, count))
    merges = tuple((chains.spelled(a), chains.spelled(b)) for a, b in chains.merges)
    return Expansion(context.base, tuple(additions), merges, dict(refused))


def _grow_pieces(
    context: ExpansionContext, order: Sequence[int], refused: Mapping[str, int]
) -> Expansion:
    """Return the expansion of a vocabulary that is searched for the best or the longest piece."""
    base, additions = context.base, list[AddedToken]()
    scale = _Scale(base, context.seen.tokens) if base.kind == "Unigram" else None
    for number in order:
        candidate = context.candidates[number]
        token = candidate.spelled
        if base.kind == "WordPiece" and not candidate.raw.startswith(b" "):
            token = INSIDE + token.removeprefix(INSIDE)
        if token in base.ids or token in base.added:
            continue
        score = scale.score(candidate, context.weights[number]) if scale else 0.0
        text = candidate.raw.decode(errors="replace")
        new_id = base.size + len(additions)
        pieces = tuple(piece for piece in candidate.cut if piece in base.tokens)
        additions.append(
            AddedToken(token, new_id, "word", text, pieces, context.weights[number], score)
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

    def score(self, candidate: CandidateToken, count: float) -> float:
        """Return the score of a new piece: its share of the text, or just above its old tokens.

        Without a text the median of the base's scores stands for the share.
        """
        old = sum(self._scores.get(piece, self._unknown) for piece in candidate.cut)
        share = self._ordered[len(self._ordered) // 2]
        if self._tokens:
            share = log(max(count, 0.5) / self._tokens)
        highest = self._ordered[-1]
        return max(self._ordered[0], min(max(share, old + MARGIN), highest))
