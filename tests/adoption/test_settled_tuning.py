"""How a tuning is held: options that do not belong together, the weight and the scale taken."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from adopt_project import MakeProject

from lexgraft.adoption import settled_tuning
from lexgraft.adoption.cost import start_work
from lexgraft.adoption.report.report_words import WORDS
from lexgraft.adoption.stages.tuning import kept_by
from lexgraft.adoption.training_data import refuse_unfitting, weights_tried
from lexgraft.adoption.walk_back import Losses
from lexgraft.cli import main
from lexgraft.errors import LexgraftError
from lexgraft.project import Form, TuneSettings, read_project
from lexgraft.records import Concept, Term
from lexgraft.terms.glossary import GlossaryEntry
from lexgraft.terms.glossary.prompt_block import glossary_block
from lexgraft.tuning.training_examples import term_examples

UNFITTING: dict[str, tuple[dict[str, Any], str]] = {
    "no text": ({"keep": "kl", "replay": 0.0}, "tune.keep: no general text"),
    "weighs nothing": ({"keep_weight": (1.0, 2.0), "loss_budget": 0.01}, "keep_weight: replayed"),
    "weight of nothing": ({"keep_weight": 2.0}, "keep_weight: replayed"),
    "at no budget": ({"keep": "kl", "keep_weight": (1.0, 2.0)}, "told apart at one loss"),
    "no held-out wordings": (
        {"keep": "both", "keep_weight": (1.0, 2.0), "loss_budget": 0.01, "patience": 0},
        "tune.patience: several",
    ),
    "two ways to scale": ({"loss_budget": 0.01, "scale": (1.0, 0.5)}, "the scale is sought"),
}


@pytest.mark.parametrize("name", UNFITTING)
def test_options_that_do_not_belong_together_are_refused_by_name(name: str) -> None:
    changed, message = UNFITTING[name]
    with pytest.raises(LexgraftError, match=message):
        refuse_unfitting(TuneSettings(**changed), measured=True)


def test_a_budget_that_nothing_measures_is_refused_and_what_fits_is_not() -> None:
    with pytest.raises(LexgraftError, match="loss_budget: no texts to measure"):
        refuse_unfitting(TuneSettings(loss_budget=0.01), measured=False)
    several = TuneSettings(keep="kl", keep_weight=(1.0, 4.0), loss_budget=0.01)
    for fitting in (TuneSettings(), TuneSettings(keep="both"), several):
        refuse_unfitting(fitting, measured=True)
    assert weights_tried(several) == 2


@pytest.mark.parametrize(("key", "nearest"), [("keep", "both"), ("targets", "distilled")])
def test_a_way_that_is_none_is_refused_with_the_nearest(
    make_project: MakeProject, key: str, nearest: str
) -> None:
    def misspell(values: dict[str, Any]) -> None:
        values["tune"][key] = nearest + "d"

    with pytest.raises(LexgraftError) as error:
        read_project(make_project(misspell))
    assert f"did you mean `{nearest}`?" in str(error.value)


@pytest.mark.parametrize("key", ["keep_weight", "learning_rate", "scale"])
def test_no_value_at_all_is_refused(make_project: MakeProject, key: str) -> None:
    def empty(values: dict[str, Any]) -> None:
        values["tune"][key] = []

    with pytest.raises(LexgraftError, match=rf"tune\.{key}"):
        read_project(make_project(empty))


def test_what_a_model_is_held_to_is_read_once_before_it_is_trained() -> None:
    assert start_work(TuneSettings()).tokens == 0
    held = start_work(TuneSettings(keep="kl", steps=10, batch=8, replay=0.25))
    assert held.tokens == 10 * 8 * 0.25 * 40
    assert (
        start_work(TuneSettings(targets="distilled")).tokens
        > 2 * start_work(TuneSettings(keep="both")).tokens
    )


def test_a_distilled_lesson_has_the_same_prompt_after_the_concepts_entry(
    make_project: MakeProject,
) -> None:
    one = Concept("c1", (Term("valve", "en"), Term("弁", "ja")), definitions={"en": "It shuts."})
    forms = read_project(make_project()).testset.forms
    plain = term_examples([one], forms)
    lessons = term_examples([one], forms, glossary=("en", "ja"))
    assert [msgspec.structs.replace(example, distilled=None) for example in lessons] == plain
    for example in lessons:
        lesson = example.distilled
        assert lesson is not None
        entry = GlossaryEntry("valve", "弁", "It shuts.")
        block = glossary_block([entry], example.language, definitions=True).text
        assert lesson.prompt == block + example.prompt
        assert lesson.term in example.answer
    alone = Concept("c2", (Term("pipe", "en"),), definitions={"en": "It leads."})
    of_both = term_examples([one, alone], [*forms, Form("definition-to-term", "en", "en")])
    distilled = term_examples([one, alone], [*forms], glossary=("en", "ja"))
    assert len(distilled) == len(lessons) < len(of_both)


@pytest.mark.slow
def test_of_several_weights_the_one_is_merged_that_serves_held_out_wordings_at_the_budget(
    make_project: MakeProject, tmp_path: Path
) -> None:
    def several(values: dict[str, Any]) -> None:
        held = {"keep": "kl", "keep_weight": [1e-3, 1000.0], "loss_budget": 1.0, "patience": 3}
        values["tune"] |= {**held, "learning_rate": 1e-2, "steps": 12}

    project = make_project(several)
    command = ["tune", str(project), "-o", str(tmp_path / "out")]
    assert main([*command, "--merged", str(tmp_path / "merged")]) == 0
    records: list[Any] = [
        msgspec.json.decode((one / "lexgraft.json").read_bytes())
        for one in (tmp_path / "out" / "tuned").iterdir()
    ]
    assert {one["recipe"]["keep_weight"] for one in records} == {1e-3, 1000.0}
    assert len({tuple(one["losses"]) for one in records}) == 2
    assert (tmp_path / "merged" / "manifest.json").is_file()


@pytest.mark.slow
def test_a_model_that_does_not_write_the_terms_of_its_prompt_teaches_nobody(
    make_project: MakeProject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def distil(values: dict[str, Any]) -> None:
        values["tune"]["targets"] = "distilled"

    assert main(["tune", str(make_project(distil)), "-o", str(tmp_path / "out")]) == 2
    shown = capsys.readouterr().err
    assert "tune.targets" in shown
    assert "too few to teach" in shown
    assert "Traceback" not in shown


def test_a_model_of_which_nothing_is_merged_says_so(
    make_project: MakeProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def short(values: dict[str, Any]) -> None:
        values["tune"] |= {"loss_budget": 1e-3, "steps": 1}

    def all_is_lost(*_: object) -> Losses:
        return {"ja": [1.0]}

    monkeypatch.setattr(settled_tuning, "text_losses", all_is_lost)
    command = ["tune", str(make_project(short)), "-o", str(tmp_path / "out")]
    assert main([*command, "--merged", str(tmp_path / "merged")]) == 0
    assert ", 0 of what was learned" in capsys.readouterr().out


def test_what_does_not_belong_together_is_refused_for_a_curve_and_before_a_model_is_written(
    make_project: MakeProject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def unfitting(values: dict[str, Any]) -> None:
        values["tune"] |= {"loss_budget": 0.01, "scale": [1.0, 0.5]}

    project = str(make_project(unfitting))
    for further in ([], ["--curve", "2"]):
        assert main(["tune", project, "-o", str(tmp_path / "out"), *further]) == 2
        assert "tune.scale" in capsys.readouterr().err
    assert not (tmp_path / "out" / "merged").exists()


@pytest.mark.parametrize(("replay", "keep"), [(0.0, "nothing"), (0.25, "replay")])
def test_the_report_tells_replay_only_where_there_was_some(replay: float, keep: str) -> None:
    assert kept_by(TuneSettings(replay=replay)) == keep
    assert f"tuning_held_{keep}" in WORDS.texts
