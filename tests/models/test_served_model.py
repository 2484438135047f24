"""Options scored through servers: the numbers of plain forwards, whatever the server calls them."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from stand_in_server import StandIn, serving, unchecked

from lexgraft.errors import LexgraftError
from lexgraft.models import LanguageModel, OptionScore, Question
from lexgraft.models.dialects import ServedQuestion
from lexgraft.models.openai_server import OpenAIModel, connect
from lexgraft.models.served_model import ServedModel
from lexgraft.models.server_checks import check_against, check_server
from lexgraft.models.transformers import TransformersModel

KINDS = ("vllm", "sglang", "llama-cpp-python")
TOKENS = ("vllm", "sglang")  # those that take token ids
QUESTIONS: list[Question] = [
    ("The organ that pumps blood is the", [" heart", " liver", " heart valve"]),
    ("血液を送る臓器は「", ["心臓」", "肺」"]),
    ("Answer with a letter: ", ["A", "B"]),
    ("The organ that pumps blood is the", [" lung"]),
]
CROSSED: list[Question] = [("Kidn", ["ey", "ee"]), ("Kid", ["ney", "s"])]


def merging(folder: Path, copy: Path) -> Path:
    """Return a copy of a model whose tokenizer has one token for `ney`."""
    shutil.copytree(folder, copy)
    file = copy / "tokenizer.json"
    content = json.loads(file.read_bytes())
    vocabulary = content["model"]["vocab"]
    for token, rare in (("ey", 250), ("ney", 251)):
        (old,) = [name for name, number in vocabulary.items() if number == rare]
        del vocabulary[old]
        vocabulary[token] = rare
    content["model"]["merges"] = [["e", "y"], ["n", "ey"]]
    file.write_text(json.dumps(content))
    return copy


@pytest.fixture(scope="module")
def folder(make_model: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return merging(make_model("llama"), tmp_path_factory.mktemp("merging") / "model")


@pytest.fixture(scope="module")
def local(folder: Path) -> TransformersModel:
    return TransformersModel.load(folder, "x", 1)


def assert_same(served: list[list[OptionScore]], here: list[list[OptionScore]]) -> None:
    for rows in zip(served, here, strict=True):
        for remote, plain in zip(*rows, strict=True):
            assert remote.loglik == pytest.approx(plain.loglik, abs=2e-4)
            assert (remote.tokens, remote.crossed) == (plain.tokens, plain.crossed)


@pytest.mark.parametrize("kind", KINDS)
def test_options_have_the_sums_of_a_plain_forward(
    kind: str, folder: Path, local: TransformersModel
) -> None:
    with serving(StandIn(kind, {"tiny": folder})) as address:
        model = connect(address)
        assert isinstance(model, LanguageModel)
        assert isinstance(model, ServedModel)
        assert model.scoring == f"server {kind} 1.0"
        assert_same(model.loglikelihoods(QUESTIONS), local.loglikelihoods(QUESTIONS))
        assert "differ by at most" in check_against(model, local, "tiny", address)
        batches = model.plan_batches(QUESTIONS)
        assert sorted(index for batch in batches for index in batch) == [0, 1, 2, 3]
        assert len(model.generate(["a"], 3, ["\n"])) == 1


@pytest.mark.parametrize("kind", TOKENS)
def test_an_option_that_shares_a_token_with_its_context_is_scored_as_in_a_folder(
    kind: str, folder: Path, local: TransformersModel
) -> None:
    with serving(StandIn(kind, {"tiny": folder})) as address:
        scores = connect(address).loglikelihoods(CROSSED)
        assert scores[0][0].crossed
        assert_same(scores, local.loglikelihoods(CROSSED))


@pytest.mark.parametrize("kind", TOKENS)
def test_running_text_has_the_bits_of_a_folder(
    kind: str, folder: Path, local: TransformersModel
) -> None:
    texts = ["The kidney filters blood.", "腎臓は血液を濾過する。", ""]
    with serving(StandIn(kind, {"tiny": folder})) as address:
        model = connect(address)
        for tokens in (100, 9):  # the second cuts inside a character
            for (bits, size), (plain, same) in zip(
                model.text_bits(texts, tokens), local.text_bits(texts, tokens), strict=True
            ):
                assert (bits, size) == (pytest.approx(plain, abs=1e-3), same)


def test_a_server_that_takes_text_says_which_options_it_cannot_score(folder: Path) -> None:
    with serving(StandIn("llama-cpp-python", {"tiny": folder})) as address:
        model = connect(address)
        with pytest.raises(LexgraftError, match=r"'ey' shares a token .* takes text, not tokens"):
            model.loglikelihoods(CROSSED)
        with pytest.raises(LexgraftError, match="no log-probability of the beginning of a text"):
            model.text_bits(["abc"], 9)


def test_without_a_start_token_nothing_stands_before_an_option(
    make_model: Callable[..., Path],
) -> None:
    plain = make_model("llama", adds_start=False)
    with serving(StandIn("vllm", {"tiny": plain})) as address:
        model = connect(address)
        here = TransformersModel.load(plain, "x", 1)
        assert_same(model.loglikelihoods(QUESTIONS), here.loglikelihoods(QUESTIONS))
        with pytest.raises(LexgraftError, match="begins no text with a token"):
            model.loglikelihoods([("", ["a", "b"])])


def test_values_that_stand_a_place_too_far_on_are_noticed(make_model: Callable[..., Path]) -> None:
    plain = make_model("llama", adds_start=False)
    with (
        serving(StandIn("llama-cpp-python", {"tiny": plain})) as address,
        pytest.raises(LexgraftError, match=r"contradict themselves: .*values out of place"),
    ):
        connect(address)


def test_a_server_of_no_known_kind_gives_free_answers_only_unless_its_kind_is_named(
    folder: Path,
) -> None:
    with serving(StandIn("other", {"tiny": folder})) as address:
        model = connect(address)
        assert isinstance(model, OpenAIModel)
        with pytest.raises(LexgraftError, match="no kind that gives") as caught:
            model.loglikelihoods(QUESTIONS)
        assert "--server-kind" in caught.value.cure
        assert isinstance(connect(address, "vllm"), ServedModel)
        with pytest.raises(LexgraftError, match="did you mean `vllm`"):
            connect(address, "vlm")


def test_kind_release_and_name_are_in_the_key(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lexgraft.models.openai_server.check_server", unchecked)
    keys: set[tuple[str, str]] = set()
    for kind, version in (("vllm", "1.0"), ("vllm", "1.1"), ("sglang", "1.0")):
        server = StandIn(kind, {"tiny": folder, "adapter": folder}, version)
        with serving(server) as address:
            for name in ("tiny", "adapter"):
                model = connect(f"{address}#{name}")
                keys.add((model.digest, model.scoring))
    assert len({digest for digest, _ in keys}) == 6


def test_another_model_than_the_folder_is_refused(
    folder: Path, make_model: Callable[..., Path], tmp_path: Path
) -> None:
    other = TransformersModel.load(merging(make_model("llama", 3), tmp_path / "m"), "y", 1)
    unmerged = TransformersModel.load(make_model("llama", 0), "z", 1)
    with serving(StandIn("vllm", {"tiny": folder})) as address:
        model = connect(address)
        assert isinstance(model, ServedModel)
        with pytest.raises(LexgraftError, match="not those of the folder: against m in float32"):
            check_against(model, other, "m", address)
        model_questions = [("x", ["ney"])]
        counts = [m.loglikelihoods(model_questions)[0][0].tokens for m in (model, unmerged)]
        assert counts == [1, 3]


def test_adapters_are_asked_by_name(
    folder: Path, make_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lexgraft.models.openai_server.check_server", unchecked)
    for kind in TOKENS:
        server = StandIn(kind, {"base": folder, "adapter": make_model("llama", 5)})
        with serving(server) as address:
            base, adapter = connect(f"{address}#base"), connect(f"{address}#adapter")
            assert base.loglikelihoods(QUESTIONS) != adapter.loglikelihoods(QUESTIONS)
            with pytest.raises(LexgraftError, match="did you mean `adapter`"):
                connect(f"{address}#adaptor")


def test_a_server_of_which_nothing_can_be_checked_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(StandIn("vllm", {"tiny": folder})) as address:
        model = connect(address)
        assert isinstance(model, ServedModel)
        encoded = model.encoded

        def crossing(items: Sequence[Question]) -> list[ServedQuestion]:
            return [item._replace(crossed=[True] * len(item.options)) for item in encoded(items)]

        monkeypatch.setattr(model, "encoded", crossing)
        with pytest.raises(LexgraftError, match="cannot be checked: of 4 probes 0 can be asked"):
            check_server(model, address)
