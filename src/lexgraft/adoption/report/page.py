"""The report as one HTML file that needs nothing else: no network, no other file, no server."""

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256
from importlib.resources import files
from string import Template

from lexgraft.adoption.report import (
    ability,
    appendix,
    cost_section,
    gain_section,
    origin,
    sections,
    upkeep_section,
    verdicts,
)
from lexgraft.adoption.report import term_section as terms
from lexgraft.adoption.report.first_page import first_page
from lexgraft.adoption.report.markup import Html, both, element, fit, join, spoken, word
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.report.report_words import LANGUAGES, say

_SECTIONS = (
    ("verdicts", verdicts.verdicts),
    ("gains", gain_section.gains),
    ("central", sections.central),
    ("directions", sections.directions),
    ("acquisition", sections.acquisition),
    ("glossary", appendix.glossary),
    ("tuning", appendix.tuning),
    ("terms", terms.terms),
    ("general", ability.general),
    ("health", ability.health),
    ("samples", appendix.samples),
    ("costs", cost_section.costs),
    ("upkeep", upkeep_section.upkeep),
    ("provenance", origin.provenance),
)
_OF_A_TUNING = ("tuning", "health", "provenance")


def render_page(report: Report) -> str:
    """Return the whole page, in English and Japanese; the same report gives the same bytes."""
    source = files("lexgraft.adoption.report").joinpath("page.html").read_text(encoding="utf-8")
    titles = {
        f"title_{language}": fit(f"{report.project} · {say('title', language)}")
        for language in LANGUAGES
    }
    return Template(source).substitute(
        titles,
        policy=_policy(source),
        project=fit(report.project),
        words_title=word("title"),
        words_language=spoken("language"),
        words_contents=spoken("contents"),
        first=_first(report),
        would_change=join(*_would_change(report)),
        facts=verdicts.facts(report),
        roles=word("roles"),
        contents=_contents(report),
        sections=join(*(write(report) for _, write in _sections_of(report))),
        made=word("made_with", version=report.version),
        digest=fit(report.digest),
    )


def _first(report: Report) -> Html:
    """Return the page to decide on; of a tuning by itself, which decides nothing, its sentence."""
    if report.lessons and not report.verdicts:
        return element("p", both(report.recommendation), class_="recommendation")
    return first_page(report)


def _would_change(report: Report) -> list[Html]:
    """Return the line that says what could lead to another decision, where there was one."""
    if report.decision is None:
        return []
    change = both(report.decision.would_change)
    return [element("p", element("small", word("would_change"), " ", change))]


def _sections_of(report: Report) -> Sequence[tuple[str, Callable[[Report], Html]]]:
    """Return the sections: of a tuning by itself only those that can say something."""
    if report.lessons and not report.verdicts:
        return [pair for pair in _SECTIONS if pair[0] in _OF_A_TUNING]
    return _SECTIONS


def _contents(report: Report) -> Html:
    """Return the links to the sections."""
    links = (
        element("li", element("a", word(key), href=f"#{key}")) for key, _ in _sections_of(report)
    )
    return element("ul", *links)


def _policy(source: str) -> str:
    """Return the content security policy: nothing may be fetched, only our own script may run."""
    script = re.search(r"<script>(.*?)</script>", source, re.DOTALL)
    hashed = b64encode(sha256(script[1].encode()).digest()).decode() if script else ""
    return (
        "default-src 'none'; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{hashed}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
