"""Where the answers stand that a requirement or a blind rule counts."""

from lexgraft.adoption.report.page_parts import answers_address
from lexgraft.adoption.report.report_record import Report
from lexgraft.evaluation.measures import (
    ABILITY,
    DONOR,
    DONOR_GAIN,
    DONOR_LEAD,
    GLOSSARY_EFFECT,
    MODES,
    PARENTS,
    PROPER,
    RECIPIENT,
    RECOGNITION_NEEDING_TERM,
    TARGET_GAIN,
    TAUGHT_GAIN,
    TERM_GENERATION,
)
from lexgraft.records import Criterion, Score
from lexgraft.terms.testset.audit import KATAKANA, NEEDS_TERM
from lexgraft.terms.testset.baseline_rules import SOUND
from lexgraft.terms.testset.item_evidence import ENOUGH

BOTH = "both"  # `choose` and `confirm` together, in the viewer
TUNED, HEADROOM = "tuned", "headroom"  # a model's name, and a requirement's
GENERAL_SECTION = "#general"


def address_of_criterion(report: Report, stage: str, criterion: Criterion) -> str:
    """Return where the answers stand that a requirement of a stage counts; "" where none do.

    General ability counts documents too, which are no answers: it leads to their table.
    """
    name, detail = criterion.name.partition(", ")[::2]
    if name == ABILITY:
        return GENERAL_SECTION
    if detail == TERM_GENERATION:
        rival = MODES[2] if name == GLOSSARY_EFFECT else MODES[0]
        models = {"model": PROPER, "with_": rival}
        return answers_address(report, use="glossary written", pair=criterion.group, **models)
    pair, needs = criterion.group, _needs(report, criterion)
    if name == TAUGHT_GAIN:
        models = {"model": TUNED, "with_": _drawn(report, "winner")}
        return answers_address(report, use="choose", pair=pair, **models, taught="1", needs=needs)
    if name in (DONOR_LEAD, HEADROOM):
        models = {"model": DONOR, "with_": detail if detail in PARENTS else RECIPIENT}
        return answers_address(report, use=BOTH, pair=pair, **models, needs=needs)
    if name not in (TARGET_GAIN, DONOR_GAIN):
        return ""
    models = {
        "model": {"tune": TUNED, "merge": _drawn(report, "winner")}.get(stage, report.shipped),
        "with_": detail or RECIPIENT,
    }
    use = "sealed" if stage == "sealed" else "confirm"
    return answers_address(report, use=use, pair=pair, **models, needs=needs)


def address_of_rule(report: Report, rule: Score) -> str:
    """Return where the questions stand that a rule without knowledge was tried on.

    A rule that sees no difference between the options of a question answers fewer of them.
    """
    form, subset = rule.group.partition(", ")[::2]
    pair = form.rpartition(" ")[2]
    filtered = {"needs": "term"} if subset == NEEDS_TERM else {"script": subset}
    if rule.name == SOUND and subset:
        filtered = {"needs": "sound" if subset == KATAKANA else "term"}
    return answers_address(report, use=BOTH, pair=pair, **filtered) if "->" in pair else ""


def _needs(report: Report, criterion: Criterion) -> str:
    """Return the filter of a gate that counts only items that need their term, else ""."""
    if criterion.name == HEADROOM:
        return ""
    of_pair = [score for score in report.scores if score.group == criterion.group]
    needing = max((s.n for s in of_pair if s.name == RECOGNITION_NEEDING_TERM), default=0)
    if criterion.name == TAUGHT_GAIN and report.tuning and criterion.n == report.tuning.terms:
        return ""
    return "term" if needing >= ENOUGH else ""


def _drawn(report: Report, kind: str) -> str:
    """Return the model that the central figure draws as this; "" where it has none."""
    return next((point.model for point in report.points if point.kind == kind), "")
