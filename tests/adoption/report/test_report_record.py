"""The digest holds the findings and nothing else."""

import msgspec
from msgspec.structs import replace

from lexgraft.adoption.report.report_record import AcquisitionCounts, CurvePoint, Report, RunRecord
from lexgraft.business import Business
from lexgraft.records import Cost


def test_the_digest_does_not_depend_on_date_machine_or_costs(report: Report):
    dearer = tuple(
        replace(verdict, cost=Cost(9.0, 9, 9.0, "JPY"), next_cost=None)
        for verdict in report.verdicts
    )
    other = replace(report, verdicts=dearer, run=RunRecord(written="2031-01-01", machine="another"))
    assert other.digest == report.digest


def test_the_digest_depends_on_every_other_part(report: Report):
    empty = Report(
        project="", version="", target="", domain="", recommendation={}, result="", alpha=0.01
    )
    taught = replace(report, lessons=(CurvePoint(10, 0.25, 8, 1.0, (), ()),))
    no_finding = ("run", "unit_seconds", "business", "answers_at", "lessons")
    parts = [name for name in Report.__struct_fields__ if name not in no_finding]
    changed = {replace(report, **{name: getattr(empty, name)}).digest for name in parts}
    assert taught.digest not in {*changed, report.digest}
    assert len(changed - {report.digest}) == len(parts)


def test_a_report_survives_json(report: Report):
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report


def test_a_row_of_fates_counts_all_its_concepts():
    assert AcquisitionCounts("m", "en->ja", acquired=3, kept=5, lost=2, never=90).n == 100


def test_the_digest_is_that_of_the_findings_whatever_they_cost_and_wherever_they_stand(
    report: Report,
):
    free = replace(report, business=Business(), unit_seconds={}, answers_at="#answers")
    assert free.digest == report.digest
