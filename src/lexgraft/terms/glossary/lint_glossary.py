"""What is wrong with a glossary before it is used: a bad entry must fail at load."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import Literal

from msgspec import Struct

from lexgraft.terms.glossary import GlossaryEntry
from lexgraft.terms.text.character_tables import spacing_of
from lexgraft.terms.text.normalize import folded_text

Problem = Literal[
    "empty",
    "length",
    "characters",
    "chat token",
    "address",
    "instruction",
    "duplicate",
    "conflict",
    "forbidden",
    "short",
    "common",
]
CONTRADICTORY: tuple[Problem, ...] = ("conflict", "forbidden")
"""What a person has to decide: of both that the glossary says, neither is looked for."""
TERM_LIMIT, DEFINITION_LIMIT = 200, 500  # characters
_CHAT_TOKEN = re.compile(
    r"<\|[^|>]*\|>|</?s>|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>|\[/?INST\]|<</?SYS>>"
    r"|<\uff5c[^>]*\uff5c>|(?m:^|\\n)(?:### ?)?(?:system|assistant|user|human) ?:",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\w+://|www\.|javascript:|data:\w+/|```|~~~", re.IGNORECASE)
_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:previous|prior|above|earlier|preceding"
    r"|foregoing|all|any|your|system)\b.{0,40}\b(?:instruction|prompt|rule|message|direction|guideline)"
    r"|\byou (?:are now|must now|will now)\b|\b(?:system|developer) prompt\b|\bnew instructions?\b"
    r"|\b(?:reveal|print|repeat|show) (?:me )?(?:your|the) (?:system|instruction|prompt)"
    r"|(?:以前|これまで|上記|前|先|すべて|全て)の?(?:全ての|すべての)?(?:指示|命令|ルール|プロンプト)を?(?:は)?(?:無視|忘れ|破棄)"
    r"|システムプロンプト|(?:忽略|无视|無視)(?:之前|以上|先前|所有)的?(?:所有)?(?:指令|指示)",
    re.IGNORECASE,
)
_HIDDEN = ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")  # controls, bidi and zero width, private, lines
_PATTERNS: tuple[tuple[Problem, re.Pattern[str]], ...] = (
    ("chat token", _CHAT_TOKEN),
    ("address", _ADDRESS),
    ("instruction", _INSTRUCTION),
)


class LintFinding(Struct, frozen=True):
    """One thing wrong with one entry, by its number in the glossary."""

    number: int
    source: str
    problem: Problem
    detail: str
    id: str = ""  # of its concept


class LintedGlossary(Struct, frozen=True):
    """The entries that may be used, and why the others may not."""

    entries: tuple[GlossaryEntry, ...]
    findings: tuple[LintFinding, ...]


def lint(entries: Sequence[GlossaryEntry], common: Collection[str] = ()) -> LintedGlossary:
    """Return the entries without fault and the findings in the others.

    `common` are words that stand in any text, of which no entry may consist.
    """
    everyday = frozenset(folded_text(word) for word in common)
    rivals = _rivals(entries)
    usable: list[GlossaryEntry] = []
    findings: list[LintFinding] = []
    pairs: set[tuple[str, str]] = set()
    for number, entry in enumerate(entries):
        key = (folded_text(entry.source), folded_text(entry.target))
        faults = _in_fields(entry) + _in_terms(entry, everyday)
        if key in pairs:
            faults.append(("duplicate", "stands there already"))
        elif key[0] in rivals:
            faults.append(("conflict", " or ".join(rivals[key[0]])))
        pairs.add(key)
        findings += [
            LintFinding(number, entry.source, problem, text, entry.id) for problem, text in faults
        ]
        if not faults:
            usable.append(entry)
    return LintedGlossary(tuple(usable), tuple(findings))


def _rivals(entries: Sequence[GlossaryEntry]) -> dict[str, list[str]]:
    """Return the targets that are required for one source, where they differ."""
    first: dict[str, str] = {}
    rivals: dict[str, dict[str, str]] = {}
    for entry in entries:
        source = folded_text(entry.source)
        earlier, target = first.setdefault(source, entry.target), folded_text(entry.target)
        if folded_text(earlier) != target:
            rivals.setdefault(source, {folded_text(earlier): earlier}).setdefault(
                target, entry.target
            )
    return {source: list(targets.values()) for source, targets in rivals.items()}


def _in_fields(entry: GlossaryEntry) -> list[tuple[Problem, str]]:
    """Return the faults that any text of an entry can have."""
    faults: list[tuple[Problem, str]] = []
    for text in (entry.source, entry.target, *entry.forbidden, *entry.allowed):
        faults += faults_of_text(text, TERM_LIMIT)
    return faults + faults_of_text(entry.definition, DEFINITION_LIMIT)


def faults_of_text(text: str, limit: int) -> list[tuple[Problem, str]]:
    """Return the faults that any text can have: too long, or no text that people read."""
    faults: list[tuple[Problem, str]] = []
    if len(text) > limit:
        faults.append(("length", f"{len(text)} characters, {limit} allowed"))
    if hidden := _hidden(text):
        faults.append(("characters", f"U+{ord(hidden[0]):04X}"))
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    written = text if plain == text else f"{text}\n{plain}"  # full width hides nothing
    for problem, pattern in _PATTERNS:
        if match := pattern.search(written):
            faults.append((problem, match[0].strip()))
    return faults


def _hidden(text: str) -> list[str]:
    """Return the characters that do not show."""
    if text.isprintable():
        return []
    return [character for character in text if unicodedata.category(character) in _HIDDEN]


def _in_terms(entry: GlossaryEntry, common: frozenset[str]) -> list[tuple[Problem, str]]:
    """Return what makes an entry's terms unfit: empty, too short, common, or contradictory."""
    faults: list[tuple[Problem, str]] = []
    source, target = folded_text(entry.source), folded_text(entry.target)
    forbidden = [folded_text(text) for text in entry.forbidden]
    if source and not target and any(forbidden):
        faults.append(
            ("forbidden", f"{' and '.join(entry.forbidden)}: and nothing required instead")
        )
    elif not source or not target or "" in forbidden:
        faults.append(("empty", "a term without text"))
    elif is_too_short(source):
        faults.append(("short", "would be found in almost any text"))
    if source in common:
        faults.append(("common", "an everyday word"))
    if target in forbidden:
        faults.append(("forbidden", f"{entry.target} is required and forbidden"))
    faults.extend(
        ("forbidden", f"{text} is allowed and forbidden")
        for text in entry.allowed
        if folded_text(text) in forbidden
    )
    return faults


def is_too_short(folded: str) -> bool:
    """Tell a term of one letter or of digits and signs only; one Han character may be a term."""
    has_letter = any(spacing_of(sign) and not sign.isdigit() for sign in folded)
    is_han = unicodedata.name(folded[0], "").startswith("CJK")
    return not has_letter or (len(folded) == 1 and not is_han)
