"""Candidate tokens: the words of terms, texts and donors as the tokenizer spells them."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from lexgraft.weights.tokenizer.token_bytes import meanings, token_bytes
from lexgraft.weights.tokenizer.tokenizer_engine import PROBE, TokenizerEngine
from lexgraft.weights.tokenizer.tokenizer_file import TokenizerFile

SHORTEST, LONGEST = 2, 40  # characters of a word
BARE = 0.25  # how often a spaced word stands without a space before it, where no text says
_WORDS = frozenset("LMN")  # letters, marks, numbers: neither control nor template signs
_UNSPACED = (
    (0x0E00, 0x0FFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x2E80, 0x2FDF),
    (0x3005, 0x30FF),
    (0x31F0, 0x31FF),
    (0x3400, 0x9FFF),
    (0xA9E0, 0xA9FF),
    (0xAA60, 0xAA7F),
    (0xF900, 0xFAFF),
    (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFF),
)


class CandidateToken(NamedTuple):
    """A word, or its beginning or end, that might become one token."""

    spelled: str  # in the tokenizer's alphabet
    raw: bytes  # the text it stands for, a space before it included
    weight: float  # how often it is expected, where no text says
    cut: tuple[int, ...]  # the base's tokens for it


def words_of(text: str) -> list[str]:
    """Return the runs of letters, marks and numbers in a text."""
    signs = (c if unicodedata.category(c)[0] in _WORDS else " " for c in text)
    return "".join(signs).split()


def writes_spaces(word: str) -> bool:
    """Return whether the script of a word's first letter puts spaces between words."""
    return not any(low <= ord(word[0]) <= high for low, high in _UNSPACED)


def is_bare(text: str) -> bool:
    """Return whether a word usually follows a space and stands here without one."""
    return not text.startswith(" ") and writes_spaces(text)


def is_usable(word: str) -> bool:
    """Return whether a word may become a token: some length, a letter, nothing but word signs."""
    return (
        SHORTEST <= len(word) <= LONGEST
        and words_of(word) == [word]
        and any(character.isalpha() for character in word)
    )


def term_candidates(engine: TokenizerEngine, terms: Mapping[str, float]) -> list[CandidateToken]:
    """Return the candidates of weighted terms that the base cuts in pieces, sorted by spelling.

    A word of a script with spaces is expected after one, and now and then without; a word that
    begins with a capital letter also without it.
    """
    forms: dict[tuple[str, str], float] = {}
    for term, weight in terms.items():
        for word in words_of(term):
            for form, share in _forms(word):
                for before, chance in _lines_before(engine, form):
                    key = (before, form)
                    forms[key] = forms.get(key, 0.0) + weight * share * chance
    return _located(engine, forms)


def donor_candidates(engine: TokenizerEngine, donor: TokenizerFile) -> list[CandidateToken]:
    """Return what another vocabulary has as one token of text and the base cuts in pieces."""
    forms: dict[tuple[str, str], float] = {}
    base_ids = meanings(engine.document)
    for (kind, raw), number in meanings(donor).items():
        text = raw.decode(errors="replace")
        word = text.removeprefix(" ")
        if kind == "special" or (kind, raw) in base_ids or not is_usable(word):
            continue
        before = PROBE + " " if text != word else PROBE + "\n" * writes_spaces(word)
        if engine.document.kind != "WordPiece" or before.endswith(" "):
            forms[before, word] = 1.0 / (1 + number)  # the first tokens are the frequent ones
    return _located(engine, forms)


