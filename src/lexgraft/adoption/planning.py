"""The plan: what will be asked, what it can show, what it will take; all refusals come here."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from lexgraft.adoption.cost import ComputeWork, MachineRates, estimate, sum_costs
from lexgraft.adoption.experiment import Experiment
from lexgraft.adoption.gate_chances import GateChance, chance_rows, gate_chance
from lexgraft.adoption.guided_texts import learning_methods, unprotected_registers
from lexgraft.adoption.memory_needed import MemoryNeeds, in_words, memory_needs
from lexgraft.adoption.models_under_test import ModelsUnderTest
from lexgraft.adoption.plan_checks import (
    marks_of_the_plan,
    refuse_budget_without_texts,
    refuse_equal_models,
    refuse_quantised_base,
    refuse_unasked_target,
    template_notes,
)
from lexgraft.adoption.split_results import judged_concepts
from lexgraft.adoption.spreads import Spreads
from lexgraft.adoption.stages.glossary_prompt import askable_concepts
from lexgraft.adoption.stages.headroom import HEADROOM, HeadroomResult
from lexgraft.adoption.stages.merge_race import candidate_plans
from lexgraft.adoption.stages.stage import Stage
from lexgraft.adoption.supplies import supplies_of
from lexgraft.adoption.validity import ValidityMark
from lexgraft.evaluation.prompt_frame import PromptForm
from lexgraft.evaluation.run_format import run_format
from lexgraft.models import ComputedFormat
from lexgraft.models.chosen_device import CPU, Computation
from lexgraft.project import Project
from lexgraft.records import Cost, Score, Split
from lexgraft.weights.merge.merge_plan import MergePlan
from lexgraft.weights.merge.plan_warnings import nothing_learnt

if TYPE_CHECKING:
    from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint

FORMATS: dict[ComputedFormat, str] = {
    "float32": "float32",
    "mixed": "mixed: products in bfloat16, the rest in float32",
    "bfloat16": "bfloat16: the head and what comes after it in float32",
}


PROMPTS: dict[PromptForm, str] = {
    "plain": "plain text",
    "chat": "the recipient's chat template, as a user's message",
}


REACHED: dict[ComputedFormat, float] = {"float32": 0.85, "mixed": 0.4, "bfloat16": 0.25}
"""Share of a product's speed that asking reaches: what is between the products takes as long in
every format (`benchmarks/formats.py`)."""


class StageEstimate(Struct, frozen=True, forbid_unknown_fields=True):
    """What one stage is expected to take."""

    stage: str
    cost: Cost


class AdoptionPlan(Struct, frozen=True, forbid_unknown_fields=True):
    """The plan: what is asked, what it can show, what it will take."""

    project: str
    concepts: dict[Split, int]
    items: dict[Split, int]
    refused: dict[str, int]  # why a concept makes no item → how many
    controls: tuple[Score, ...]  # how far rules that know nothing get
    estimates: tuple[StageEstimate, ...]  # of the stages that are planned, in order
    methods: tuple[str, ...]
    bytes_written: int
    body: int  # parameters outside the embedding
    head: int
    warnings: tuple[dict[str, str], ...]  # language → sentence
    number_format: ComputedFormat  # in which models are asked
    prompt: PromptForm  # and within what
    marks: tuple[ValidityMark, ...] = ()  # why verdicts will be worth less than they look
    judged: dict[str, int] = {}  # direction to the target → concepts that its gate counts
    gates: tuple[GateChance, ...] = ()  # how likely each gate is to pass, and what would help
    unit_seconds: dict[str, float] = {}  # what gates count → what all stages spend on it
    device: str = CPU  # on which
    memory: dict[str, int] = {}  # what for → bytes that are needed there at most

    @property
    def computed_in(self) -> str:
        """Return format and kind of device in short, as answers are recorded with them."""
        return str(run_format(Computation(self.device, self.number_format)))

    def rows(self) -> list[list[str]]:
        """Return the plan as a table, heads first."""
        rows = [["what", "value"]]
        rows += [
            [f"concepts to {split}", f"{count} ({self.items[split]} items)"]
            for split, count in self.concepts.items()
        ]
        rows += [
            [f"concepts that a gate counts, {pair}", f"{count} of {self.concepts['confirm']}"]
            for pair, count in self.judged.items()
        ]
        rows += chance_rows(self.gates)
        rows += [["candidates", ", ".join(self.methods)]]
        rows += [["device", self.device], ["numbers", FORMATS[self.number_format]]]
        needs = MemoryNeeds(self.device, self.memory)
        rows += [["memory", f"{needs.total / 1e9:.1f} GB: {in_words(self.memory)}"]]
        rows += [["prompts", PROMPTS[self.prompt]]]
        rows += [["disk for models", f"{self.bytes_written / 1e9:.2f} GB"]]
        for foreseen in self.estimates:
            cost = foreseen.cost
            money = f", {cost.money:.3f} {cost.currency}" if cost.money else ""
            rows.append([f"stage {foreseen.stage}", f"about {cost.seconds / 60:.1f} min{money}"])
        return rows


def plan_adoption(experiment: Experiment, stages: Sequence[Stage[Any]]) -> AdoptionPlan:
    """Return the plan; the models' headers and the term base are read, no weight is.

    Raises:
        LexgraftError: anything that would stop one of the stages and can be seen now.
    """
    project = experiment.project
    refuse_unasked_target(project)
    refuse_budget_without_texts(project)
    refuse_quantised_base(experiment.models.base)
    refuse_equal_models(experiment.models.digests)
    testset = experiment.material.testset
    plans = candidate_plans(experiment.models)
    works = {stage.name: stage.estimate(experiment) for stage in stages}
    body, head = parameters(experiment.models.base)
    computation = experiment.models.computation
    number_format = computation.dtype
    rates = experiment.models.with_models(_rates)
    unit_seconds = seconds_by_unit(works, body, head, rates)
    return AdoptionPlan(
        project=project.name,
        concepts={split: len(testset.concepts[split]) for split in ("choose", "confirm")},
        items={split: len(testset.items[split]) for split in ("choose", "confirm")},
        refused=testset.refused,
        controls=testset.audit,
        estimates=foreseen(works, body, head, rates, project),
        number_format=number_format,
        device=computation.device,
        memory=dict(memory_needs(experiment.models).parts),
        prompt=experiment.models.frame.form,
        unit_seconds=unit_seconds,
        methods=tuple(plan.method.name for plan in plans),
        bytes_written=2 * max(plan.write_bytes for plan in plans),
        body=body,
        head=head,
        warnings=(
            *({"en": text, "ja": text} for text in (*testset.warnings, *experiment.material.notes)),
            *(
                {"en": text, "ja": text}
                for text in dict.fromkeys(text for plan in plans for text in _warnings(plan))
            ),
            *testset.rights.spoken(),
            *_unprotected(experiment),
            *template_notes(experiment.models),
        ),
        marks=marks_of_the_plan(experiment.material),
        judged=judged_concepts(experiment.material),
        gates=chances_of(experiment, stages, Spreads(), unit_seconds),
    )


def _warnings(plan: MergePlan) -> list[str]:
    """Return what to say of a candidate; that it has learnt nothing yet is the stage `learn`'s."""
    return [text for text in plan.warnings if text != nothing_learnt(plan.method)]


