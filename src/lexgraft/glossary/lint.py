"""What is wrong with a glossary before it is used: a bad entry must fail at load."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Literal

from msgspec import Struct

from lexgraft.glossary import GlossaryEntry
from lexgraft.glossary.folding import folded_text, script

Problem = Literal[
    "empty", "length", "characters", "chat token", "address", "duplicate", "conflict", "forbidden",
    "short", "common",
]  # fmt: skip
TERM_LIMIT, DEFINITION_LIMIT = 200, 500  # characters
_CHAT_TOKEN = re.compile(
    r"<\|[^|>]*\|>|</?s>|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>|\[/?INST\]|<</?SYS>>"
    r"|<\uff5c[^>]*\uff5c>|(?m:^|\\n)(?:### ?)?(?:system|assistant|user|human) ?:",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\w+://|www\.|javascript:|data:\w+/|```|~~~", re.IGNORECASE)
_HIDDEN = ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")  # controls, bidi and zero width, private, lines


class Finding(Struct, frozen=True):
    """One thing wrong with one entry, by its number in the glossary."""

    number: int
    source: str
    problem: Problem
    detail: str


class Linted(Struct, frozen=True):
    """The entries that may be used, and why the others may not."""

    entries: tuple[GlossaryEntry, ...]
    findings: tuple[Finding, ...]


def lint(entries: Sequence[GlossaryEntry], common: Collection[str] = ()) -> Linted:
    """Return the entries without fault and the findings in the others.

    `common` are words that stand in any text, of which no entry may consist.
    """
    known = frozenset(folded_text(word) for word in common)
    rivals = _targets(entries)
    kept: list[GlossaryEntry] = []
    findings: list[Finding] = []
    seen: set[tuple[str, str]] = set()
    for number, entry in enumerate(entries):
        key = (folded_text(entry.source), folded_text(entry.target))
        faults = _in_fields(entry) + _in_terms(entry, known)
        if key in seen:
            faults.append(("duplicate", "stands there already"))
        elif len(rivals[key[0]]) > 1:
            faults.append(("conflict", " or ".join(rivals[key[0]])))
        seen.add(key)
        findings += [Finding(number, entry.source, problem, text) for problem, text in faults]
        if not faults:
            kept.append(entry)
    return Linted(tuple(kept), tuple(findings))


def _targets(entries: Sequence[GlossaryEntry]) -> dict[str, list[str]]:
    """Return the different targets that are required for each source."""
    targets: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for entry in entries:
        targets[folded_text(entry.source)].setdefault(folded_text(entry.target), entry.target)
    return {source: list(found.values()) for source, found in targets.items()}


def _in_fields(entry: GlossaryEntry) -> list[tuple[Problem, str]]:
    """Return the faults that any text of an entry can have."""
    faults: list[tuple[Problem, str]] = []
    for text in (entry.source, entry.target, *entry.forbidden):
        faults += faults_of_text(text, TERM_LIMIT)
    return faults + faults_of_text(entry.definition, DEFINITION_LIMIT)


def faults_of_text(text: str, limit: int) -> list[tuple[Problem, str]]:
    """Return the faults that any text can have: too long, or no text that people read."""
    faults: list[tuple[Problem, str]] = []
    if len(text) > limit:
        faults.append(("length", f"{len(text)} characters, {limit} allowed"))
    if hidden := [one for one in text if unicodedata.category(one) in _HIDDEN]:
        faults.append(("characters", f"U+{ord(hidden[0]):04X}"))
    if token := _CHAT_TOKEN.search(text):
        faults.append(("chat token", token[0].strip()))
    if address := _ADDRESS.search(text):
        faults.append(("address", address[0]))
    return faults


def _in_terms(entry: GlossaryEntry, common: frozenset[str]) -> list[tuple[Problem, str]]:
    """Return the faults of an entry's terms as terms."""
    faults: list[tuple[Problem, str]] = []
    source, target = folded_text(entry.source), folded_text(entry.target)
    forbidden = [folded_text(text) for text in entry.forbidden]
    if not source or not target or "" in forbidden:
        faults.append(("empty", "a term without text"))
    elif is_too_short(source):
        faults.append(("short", "would be found in almost any text"))
    if source in common:
        faults.append(("common", "an everyday word"))
    if target in forbidden:
        faults.append(("forbidden", f"{entry.target} is required and forbidden"))
    return faults


def is_too_short(folded: str) -> bool:
    """Tell a term of one letter or of digits and signs only; one Han character may be a term."""
    letters = [one for one in folded if script(one) and not one.isdigit()]
    names = unicodedata.name(folded[0], "")
    return not letters or (len(folded) == 1 and not names.startswith("CJK"))
