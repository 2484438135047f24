"""Stage plan: what will be asked, what it can show, what it will take; all refusals come here."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from msgspec import structs

from lexgraft.adoption.cost import ComputeWork, estimate, sum_costs, work_of_items
from lexgraft.adoption.experiment import Experiment
from lexgraft.adoption.generation import DEFINITION_TOKENS, TERM_TOKENS
from lexgraft.adoption.report.report_record import PowerRow
from lexgraft.adoption.stage_records import AdoptionPlan, StageEstimate
from lexgraft.adoption.stages.curve import lesson_plans
from lexgraft.adoption.training_data import taught_concepts
from lexgraft.errors import LexgraftError
from lexgraft.project import Form, Prices, Project, TuneSettings
from lexgraft.records import Cost
from lexgraft.stats.power import concepts_for, smallest_difference
from lexgraft.terms.text.token_estimate import tokens_of

if TYPE_CHECKING:
    from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint

PARENTS = 3
OVERHEAD_GB = 2.0  # interpreter, libraries, one chunk of vocabulary logits
ITEM_TOKENS = 40  # of one batch of tuning examples, per text


def plan_stage(session: Experiment) -> AdoptionPlan:
    """Return the plan; the models' headers and the term base are read, no weight is.

    Raises:
        LexgraftError: anything that would stop a later stage and can be seen now.
    """
    project, testset = session.project, session.testset
    plans = [session.merge_plan(candidate) for candidate in project.merge.candidates]
    if project.merge.search:
        from lexgraft.adoption.candidate_search import propose

        session.merge_plan(propose(project.merge.search, [], project.seed))
    _read_texts(session)
    _count_taught(session)
    body, head = parameters(session.base)
    _check_memory(project, body + head)
    works = stage_works(session)
    rate = machine_rate()
    confirm = len(testset.concepts["confirm"])
    shown = smallest_difference(confirm, alpha=project.gates.alpha)
    return AdoptionPlan(
        project=project.name,
        concepts={split: len(testset.concepts[split]) for split in ("choose", "confirm")},
        items={split: len(testset.items[split]) for split in ("choose", "confirm")},
        refused=testset.refused,
        controls=testset.audit,
        power=tuple(PowerRow(pair, confirm, shown) for pair in pairs(project.testset.forms)),
        estimates=tuple(
            StageEstimate(name, _foreseen(parts, body, head, rate, project.prices))
            for name, parts in works.items()
        ),
        methods=tuple(plan.method.name for plan in plans),
        bytes_written=2 * max(plan.write_bytes for plan in plans),
        body=body,
        head=head,
        warnings=(
            *_power_warnings(project),
            *({"en": text, "ja": text} for text in testset.warnings),
            *testset.rights.spoken(),
        ),
    )


def _check_memory(project: Project, count: int) -> None:
    """Refuse a model whose weights, twice in float32 while a merge is put in, exceed the limit.

    Raises:
        LexgraftError: they do, with the limit that would do.
    """
    needed = 2 * 4 * count / 1e9 + OVERHEAD_GB
    if needed > project.limits.memory_gb:
        raise LexgraftError(
            f"about {needed:.1f} GB of memory are needed, {project.limits.memory_gb:g} are allowed",
            where="limits.memory_gb",
            cure=f"allow {needed:.0f} or use a smaller model",
        )


def pairs(forms: Iterable[Form]) -> tuple[str, ...]:
    """Return the directions of the forms, in order, each once."""
    return tuple(dict.fromkeys(f"{form.question}->{form.answer}" for form in forms))


def parameters(base: "Checkpoint") -> tuple[int, int]:
    """Return the parameters outside and inside the embedding (one matrix of it)."""
    from lexgraft.weights.checkpoint.tensor_names import role_of

    body = head = 0
    for name, entry in base.tensors.items():
        if role_of(name) in ("embedding", "head"):
            head = max(head, entry.size)
        else:
            body += entry.size
    return body, head


def machine_rate() -> float:
    """Return this machine's operations a second in a float32 matrix product, the best of five."""
    size = 768
    matrix = np.ones((size, size), dtype=np.float32)
    best = min(_timed(matrix) for _ in range(5))
    return 2.0 * size**3 / best


def _timed(matrix: np.ndarray) -> float:
    start = time.perf_counter()
    _ = matrix @ matrix
    return time.perf_counter() - start


