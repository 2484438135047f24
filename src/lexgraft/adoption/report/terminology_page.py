"""What a glossary found in documents, as one page: counts, then every finding beside its text."""

from collections.abc import Sequence

from lexgraft.adoption.report.markup import Html, element, fit, foreign, join, spoken, word
from lexgraft.adoption.report.plain_page import plain_page
from lexgraft.terms.documents import TextSegment
from lexgraft.terms.glossary.check_documents import CheckedDocument, TermFault

_SHOWN = 5000  # findings
_COUNTS = ("missed", "forbidden", "inconsistent", "allowed")


def terminology_page(documents: Sequence[CheckedDocument], title: str) -> str:
    """Return the page, in English and Japanese; nothing is loaded from elsewhere."""
    findings = [(document, fault) for document in documents for fault in document.faults]
    return plain_page(
        "check_title",
        title,
        element("p", word("check_note")),
        _summary(documents),
        _left_out(documents),
        _findings(findings),
    )


def _summary(documents: Sequence[CheckedDocument]) -> Html:
    names = ("document", "segments", "untranslated", "required", "used", "rate", *_COUNTS)
    rows = [
        (
            document.path,
            f"{document.checked:,}",
            f"{document.untranslated:,}",
            f"{document.required:,}",
            f"{document.used:,}",
            "–" if document.hit_rate is None else f"{document.hit_rate:.1%}",
            *(f"{document.count(name):,}" for name in _COUNTS),
        )
        for document in documents
    ]
    body = [
        element(
            "tr",
            element("th", foreign(row[0]), scope="row"),
            *(element("td", cell, class_="number") for cell in row[1:]),
        )
        for row in rows
    ]
    return _table("document", names, body)


def _left_out(documents: Sequence[CheckedDocument]) -> Html:
    """Return what of the documents was not read."""
    rows = [
        element("li", foreign(f"{document.path}: {text}"))
        for document in documents
        for text in document.left_out
    ]
    return join(element("p", word("check_left_out")), element("ul", *rows)) if rows else Html("")


def _findings(findings: Sequence[tuple[CheckedDocument, TermFault]]) -> Html:
    if not findings:
        return element("p", word("check_none"))
    segments = {
        document.path: {segment.id: segment for segment in document.segments}
        for document, _ in findings
    }
    rows = [
        element(
            "tr",
            element("th", foreign(f"{document.path} {fault.segment}".strip()), scope="row"),
            element("td", spoken(f"check_{fault.problem}")),
            *(element("td", foreign(text)) for text in (fault.term, fault.use, fault.text)),
            element("td", _text(segments[document.path].get(fault.segment), fault, document)),
        )
        for document, fault in findings[:_SHOWN]
    ]
    names = ("segment", "problem", "term", "use", "there", "text")
    hint = element("p", word("check_more", shown=_SHOWN, count=len(findings)))
    return join(_table("findings", names, rows), hint if len(findings) > _SHOWN else "")


def _text(segment: TextSegment | None, fault: TermFault, document: CheckedDocument) -> Html:
    """Return a segment's text with what is wrong in it marked."""
    if segment is None:
        return Html("")
    text = segment.target if document.is_bilingual else segment.source
    marked = (
        join(
            text[: fault.start],
            element("mark", text[fault.start : fault.end]),
            text[fault.end :],
        )
        if fault.end
        else fit(text)
    )
    before = join(element("bdi", segment.source), " → ") if document.is_bilingual else ""
    return join(before, element("bdi", marked))


def _table(name: str, columns: Sequence[str], rows: Sequence[Html]) -> Html:
    top = element(
        "tr", *(element("th", spoken(f"check_{column}"), scope="col") for column in columns)
    )
    table = element(
        "table",
        element("caption", spoken(f"check_{name}")),
        element("thead", top),
        element("tbody", *rows),
    )
    return element("div", table, class_="wide")
