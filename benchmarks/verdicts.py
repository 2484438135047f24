"""How often gates pass: an ideal merge, and merges in which no donor brought a word.

    python benchmarks/verdicts.py [--trials 1000] [--sizes demo default] [--rows TEXT ...]
        [--set confirm=80 documents=30 items=70 margin=0.03]

Answers are invented (simulated_answers.py), all that judges them is the adoption's own: gains,
composites, levels, gates. `passes` of an ideal merge is to be .8 or more, of every other one .025
or less; of a whole adoption in which nothing is true, .05. The truths are the least favourable: all
that a gate asks for holds, save one thing that just does not.
"""

import argparse
from collections.abc import Callable, Sequence
from functools import cache
from math import sqrt
from pathlib import Path
from typing import NamedTuple

import numpy as np
from simulated_answers import (  # beside this file
    EVERYDAY,
    Questions,
    Rng,
    Sizes,
    judged_in,
    mean_share,
    questions,
    texts,
)

from lexgraft.adoption.gains import donor_criteria, donor_lead, gain_criteria, taught_criteria
from lexgraft.adoption.looks import level_in_family
from lexgraft.adoption.metrics import ComparisonContext, SplitResults, changes, objective, protected
from lexgraft.adoption.stages.glossary_prompt import criteria as glossary_criteria
from lexgraft.adoption.stages.glossary_prompt import effect_and_gain
from lexgraft.adoption.verdict_text import verdict_of
from lexgraft.evaluation.grade import GradedItem
from lexgraft.evaluation.measures import MODES, RANDOM_DONOR, RECIPIENT_TUNED, WITHOUT_DONOR
from lexgraft.project import AssumedTruth, GlossaryGate, MergeGate, TuneGate, read_project
from lexgraft.records import Verdict
from lexgraft.stats.assurance import as_measured, assurance
from lexgraft.stats.clustered import clustered_mean
from lexgraft.stats.extension import look_alpha, next_level
from lexgraft.stats.gate_power import Requirement
from lexgraft.stats.gates import judge

DEMO = Path(__file__).parents[1] / "examples" / "medical-ja" / "project.yaml"
SIZES = {
    "demo": Sizes.of(read_project(DEMO)),
    "default": Sizes.of(read_project(DEMO), defaults=True),
}
ALPHA = 0.05
ASSUMED = AssumedTruth()
SPREAD = 0.04  # of relative bits per byte, by document (.027 to .035 in the medical example)
CALM = 0.005  # where general ability is to pass surely, so that the terms decide
OTHER = 1.6  # nats by which a model knows other concepts
CALIBRATION = 6000  # concepts by which truths are set
CANDIDATES = 32
"""Merges that are raced on `choose`."""


class World(NamedTuple):
    """What models know of some concepts: nats by which the right option is ahead."""

    base: np.ndarray
    recipient: np.ndarray  # G's delta
    other: np.ndarray  # what a model knows of other concepts

    @property
    def half(self) -> np.ndarray:
        """Return half of G's delta on the base: a merge without a donor."""
        return self.base + self.recipient / 2


def world(rng: Rng, n: int, lost: float) -> World:
    """Return concepts of which G has forgotten so much."""
    return World(
        1.5 * rng.normal(size=n) + 0.4,
        0.8 * rng.normal(size=n) - lost,
        OTHER * rng.normal(size=n),
    )


@cache
def calibrated(lead: float, gained: float) -> tuple[float, float]:
    """Return what G has forgotten and what a donor brings, in nats.

    Such that half of G's delta is ahead of G by `lead` and a merge with the donor by `gained`, both
    in P(right option).
    """

    def ahead(lost: float) -> float:
        return share(lost, lambda w: w.half) - share(lost, lambda w: w.base + w.recipient)

    lost = solved(lambda lost: ahead(lost) - lead, -1.0, 6.0)
    aim = share(lost, lambda w: w.base + w.recipient) + gained
    return lost, solved(lambda k: share(lost, lambda w: w.half + w.other + k) - aim, -3.0, 6.0)


@cache
def levelled(lost: float, times: float = 1.0) -> float:
    """Return the nats that a model loses which knows other concepts, but as many of them.

    P(right option) below a half rises by whatever makes answers more extreme; this takes it off.
    """
    aim = share(lost, lambda w: w.half)
    return solved(lambda k: share(lost, lambda w: w.half + times * w.other + k) - aim, -3.0, 3.0)


