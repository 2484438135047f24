"""Stage headroom: what base, G and D know; whether there is anything to acquire."""

from lexgraft.adopt.asking import see, setting
from lexgraft.adopt.findings import Seen, Setting, criterion, scores_of
from lexgraft.adopt.sentences import verdict_sentence
from lexgraft.adopt.session import Session, Use
from lexgraft.adopt.stages import Headroom
from lexgraft.decide import combine
from lexgraft.evaluate.compare import wilson
from lexgraft.evaluate.grade import known, select
from lexgraft.records import Verdict

HEADROOM = "headroom"


def headroom_stage(session: Session) -> Headroom:
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
    return Headroom(
        verdict=Verdict(HEADROOM, outcome, verdict_sentence(HEADROOM, outcome, found), found),
        scores=tuple(score for one in confirmed.values() for score in scores_of(one, confirm)),
        choosing=tuple(score for one in chosen.values() for score in scores_of(one, where)),
    )


def parents_seen(session: Session, use: Use) -> dict[str, Seen]:
    """Return what base, G and D made of one split."""
    return {name: see(session, one, use) for name, one in session.parents.items()}


def _missing(domain: Seen, language: Seen, where: Setting) -> dict[str, tuple[int, int]]:
    """Return, per target direction, how many concepts D knows in its own and G misses, and n."""
    own = known(select(domain.terms, pair=where.own))
    found: dict[str, tuple[int, int]] = {}
    for pair in where.targets(language.terms):
        there = known(select(language.terms, pair=pair))
        found[pair] = (sum(own.get(c, False) and not yes for c, yes in there.items()), len(there))
    return found
