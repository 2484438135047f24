"""`evaluate` on servers: several models of one server compared, and no pairs across back ends."""

import json
from pathlib import Path

import pytest
from stand_in_server import StandIn, serving

from lexgraft import compare, evaluate
from lexgraft.cli import main
from lexgraft.errors import LexgraftError

NONE = Path("-")  # no folder: numbers that follow from the tokens


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    rows = [
        {"question": f"Which is {n}?", "options": [f"a{n}", f"b{n}", f"c{n}"], "answer": n % 3}
        for n in range(12)
    ]
    file = tmp_path / "questions.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def test_several_models_of_a_server_are_compared_with_the_first(
    questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(StandIn("vllm", {"base": NONE, "a": NONE, "b": NONE}, "0.32.0")) as address:
        names = [f"{address}#{name}" for name in ("base", "a", "b")]
        line = ["evaluate", *names, "--items", str(questions), "-o", str(tmp_path / "out")]
        assert main([*line, "--json"]) == 0
        said = json.loads(capsys.readouterr().out)
        assert [record["model"] for record in said["models"]] == ["base", "a", "b"]
        assert said["models"][0]["scoring"] == "server vllm 0.32.0"
        assert "agree with themselves" in said["models"][0]["checks"][0]
        pairs = {(pair["model"], pair["reference"]) for pair in said["comparison"]["contests"]}
        assert pairs == {("a", "base"), ("b", "base")}
        assert main(line) == 0
        assert "agree with themselves" in capsys.readouterr().out


def test_answers_are_asked_once_and_a_new_release_asks_again(
    questions: Path, tmp_path: Path
) -> None:
    server = StandIn("sglang", {"m": NONE}, "0.5")

    def scored(address: str) -> int:
        before = sum(route == "/generate" for route, _ in server.asked)
        evaluate(address, questions, output=tmp_path / "out")
        return sum(route == "/generate" for route, _ in server.asked) - before

    with serving(server) as address:
        anew, again = scored(address), scored(address)
        server.version = "0.6"
        assert anew == scored(address) > again  # the checks are made every time


def test_numbers_of_two_back_ends_are_not_paired(questions: Path, tmp_path: Path) -> None:
    for kind in ("vllm", "sglang"):
        with serving(StandIn(kind, {kind: NONE})) as address:
            evaluate(address, questions, output=tmp_path / "out")
    with pytest.raises(LexgraftError, match="several number formats or servers"):
        compare(tmp_path / "out")


def test_a_server_against_another_folder_is_refused(
    questions: Path, tmp_path: Path, tiny_model: Path
) -> None:
    output = tmp_path / "out"
    with (
        serving(StandIn("vllm", {"m": NONE})) as address,
        pytest.raises(LexgraftError, match="not those of the folder"),
    ):
        evaluate(address, questions, output=output, check_against=tiny_model)
    assert not list(output.glob("answers/*"))


def test_the_folder_that_is_served_agrees(
    questions: Path, tmp_path: Path, tiny_model: Path
) -> None:
    with serving(StandIn("vllm", {"m": tiny_model})) as address:
        record = evaluate(address, questions, output=tmp_path / "out", check_against=tiny_model)
        assert "in float32: 11 options of" in record.checks[1]


def test_what_scores_no_options_cannot_be_checked(
    questions: Path, tmp_path: Path, tiny_model: Path
) -> None:
    with (
        serving(StandIn("other", {"m": NONE})) as address,
        pytest.raises(LexgraftError, match="scores no options that could be checked"),
    ):
        evaluate(address, questions, output=tmp_path / "out", check_against=tiny_model)


@pytest.mark.parametrize("kind", ["vllm", "other"])
def test_another_model_under_the_same_name_is_not_given_the_answers_of_the_first(
    questions: Path, tmp_path: Path, tiny_model: Path, kind: str
) -> None:
    """`other`: a server of free answers alone."""
    server, output, general = StandIn(kind, {"m": NONE}), tmp_path / "out", kind == "other"
    with serving(server) as address:
        first = evaluate(address, questions, general=general, output=output)
        again = evaluate(address, questions, general=general, output=output)
        assert again.scores == first.scores
        before = len(server.asked)
        server.models["m"] = StandIn(kind, {"m": tiny_model}).models["m"]
        server.greeting = "!"
        with pytest.raises(LexgraftError, match="does not answer as when the answers here"):
            evaluate(address, questions, general=general, output=output)
        assert all("Which is" not in str(body) for _, body in server.asked[before:])


@pytest.mark.parametrize("option", [["--tasks", "arc_easy"], ["--drift-from", "G"]])
def test_what_needs_a_models_own_predictions_is_refused_before_anything_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], tiny_model: Path, option: list[str]
) -> None:
    texts = tmp_path / "texts.jsonl"
    texts.write_text("")
    server = StandIn("vllm", {"m": NONE})
    with serving(server) as address:
        for models in ([address], [str(tiny_model), f"{address}#m"], [f"vllm:{tiny_model}"]):
            line = ["evaluate", *models, "--texts", str(texts), *option]
            assert main([*line, "-o", str(tmp_path / "out")]) == 2
            assert f"leave {option[0]} out" in capsys.readouterr().err
    assert not server.asked
    assert not (tmp_path / "out").exists()
