"""The report as plain tables: terms.csv, words.csv for a spreadsheet, rows for the terminal."""

import csv
from collections.abc import Sequence
from io import StringIO

from lexgraft.adoption.report.formats import (
    ABSENT,
    difference,
    plain,
    points,
    share,
    share_interval,
    share_text,
    unit,
)
from lexgraft.adoption.report.report_record import AcquisitionCounts, CurvePoint, Report
from lexgraft.adoption.report.report_words import grouped, named, say
from lexgraft.evaluation.measures import BITS, DRIFT, GAIN, RECOGNITION
from lexgraft.records import Criterion, Score, TermOutcome
from lexgraft.terms.text.formula_guard import guarded

_COLUMNS = TermOutcome.__struct_fields__


def terms_csv(outcomes: Sequence[TermOutcome]) -> bytes:
    """Return one row per concept and direction, as Excel opens it without being told how.

    UTF-8 with its mark, every cell quoted; text that a spreadsheet would run as a formula is led
    by an apostrophe.
    """
    return _csv(outcomes, _COLUMNS)


def scores_csv(scores: Sequence[Score]) -> bytes:
    """Return one row per score, as `terms_csv` does."""
    return _csv(scores, Score.__struct_fields__)


def _csv(records: Sequence[TermOutcome] | Sequence[Score], columns: Sequence[str]) -> bytes:
    file = StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    for record in records:
        writer.writerow([_cell(getattr(record, column)) for column in columns])
    return file.getvalue().encode("utf-8-sig", "replace")


def _cell(value: object) -> str:
    """Return a value for a spreadsheet: text that cannot run, flags as 1 and 0."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return f"{value:.6g}"
    if value is None:
        return ""
    return guarded(str(value).replace("\0", ""))


def verdict_rows(report: Report, language: str) -> list[list[str]]:
    """Return the requirements of all gates, heads first."""
    heads = ("stage", "outcome", "requirement", "direction", "difference", "threshold", "n")
    rows = [[say(head, language) for head in heads]]
    for verdict in report.verdicts:
        stage = [named(verdict.stage, language), named(verdict.outcome, language)]
        if not verdict.criteria:
            rows.append([*stage, verdict.summary.get(language, ""), "", "", "", ""])
        for number, criterion in enumerate(verdict.criteria):
            first = stage if number == 0 else ["", ""]
            rows.append([*first, *_criterion(criterion, language)])
    return rows


def _criterion(criterion: Criterion, language: str) -> list[str]:
    outcome = named(criterion.outcome, language)
    return [
        f"{named(criterion.name, language)}: {outcome}",
        grouped(criterion.group, language),
        difference(criterion.value, criterion.low, criterion.high, criterion.name),
        f"≥ {points(criterion.threshold, unit(criterion.name))}",
        str(criterion.n),
    ]


def summary_rows(report: Report, language: str) -> list[list[str]]:
    """Return what each model knows and what became of the terms, per direction, heads first."""
    fates = [named(fate, language) for fate in ("acquired", "kept", "lost", "never")]
    heads = [say(head, language) for head in ("direction", "model", "recognition_heading")]
    rows = [[*heads, *fates, say("transfer", language), say("n", language)]]
    counted = {(row.model, row.direction): row for row in report.acquisitions}
    scores = [score for score in report.scores if score.name == RECOGNITION]
    for direction in dict.fromkeys(score.group for score in scores):
        rows.extend(
            [
                grouped(direction, language),
                score.model,
                share_text(score.value, score.low, score.high),
                *_fates(counted.get((score.model, direction))),
                str(score.n),
            ]
            for score in scores
            if score.group == direction
        )
    return rows


def _fates(row: AcquisitionCounts | None) -> list[str]:
    """Return the counts of the four fates and the transfer of one model in one direction."""
    if row is None:
        return [ABSENT] * 5
    gain = row.transfer
    transfer = difference(gain.value, gain.low, gain.high) if gain else ABSENT
    return [str(row.acquired), str(row.kept), str(row.lost), str(row.never), transfer]


def score_rows(scores: Sequence[Score], language: str = "en") -> list[list[str]]:
    """Return scores of any kind with their intervals, heads first."""
    heads = ("name", "model", "direction", "value", "interval", "n")
    rows = [[say(head, language) for head in heads]]
    for score in scores:
        unscaled = score.name in (BITS, DRIFT)
        rows.append(
            [
                named(score.name, language),
                score.model,
                grouped(score.group, language),
                plain(score.value) if unscaled else share(score.value),
                f"[{plain(score.low)}, {plain(score.high)}]"
                if unscaled
                else share_interval(score.low, score.high),
                str(score.n),
            ]
        )
    return rows


def lesson_rows(lessons: Sequence[CurvePoint], language: str = "en") -> list[list[str]]:
    """Return what was learned and lost at each number of terms taught, heads first."""
    heads = ("terms_taught", "replayed", "scale", "tuned_steps", "difference", "direction", "n")
    rows = [[say(head, language) for head in heads]]
    for lesson in lessons:
        front = [str(lesson.terms), f"{lesson.replay:.0%}", f"{lesson.scale:g}", str(lesson.steps)]
        gains = [score for score in lesson.known if score.model == GAIN]
        for number, change in enumerate((*gains, *lesson.general)):
            text = difference(change.value, change.low, change.high, change.name)
            rows.append(
                [
                    *(front if number == 0 else ["", "", "", ""]),
                    f"{named(change.name, language)}: {text}",
                    grouped(change.group, language),
                    str(change.n),
                ]
            )
    return rows
