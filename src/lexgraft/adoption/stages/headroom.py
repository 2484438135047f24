"""Stage headroom: what base, G and D know; whether there is anything to acquire."""

from lexgraft.adoption.experiment import Experiment, Use
from lexgraft.adoption.metrics import ComparisonContext, SplitResults, criterion, scores_of
from lexgraft.adoption.split_results import see, setting
from lexgraft.adoption.stage_records import HeadroomResult
from lexgraft.adoption.verdict_text import verdict_sentence
from lexgraft.evaluation.grade import known, select
from lexgraft.records import Verdict
from lexgraft.stats.gates import combine
from lexgraft.stats.intervals import wilson

HEADROOM = "headroom"


def headroom_stage(session: Experiment) -> HeadroomResult:
    """Return the parents' scores and the share that D knows and G does not, on `choose`."""
    confirmed = parents_seen(session, "confirm")
    chosen = parents_seen(session, "choose")
    where = setting(session, "choose")
    share = _missing(chosen["D"], chosen["G"], where)
    found = tuple(
        criterion(HEADROOM, pair, wilson(count, n, where.alpha), session.project.gates.headroom)
        for pair, (count, n) in share.items()
    )
    outcome = combine(found)
    confirm = setting(session, "confirm")
    return HeadroomResult(
        verdict=Verdict(HEADROOM, outcome, verdict_sentence(HEADROOM, outcome, found), found),
        scores=tuple(score for one in confirmed.values() for score in scores_of(one, confirm)),
        choosing=tuple(score for one in chosen.values() for score in scores_of(one, where)),
    )


def parents_seen(session: Experiment, use: Use) -> dict[str, SplitResults]:
    """Return what base, G and D made of one split."""
    return {name: see(session, one, use) for name, one in session.parents.items()}


def _missing(
    domain: SplitResults, language: SplitResults, where: ComparisonContext
) -> dict[str, tuple[int, int]]:
    """Return, per target direction, how many concepts D knows in its own and G misses, and n."""
    own = known(select(domain.terms, pair=where.own))
    found: dict[str, tuple[int, int]] = {}
    for pair in where.targets(language.terms):
        there = known(select(language.terms, pair=pair))
        found[pair] = (sum(own.get(c, False) and not yes for c, yes in there.items()), len(there))
    return found