def _unprotected(experiment: Experiment) -> list[dict[str, str]]:
    """Return the warning that guided candidates keep only the registers that they learn from."""
    names = learning_methods(experiment.project)
    registers = unprotected_registers(experiment.material) if names else []
    if not registers:
        return []
    which, named = ", ".join(registers), ", ".join(names)
    return [
        {
            "en": f"`{named}` protects what it is shown: {which} is measured, and no text of it is "
            "in `tune.replay_texts`",
            "ja": f"`{named}` が保護するのは学習した文書の種類だけです。{which} は測定されますが、"
            "`tune.replay_texts` にありません",
        }
    ]


def with_measured_chances(
    plan: AdoptionPlan, experiment: Experiment, stages: Sequence[Stage[Any]]
) -> AdoptionPlan:
    """Return the plan with its gates' chances by the spreads of the parents' answers, if any."""
    record = experiment.records.run.last(HEADROOM, HeadroomResult)
    if record is None:
        return plan
    return structs.replace(
        plan, gates=chances_of(experiment, stages, record.spreads, plan.unit_seconds)
    )


def chances_of(
    experiment: Experiment,
    stages: Sequence[Stage[Any]],
    spreads: Spreads,
    unit_seconds: Mapping[str, float],
) -> tuple[GateChance, ...]:
    """Return how likely each gate is to pass, and what would make it likelier."""
    material = experiment.material
    asked = len(askable_concepts(material)) if material.project.glossary else 0
    return tuple(
        gate_chance(
            stage.gate,
            requirements,
            unit_seconds,
            supplies_of(experiment.material, asked, stage.gate),
            measured=spreads.measured,
        )
        for stage in stages
        if (requirements := stage.requirements(experiment, spreads))
    )


def foreseen(
    works: Mapping[str, tuple[ComputeWork, ...]],
    body: int,
    head: int,
    rates: MachineRates,
    project: Project,
) -> tuple[StageEstimate, ...]:
    """Return what stages are expected to take, given their work and this machine's rates."""
    price = project.business.machine_price
    return tuple(
        StageEstimate(
            stage,
            sum_costs(
                estimate(work, body=body, head=head, rates=rates, price=price)
                for work in stage_works
            ),
        )
        for stage, stage_works in works.items()
        if stage_works
    )


def seconds_by_unit(
    works: Mapping[str, tuple[ComputeWork, ...]], body: int, head: int, rates: MachineRates
) -> dict[str, float]:
    """Return what all stages together spend on each thing that gates count."""
    seconds: dict[str, float] = {}
    for work in chain.from_iterable(works.values()):
        if work.unit:
            spent = rates.seconds(work, body, head)
            seconds[work.unit] = seconds.get(work.unit, 0.0) + spent
    return seconds


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


def _rates(models: ModelsUnderTest) -> MachineRates:
    """Return the rates of where models are asked."""
    return machine_rates(models.computation)


def machine_rates(computation: Computation) -> MachineRates:
    """Return a device's operations a second, from products that are timed; sums are made here."""
    from lexgraft.models.input_sums import sum_rate
    from lexgraft.models.number_format import product_rate

    device, number_format = computation
    asking = REACHED[number_format] * product_rate(number_format, device)
    training = product_rate("float32" if device == CPU else number_format, device)
    return MachineRates(asking, training, sum_rate())
