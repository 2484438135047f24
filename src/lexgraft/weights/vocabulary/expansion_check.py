"""Check an expanded vocabulary on text, before and after: counted, not promised."""

import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from lexgraft.weights.tokenizer.tokenizer_engine import TokenizerEngine
from lexgraft.weights.vocabulary.candidates import is_bare, writes_spaces
from lexgraft.weights.vocabulary.expansion import Expansion
from lexgraft.weights.vocabulary.expansion_texts import Passage
from lexgraft.weights.vocabulary.prune import sample_texts

_BARE = re.compile(r"(?<![\w\s])\w+")  # words after a bracket or the like


class CutChange(Struct, frozen=True):
    """One number before and after."""

    before: float
    after: float
    n: int  # terms, or bytes of text


class Stability(Struct, frozen=True):
    """General text under the expanded vocabulary."""

    documents: int
    with_words: int  # documents in which a new word or character is produced
    changed_elsewhere: int  # cut otherwise though they hold none; must be 0
    stray_steps: int  # tokens that should only be on the way to a word; must be 0
    tokens_changed: float  # share of all tokens, those of new words included


class ExpansionReport(Struct, frozen=True):
    """What was added and what it does; every number is measured on the texts given."""

    words: int  # new tokens that were asked for
    characters: int  # new tokens for characters that the base spells in bytes
    steps: int  # new tokens that only merges need
    size_before: int
    size_after: int
    produced_alone: int  # words that are one token in the middle of a short text
    produced: int | None  # words that held-out text produces; None: no held-out text
    occurring: int | None  # words whose text occurs there
    tokens_per_term: dict[str, CutChange]  # by language
    bytes_per_token: dict[str, CutChange]  # by language, on held-out text
    general: Stability | None
    round_trips: int  # terms that decode to what the base decodes them to
    terms: int
    tokens_per_second: CutChange  # of processor time, of cutting text
    refused: dict[str, int]  # why candidates were left out

    def rows(self) -> list[list[str]]:
        """Return the report as rows of a table."""
        rows = [
            ["", "before", "after"],
            ["vocabulary", f"{self.size_before:,}", f"{self.size_after:,}"],
            [
                "new words / characters / steps",
                "",
                f"{self.words:,} / {self.characters:,} / {self.steps:,}",
            ],
            ["words produced in a short text", "", f"{self.produced_alone:,} of {self.words:,}"],
        ]
        if self.produced is not None:
            produced = f"{self.produced:,} of {self.occurring:,}"
            rows.append(["words produced on held-out text", "", produced])
        for language, change in self.tokens_per_term.items():
            rows.append(
                [f"tokens per term, {language}", f"{change.before:.2f}", f"{change.after:.2f}"]
            )
        for language, change in self.bytes_per_token.items():
            rows.append(
                [f"bytes per token, {language}", f"{change.before:.3f}", f"{change.after:.3f}"]
            )
        rows.append(["terms that round-trip", "", f"{self.round_trips:,} of {self.terms:,}"])
        if self.general is not None:
            stability = self.general
            rows += [
                ["general documents", "", f"{stability.documents:,}"],
                ["… that hold a new word", "", f"{stability.with_words:,}"],
                ["… cut otherwise without one", "", f"{stability.changed_elsewhere:,}"],
                ["general tokens changed", "", f"{stability.tokens_changed:.5%}"],
            ]
        speed = self.tokens_per_second
        rows.append(["tokens per second", f"{speed.before:,.0f}", f"{speed.after:,.0f}"])
        return [*rows, *([f"left out: {why}", "", f"{n:,}"] for why, n in self.refused.items())]


