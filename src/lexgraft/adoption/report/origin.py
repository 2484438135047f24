"""The last section of the page: warnings, models, rights, and what it takes to run it again."""

import msgspec

from lexgraft.adoption.report.markup import Html, both, element, fit, foreign, word
from lexgraft.adoption.report.page_parts import name, section, table
from lexgraft.adoption.report.report_record import Report


def provenance(report: Report) -> Html:
    """Return warnings, the models and texts with their rights, and what to run it again with."""
    content = [
        element("p", word("limits")),
        _warnings(report),
        element("h3", word("parents")),
        _parents(report),
        element("h3", word("sources")),
        _sources(report),
        element("h3", word("reproduce")),
        _settings(report),
    ]
    return section("provenance", *content)


def _warnings(report: Report) -> Html:
    if not report.warnings:
        return fit("")
    items = (element("li", both(warning)) for warning in report.warnings)
    return element("div", element("h3", word("warnings")), element("ul", *items), class_="warnings")


def _licence(text: str) -> Html:
    return foreign(text) if text else word("licence_unknown")


def _parents(report: Report) -> Html:
    rows = [
        (
            fit(parent.role),
            foreign(parent.name),
            _licence(parent.licence),
            foreign(parent.source),
            element("code", parent.digest[:16]),
        )
        for parent in report.parents
    ]
    return table([word(key) for key in ("role", "name", "licence", "origin", "digest")], rows)


def _sources(report: Report) -> Html:
    rows = [
        (
            foreign(source.name),
            name(source.use),
            foreign(source.version),
            _licence(source.licence),
            fit(f"{source.entries:,}" if source.entries else ""),
        )
        for source in report.sources
    ]
    heads = [word(key) for key in ("name", "use", "version", "licence", "entries")]
    return table(heads, rows, numbers=1)


def _settings(report: Report) -> Html:
    """Return everything that fixes the result, as names with values."""
    pairs: list[tuple[Html, str]] = [
        (word("findings"), report.digest),
        (word("version"), f"lexgraft {report.version}"),
        (word("method"), report.method),
        (word("parameters"), msgspec.json.encode(report.parameters).decode()),
        (word("number_format"), report.number_format),
        (word("asked_in"), report.prompt),
        (word("answers"), str(report.answers or "")),
        (word("seed"), str(report.seed)),
        (word("gates"), report.gates),
        *((foreign(what), digest) for what, digest in report.data.items()),
        *((foreign(package), version) for package, version in report.engines.items()),
        (word("machine"), report.run.machine),
        (word("command"), report.run.command),
    ]
    listed = (
        element("div", element("dt", key), element("dd", element("code", foreign(value))))
        for key, value in pairs
        if value and value != "{}"
    )
    return element("dl", *listed, class_="settings")