def share(lost: float, knowledge: Callable[[World], np.ndarray]) -> float:
    """Return P(right option) of a model of a world in which G has forgotten so much."""
    return mean_share(knowledge(world(np.random.default_rng(1), CALIBRATION, lost)))


def solved(error: Callable[[float], float], low: float, high: float) -> float:
    """Return where a rising error is 0."""
    for _ in range(18):
        middle = (low + high) / 2
        low, high = (middle, high) if error(middle) < 0 else (low, middle)
    return (low + high) / 2


class Subject(NamedTuple):
    """A result to be judged, the recipient, and the controls of the result."""

    result: np.ndarray
    recipient: np.ndarray
    controls: dict[str, np.ndarray]


def subject(rng: Rng, kind: str, n: int) -> Subject:
    """Return an ideal merge, or one of those that must not pass."""
    gained, donated = ASSUMED.target_gain, ASSUMED.donor_gain
    lost, brought = calibrated(gained - donated if kind == "ideal" else gained, gained)
    w, level = world(rng, n, lost), levelled(lost)
    another = OTHER * rng.normal(size=n) + level
    controls = {WITHOUT_DONOR: w.half, RANDOM_DONOR: w.half + another}
    recipient = w.base + w.recipient
    of_kind = {
        "ideal": (w.half + w.other + brought, controls),
        "half of G, no donor": (w.half, {WITHOUT_DONOR: w.half, RANDOM_DONOR: w.half + another}),
        "the base": (w.base, {WITHOUT_DONOR: w.base, RANDOM_DONOR: w.base + another}),
        "a random D": (w.half + w.other + level, controls),
        "D at chance": (w.half + 1.5 * w.other + levelled(lost, 1.5), controls),
        "G itself": (
            recipient.copy(),
            {WITHOUT_DONOR: recipient, RANDOM_DONOR: recipient + another},
        ),
        "three equal folders": (recipient, {WITHOUT_DONOR: recipient, RANDOM_DONOR: recipient}),
    }
    result, controls = of_kind[kind]
    return Subject(result, recipient, controls)


def split(
    rng: Rng,
    name: str,
    terms: list[GradedItem],
    everyday: Sequence[Questions],
    context: ComparisonContext,
    spread: float,
    loss: float = 0.0,
) -> SplitResults:
    """Return what a model made of terms, everyday words and texts, so much of these worse."""
    words = [
        item
        for asked in everyday
        for item in asked.answered(rng, np.full(len(asked.ids), 2.0), luck=10 * spread)
    ]
    return SplitResults(
        name,
        terms,
        words,
        texts(rng, context.documents, loss, spread),
    )


def everyday_words(rng: Rng, sizes: Sizes) -> list[Questions]:
    """Return the everyday words of both languages."""
    return [questions(rng, sizes.items, pair, "everyday ") for pair in EVERYDAY]


def merge_verdict(
    rng: Rng,
    knowledge: Subject,
    sizes: Sizes,
    alpha: float,
    spread: float = CALM,
    loss: float = 0.0,
) -> Verdict:
    """Return the verdict of the merge gate on a result."""
    asked, everyday = questions(rng, sizes.confirm), everyday_words(rng, sizes)
    context, gate = judged_in(sizes, alpha), MergeGate(general_loss=sizes.margin)
    equal = knowledge.result is knowledge.recipient
    state = rng.bit_generator.state

    def answers(known: np.ndarray) -> list[GradedItem]:
        if equal:
            rng.bit_generator.state = state  # equal weights answer alike
        return asked.answered(rng, known)

    result = split(rng, "merge", answers(knowledge.result), everyday, context, spread, loss)
    recipient = split(rng, "G", answers(knowledge.recipient), everyday, context, spread)
    controls = {name: answers(known) for name, known in knowledge.controls.items()}
    claims = gain_criteria(result, recipient, controls, context, gate)
    kept = protected(changes(result, recipient, context, gate))
    return verdict_of("merge", (*claims, *kept))


