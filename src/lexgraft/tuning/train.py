"""Fine-tuning of a live model: answers only, deterministic, resumable, in one process or more."""

from collections.abc import Callable, Mapping, Sequence
from math import cos, pi
from pathlib import Path
from typing import Any

import msgspec
import torch
from msgspec import Struct
from torch import Tensor, nn

from lexgraft import __version__
from lexgraft.arrays.threads import threads
from lexgraft.errors import LexgraftError
from lexgraft.files.ownership import claim, release
from lexgraft.records import Progress, digest, silent
from lexgraft.tuning.batch_forward import Objective, batch_loss, check_head, held_out_loss
from lexgraft.tuning.lora_training import LoraLayers, adapter_files, head_of, linear_layers
from lexgraft.tuning.process_group import ALONE, ProcessGroup, shard
from lexgraft.tuning.teacher_chances import DistilledLessons, able_rows, start_chances
from lexgraft.tuning.token_batches import Encode, TrainingRow, batches, encode_examples
from lexgraft.tuning.trainable_names import choose_names
from lexgraft.tuning.training_config import TrainingConfig
from lexgraft.tuning.training_examples import TrainingExample
from lexgraft.tuning.training_state import (
    PURPOSE,
    Trainable,
    TrainingProgress,
    check_trained,
    load_state,
    publish,
    save_state,
    training_record,
    unfinished_folder,
)
from lexgraft.tuning.weight_training import TrainedWeights, embedding_names

MODEL = "model"  # subfolder of a result: the whole model, where its weights were trained
Write = Callable[[dict[str, Tensor], Path], None]
"""Writes whole tensors into the folder of a model that has all others."""


class TrainingResult(Struct, frozen=True):
    """A finished adapter or model, the loss of each step and of the checks (steps, loss)."""

    folder: Path
    losses: tuple[float, ...]
    checks: tuple[tuple[int, float], ...] = ()
    distilled: DistilledLessons | None = None


class TrainingWork(Struct, frozen=True, kw_only=True):
    """How a run is named and run: nothing here decides the result, but the number of threads."""

    base_digest: str  # of the model that is trained
    base_name: str = ""
    wording: str = ""  # digest of the wordings
    threads: int = 2
    checkpoint_every: int = 25
    progress: Progress = silent
    group: ProcessGroup = ALONE
    write: Write | None = None  # where the weights themselves are trained


def train(
    model: nn.Module,
    encode: Encode,
    examples: Sequence[TrainingExample],
    config: TrainingConfig,
    output: Path,
    work: TrainingWork,
    held: Sequence[TrainingExample] = (),
) -> TrainingResult:
    """Train a model in one pass over the examples, in their order, and write the result.

    `encode` turns text into tokens; `config` and the examples alone decide the result, `work` says
    how the run is called and run. The result is an adapter folder, or with trained weights a
    folder with a whole model. Killed and called again it goes on from its last checkpoint, to the
    same bytes on a CPU with the same number of threads. Checked now and then on `held`, it ends
    when these no longer get better and takes the best. The model itself is left unchanged, but
    for being spread over the processes where there are several.

    Raises:
        LexgraftError: no examples, a model that cannot be tuned, or `output` holds something else.
    """
    rows, held_rows, plan = _planned(encode, examples, config, work, held)
    done = _finished(output, plan)
    if done:
        return done
    if work.group.first:
        claim(unfinished_folder(output), PURPOSE, output)
    with threads(work.threads):
        trained = trainable(model, config)
        check_head(model, rows[0])
        if isinstance(trained, LoraLayers):
            shard(model, work.group)
        start = start_chances(model.eval(), rows, config, work.progress)
        rows, distilled = able_rows(rows, start.able)
        so_far = _run(
            model,
            trained,
            plan=batches(rows, config.batch, config.seed),
            held=held_rows,
            objective=Objective(config, start.noted),
            folder=unfinished_folder(output),
            key=digest(plan),
            work=work,
        )
    if work.group.first:
        record = plan | {"losses": so_far.losses, "versions": _versions(work)}
        record |= {"checks": so_far.checks} if so_far.checks else {}
        record |= {"distilled": distilled} if distilled else {}
        _publish(trained, model, config, output, record, work)
    work.group.wait()
    return TrainingResult(output, tuple(so_far.losses), tuple(so_far.checks), distilled)


def finished_training(
    encode: Encode,
    examples: Sequence[TrainingExample],
    config: TrainingConfig,
    output: Path,
    work: TrainingWork,
    held: Sequence[TrainingExample] = (),
) -> TrainingResult | None:
    """Return what `train` has made of just this before, without the model; None: nothing yet.

    Raises:
        LexgraftError: no examples; `output` holds something else, or was changed.
    """
    return _finished(output, _planned(encode, examples, config, work, held)[-1])


