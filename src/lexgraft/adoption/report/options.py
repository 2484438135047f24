"""What can be done, side by side: each option with what was measured of it (pure)."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lexgraft.adoption.report.report_record import AbilityChange, AcquisitionCounts, Report
from lexgraft.business import OPTIONS, Option
from lexgraft.evaluation.measures import (
    ABILITY,
    DONOR,
    PARENTS,
    PROPER,
    RECIPIENT,
    TERM_GENERATION,
)
from lexgraft.records import Score, Verdict

PARENT_OF: dict[Option, str] = {"keep": RECIPIENT, "donor": DONOR, "base": PARENTS[0]}
_STAGES: dict[Option, str] = {"merge": "merge", "merge_glossary": "glossary", "tune": "tune"}
CHOSEN: dict[str, Option] = {
    "ship the merge": "merge",
    "ship the merge with the glossary": "merge_glossary",
    "ship the tuned merge": "tune",
}
"""What a decision does → which option that is; all others keep the recipient."""


class OptionFacts(NamedTuple):
    """What was measured of one option; None: it was not."""

    option: Option
    model: str  # display name of the model; "": none was asked
    counts: AcquisitionCounts | None  # of terms, into the target language
    written: Score | None  # share of terms written rightly
    ability: AbilityChange | None  # the language in which general ability fell most
    verdict: Verdict | None

    @property
    def measured(self) -> bool:
        """Whether anything was."""
        return any((self.counts, self.written, self.ability))


def options_of(report: Report) -> tuple[OptionFacts, ...]:
    """Return all options in the order of the table; an API only where the user gave prices."""
    direction = direction_of(report)
    options: list[Option] = [option for option in OPTIONS if option != "api" or _priced(report)]
    return tuple(_facts(report, option, direction) for option in options)


def chosen_option(report: Report) -> Option:
    """Return the option that the decision takes."""
    return CHOSEN.get(report.decision.action, "keep") if report.decision else "keep"


def examined_option(report: Report) -> Option:
    """Return the option to set against keeping G: what is done, else the last that was judged."""
    chosen = chosen_option(report)
    if chosen != "keep":
        return chosen
    judged = {verdict.stage for verdict in report.verdicts}
    options: list[Option] = [option for option, stage in _STAGES.items() if stage in judged]
    return options[-1] if options else "merge"


def direction_of(report: Report) -> str:
    """Return the direction that options are compared in: from D's language to the target."""
    preferred = f"{report.domain}->{report.target}"
    counted = [row.direction for row in report.acquisitions if row.split != "choose"]
    into = [pair for pair in counted if pair.endswith(f"->{report.target}")]
    return preferred if preferred in into or not into else into[0]


def model_of(report: Report, option: Option) -> str:
    """Return the display name of an option's model; "" where it has none in this run."""
    if option in PARENT_OF:
        return PARENT_OF[option]
    if option == "tune":
        return next((p.model for p in report.points if p.kind == "tuned"), "")
    if option in {"merge", "merge_glossary"}:
        winner = next((p.model for p in report.points if p.kind == "winner"), "")
        return winner or (report.result if report.result not in PARENTS else "")
    return ""


def _priced(report: Report) -> bool:
    """Return whether the user said anything of an API."""
    business = report.business
    figures = (business.api.request, business.api.wrong_terms, business.setup_hours.get("api"))
    return any(figure is not None for figure in figures)


def _facts(report: Report, option: Option, direction: str) -> OptionFacts:
    model = model_of(report, option)
    stage = _STAGES.get(option)
    if option == "merge_glossary":
        with_glossary = _written(report.glossary, PROPER, "")
        if with_glossary is None:
            model = ""
        written = with_glossary
    else:
        written = _written(report.scores, model, direction) if model else None
    return OptionFacts(
        option,
        model,
        next(_counts(report, model, direction), None) if model else None,
        written,
        _worst_ability(report, model) if model else None,
        next((verdict for verdict in report.verdicts if verdict.stage == stage), None),
    )


def _counts(report: Report, model: str, direction: str) -> Iterator[AcquisitionCounts]:
    for row in report.acquisitions:
        if (row.model, row.direction) == (model, direction) and row.split != "choose":
            yield row


def _written(scores: Iterable[Score], model: str, direction: str) -> Score | None:
    """Return the share of terms written, in the direction where there is one."""
    written = [score for score in scores if (score.name, score.model) == (TERM_GENERATION, model)]
    exact = [score for score in written if score.group == direction]
    return next(iter(exact or written), None)


def _worst_ability(report: Report, model: str) -> AbilityChange | None:
    """Return the worst change of general ability: the composites, else what there is."""
    changes = [row for row in report.general if row.model == model and row.split != "choose"]
    composites = [change for change in changes if change.name == ABILITY]
    return min(composites or changes, key=lambda change: change.value, default=None)
