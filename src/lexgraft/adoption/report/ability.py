"""What must not have suffered, and whether the questions are sound: general ability, health."""

from collections.abc import Sequence

from lexgraft.adoption.report.criterion_links import address_of_rule
from lexgraft.adoption.report.figures import FigureRow, interval_table
from lexgraft.adoption.report.formats import confidence, plain, share_text
from lexgraft.adoption.report.markup import Html, element, fit, join, label, word, word_with
from lexgraft.adoption.report.page_parts import (
    charts_of,
    counted,
    difference,
    group,
    linked,
    name,
    nothing,
    section,
    share_row,
    table,
    tone_of,
    unfold,
)
from lexgraft.adoption.report.report_record import AbilityChange, Report
from lexgraft.evaluation.measures import ADVANCE_KEPT, BITS, GENERAL
from lexgraft.records import Score


def general(report: Report) -> Html:
    """Return the changes of general ability against the margin, and the values behind them."""
    bits = [score for score in report.scores if score.name == BITS]
    everyday = [score for score in report.scores if score.name == GENERAL]
    if not (report.general or bits or everyday):
        return section("general", nothing())
    content: list[Html] = []
    measured = [change for change in report.general if change.split != "choose"]
    raced = [change for change in report.general if change.split == "choose"]
    if measured:
        content.append(_forest(report, measured))
    if raced:
        content.append(unfold(word("candidates"), _forest(report, raced)))
    if kept := [score for score in report.scores if score.name == ADVANCE_KEPT]:
        content.append(_advance(kept))
    if everyday:
        charts = element("div", *charts_of(report, everyday), class_="charts")
        content.append(unfold(word("everyday"), charts))
    if bits:
        content.append(
            unfold(word("bits_values"), element("p", word("bits_note"), class_="note"), _bits(bits))
        )
    return section("general", *content, note=word("general_note", level=confidence(report.alpha)))


def _advance(scores: Sequence[Score]) -> Html:
    """Return what share of G's advance over the base each result keeps, by language."""
    rows = [
        (
            group(score.group),
            label(score.model),
            fit(share_text(score.value, score.low, score.high)),
            fit(str(score.n)),
        )
        for score in scores
    ]
    heads = [word("texts"), word("model"), name(ADVANCE_KEPT), word("n")]
    return table(heads, rows, numbers=2)


def _forest(report: Report, changes: Sequence[AbilityChange]) -> Html:
    rows = [_change(report, change) for change in changes]
    chart = interval_table(rows, head=word("model"), value_head=word("difference"), difference=True)
    return element("figure", chart, class_="forest")


def _change(report: Report, change: AbilityChange) -> FigureRow:
    return FigureRow(
        label=join(
            label(change.model), element("small", name(change.name), " · ", group(change.group))
        ),
        value=change.value,
        low=change.low,
        high=change.high,
        text=difference(change.value, change.low, change.high, change.name),
        n=change.n,
        tone=tone_of(report, change.model),
        threshold=None if change.margin is None else -change.margin,
    )


def _bits(scores: Sequence[Score]) -> Html:
    rows = [
        (
            group(score.group),
            label(score.model),
            fit(plain(score.value)),
            fit(f"[{plain(score.low)}, {plain(score.high)}]"),
            fit(str(score.n)),
        )
        for score in scores
    ]
    heads = [word("texts"), word("model"), name(BITS), word("interval"), word("n")]
    return table(heads, rows, numbers=3)


def health(report: Report) -> Html:
    """Return how sound the questions are: counts, blind rules against chance, refusals."""
    counts: dict[str, Html] = {"items": linked(f"{report.items:,}", report.answers_at)}
    for split in ("choose", "confirm"):
        counts[split] = counted(report, report.concepts.get(split, 0), use=split)
    counts["sealed"] = fit(str(report.concepts.get("sealed", 0)))  # nobody has asked them
    if any(verdict.stage == "sealed" for verdict in report.verdicts):
        counts["sealed"] = counted(report, counts["sealed"], use="sealed")
    content = [element("p", word_with("health_counts", **counts))]
    if report.controls:
        rows = [
            share_row(report, score, join(name(score.name), _where(score)))._replace(
                counts=address_of_rule(report, score)
            )
            for score in report.controls
        ]
        content.append(
            element(
                "figure",
                interval_table(rows, head=word("rule"), value_head=word("right"), difference=False),
            )
        )
    if report.refused:
        refused = [(name(why), fit(f"{number:,}")) for why, number in report.refused.items()]
        heads = [word("reason"), word("count")]
        content.append(unfold(word("refused"), table(heads, refused, numbers=1)))
    return section("health", *content, note=word("health_note") if report.controls else None)


def _where(score: Score) -> Html:
    """Return group and model of a control in small print."""
    labels = [group(score.group)] if score.group else []
    labels += [name(score.model)] if score.model else []
    dotted = (join(" · " if number else "", text) for number, text in enumerate(labels))
    return element("small", *dotted) if labels else fit("")