def merge_passes(kind: str, loss: float = 0.0) -> "Row":
    """Return a row: how often the merge gate passes."""

    def trial(rng: Rng, name: str) -> bool:
        sizes = SIZES[name]
        alpha = look_alpha([1], level_in_family("merge", (), ALPHA))
        knowledge = subject(rng, kind, sizes.confirm)
        spread, harm = SPREAD if kind == "ideal" else CALM, sizes.margin * loss
        return merge_verdict(rng, knowledge, sizes, alpha, spread, harm).outcome == "pass"

    return trial


@cache
def at_chance() -> float:
    """Return the nats at which a model that knows other concepts is right as often as chance."""
    return solved(lambda k: share(0.0, lambda w: w.other + k) - 0.25, -4.0, 4.0)


def headroom_passes(kind: str) -> "Row":
    """Return a row: how often a donor that knows nothing is found to lead."""

    def trial(rng: Rng, name: str) -> bool:
        sizes = SIZES[name]
        n = sizes.choose + sizes.confirm
        asked = questions(rng, n, "en->en")
        w = world(rng, n, 0.0)
        if kind == "base":
            base, donor = w.half, w.half + w.other + levelled(0.0)
        else:
            base, donor = w.other - 6.0, w.other + at_chance()
        control = base - 3.0
        known, rival, random = (asked.answered(rng, one) for one in (donor, base, control))
        lead = donor_lead(known, rival, random, "en->en", judged_in(sizes, ALPHA))
        return verdict_of("headroom", lead).outcome == "pass"

    return trial


def adoption_passes(rng: Rng, name: str) -> bool:
    """Return whether anything passes where a merge, a glossary and a tuning bring nothing.

    The merge is the best of 32 on `choose`; each stage is judged by answers of its own, which is
    worse for the family than answers that agree.
    """
    sizes = SIZES[name]
    verdicts: list[Verdict] = []
    alpha = look_alpha([1], level_in_family("merge", verdicts, ALPHA))
    verdicts.append(merge_verdict(rng, raced(rng, sizes), sizes, alpha))
    alpha = look_alpha([1], level_in_family("glossary", verdicts, ALPHA))
    verdicts.append(_glossary_verdict(rng, sizes, alpha))
    alpha = look_alpha([1], level_in_family("tune", verdicts, ALPHA))
    verdicts.append(_tune_verdict(rng, sizes, alpha))
    return any(verdict.outcome == "pass" for verdict in verdicts)


def raced(rng: Rng, sizes: Sizes) -> Subject:
    """Return what the best of many candidates on `choose` knows of `confirm`.

    Candidates know other concepts, each as many: what chose the winner says nothing of `confirm`.
    """
    lost, _ = calibrated(ASSUMED.target_gain, ASSUMED.target_gain)
    level = levelled(lost)
    n = sizes.choose + sizes.confirm
    w = world(rng, n, lost)
    candidates = w.half + OTHER * rng.normal(size=(CANDIDATES, n)) + level
    asked, context = questions(rng, sizes.choose), judged_in(sizes, ALPHA)
    best = max(
        candidates,
        key=lambda known: objective(asked.answered(rng, known[: sizes.choose]), context),
    )
    confirm = slice(sizes.choose, None)
    random = w.half[confirm] + OTHER * rng.normal(size=sizes.confirm) + level
    controls = {WITHOUT_DONOR: w.half[confirm], RANDOM_DONOR: random}
    return Subject(best[confirm], (w.base + w.recipient)[confirm], controls)


def _glossary_verdict(rng: Rng, sizes: Sizes, alpha: float) -> Verdict:
    """Return the verdict where proper terms help as much as random ones do: more than none."""
    ids = [f"c{place}" for place in range(sizes.glossary)]
    shares = dict(zip(MODES, (0.1, 0.4, 0.4), strict=True))
    written = {
        mode: dict(zip(ids, (rng.random(len(ids)) < share).tolist(), strict=True))
        for mode, share in shares.items()
    }
    judged = glossary_criteria(*effect_and_gain(written, alpha), "en->ja", GlossaryGate())
    return verdict_of("glossary", judged)