def _foreseen(
    parts: tuple[ComputeWork, ...], body: int, head: int, rate: float, prices: Prices
) -> Cost:
    """Return what a stage's parts are expected to take together."""
    costs = [estimate(part, body=body, head=head, rate=rate, prices=prices) for part in parts]
    return sum_costs(costs, prices.currency)


def stage_works(session: Experiment) -> dict[str, tuple[ComputeWork, ...]]:
    """Return what each stage computes, in tokens run and rows projected."""
    project, items = session.project, session.testset.items
    choose, confirm = work_of_items(items["choose"]), work_of_items(items["confirm"])
    judged = confirm + _general_work(session)
    free = _free_work(session)
    trials = len(project.merge.candidates) + (
        project.merge.search.trials if project.merge.search else 0
    )
    works: dict[str, tuple[ComputeWork, ...]] = {
        "headroom": ((choose + judged).times(PARENTS),),
        "merge": (choose.times(trials),),
        "measure": (judged, free.times(PARENTS + 1)),
    }
    if project.glossary:
        asked = project.glossary.concepts * (ITEM_TOKENS + TERM_TOKENS)
        share = project.glossary.concepts / max(1, len(items["confirm"]))
        told = confirm.times(min(1.0, share))
        works["glossary"] = ((told + ComputeWork(asked, asked // 2)).times(PARENTS),)
    if project.tune:
        works["tune"] = (_training(project.tune), choose + judged + free)
        lessons = list(lesson_plans(project.tune, project.tune.curve, bare=True))
        if project.tune.curve:
            asked = choose + judged
            works["curve"] = (*map(_training, lessons), asked.times(len(lessons) + 1))
    return works


def _training(settings: TuneSettings) -> ComputeWork:
    """Return the work of one tuning."""
    rows = settings.steps * settings.batch * ITEM_TOKENS
    return ComputeWork(rows, rows // 2, training=True)


def _free_work(session: Experiment) -> ComputeWork:
    """Return the work of one model's free answers and of the scorer that reads them."""
    concepts = session.project.testset.generated
    written = TERM_TOKENS * len(session.project.testset.forms) + 2 * DEFINITION_TOKENS
    read = work_of_items(session.testset.items["confirm"][: 4 * concepts])
    return ComputeWork(concepts * (written + 4 * ITEM_TOKENS), concepts * written) + read


def _general_work(session: Experiment) -> ComputeWork:
    tokens = sum(
        min(limit, tokens_of(document.text))
        for limit, documents in session.texts["confirm"]
        for document in documents
    )
    return work_of_items(session.testset.general) + ComputeWork(tokens, tokens)


def _read_texts(session: Experiment) -> None:
    """Open every text that a later stage needs, so that a missing one is told now."""
    tune = session.project.tune
    if tune and tune.replay and not tune.own_answers and not session.replay:
        raise LexgraftError(
            "no texts to replay", where="tune", cure="give `replay_texts`, or set `replay` to 0"
        )
    _ = session.texts


def _count_taught(session: Experiment) -> None:
    """Refuse to teach more concepts than there are, in any lesson of the curve."""
    tune = session.project.tune
    if tune is not None:
        for terms in (tune.terms, *tune.curve):
            taught_concepts(session, structs.replace(tune, terms=terms))


def _power_warnings(project: Project) -> list[dict[str, str]]:
    """Return a warning for each stage whose thresholds so few concepts cannot decide."""
    merge, tune = project.gates.merge, project.gates.tune
    asked = {"merge": min(abs(merge.target_gain), merge.everyday_loss)}
    if project.tune:
        asked["tune"] = min(abs(tune.taught_gain), tune.everyday_loss)
    found: list[dict[str, str]] = []
    confirm = project.testset.confirm
    shown = smallest_difference(confirm, alpha=project.gates.alpha)
    for stage, least in asked.items():
        wanted = least or shown
        if wanted < shown:
            needed = concepts_for(wanted, alpha=project.gates.alpha)
            found.append(
                {
                    "en": f"gates.{stage}: {confirm} confirm concepts show differences of "
                    f"{shown * 100:.1f} points, the thresholds ask for {wanted * 100:.1f}; "
                    f"expect `undecided`, or set testset.confirm to about {needed}",
                    "ja": f"gates.{stage}: confirm {confirm} 概念で検出できる差は "
                    f"{shown * 100:.1f} ポイントですが、基準は {wanted * 100:.1f} ポイントです。"
                    f"testset.confirm を約 {needed} にしてください",
                }
            )
    return found
