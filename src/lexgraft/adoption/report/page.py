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
    written_section,
)
from lexgraft.adoption.report import term_section as terms
from lexgraft.adoption.report.first_page import first_page
from lexgraft.adoption.report.markup import Html, both, element, fit, join, spoken, word
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.report.report_words import LANGUAGES, say
from lexgraft.adoption.report.viewer_section import answers

_SECTIONS: dict[str, Callable[[Report], Html]] = {
    "verdicts": verdicts.verdicts,
    "gains": gain_section.gains,
    "central": sections.central,
    "front": sections.front,
    "directions": sections.directions,
    "acquisition": sections.acquisition,
    "glossary": appendix.glossary,
    "written": written_section.written,
    "tuning": appendix.tuning,
    "terms": terms.terms,
    "answers": answers,
    "general": ability.general,
    "health": ability.health,
    "samples": appendix.samples,
    "costs": cost_section.costs,
    "upkeep": upkeep_section.upkeep,
    "provenance": origin.provenance,
    "legend": appendix.legend,
}
"""Anchor → what writes the section that it leads to."""
_HEADINGS = {"answers": "answers_title"}  # where the heading is not called as the anchor
NO_DATA = Html("")
_OF_A_TUNING = {"tuning", "health", "provenance", "legend"}


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
        *(write(report) for write in _sections_of(report).values()),
    )
    return document(report, main, data)


def document(report: Report, main: Html, data: Html = NO_DATA) -> str:
    """Return a page of the report around its content: nothing is fetched, one script runs."""
    made = word("made_with", version=report.version)
    footer = element("footer", made, " · ", element("code", report.digest))
    scripts = ("page.js", "viewer.js") if data else ("page.js",)
    return framed(report.project, "title", main, scripts, footer=footer, data=data)


def framed(
    subject: str,
    title: str,
    main: Html,
    scripts: Sequence[str],
    *,
    footer: Html = NO_DATA,
    data: Html = NO_DATA,
    allowed: str = "",
) -> str:
    """Return a page in both languages around its content, with these scripts and no others.

    Args:
        subject: what the page is of; stands above it.
        title: the key of its title.
        main: the content.
        scripts: names of files beside this one.
        footer: what stands below.
        data: blocks that the scripts read.
        allowed: what its security policy allows besides.
    """
    titles = {
        f"title_{language}": fit(f"{subject} · {say(title, language)}") for language in LANGUAGES
    }
    script = "".join(map(_source, scripts))
    return Template(_source("page.html")).substitute(
        titles,
        policy=policy(script) + allowed,
        style=_source("page.css"),
        script=script,
        data=data,
        project=fit(subject),
        words_title=word(title),
        words_language=spoken("language"),
        main=main,
        footer=footer,
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


def _sections_of(report: Report) -> dict[str, Callable[[Report], Html]]:
    """Return anchor → content: of a tuning by itself only what can say something."""
    left_out = {"answers"} if not report.answers_at else set[str]()
    left_out |= {"written"} if not report.written else set[str]()
    if report.lessons and not report.verdicts:
        left_out = _SECTIONS.keys() - _OF_A_TUNING
    return {anchor: write for anchor, write in _SECTIONS.items() if anchor not in left_out}


def _contents(report: Report) -> Html:
    """Return the links to the sections."""
    links = (
        element("li", element("a", word(_HEADINGS.get(anchor, anchor)), href=f"#{anchor}"))
        for anchor in _sections_of(report)
    )
    return element("ul", *links)


def policy(script: str) -> str:
    """Return the content security policy: nothing may be fetched, only our own script may run."""
    hashed = b64encode(sha256(f"\n{script}".encode()).digest()).decode()
    return (
        "default-src 'none'; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{hashed}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
