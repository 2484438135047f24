"""The report as one HTML file that needs nothing else: no network, no other file, no server."""

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
from lexgraft.adoption.report.viewer_section import answers

_SECTIONS = (
    ("verdicts", "verdicts", verdicts.verdicts),
    ("gains", "gains", gain_section.gains),
    ("central", "central", sections.central),
    ("front", "front", sections.front),
    ("directions", "directions", sections.directions),
    ("acquisition", "acquisition", sections.acquisition),
    ("glossary", "glossary", appendix.glossary),
    ("tuning", "tuning", appendix.tuning),
    ("terms", "terms", terms.terms),
    ("answers", "answers_title", answers),
    ("general", "general", ability.general),
    ("health", "health", ability.health),
    ("samples", "samples", appendix.samples),
    ("costs", "costs", cost_section.costs),
    ("upkeep", "upkeep", upkeep_section.upkeep),
    ("provenance", "provenance", origin.provenance),
)
NO_DATA = Html("")
_OF_A_TUNING = ("tuning", "health", "provenance")


def render_page(report: Report, data: Html = NO_DATA) -> str:
    """Return the whole page, in English and Japanese; the same report gives the same bytes.

    `data` is that of all single answers, where the page shows them itself.
    """
    main = join(
        _first(report),
        *_would_change(report),
        verdicts.facts(report),
        element("p", word("roles"), class_="note"),
        element("nav", _contents(report), class_="contents", aria_label=spoken("contents")),
        *(write(report) for _, _, write in _sections_of(report)),
    )
    return document(report, main, data)


def document(report: Report, main: Html, data: Html = NO_DATA) -> str:
    """Return a page of the report around its content: nothing is fetched, one script runs."""
    titles = {
        f"title_{language}": fit(f"{report.project} · {say('title', language)}")
        for language in LANGUAGES
    }
    script = _source("page.js") + (_source("viewer.js") if data else "")
    return Template(_source("page.html")).substitute(
        titles,
        policy=policy(script),
        style=_source("page.css"),
        script=script,
        data=data,
        project=fit(report.project),
        words_title=word("title"),
        words_language=spoken("language"),
        main=main,
        made=word("made_with", version=report.version),
        digest=fit(report.digest),
    )


def _source(name: str) -> str:
    return files("lexgraft.adoption.report").joinpath(name).read_text(encoding="utf-8")


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


def _sections_of(report: Report) -> Sequence[tuple[str, str, Callable[[Report], Html]]]:
    """Return anchor, heading and content: of a tuning by itself only what can say something."""
    if report.lessons and not report.verdicts:
        return [row for row in _SECTIONS if row[0] in _OF_A_TUNING]
    there = {"answers": report.answers_at, "front": report.front}
    return [row for row in _SECTIONS if there.get(row[0], True)]


def _contents(report: Report) -> Html:
    """Return the links to the sections."""
    links = (
        element("li", element("a", word(heading), href=f"#{anchor}"))
        for anchor, heading, _ in _sections_of(report)
    )
    return element("ul", *links)


def policy(script: str) -> str:
    """Return the content security policy: nothing may be fetched, only our own script may run."""
    hashed = b64encode(sha256(f"\n{script}".encode()).digest()).decode()
    return (
        "default-src 'none'; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{hashed}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