def _planned(
    encode: Encode,
    examples: Sequence[TrainingExample],
    config: TrainingConfig,
    work: TrainingWork,
    held: Sequence[TrainingExample],
) -> tuple[Sequence[TrainingRow], Sequence[TrainingRow], dict[str, Any]]:
    """Return the rows, the rows that are held out, and what identifies a training on them."""
    rows = encode_examples(examples, encode, config.max_tokens)
    held_rows = encode_examples(held, encode, config.max_tokens) if held and config.patience else ()
    plan: dict[str, Any] = {
        "base_digest": work.base_digest,
        "data_digest": digest(rows, held_rows) if held_rows else digest(rows),
        "recipe": msgspec.to_builtins(config),
        "seed": config.seed,
        "steps": -(-len(rows) // config.batch),
        "wording": work.wording,
    }
    return rows, held_rows, plan


def trainable(model: nn.Module, config: TrainingConfig) -> LoraLayers | TrainedWeights:
    """Return the parameters that the configuration names, ready to be trained.

    Raises:
        LexgraftError: a name that chooses nothing.
    """
    if config.method == "lora":
        layers = linear_layers(model)
        names = choose_names(tuple(layers), config.layers)
        return LoraLayers(
            {name: layers[name] for name in names}, config.rank, config.alpha, config.seed
        )
    if config.tokens:
        return TrainedWeights(model, embedding_names(model), config.tokens)
    return TrainedWeights(
        model, choose_names([n for n, _ in model.named_parameters()], config.layers)
    )


def learning_rate(step: int, steps: int, config: TrainingConfig) -> float:
    """Return the learning rate of a step: linear warm-up, then half a cosine (SGDR, §3)."""
    warm = max(1, round(config.warmup * steps))
    if step < warm:
        return config.learning_rate * (step + 1) / warm
    return config.learning_rate * (1 + cos(pi * (step - warm) / max(1, steps - warm))) / 2


def _run(
    model: nn.Module,
    trained: LoraLayers | TrainedWeights,
    *,
    plan: Sequence[tuple[TrainingRow, ...]],
    held: Sequence[TrainingRow],
    objective: Objective,
    folder: Path,
    key: str,
    work: TrainingWork,
) -> TrainingProgress:
    """Train in place, from the last checkpoint on, up to the best values; return the losses."""
    config = objective.config
    trained.to(head_of(model).weight.device)
    optimizer = torch.optim.AdamW(trained.parameters(), lr=config.learning_rate, weight_decay=0.0)
    so_far = load_state(folder, trained, optimizer, key)
    model.eval()
    with trained.attached(model):
        for step in range(len(so_far.losses), len(plan)):
            if held and so_far.stalled(config.patience):
                break
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step, len(plan), config)
            so_far.losses.append(
                _step(model, trained, optimizer, plan[step], objective, work.group)
            )
            last = step + 1 == len(plan)
            if held and (last or (step + 1) % config.check_every == 0):
                so_far.record_check(
                    round(held_out_loss(model, held, config.batch), 5), trained.tensors()
                )
            _report_progress(work.progress, so_far, len(plan))
            if (step + 1) % work.checkpoint_every == 0 and work.group.first:
                save_state(folder, trained, optimizer, so_far, key)
    if so_far.best:
        trained.load(so_far.best)
    return so_far


def _step(
    model: nn.Module,
    trained: Trainable,
    optimizer: torch.optim.Optimizer,
    batch: Sequence[TrainingRow],
    objective: Objective,
    group: ProcessGroup,
) -> float:
    """Move the parameters by one batch; return its loss."""
    optimizer.zero_grad(set_to_none=True)
    local_rows = group.local_rows(batch)
    loss = batch_loss(model, local_rows or batch[:1], len(batch), objective)
    loss = loss * (1.0 if local_rows else 0.0)
    loss.backward()
    total = group.sum_gradients(loss, trained.parameters())
    nn.utils.clip_grad_norm_(trained.parameters(), objective.config.clip)
    optimizer.step()
    return round(total, 5)


def _report_progress(progress: Progress, so_far: TrainingProgress, steps: int) -> None:
    """Report the step and the last losses."""
    what = f"train, loss {so_far.losses[-1]:.3f}"
    if so_far.checks:
        what += f", held-out wordings {so_far.checks[-1][1]:.3f}"
    progress(what, len(so_far.losses), steps)


def _publish(
    trained: LoraLayers | TrainedWeights,
    model: nn.Module,
    config: TrainingConfig,
    output: Path,
    record: Mapping[str, object],
    work: TrainingWork,
) -> None:
    """Write the adapter, or the model with the trained weights, and give it its name."""
    if isinstance(trained, LoraLayers):
        layers = tuple(linear_layers(model))
        files = adapter_files(trained, layers, work.base_name, getattr(torch, config.dtype))
        publish(files, record, output)
    else:
        if work.write is None:
            raise ValueError("the weights themselves need a writer")
        work.write(trained.full_tensors(), unfinished_folder(output) / MODEL)
        publish({}, record, output)


def _finished(output: Path, plan: dict[str, Any]) -> TrainingResult | None:
    """Return the finished result of the same plan, if `output` holds one."""
    if not output.exists():
        return None
    held = training_record(output)
    if _compared({key: held.get(key) for key in plan}) != _compared(plan):
        raise LexgraftError(
            "holds something else already",
            where=str(output),
            cure="move it away, or choose another",
        )
    check_trained(output)
    release(output)  # a kill may have come between its name and this
    checks = tuple((step, loss) for step, loss in held.get("checks", ()))
    distilled = msgspec.convert(held.get("distilled"), DistilledLessons | None)
    return TrainingResult(output, tuple(held["losses"]), checks, distilled)


def _compared(plan: dict[str, Any]) -> str:
    """Return a plan's digest; a configuration of an earlier version has fewer fields."""
    config = msgspec.convert(plan["recipe"] or {}, TrainingConfig)
    return digest(plan | {"recipe": config})


def _versions(work: TrainingWork) -> dict[str, str]:
    """Return what else the bytes of an adapter depend on."""
    versions = {"lexgraft": __version__, "torch": torch.__version__, "threads": work.threads}
    several = {"processes": work.group.size} if work.group.size > 1 else {}
    return {name: str(value) for name, value in (versions | several).items()}
