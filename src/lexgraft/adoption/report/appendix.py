"""The part of the page for the expert: glossary, tuning, terms, general ability, health, origin."""

from collections.abc import Iterator

from lexgraft.adoption.report.curve_section import curve
from lexgraft.adoption.report.figures import interval_table
from lexgraft.adoption.report.formats import plain
from lexgraft.adoption.report.markup import Html, both, element, foreign, join, label, word
from lexgraft.adoption.report.page_parts import (
    charts_of,
    difference_row,
    group,
    name,
    nothing,
    section,
    unfold,
)
from lexgraft.adoption.report.report_record import HeldTuning, Report
from lexgraft.adoption.report.report_words import LANGUAGES, WORDS, named, say
from lexgraft.evaluation.measures import EFFECT


def glossary(report: Report) -> Html:
    """Return the scores without entries, with the right ones and with random ones."""
    if not report.glossary:
        return section("glossary", nothing())
    shares = [score for score in report.glossary if score.name != EFFECT]
    effects = [score for score in report.glossary if score.name == EFFECT]
    charts = charts_of(report, shares)
    if effects:
        rows = [
            difference_row(
                report, score, join(name(score.model), element("small", group(score.group)))
            )
            for score in effects
        ]
        charts.append(
            element(
                "figure",
                element("figcaption", word("effect")),
                interval_table(
                    rows, head=word("measure"), value_head=word("difference"), difference=True
                ),
            )
        )
    body = element("div", *charts, class_="charts")
    return section("glossary", body, note=word("glossary_note"))


def tuning(report: Report) -> Html:
    """Return what the partial fine-tuning did to taught and to other terms, and the curve."""
    tuned, drawn = report.tuning, [curve(report.lessons, report.alpha)] if report.lessons else []
    if tuned is None:
        return section("tuning", *(drawn or [nothing()]))
    sentence = word(
        "tuning_facts",
        terms=tuned.terms,
        steps=tuned.steps,
        first=plain(tuned.loss_first),
        last=plain(tuned.loss_last),
    )
    charts = element("div", *charts_of(report, tuned.recognition), class_="charts")
    held = [element("p", *_held(tuned.held))] if tuned.held else []
    return section("tuning", element("p", sentence), *held, charts, *drawn)


def _held(held: HeldTuning) -> Iterator[Html]:
    """Yield by what a tuning was held, and which lessons the model was able to give."""
    yield word(f"tuning_held_{held.keep}", weight=f"{held.weight:g}", scale=f"{held.scale:.2f}")
    if held.lessons:
        yield word(
            "tuning_distilled",
            lessons=held.lessons,
            lessons_able=held.lessons_able,
            concepts=held.concepts,
            concepts_able=held.concepts_able,
        )


def samples(report: Report) -> Html:
    """Return free answers as they came."""
    if not report.samples:
        return section("samples", nothing())
    folded = (
        unfold(
            foreign(sample.term),
            element("p", foreign(sample.prompt), class_="prompt", lang=sample.language),
            element(
                "dl",
                *(
                    element(
                        "div",
                        element("dt", label(model)),
                        element("dd", foreign(text), lang=sample.language),
                    )
                    for model, text in sample.texts.items()
                ),
                class_="answers",
            ),
        )
        for sample in report.samples
    )
    return section("samples", *folded, note=word("samples_note"))


def legend(_: Report) -> Html:
    """Return what the words of the page mean, as they say themselves when they are pointed at."""
    rows = (
        element(
            "div",
            element("dt", both({language: _called(key, language) for language in LANGUAGES})),
            element("dd", both({language: getattr(meaning, language) for language in LANGUAGES})),
        )
        for key, meaning in WORDS.explained.items()
    )
    return section("legend", element("dl", *rows, class_="settings"))


def _called(key: str, language: str) -> str:
    return say(key, language) if key in WORDS.texts else named(key, language)
