"""lm-eval's own loop over a task file of ours, with this scorer; needs the extra `benchmarks`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.lm_eval_run import task_scores
from lexgraft.models.transformers import TransformersModel

TASK = """
task: organs
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{question}}}}"
doc_to_choice: "{{{{options}}}}"
doc_to_target: gold
metric_list: [{{metric: acc}}]
"""


def test_without_lm_eval_the_extra_is_named(
    make_model: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("lexgraft.evaluation.lm_eval_run.import_module", missing)
    model = TransformersModel.load(make_model("llama"), "m", 1)
    with pytest.raises(LexgraftError, match="lm-eval is not installed"):
        task_scores(model, "m", ["organs"], tmp_path)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # not ours
def test_a_task_gives_what_the_harness_gives_with_its_own_backend(
    make_model: Callable[..., Path], tmp_path: Path
) -> None:
    lm_eval = pytest.importorskip("lm_eval")
    from lm_eval.models.huggingface import HFLM  # pyright: ignore[reportMissingImports]
    from lm_eval.tasks import TaskManager  # pyright: ignore[reportMissingImports]

    rows = [
        {"question": f"Organ {n}:", "options": ["heart", "the liver", "lung"], "gold": n % 3}
        for n in range(9)
    ]
    data = tmp_path / "data.jsonl"
    data.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "organs.yaml").write_text(TASK.format(data=data), encoding="utf-8")
    model = TransformersModel.load(make_model("llama"), "m", 1)
    [score] = task_scores(model, "m", ["organs"], tmp_path / "out", include=tmp_path / "tasks")
    theirs = lm_eval.simple_evaluate(
        model=HFLM(pretrained=model.module, tokenizer=model._tokenizer, device="cpu"),
        tasks=["organs"],
        task_manager=TaskManager(include_path=str(tmp_path / "tasks"), include_defaults=False),
        bootstrap_iters=0,
    )
    assert theirs is not None
    assert score.value == pytest.approx(theirs["results"]["organs"]["acc,none"])
    assert (score.n, score.group) == (9, "organs")
    assert score.chance == pytest.approx(1 / 3)
    log = (tmp_path / "out" / "samples_organs.jsonl").read_text(encoding="utf-8")
    ours = [json.loads(line) for line in log.splitlines()]
    for one, other in zip(ours, theirs["samples"]["organs"], strict=True):
        mine = [float(option[0]) for option in one["filtered_resps"]]
        assert mine == pytest.approx([r[0] for r in other["filtered_resps"]], abs=1e-4)
        assert [bool(r[1]) for r in one["filtered_resps"]] == [
            bool(r[1]) for r in other["filtered_resps"]
        ]
