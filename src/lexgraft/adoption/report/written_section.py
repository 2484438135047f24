"""The words that models wrote: named, translated, completed, alone and with the glossary."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from lexgraft.adoption.report.formats import difference as text_of
from lexgraft.adoption.report.formats import share, share_interval
from lexgraft.adoption.report.markup import Html, element, join, unbroken, word
from lexgraft.adoption.report.page_parts import (
    difference,
    group,
    groups_of,
    language_pair,
    name,
    section,
    table,
)
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.report.report_words import named, say
from lexgraft.adoption.validity import against_recipient_served
from lexgraft.evaluation.measures import (
    AGAINST_CONTROL,
    CONTROL_WRITTEN,
    IN_LANGUAGE,
    WORDS_WRITTEN,
    WRITTEN_GAIN,
)
from lexgraft.records import Score

_PREFERENCE = f"{AGAINST_CONTROL}, {WRITTEN_GAIN}"
_OTHERS = (
    f"{WORDS_WRITTEN['translated']}, {CONTROL_WRITTEN}",
    f"{WORDS_WRITTEN['translated']}, {IN_LANGUAGE}",
)


def written(report: Report) -> Html:
    """Return a row per model: the terms it wrote in each way, with what tells accidents apart."""
    rows = [row for pair in groups_of(report.written) for row in _rows(report, pair)]
    shares = [*WORDS_WRITTEN.values(), *_OTHERS]
    heads = [word("model"), *map(name, shares), name(_PREFERENCE), word("n")]
    return section(
        "written",
        table(heads, rows, numbers=len(shares) + 2),
        *_served(report),
        note=language_pair(report, "written_note"),
    )


def _served(report: Report) -> Iterator[Html]:
    """Yield what each model with the glossary wrote more than G with it, way by way."""
    for model, gains in against_recipient_served(report.written).items():

        def told(language: str, gains: Sequence[Score] = gains) -> str:
            return say("list_joint", language).join(
                f"{named(score.name.partition(', ')[0], language)} "
                + text_of(score.value, score.low, score.high)
                for score in gains
            )

        yield element("p", word("written_served", model=partial(named, model), differences=told))


def _rows(report: Report, pair: str) -> list[list[Html]]:
    by_model: dict[str, dict[str, Score]] = {}
    for score in report.written:
        if score.group == pair:
            by_model.setdefault(score.model, {})[score.name] = score
    return [_row(model, pair, scores) for model, scores in by_model.items()]


def _row(model: str, pair: str, scores: Mapping[str, Score]) -> list[Html]:
    """Return a model's row; a way of writing that nothing was asked in is a dash."""
    preference = scores[_PREFERENCE]
    return [
        join(name(model), " ", group(pair)),
        *(_share(scores.get(kind)) for kind in (*WORDS_WRITTEN.values(), *_OTHERS)),
        difference(preference.value, preference.low, preference.high),
        Html(str(preference.n)),
    ]


def _share(score: Score | None) -> Html:
    if score is None:
        return Html("–")
    return unbroken(share(score.value), share_interval(score.low, score.high))
