"""Merges that build new tokens from the base's own, so that no other text is tokenized otherwise.

New merges come after the base's, so they see every word as the base leaves it. A merge of two base
tokens fires wherever the two meet: one is taken only if they meet nowhere else in general text.
Every merge after that first one holds a new token, and so fires in the candidate alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lexgraft.weights.tokenizer.token_bytes import byte_of
from lexgraft.weights.tokenizer.tokenizer_file import TokenizerFile

Pair = tuple[int, int]


@dataclass(frozen=True)
class MergeConstraints:
    """What general text allows a candidate: pairs of base tokens to merge, characters to add.

    New characters stand in other text too, so what is made of them alone is asked for by `text`.
    """

    pair: Callable[[Pair], bool]
    character: Callable[[str], bool]
    text: Callable[[str], bool] = bool


@dataclass
class _ChainDraft:
    """What one cut of a candidate would add."""

    merges: dict[Pair, int] = field(default_factory=dict[Pair, int])
    tokens: dict[str, int] = field(default_factory=dict[str, int])
    parts: dict[int, tuple[int, ...]] = field(default_factory=dict[int, tuple[int, ...]])


class MergeChains:
    """A growing list of merges over a base; a candidate is added whole or not at all."""

    def __init__(self, base: TokenizerFile, shared: Mapping[Pair, int]) -> None:
        self._base, self._shared = base, shared
        self._bytes = _byte_tokens(base)
        self._spelled = dict(base.tokens)
        self._parts: dict[int, tuple[int, ...]] = {}
        self._ranks: dict[Pair, int] = {}
        self.merges: dict[Pair, int] = {}  # new ones in order → what they make
        self.tokens: dict[str, int] = {}  # new ones in order

    def spelled(self, number: int) -> str:
        """Return the spelling of a token, old or new."""
        return self._spelled[number]

    def parts(self, number: int) -> tuple[int, ...]:
        """Return the base's tokens that a token is made of."""
        return self._parts.get(number, (number,))

    def is_character(self, number: int) -> bool:
        """Return whether a token is a character that the base spells in bytes."""
        return all(piece in self._bytes for piece in self.parts(number))

    def add(self, cuts: Sequence[Sequence[int]], leave: MergeConstraints, room: int) -> int | None:
        """Return the one token that a candidate has become, or None where it cannot.

        The first tokenization decides; the others (of the candidate within text) lead to the same
        token where they can.
        """
        first = self._draft(cuts[0], leave, room)
        if first is None:
            return None
        self._commit(first[0])
        for cut in cuts[1:]:
            variant = self._draft(cut, leave, 0)
            if variant is not None and variant[1] == first[1]:
                self._commit(variant[0])
        return first[1]

    def _draft(
        self, cut: Sequence[int], leave: MergeConstraints, room: int
    ) -> tuple[_ChainDraft, int] | None:
        """Return what makes one token of a cut, and that token."""
        draft = _ChainDraft()
        ids = self._with_characters(cut, draft, leave)
        ids = self._reduce(ids, draft)
        while len(ids) > 1:
            pair = self._best(ids, draft, leave)
            if pair is None or len(draft.tokens) > room:
                return None
            spelled = "".join(self._name(number, draft) for number in pair)
            draft.merges[pair] = self._made(spelled, draft, pair)
            ids = self._reduce(ids, draft)
        fits = bool(ids) and len(draft.tokens) <= room and ids[0] >= self._base.size
        return (draft, ids[0]) if fits else None

    def _best(self, ids: Sequence[int], draft: _ChainDraft, leave: MergeConstraints) -> Pair | None:
        """Return the pair to merge next: one being built on, or shared by most candidates."""
        best: tuple[tuple[bool, bool, int, int], Pair] | None = None
        for pair in pairwise(ids):
            if not self._allowed(pair, draft, leave):
                continue
            spelled = self._name(pair[0], draft) + self._name(pair[1], draft)
            building = any(number in draft.parts for number in pair)
            worth = (spelled in self.tokens, building, self._shared.get(pair, 0), min(pair))
            if best is None or worth > best[0]:
                best = worth, pair
        return best and best[1]

    def _allowed(self, pair: Pair, draft: _ChainDraft, leave: MergeConstraints) -> bool:
        """Return whether a pair may be merged."""
        if pair in self._ranks or any(number in self._bytes for number in pair):
            return False
        spelled = self._name(pair[0], draft) + self._name(pair[1], draft)
        if spelled in self._base.ids or spelled in self._base.added:
            return False  # the base's merges would go on from it
        if max(pair) < self._base.size:
            return leave.pair(pair)
        return not all(self._is_common(token, draft) for token in pair) or leave.text(spelled)

    def _is_common(self, number: int, draft: _ChainDraft) -> bool:
        """Return whether a token stands in other text too: one of the base's, or a character."""
        pieces = draft.parts.get(number, self.parts(number))
        return number < self._base.size or all(piece in self._bytes for piece in pieces)

    def _made(self, spelled: str, draft: _ChainDraft, pair: Pair) -> int:
        """Return the token of a spelling, a new one where there is none."""
        existing = self.tokens.get(spelled, draft.tokens.get(spelled))
        if existing is not None:
            return existing
        token = self._base.size + len(self.tokens) + len(draft.tokens)
        draft.tokens[spelled] = token
        draft.parts[token] = tuple(
            piece for number in pair for piece in draft.parts.get(number, self.parts(number))
        )
        return token

    def _with_characters(
        self, cut: Sequence[int], draft: _ChainDraft, leave: MergeConstraints
    ) -> list[int]:
        """Return a cut with characters instead of the bytes that a base spells them in."""
        ids: list[int] = []
        run: list[int] = []
        for number in [*cut, -1]:
            if number in self._bytes:
                run.append(number)
                continue
            ids += self._characters(run, draft, leave)
            run = []
            ids.append(number)
        return ids[:-1]

    def _characters(
        self, run: Sequence[int], draft: _ChainDraft, leave: MergeConstraints
    ) -> list[int]:
        """Return the characters of a run of bytes as tokens; the bytes where one may not be."""
        try:
            text = bytes(self._bytes[number] for number in run).decode()
        except UnicodeDecodeError:
            return list(run)
        ids: list[int] = []
        offset = 0
        for character in text:
            width = len(character.encode())
            token = self.tokens.get(character, draft.tokens.get(character))
            if token is None and leave.character(character):
                token = self._base.size + len(self.tokens) + len(draft.tokens)
                draft.tokens[character] = token
                draft.parts[token] = tuple(run[offset : offset + width])
            ids += run[offset : offset + width] if token is None else [token]
            offset += width
        return ids

    def _reduce(self, ids: Sequence[int], draft: _ChainDraft) -> list[int]:
        """Return a word after all new merges, in the order of their ranks."""
        word = list(ids)
        later = {pair: len(self._ranks) + order for order, pair in enumerate(draft.merges)}
        while len(word) > 1:
            ranks = [self._ranks.get(pair, later.get(pair)) for pair in pairwise(word)]
            candidates = [
                (rank, position) for position, rank in enumerate(ranks) if rank is not None
            ]
            if not candidates:
                break
            _, position = min(candidates)
            pair = word[position], word[position + 1]
            word[position : position + 2] = [
                self.merges[pair] if pair in self.merges else draft.merges[pair]
            ]
        return word

    def _name(self, number: int, draft: _ChainDraft) -> str:
        """Return the spelling of a token, one of the draft included."""
        spelling = self._spelled.get(number)
        return spelling or next(name for name, token in draft.tokens.items() if token == number)

    def _commit(self, draft: _ChainDraft) -> None:
        """Take over a draft."""
        for pair, token in draft.merges.items():
            self._ranks[pair] = len(self._ranks)
            self.merges[pair] = token
        self.tokens |= draft.tokens
        self._parts |= draft.parts
        self._spelled |= {number: name for name, number in draft.tokens.items()}


def _byte_tokens(base: TokenizerFile) -> dict[int, int]:
    """Return the bytes that a base spells unknown characters in, by token."""
    if not base.byte_fallback:
        return {}
    pairs = ((number, byte_of(token)) for token, number in base.ids.items())
    return {number: byte for number, byte in pairs if byte is not None}
