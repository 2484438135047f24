"""What the licences of a term base ask of those who hand on what is made of it."""

import re
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from lexgraft.records import Concept

Kind = Literal["restricted", "share-alike", "free", "unknown", "not stated"]
_KINDS: tuple[tuple[str, Kind], ...] = (
    (r"snomed|umls|meddra|affiliate|proprietary|confidential|社外秘", "restricted"),
    (r"by-nc|non-?commercial|all rights reserved|research only|非営利", "restricted"),
    (r"by-sa|share-?alike|\ba?gpl|gfdl|edrdg", "share-alike"),
    (r"\bcc0|public domain|\bmit\b|\bbsd|apache|\bcc[ -]?by\b|by[ -]4|wordnet|\bmesh\b", "free"),
)
_SILENT = ("", "not stated", "see license")  # the last two stand in exports that must say something
_SAYS: dict[Kind, dict[str, str]] = {  # by language
    "restricted": {
        "en": "{n} concepts under `{licence}` must not be handed on, nor test sets, exports and "
        "adapters made of them",
        "ja": "`{licence}` の用語 {n} 件は、それ自体も、"
        "そこから作成した設問・書き出しファイル・アダプターも、"
        "第三者に提供できません",
    },
    "share-alike": {
        "en": "{n} concepts under `{licence}` ask that what is made of them and handed on has the "
        "same licence",
        "ja": "`{licence}` の用語 {n} 件から作成したものを第三者に提供する場合は、"
        "同じライセンスを付けなければなりません",
    },
    "unknown": {
        "en": "{n} concepts under `{licence}` have a licence that is not recognised: read it "
        "before handing anything on",
        "ja": "`{licence}` の用語 {n} 件のライセンスは判別できません。"
        "第三者に提供する前にご確認ください",
    },
    "not stated": {
        "en": "{n} concepts name no licence: state it with `terms import --licence` if you know it",
        "ja": "用語 {n} 件にはライセンスの記載がありません。"
        "分かっていれば `terms import --licence` で明記してください",
    },
}
_MIXED = {
    "en": "share-alike and restricted sources are mixed: what is made of both can be handed on "
    "under neither licence",
    "ja": "同じライセンスを求める出典と制限のある出典が混ざっています。"
    "両方から作成したものは、どちらのライセンスでも提供できません",
}


class SourceRights(Struct, frozen=True):
    """One licence, what it allows, and how many concepts have it."""

    licence: str
    kind: Kind
    concepts: int


class RightsLog:
    """The licences of concepts that pass through `note`, and what these licences ask."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def note(self, concept: Concept) -> Concept:
        """Count a concept under each of its licences, and return it."""
        for licence in concept.licence.split(" + "):
            self._counts[licence] = self._counts.get(licence, 0) + 1
        return concept

    def found(self) -> tuple[SourceRights, ...]:
        """Return the licences, in the order in which they were met."""
        return tuple(
            SourceRights(licence, kind_of(licence), count)
            for licence, count in self._counts.items()
        )

    def notice(self) -> bytes:
        """Return the content of the file that stands beside what is made of the concepts."""
        named = [(" ".join(source.licence.split()), source) for source in self.found()]
        rows = [
            f"- {name or 'no licence stated'} ({source.kind}): {source.concepts} concepts"
            for name, source in named
        ]
        sentences = [f"* {text}." for text in self.warnings()] or [
            "Nothing is asked that is known of."
        ]
        lines = ["# Licences of the terms in this", "", *rows, "", *sentences, ""]
        return "\n".join(lines).encode()

    def warnings(self) -> list[str]:
        """Return what to know before anything that is made of the concepts is handed on."""
        return [sentence["en"] for sentence in self.spoken()]

    def spoken(self) -> list[dict[str, str]]:
        """Return the same in the languages of the report, by language."""
        sources = self.found()
        sentences = [
            _spoken(_SAYS[source.kind], n=source.concepts, licence=source.licence)
            for source in sources
            if source.kind in _SAYS
        ]
        kinds = {source.kind for source in sources}
        return (
            [*sentences, _spoken(_MIXED)] if {"restricted", "share-alike"} <= kinds else sentences
        )


def _spoken(sentences: dict[str, str], **values: object) -> dict[str, str]:
    return {language: text.format(**values) for language, text in sentences.items()}


def kind_of(licence: str) -> Kind:
    """Return what a licence's text allows; one that is not recognised may forbid anything."""
    if licence.strip() in _SILENT:
        return "not stated"
    for pattern, kind in _KINDS:
        if re.search(pattern, licence, re.IGNORECASE):
            return kind
    return "unknown"


def rights_of(concepts: Iterable[Concept]) -> RightsLog:
    """Return the licences of a term base."""
    rights = RightsLog()
    for concept in concepts:
        rights.note(concept)
    return rights