def check_expansion(
    expansion: Expansion,
    base: TokenizerEngine,
    grown: TokenizerEngine,
    terms: Sequence[Passage],
    held_out: Sequence[Passage],
    general: Sequence[str],
) -> ExpansionReport:
    """Return what an expansion does to terms, held-out text of the domain, and general text."""
    alone = Counter(n for row in grown.encode(sample_texts(expansion.words)) for n in row)
    produced, occurring = _produced(expansion, grown, held_out)
    spoken = [f" {text}" if writes_spaces(text) else text for _, text in terms]
    before, after = base.encode(spoken), grown.encode(spoken)
    trips = sum(base.decode(a) == grown.decode(b) for a, b in zip(before, after, strict=True))
    return ExpansionReport(
        words=len(expansion.words),
        characters=len(expansion.shown) - len(expansion.words),
        steps=len(expansion.additions) - len(expansion.shown),
        size_before=expansion.base.size,
        size_after=expansion.base.size + len(expansion.additions),
        produced_alone=sum(alone[word.id] > 0 for word in expansion.words),
        produced=produced,
        occurring=occurring,
        tokens_per_term=_per_language(terms, before, after, per_token=False),
        bytes_per_token=_per_language(
            held_out,
            base.encode([t for _, t in held_out]),
            grown.encode([t for _, t in held_out]),
            per_token=True,
        ),
        general=_stability(expansion, base, grown, general) if general else None,
        round_trips=trips,
        terms=len(terms),
        tokens_per_second=_speed(base, grown, [*spoken, *(t for _, t in held_out)]),
        refused=dict(expansion.refused),
    )


def report_json(report: ExpansionReport, extra: Mapping[str, object]) -> bytes:
    """Return a report as JSON, with further entries beside it."""
    return msgspec.json.format(msgspec.json.encode({"proof": report, **extra}), indent=1) + b"\n"


def _produced(
    expansion: Expansion, grown: TokenizerEngine, texts: Sequence[Passage]
) -> tuple[int | None, int | None]:
    """Return how many words texts produce, and how many occur in them as text."""
    if not texts:
        return None, None
    produced = {n for row in grown.encode([text for _, text in texts]) for n in row}
    text_of_all = "\n".join(text for _, text in texts)
    bare = frozenset(_BARE.findall(text_of_all))
    occurring = [
        word
        for word in expansion.words
        if word.id in produced
        or (word.text in bare if is_bare(word.text) else word.text in text_of_all)
    ]
    return sum(word.id in produced for word in occurring), len(occurring)


def _per_language(
    passages: Sequence[Passage],
    before: Sequence[Sequence[int]],
    after: Sequence[Sequence[int]],
    *,
    per_token: bool,
) -> dict[str, CutChange]:
    """Return tokens per passage, or bytes per token, by language in sorted order."""
    changes: dict[str, CutChange] = {}
    for language in sorted({language for language, _ in passages}):
        indices = [index for index, (name, _) in enumerate(passages) if name == language]
        old, new = (max(1, sum(len(ids[index]) for index in indices)) for ids in (before, after))
        size = sum(len(passages[index][1].encode()) for index in indices)
        if per_token:
            changes[language] = CutChange(size / old, size / new, size)
        else:
            changes[language] = CutChange(old / len(indices), new / len(indices), len(indices))
    return changes


def _stability(
    expansion: Expansion, base: TokenizerEngine, grown: TokenizerEngine, texts: Sequence[str]
) -> Stability:
    """Return what became of general text."""
    words = expansion.shown
    holding = elsewhere = stray = total = unchanged = 0
    for old, new in zip(base.encode(texts), grown.encode(texts), strict=True):
        holds = any(number in words for number in new)
        holding += holds
        elsewhere += old != new and not holds
        stray += sum(n >= expansion.base.size and n not in words for n in new)
        total += len(old)
        unchanged += len(old) if old == new else (Counter(old) & Counter(new)).total()
    return Stability(len(texts), holding, elsewhere, stray, 1 - unchanged / max(1, total))


def _speed(base: TokenizerEngine, grown: TokenizerEngine, texts: Sequence[str]) -> CutChange:
    """Return tokens per processor second of the same texts, and how many tokens were cut."""
    rates: list[float] = []
    count = 0
    for engine in (base, grown):
        start = time.process_time()
        count = _total(engine.encode(texts))
        rates.append(count / max(1e-9, time.process_time() - start))
    return CutChange(rates[0], rates[1], count)


def _total(rows: Iterable[Sequence[int]]) -> int:
    """Return the tokens of rows."""
    return sum(len(row) for row in rows)
