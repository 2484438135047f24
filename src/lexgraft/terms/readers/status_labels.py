"""How files name a term's status and part of speech; the order of a concept's terms."""

from collections.abc import Iterable, Sequence
from typing import Literal
from unicodedata import normalize

from msgspec.structs import replace

from lexgraft.errors import LexgraftError, nearest
from lexgraft.records import PartOfSpeech, Term

Status = Literal["preferred", "admitted", "forbidden"]
PENDING = "pending"  # proposed, not yet decided: no term of the base

_STATUS: dict[str, Status | Literal["pending"]] = {
    **dict.fromkeys(
        (
            "preferred",
            "preferredterm",
            "approved",
            "standard",
            "recommended",
            "ok",
            "yes",
            "active",
        ),
        "preferred",
    ),
    **dict.fromkeys(
        ("承認", "承認済", "承認済み", "推奨", "優先", "使用", "○", "〇", "◎"), "preferred"
    ),
    **dict.fromkeys(("admitted", "admittedterm", "accepted", "allowed", "permitted"), "admitted"),
    **dict.fromkeys(("使用可", "使用可能", "許容", "許可", "可", "△"), "admitted"),
    **dict.fromkeys(
        (
            "forbidden",
            "deprecated",
            "deprecatedterm",
            "obsolete",
            "superseded",
            "supersededterm",
            "non-standard",
            "prohibited",
            "rejected",
            "do not use",
            "not recommended",
            "ng",
            "banned",
        ),
        "forbidden",
    ),
    **dict.fromkeys(
        ("使用禁止", "禁止", "非推奨", "使用不可", "不可", "不採用", "廃止", "旧称", "×", "✕"),
        "forbidden",
    ),
    **dict.fromkeys(
        ("proposed", "draft", "new", "candidate", "pending", "in review", "unapproved"), PENDING
    ),
    **dict.fromkeys(("未承認", "提案", "検討中", "申請中", "候補", "要確認", "未確認"), PENDING),
    "provisional": "admitted",
    "暫定": "admitted",
}
_PART: dict[str, PartOfSpeech] = {
    "": "unknown",
    **dict.fromkeys(("noun", "n", "proper noun", "propernoun", "名詞", "固有名詞"), "noun"),
    **dict.fromkeys(("noun phrase", "サ変名詞", "名詞句", "substantiv", "nom"), "noun"),
    **dict.fromkeys(("adjective", "adj", "形容詞", "形容動詞", "adjektiv"), "adjective"),
}
_RANK = {"preferred": 0, "admitted": 1, "forbidden": 2}


def status_of(text: str) -> Status | Literal["pending"]:
    """Return the status a cell or data category names; an empty one is preferred.

    Raises:
        LexgraftError: it is none of the known names.
    """
    folded = normalize("NFKC", text).casefold().strip().removesuffix("-admn-sts")
    if not folded:
        return "preferred"
    if folded not in _STATUS:
        raise LexgraftError(f"unknown status `{text}`", cure=nearest(folded, _STATUS))
    return _STATUS[folded]


def part_of(text: str) -> PartOfSpeech:
    """Return the part of speech a cell or data category names."""
    return _PART.get(normalize("NFKC", text).casefold().strip(), "other")


def ranked_terms(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Return the terms by language: in each one preferred term, the first, and no text twice.

    Languages stand in the order of their first terms. A text that is both asked for and forbidden
    stays twice: `lexgraft terms lint` says so.
    """
    languages: dict[str, dict[tuple[str, bool], Term]] = {}
    for term in terms:
        by_text = languages.setdefault(term.language, {})
        by_text.setdefault((term.text, term.status == "forbidden"), term)
    return tuple(term for by_text in languages.values() for term in _ranked(list(by_text.values())))


def _ranked(terms: list[Term]) -> list[Term]:
    """Return the terms of one language in order, the first usable one preferred."""
    if len(terms) > 1:
        terms.sort(key=lambda term: _RANK[term.status])
    for index, term in enumerate(terms):
        if term.status != "forbidden":
            status = "admitted" if index else "preferred"
            if term.status != status:
                terms[index] = replace(term, status=status)
    return terms


def concept_id_of(terms: Sequence[Term], named: dict[str, str], new_id: str) -> str:
    """Return the id of the concept that a row without an id belongs to, and note it in `named`.

    A row that only admits or forbids another term of a known first term belongs to it; two
    approved rows with one first term are two meanings.
    """
    first = terms[0].text
    if all(term.status != "preferred" for term in terms[1:]) and len(terms) > 1 and first in named:
        return named[first]
    return named.setdefault(first, new_id) if first not in named else new_id