def _tune_verdict(rng: Rng, sizes: Sizes, alpha: float) -> Verdict:
    """Return the verdict where what is taught is learnt, and the donor is no part of it."""
    context, gate = judged_in(sizes, alpha), TuneGate(general_loss=sizes.margin)
    taught, other = questions(rng, sizes.taught, name="t"), questions(rng, sizes.confirm)
    before, knowledge = (
        world(rng, sizes.taught, 0.0).base,
        subject(rng, "a random D", sizes.confirm),
    )
    everyday = everyday_words(rng, sizes)
    untaught = other.answered(rng, knowledge.result)
    tuned = split(rng, "tuned", other.answered(rng, knowledge.result), everyday, context, CALM)
    recipient = split(rng, "G", other.answered(rng, knowledge.recipient), everyday, context, CALM)
    learned = taught_criteria(
        (taught.answered(rng, before), taught.answered(rng, before + 4)),
        (untaught, tuned.terms),
        context,
        gate,
    )
    controls = {RECIPIENT_TUNED: other.answered(rng, knowledge.controls[WITHOUT_DONOR])}
    donors = donor_criteria(tuned.terms, controls, "en->ja", context, gate.donor_gain)
    kept = protected(changes(tuned, recipient, context, gate))
    return verdict_of("tune", (*learned, *donors, *kept))


def extended_passes(rng: Rng, name: str) -> bool:
    """Return whether a gain on its threshold passes within ten extensions, advice followed."""
    threshold, spread = 0.05, 0.25
    values, looks = rng.normal(threshold, spread, SIZES[name].confirm), [SIZES[name].confirm]
    for _ in range(11):
        alpha = look_alpha(looks, ALPHA)
        value, low, high, n = clustered_mean(values.tolist(), alpha=alpha)
        found = judge("gain", "g", value=value, low=low, high=high, threshold=threshold, n=n)
        if found.outcome != "undecided":
            return found.outcome == "pass"
        planned = Requirement("gain", "g", "mean", n, threshold, 0.0, spread, alpha=alpha)
        measured = [as_measured(planned, clustered_mean(values.tolist(), alpha=alpha))]
        advice = assurance(measured, level=next_level(looks), chances=(0.8,)).extensions[0]
        if advice.numbers is None:
            return False
        more = max(advice.numbers["concepts"], round(1.05 * n)) - n
        values = np.concatenate([values, rng.normal(threshold, spread, more)])
        looks.append(n + more)
    return False


Row = Callable[[Rng, str], bool]
ROWS: dict[str, tuple[Row, str]] = {
    "ideal merge": (merge_passes("ideal"), "≥ .8"),
    "half of G, no donor": (merge_passes("half of G, no donor"), "≤ .025"),
    "the base": (merge_passes("the base"), "≤ .025"),
    "a random D": (merge_passes("a random D"), "≤ .025"),
    "D at chance": (merge_passes("D at chance"), "≤ .025"),
    "G itself": (merge_passes("G itself"), "≤ .025"),
    "three equal folders": (merge_passes("three equal folders"), "≤ .025"),
    "ideal, but harmed by the margin": (merge_passes("ideal", loss=1.0), "≤ .025"),
    "headroom: D at chance": (headroom_passes("chance"), "≤ .025"),
    "headroom: D is no better than base": (headroom_passes("base"), "≤ .025"),
    "ten extensions, gain on threshold": (extended_passes, "≤ .025"),
    "whole adoption, nothing true": (adoption_passes, "≤ .05"),
}


def passing(row: str, name: str, trials: int, seed: int = 0) -> float:
    """Return the share of trials that pass."""
    rng = np.random.default_rng([seed, list(ROWS).index(row)])
    return float(np.mean([ROWS[row][0](rng, name) for _ in range(trials)]))


def main() -> None:
    """Print one row per kind of result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--rows", nargs="+", default=[""], help="rows whose names hold this")
    parser.add_argument("--set", nargs="+", default=[], help="other numbers, such as confirm=80")
    given = parser.parse_args()
    changed = {name: float(text) for name, _, text in (one.partition("=") for one in given.set)}
    for name, sizes in SIZES.items():
        SIZES[name] = sizes.changed(changed)
        print(name, SIZES[name])
    print(f"{'passes':38s}{'wanted':>8s}" + "".join(f"{name:>16s}" for name in given.sizes))
    for row, (_, wanted) in ROWS.items():
        if any(text in row for text in given.rows):
            shares = [passing(row, name, given.trials) for name in given.sizes]
            cells = (f"{s:.3f} ± {sqrt(s * (1 - s) / given.trials):.3f}".rjust(16) for s in shares)
            print(f"{row:38s}{wanted:>8s}", *cells, sep="", flush=True)


if __name__ == "__main__":
    main()