def affix_candidates(
    candidates: Sequence[CandidateToken], engine: TokenizerEngine, min_neighbours: int
) -> list[CandidateToken]:
    """Return the beginnings and ends that stand beside so many different pieces, of weight 0.

    Accessor variety (Feng et al., 2004): what has always the same neighbour (候群 has 症) is no
    part of a word but a piece of one. They count for what a text shows of them outside the
    candidates themselves.
    """
    neighbours_of: dict[tuple[int, ...], set[int]] = {}
    for candidate in candidates:
        for size in range(2, len(candidate.cut)):
            neighbours_of.setdefault(candidate.cut[:size], set()).add(candidate.cut[size])
            neighbours_of.setdefault(candidate.cut[-size:], set()).add(candidate.cut[-size - 1])
    whole_words = {candidate.raw for candidate in candidates}
    affixes: dict[bytes, CandidateToken] = {}
    for cut, neighbours in neighbours_of.items():
        raw = b"".join(engine.raw[number] for number in cut)
        if len(neighbours) >= min_neighbours and raw not in whole_words and _is_part(raw):
            spelled = "".join(engine.document.tokens[number] for number in cut)
            if token_bytes(spelled, engine.document.alphabet) == raw:
                affixes.setdefault(raw, CandidateToken(spelled, raw, 0.0, cut))
    return [affixes[raw] for raw in sorted(affixes)]


def _is_part(raw: bytes) -> bool:
    """Return whether bytes are whole characters that may become a token."""
    try:
        return is_usable(raw.decode().removeprefix(" "))
    except UnicodeDecodeError:
        return False


def _forms(word: str) -> list[tuple[str, float]]:
    """Return the written forms of a word with their shares."""
    if not is_usable(word):
        return []
    if word[0].isupper() and word[1:].islower():
        return [(word[0].lower() + word[1:], 1.0), (word, BARE)]
    return [(word, 1.0)]


def _lines_before(engine: TokenizerEngine, word: str) -> list[tuple[str, float]]:
    """Return what may stand before a word, with shares."""
    if not writes_spaces(word):
        return [(PROBE, 1.0)]
    spaced = (PROBE + " ", 1.0)
    return [spaced] if engine.document.kind == "WordPiece" else [spaced, (PROBE + "\n", BARE)]


def _located(
    engine: TokenizerEngine, forms: Mapping[tuple[str, str], float]
) -> list[CandidateToken]:
    """Return the candidates of forms at their places, with the base's cut of each."""
    alphabet, candidates = engine.document.alphabet, dict[str, CandidateToken]()
    contexts = list(forms)
    cuts = engine.encode([before + word for before, word in contexts])
    for (before, word), ids in zip(contexts, cuts, strict=True):
        end = len(ids)
        for spelled in reversed(engine.spell(before, word)):
            raw = token_bytes(spelled, alphabet)
            start = _begin(engine, ids[:end], raw)
            if start is None:
                break
            cut, end = tuple(ids[start:end]), start
            text = raw.decode(errors="replace").strip(" ")
            if len(cut) > 1 and is_usable(text):
                weight = forms[before, word] + (
                    candidates[spelled].weight if spelled in candidates else 0.0
                )
                candidates[spelled] = CandidateToken(spelled, raw, weight, cut)
    return [candidates[spelled] for spelled in sorted(candidates)]


def _begin(engine: TokenizerEngine, ids: Sequence[int], raw: bytes) -> int | None:
    """Return from where on tokens spell just these bytes, counted from the end; None: nowhere."""
    tail, position = b"", len(ids)
    while len(tail) < len(raw) and position:
        position -= 1
        tail = (engine.raw[ids[position]] or b"\0") + tail
    unknown = b"\0" in tail  # a character that the base cannot spell: allowed where nothing merges
    if tail == raw or (unknown and engine.document.kind != "BPE" and position):
        return position
    return None


def terms_of_texts(texts: Iterable[str]) -> dict[str, float]:
    """Return the words of texts as weighted terms: what to look at where no term base is given."""
    counts: dict[str, float] = {}
    for text in texts:
        for run in words_of(text):
            for word in _script_runs(run):
                if is_usable(word):
                    counts[word] = counts.get(word, 0.0) + 1.0
    return counts


def _script_runs(run: str) -> list[str]:
    """Return a run cut where its script changes: 心筋梗塞の → 心筋梗塞, の."""
    runs: list[str] = []
    last = ""
    for character in run:
        now = unicodedata.name(character, "").split(" ")[0]
        now = last if character == "ー" or now.startswith("COMBINING") else now
        if runs and now == last:
            runs[-1] += character
        else:
            runs.append(character)
        last = now
    return runs
