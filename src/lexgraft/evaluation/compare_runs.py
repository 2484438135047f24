"""Models that answered the same items, compared from the folders that hold their answers."""

from collections.abc import Sequence
from pathlib import Path

from lexgraft.errors import LexgraftError, path_of
from lexgraft.evaluation import pairwise_comparison
from lexgraft.evaluation.comparison import Comparison, ModelRun
from lexgraft.evaluation.lm_eval_logs import read_samples
from lexgraft.evaluation.load_runs import (
    distinct,
    named_parents,
    read_run,
    refuse_contradictions,
)
from lexgraft.files.sealed_concepts import opened_for
from lexgraft.records import Split


def compare(
    *runs: Path | str,
    lm_eval: Sequence[Path | str] = (),
    metric: str = "",
    split: Split = "confirm",
    against: Sequence[str] = (),
    parents: Sequence[str] = (),
    groups: Sequence[str] = (),
    alpha: float = 0.05,
    margin: float = 0.02,
) -> Comparison:
    """Compare models that answered the same items: differences, intervals, terms gained and lost.

    Args:
        *runs: folders of adoptions, or `output` folders of `lexgraft.evaluate`.
        lm_eval: sample logs of lm-evaluation-harness, or folders of them.
        metric: of these: "acc", "exact_match" or "acc_norm" (default: the first there is).
        split: which concepts; the best of many on "choose" looks better than it is.
        against: names of the models to compare with (default: base, G and D, else the first).
        parents: who is base, G or D, as "G=my-model" (adoptions know it).
        groups: directions or tasks, e.g. "en->ja" (default: all).
        alpha: of intervals, and of the family of all tests made (Holm); in (0, 0.5).
        margin: the loss that is allowed, a share in (0, 1).

    Returns:
        Scores per model, and per pair of models and group the difference of the shares known.

    Raises:
        LexgraftError: fewer than two models, an unknown name, or no item in common.

    Example:
        comparison = lexgraft.compare("answers-a/", "answers-b/", groups=["en->ja"])
        for pair in comparison.contests:
            print(pair.model, pair.reference, pair.value, pair.low, pair.high, pair.holm)
    """
    if not runs and not lm_eval:
        raise LexgraftError("nothing to compare", cure="name runs, or logs of lm-eval")
    for name, value, upper in (("alpha", alpha, 0.5), ("margin", margin, 1.0)):
        if not 0.0 < value < upper:
            raise LexgraftError(f"`{name}` {value:g} is not between 0 and {upper:g}")
    asked = [model for run in runs for model in _models(path_of(run, "compare"), split)]
    refuse_contradictions(asked)
    _refuse_formats(asked)
    logged = [read_samples(path_of(path, "compare"), metric=metric) for path in lm_eval]
    models = distinct([*asked, *logged])
    return pairwise_comparison.compare(
        named_parents(models, parents), against, groups, alpha=alpha, margin=margin
    )


def compare_with_first(output: Path, digests: Sequence[str], split: Split) -> Comparison:
    """Return the comparison of models asked into one folder with the first of them.

    Args:
        output: where `evaluate` has kept their answers.
        digests: of the models, in order; others that were asked there are left out.
        split: of the items.

    Raises:
        LexgraftError: fewer than two models with answers to options, or several ways of computing.
    """
    by_digest = {run.digest: run for run in read_run(output, split)}
    chosen = [by_digest[key] for key in dict.fromkeys(digests) if key in by_digest]
    _refuse_formats(chosen)
    models = distinct(chosen)
    return pairwise_comparison.compare(models, [models[0].name] if models else [])


def _refuse_formats(models: Sequence[ModelRun]) -> None:
    """Raise for models that were computed in several number formats, or by several servers.

    Their answers differ by the rounding of these, which no interval here holds.
    """
    formats = {run.number_format: run.name for run in models if run.number_format}
    if len(formats) > 1:
        listed = ", ".join(f"{name} in {kind}" for kind, name in sorted(formats.items()))
        raise LexgraftError(
            f"answers of several number formats or servers: {listed}",
            cure="evaluate all in one (`lexgraft evaluate --dtype`), or all on servers of one kind "
            "and release, into another output",
        )


def _models(run: Path, split: Split) -> list[ModelRun]:
    """Return a run's models; of sealed concepts, those that they were opened for."""
    test = run / "testset"
    models = read_run(run, split)
    if split != "sealed" or not test.is_dir():
        return models
    opened = opened_for(test)
    return [model for model in models if model.digest in opened]
