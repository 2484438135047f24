"""Which licence a merge falls under, and what its parents' licences ask to be passed on."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from lexgraft.adoption.report.report_record import Parent, Report
from lexgraft.adoption.report.report_words import LANGUAGES, say
from lexgraft.evaluation.measures import PARENTS

GEMMA_NOTICE = (
    "Gemma is provided under and subject to the Gemma Terms of Use found at "
    "ai.google.dev/gemma/terms"
)


class LicenceTerms(NamedTuple):
    """A licence as model hubs name it, and how much it restricts (more: more)."""

    identifier: str
    name: str
    rank: int


class _Family(NamedTuple):
    pattern: str
    identifier: str
    rank: int


_FAMILIES = (
    _Family(r"\b(?:cc[ -])?by-nc|non-?commercial|research only", "other", 6),
    _Family(r"\bgemma\b", "gemma", 4),
    _Family(r"\bllama\b", "other", 4),
    _Family(r"\bagpl", "agpl-3.0", 3),
    _Family(r"\bgpl", "gpl-3.0", 3),
    _Family(r"by-sa[ -]?4|sharealike 4", "cc-by-sa-4.0", 3),
    _Family(r"by-sa", "other", 3),
    _Family(r"\bby[ -]4|attribution 4", "cc-by-4.0", 2),
    _Family(r"\bby[ -][123]\b|attribution [123]\b", "other", 2),
    _Family(r"apache", "apache-2.0", 1),
    _Family(r"\bmit\b", "mit", 0),
    _Family(r"bsd[ -]3", "bsd-3-clause", 0),
    _Family(r"public domain|\bcc0|unlicense", "cc0-1.0", 0),
)
_UNKNOWN = LicenceTerms("unknown", "unknown", -1)
_ALIKE_RANK = 3
_OTHER_RANK = 5  # a text that is not recognised may forbid anything


def licence_of(text: str) -> LicenceTerms:
    """Return the licence that a text names; one that is not recognised counts as restrictive.

    Of several, joined by `+` as sources are, the one that restricts most.
    """
    parts = [_joined(part) for part in text.split(" + ")]
    return max(map(_of_one, parts), key=lambda licence: licence.rank)


def _of_one(text: str) -> LicenceTerms:
    for family in _FAMILIES:
        if re.search(family.pattern, text, re.IGNORECASE):
            return LicenceTerms(family.identifier, text, family.rank)
    return LicenceTerms("other", text, _OTHER_RANK) if text else _UNKNOWN


def combined(report: Report) -> LicenceTerms:
    """Return the most restrictive known licence of all that went into the weights."""
    texts = [*(parent.licence for parent in ingredients(report)), *_taught(report)]
    return max(
        (licence_of(text) for text in texts), key=lambda licence: licence.rank, default=_UNKNOWN
    )


def mixed(report: Report) -> tuple[dict[str, str], ...]:
    """Return a warning where share-alike and restricted licences went into the same weights."""
    texts = [*(parent.licence for parent in ingredients(report)), *_taught(report)]
    parts = (_of_one(_joined(part)) for text in texts for part in text.split(" + "))
    ranks = {licence.name: licence.rank for licence in parts}
    alike = [name for name, rank in ranks.items() if rank == _ALIKE_RANK]
    strict = [name for name, rank in ranks.items() if rank > _ALIKE_RANK]
    if not alike or not strict:
        return ()
    names = {"alike": " · ".join(alike), "strict": " · ".join(strict)}
    return ({language: say("mixed", language, **names) for language in LANGUAGES},)


def ingredients(report: Report) -> tuple[Parent, ...]:
    """Return the models whose weights are in the one that was written."""
    if not is_merge(report):
        return tuple(parent for parent in report.parents if parent.role in {"base", report.shipped})
    return report.parents


def is_merge(report: Report) -> bool:
    """Return whether a merge was written, not one of the parents as it was."""
    return report.shipped not in PARENTS


def _taught(report: Report) -> Iterator[str]:
    """Yield the licences of terms and texts that the weights were trained on."""
    for source in report.sources:
        if is_merge(report) and source.use in {"train", "replay"}:
            yield source.licence


def terms_of(report: Report) -> list[str]:
    """Return the sentences that the parents' licences ask to be passed on."""
    paragraphs: list[str] = []
    licences = [licence_of(parent.licence) for parent in ingredients(report)]
    if any(licence.identifier == "gemma" for licence in licences):
        paragraphs.append(GEMMA_NOTICE)
    if any(licence.identifier == "apache-2.0" for licence in licences):
        paragraphs.append(
            "Parts are licensed under the Apache License, Version 2.0, found at "
            "www.apache.org/licenses/LICENSE-2.0; notices of the parents' own NOTICE files apply."
        )
    return paragraphs


def attributions(report: Report) -> list[str]:
    """Return one sentence per source of terms or texts that the weights were trained on."""
    return [
        f"Trained on {_joined(source.name, source.version)} "
        f"({source.licence or 'licence unknown'})."
        for source in report.sources
        if is_merge(report) and source.use in {"train", "replay"}
    ]


def _joined(*texts: str) -> str:
    """Return the texts on one line."""
    return " ".join(" ".join(texts).split())
