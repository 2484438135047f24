"""One table: the outcomes of the gates → what to do, which model is written, why (pure).

The rule among several gates that passed: the last one counts, because each later stage starts from
what the earlier one left and its gate asks for a gain over that. A model whose protected abilities
were not shown to be kept is written only if its own gate passed; if they were not measured at all,
the sentence says so. Nothing is recommended that was not measured: the glossary stage asks the
merge, so neither the recipient nor the tuned merge is ever recommended with the glossary.
"""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct

from lexgraft.adoption.decision_table import (
    KEPT,
    MEASURE_GENERAL_ABILITY,
    NOT_MEASURED,
    OPEN_SEALED,
    SEALED,
    TABLE,
    Action,
    Words,
    WrittenModel,
)
from lexgraft.evaluation.measures import ABILITY, DONOR_GAIN
from lexgraft.records import Criterion, Outcome, Verdict
from lexgraft.stats.gates import combine

PROTECTED = ABILITY
"""Name of the criteria that say general ability is kept."""


class Decision(Struct, frozen=True, forbid_unknown_fields=True):
    """What an adoption comes to; the report, the card, the terminal and `model/` all read it."""

    action: Action
    model: WrittenModel  # what `model/` holds
    glossary: bool  # whether the glossary belongs in the prompt of that model
    sentence: Words  # what to do and why
    would_change: Words  # what could lead to another decision


class StageOutcomes(NamedTuple):
    """What the gates said; None: the stage did not run."""

    headroom: Outcome | None = None
    merge: Outcome | None = None
    protected: Outcome | None = None  # the merge's general ability by itself; None: not measured
    glossary: Outcome | None = None  # of the merge with the glossary in its prompt
    tune: Outcome | None = None
    sealed: Outcome | None = None
    tuned_protected: Outcome | None = None  # the tuned merge's general ability, likewise
    donor: Outcome | None = None  # what the donor brought to the merge, by itself

    def measured_general_ability(self, model: WrittenModel) -> bool:
        """Return whether a model that is to be written was asked about general ability."""
        return (self.tuned_protected if model == "tuned" else self.protected) is not None


def outcomes_of(verdicts: Iterable[Verdict]) -> StageOutcomes:
    """Return what the gates said; a stage that this table does not know recommends nothing."""
    by_stage = {verdict.stage: verdict for verdict in verdicts}
    outcomes: dict[str, Outcome] = {stage: verdict.outcome for stage, verdict in by_stage.items()}
    protected: dict[str, Outcome | None] = {
        stage: protected_outcome(verdict.criteria) for stage, verdict in by_stage.items()
    }
    return StageOutcomes(
        headroom=outcomes.get("headroom"),
        merge=outcomes.get("merge"),
        protected=protected.get("merge"),
        glossary=outcomes.get("glossary"),
        tune=outcomes.get("tune"),
        sealed=outcomes.get("sealed"),
        tuned_protected=protected.get("tune"),
        donor=donor_outcome(by_stage["merge"].criteria) if "merge" in by_stage else None,
    )


def protected_outcome(criteria: Iterable[Criterion]) -> Outcome | None:
    """Return whether general ability was shown to be kept; None where it was not measured."""
    protected = [criterion for criterion in criteria if criterion.name == PROTECTED]
    return combine(protected) if protected else None


def donor_outcome(criteria: Iterable[Criterion]) -> Outcome | None:
    """Return whether it was shown that only the donor brought the terms; None: not asked."""
    brought = [criterion for criterion in criteria if criterion.name.startswith(DONOR_GAIN)]
    return combine(brought) if brought else None


def decide(outcomes: StageOutcomes) -> Decision:
    """Return what to do after an adoption whose gates said this."""
    row = TABLE[_reason(outcomes)]
    sentence, would_change = row.sentence, row.would_change
    if row.model != "recipient":
        measured = outcomes.measured_general_ability(row.model)
        sentence = _completed(sentence, measured=measured)
        if not measured:
            would_change = _joined(MEASURE_GENERAL_ABILITY, would_change)
        # the sealed concepts are opened for a model that is shipped
        if outcomes.sealed is not None:
            sentence = _joined(sentence, SEALED[outcomes.sealed])
        else:
            would_change = _joined(OPEN_SEALED, would_change)
    return Decision(row.action, row.model, row.glossary, sentence, would_change)


def _reason(outcomes: StageOutcomes) -> str:
    """Return the row of the table that these outcomes fall into: the first that fits."""
    tried = (outcomes.merge, outcomes.glossary, outcomes.tune)
    rows = (
        (outcomes.tune == "pass", _tuned_reason(outcomes)),
        (_glossary_counts(outcomes), "merge and glossary"),
        (outcomes.merge == "pass", "merge"),
        (outcomes.headroom == "fail", "no headroom"),
        (outcomes.glossary == "pass" and outcomes.protected == "fail", "glossary, but harmed"),
        (outcomes.glossary == "pass" and outcomes.protected is None, "glossary, harm not measured"),
        (outcomes.glossary == "pass", "glossary, harm open"),
        (tried == (None, None, None), "not tried"),
        (outcomes.donor == "fail" and outcomes.protected != "fail", "not the donor's"),
        ("undecided" in (outcomes.headroom, *tried), "undecided"),
    )
    return next((reason for fits, reason in rows if fits), "failed")


def _glossary_counts(outcomes: StageOutcomes) -> bool:
    """Return whether the merge with the glossary passed and may be shipped."""
    harmless = outcomes.protected == "pass" or (
        outcomes.protected is None and outcomes.merge == "pass"
    )
    return outcomes.glossary == "pass" and harmless


def _tuned_reason(outcomes: StageOutcomes) -> str:
    if outcomes.glossary == "pass":
        return "tuned after the glossary"
    if outcomes.merge == "pass":
        return "tuned after the merge"
    return "tuned alone" if outcomes.glossary is None else "tuned at last"


def _completed(sentence: Words, *, measured: bool) -> Words:
    """Return a sentence on a shipped model with what is known of its general ability."""
    general, joint = (KEPT, "and") if measured else (NOT_MEASURED, "but")
    return {
        language: text.format(general=general[language], joint=joint)
        for language, text in sentence.items()
    }


def _joined(first: Words, second: Words) -> Words:
    return {"en": f"{first['en']} {second['en']}", "ja": first["ja"] + second["ja"]}
