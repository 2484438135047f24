"""What an adoption and a merge take on larger machines, from headers and stated assumptions alone.

    python benchmarks/setups.py [--project project.yaml] [--used 0.3] [--gigabytes-per-second 2] …

The work is what `lexgraft plan` foresees for the stages of a project (token positions, rows of the
head, training steps), put on models of 8, 70 and 405 billion parameters instead of the project's
own. No GPU was measured: its rates are the makers', of which a share is assumed to be used, and
that share, the bandwidth and the prices are yours to give. What guided merges learn in float64 is
left out. Work of one worker (tuning) is not divided; batches are, at the efficiency given. A model
whose layers lie on several GPUs computes at the rate of one. Every worker loads its model once; a
candidate is made out of parents on its GPUs where four times the model fits there, else read from
the disk, which the workers of a machine share.
"""

import argparse
import sys
import tempfile
from math import ceil, prod
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

sys.path.insert(0, str(Path(__file__).parent))

from synthetic import shapes

from lexgraft.adoption.chosen_stages import chosen_stages
from lexgraft.adoption.cost import ComputeWork, operations
from lexgraft.adoption.experiment import start_experiment
from lexgraft.adoption.stages import STAGES
from lexgraft.files.run_folder import hold
from lexgraft.project import inputs_of, read_project
from lexgraft.records import silent

PROJECT = Path(__file__).parents[1] / "examples" / "medical-ja" / "project.yaml"
SPARE = 1.2  # memory of a worker over its model's weights: activations, caches, a tensor in making
PARENTS = 4  # models on a GPU beside which candidates are made there: live, base, G and D
LONE = ("tune", "learn")


class Gpu(NamedTuple):
    """A kind of GPU, as its maker describes it."""

    name: str
    memory: float  # GB
    operations: float  # a second, of dense products in bfloat16
    bandwidth: float  # GB/s


class Setup(NamedTuple):
    """Machines of one kind, and what runs on them."""

    name: str
    size: str
    gpu: Gpu
    machines: int
    gpus: int  # of each machine


SMALL, LARGE = Gpu("80 GB", 80, 989e12, 3350), Gpu("141 GB", 141, 989e12, 4800)
SETUPS = (
    Setup("one GPU", "8b", SMALL, 1, 1),
    Setup("one machine, 8 GPUs", "8b", SMALL, 1, 8),
    Setup("one machine, 8 GPUs", "70b", SMALL, 1, 8),
    Setup("Slurm, 4 machines of 8", "70b", SMALL, 4, 8),
    Setup("Slurm, 4 machines of 8", "405b", SMALL, 4, 8),
    Setup("Slurm, 4 machines of 8", "405b", LARGE, 4, 8),
    Setup("Kubernetes, 4 pods of 1", "8b", SMALL, 4, 1),
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, default=PROJECT)
    parser.add_argument("--used", type=float, default=0.3, help="share of a GPU's operations")
    parser.add_argument("--efficiency", type=float, default=0.8, help="of workers side by side")
    parser.add_argument("--gigabytes-per-second", type=float, default=2.0, help="of a machine")
    parser.add_argument("--price", type=float, default=2.5, help="of a GPU's hour")
    parser.add_argument("--seconds-per-gb", type=float, default=3.0, help="of a merge's result")
    parser.add_argument("--processors", type=int, default=16, help="per GPU")
    arguments = parser.parse_args()
    works, candidates = _works(arguments.project)
    print(
        f"assumed: {arguments.used:g} of the operations used, {arguments.efficiency:g} of workers' "
        f"time, {arguments.gigabytes_per_second:g} GB/s a machine, {arguments.price:g} a GPU's hour"
    )
    for setup in SETUPS:
        print(_line(setup, works, candidates, arguments))


def _works(project: Path) -> tuple[dict[str, tuple[ComputeWork, ...]], int]:
    """Return the work of every stage of a project, and how many candidates are made."""
    with tempfile.TemporaryDirectory() as scratch:
        settings = replace(read_project(project), output=str(Path(scratch) / "run"))
        with hold(Path(settings.output), inputs_of(settings), "adopt") as run:
            experiment = start_experiment(settings, run, silent)
            works = {
                stage.name: stage.estimate(experiment) for stage in chosen_stages(settings, STAGES)
            }
    search = settings.merge.search.trials if settings.merge.search else 0
    return works, len(settings.merge.candidates) + search


def _line(
    setup: Setup,
    works: dict[str, tuple[ComputeWork, ...]],
    candidates: int,
    arguments: argparse.Namespace,
) -> str:
    sizes = {name: prod(shape) for name, shape in shapes(setup.size)}
    weights = 2 * sum(sizes.values()) / 1e9
    spread = ceil(SPARE * weights / setup.gpu.memory)
    named = f"{setup.name:<24}{setup.size:>5} on {setup.gpu.name:<7}"
    if spread > setup.gpus:
        return f"{named} {weights:,.0f} GB do not fit on {setup.gpus} GPUs of one machine"
    workers = setup.machines * (setup.gpus // spread)
    head = max(sizes.values())
    body = sum(sizes.values()) - 2 * head
    rate = setup.gpu.operations * arguments.used
    alone, divided = _seconds(works, body, head, rate)
    sharing = ceil(workers / setup.machines)
    loading = weights * sharing / arguments.gigabytes_per_second
    resident = PARENTS * weights * 1.05 <= spread * setup.gpu.memory
    moved = weights * PARENTS / (setup.gpu.bandwidth if resident else 1)
    making = candidates * (moved if resident else 3 * loading) / min(workers, candidates)
    asking = divided / (workers * (arguments.efficiency if workers > 1 else 1))
    writing = max(
        PARENTS * weights / setup.machines / arguments.gigabytes_per_second,
        weights * arguments.seconds_per_gb / setup.machines / (arguments.processors * setup.gpus),
    )
    seconds = alone + asking + loading + making + writing
    price = seconds / 3600 * setup.machines * setup.gpus * arguments.price
    return (
        f"{named} {workers:>2} workers of {spread:>2} GPUs: asking {_minutes(asking)}, training "
        f"{_minutes(alone)}, loading {_minutes(loading)}, candidates {_minutes(making)} "
        f"({'resident' if resident else 'read'}), writing {_minutes(writing)}: "
        f"{seconds / 3600:.2f} h, {price:,.2f}; disk {5 * weights:,.0f} GB"
    )


def _seconds(
    works: dict[str, tuple[ComputeWork, ...]], body: int, head: int, rate: float
) -> tuple[float, float]:
    """Return the seconds of what one worker does, and of what is divided among all."""
    alone = divided = 0.0
    for stage, stage_works in works.items():
        for work in stage_works:
            seconds = operations(work, body, head) / rate
            if work.training or stage in LONE:
                alone += seconds
            else:
                divided += seconds
    return alone, divided


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} min"


if __name__ == "__main__":
    main()
