"""Pieces that several sections of the page are built from: names, tables, rows of scores."""

from collections.abc import Sequence
from functools import partial
from urllib.parse import quote, urlencode

from lexgraft.adoption.report.figures import FigureRow, Tone, interval_table
from lexgraft.adoption.report.formats import points, points_interval, share, share_interval, unit
from lexgraft.adoption.report.markup import Html, both, element, fit, label, unbroken, word
from lexgraft.adoption.report.report_record import AcquisitionCounts, Report
from lexgraft.adoption.report.report_words import grouped, in_both, language_name, named
from lexgraft.evaluation.measures import (
    DEFINITION_GENERATION,
    GENERAL,
    MODES,
    PARENTS,
    RECIPIENT,
    RECOGNITION,
    RECOGNITION_NEEDING_TERM,
    TERM_GENERATION,
)
from lexgraft.records import Score

SIGNS = {"pass": "✓", "fail": "✕", "undecided": "?"}
FATE_SIGNS = {"acquired": "＋", "kept": "＝", "lost": "−", "never": "·"}


def table(
    heads: Sequence[Html], rows: Sequence[Sequence[Html]], *, numbers: int = 0, kind: str = "plain"
) -> Html:
    """Return a table that scrolls sideways when it must; the last `numbers` are numbers."""
    kinds = ["number" if len(heads) - n <= numbers else None for n in range(len(heads))]
    top = (
        element("td", head, class_=kind)  # a heading has words
        if head.startswith("<svg")
        else element("th", head, scope="col", class_=kind)
        for head, kind in zip(heads, kinds, strict=True)
    )
    body = (
        element(
            "tr",
            *(element("td", cell, class_=kind) for cell, kind in zip(row, kinds, strict=True)),
        )
        for row in rows
    )
    content = element(
        "table", element("thead", element("tr", *top)), element("tbody", *body), class_=kind
    )
    return element("div", content, class_="wide", tabindex="0")


def name(text: str) -> Html:
    """Return the word for a name of the records, in both languages."""
    return both(in_both(named, text))


def group(text: str) -> Html:
    """Return the words for a direction or a kind of text, in both languages."""
    return element("span", both(in_both(grouped, text)), class_="line")


def counted(report: Report, number: object, **query: str) -> Html:
    """Return a number as a link to what it counts; plain where the report has no answers.

    `query` is what the viewer is asked: use, pair, model, fate, needs; `with_` is the other model.
    """
    return linked(str(number), answers_address(report, **query))


def linked(number: str, address: str) -> Html:
    """Return a number as a link to what it counts; plain where that has no address."""
    text = fit(number)
    return element("a", text, href=address, class_="count") if address else text


def linked_fate(report: Report, row: AcquisitionCounts, fate: str, number: int) -> Html:
    """Return the number of concepts with a fate as a link to them; `fate` "": all of the row."""
    query = {"use": row.split, "pair": row.direction, "model": row.model, "with_": RECIPIENT}
    return counted(report, number, **query, fate=fate)


def answers_address(report: Report, **query: str) -> str:
    """Return where the viewer shows these answers; "" where the report has none."""
    if not report.answers_at:
        return ""
    named_values = {key.rstrip("_"): value for key, value in query.items() if value}
    return f"{report.answers_at}?{urlencode(named_values, quote_via=quote, safe='>')}"


def language_pair(report: Report, key: str, **values: object) -> Html:
    """Return a text that names the two languages of the adoption, and takes these values."""
    return word(
        key,
        target=partial(language_name, report.target),
        domain=partial(language_name, report.domain),
        **values,
    )


def section(key: str, *content: str, note: Html | None = None, anchor: str = "") -> Html:
    """Return a section with its heading and a note on how to read it."""
    anchor = anchor or key
    return element(
        "section",
        element("h2", word(key), id=f"{anchor}-title"),
        element("p", note, class_="note", id=f"{anchor}-note") if note else "",
        *content,
        id=anchor,
        aria_labelledby=f"{anchor}-title",
    )


def nothing() -> Html:
    """Return the sentence that stands where nothing was measured."""
    return element("p", word("nothing"), class_="nothing")


def unfold(summary: Html, *content: str) -> Html:
    """Return content that is folded away until it is asked for."""
    return element("details", element("summary", summary), *content)


def tone_of(report: Report, model: str) -> Tone:
    """Return how a model is drawn, the same in every figure."""
    if model in PARENTS:
        return "parent"
    kinds: list[Tone] = [
        p.kind for p in report.points if p.model == model and p.kind != "candidate"
    ]
    return kinds[0] if kinds else "winner" if model == report.result else "candidate"


def share_row(report: Report, score: Score, head: Html | None = None) -> FigureRow:
    """Return the row of a share with its chance level."""
    return FigureRow(
        label=head or label(score.model),
        value=score.value,
        low=score.low,
        high=score.high,
        text=unbroken(share(score.value), share_interval(score.low, score.high)),
        n=score.n,
        tone=tone_of(report, score.model),
        chance=score.chance,
        counts=address_of_score(report, score),
    )


_USES = {
    RECOGNITION: "confirm",
    RECOGNITION_NEEDING_TERM: "confirm",
    GENERAL: "everyday",
    TERM_GENERATION: "written",
    DEFINITION_GENERATION: "defined",
}
"""What is counted → what its questions were asked for."""


def address_of_score(report: Report, score: Score) -> str:
    """Return where the answers behind a share stand; "" where none do."""
    use = _USES.get(score.name, "")
    if score.model in MODES:
        use = {RECOGNITION: "glossary", TERM_GENERATION: "glossary written"}.get(score.name, "")
    elif score in report.choosing:
        use = "choose"
    if not use:
        return ""
    needs = "term" if score.name == RECOGNITION_NEEDING_TERM else ""
    return answers_address(report, use=use, pair=score.group, model=score.model, needs=needs)


def difference_row(report: Report, score: Score, head: Html) -> FigureRow:
    """Return the row of a difference of shares."""
    return FigureRow(
        label=head,
        value=score.value,
        low=score.low,
        high=score.high,
        text=difference(score.value, score.low, score.high),
        n=score.n,
        tone=tone_of(report, score.model),
    )


def difference(value: float, low: float, high: float, name: str = "") -> Html:
    """Return a difference and its interval, each kept on one line."""
    return unbroken(points(value, unit(name)), points_interval(low, high))


def groups_of(scores: Sequence[Score]) -> list[str]:
    """Return the groups of the scores in the order in which they appear."""
    return list(dict.fromkeys(score.group for score in scores))


def charts_of(report: Report, scores: Sequence[Score]) -> list[Html]:
    """Return one chart per name and group of the scores, models as rows."""
    kinds = list(dict.fromkeys((score.name, score.group) for score in scores))
    return [
        element(
            "figure",
            element("figcaption", name(kind), " · ", group(key)),
            interval_table(
                [
                    share_row(report, score, name(score.model) if score.model in MODES else None)
                    for score in scores
                    if (score.name, score.group) == (kind, key)
                ],
                head=word("model"),
                value_head=word("recognition_heading"),
                difference=False,
            ),
        )
        for kind, key in kinds
    ]
