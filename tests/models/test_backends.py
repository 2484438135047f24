"""The contract of backends: one file each, found by what a reference begins with."""

import inspect
from pathlib import Path

import pytest

from lexgraft import models
from lexgraft.errors import LexgraftError
from lexgraft.models import BACKENDS, LanguageModel, RunOptions, backend_of, load
from lexgraft.models.openai_server import OpenAIModel
from lexgraft.models.server_client import ServerClient

REFERENCES = {
    "transformers": ("folder", "org/name", "org/name@v2", "./a:b", "/models/x"),
    "server": ("http://localhost:8000/v1", "https://host/v1#name"),
    "vllm": ("vllm:folder", "vllm:org/name"),
}
backend_of("folder")  # registers all that are here
every_backend = pytest.mark.parametrize("name", list(BACKENDS))


@every_backend
def test_a_backend_is_found_by_its_prefix(name: str) -> None:
    for reference in REFERENCES[name]:
        assert backend_of(reference).name == name


@every_backend
def test_a_backend_is_one_file_that_loads_by_reference_and_options(name: str) -> None:
    function = BACKENDS[name].load
    assert [*inspect.signature(function).parameters] == ["reference", "options"]
    others = [other for other in BACKENDS.values() if other.name != name]
    assert function.__module__ not in {other.load.__module__ for other in others}
    assert function.__doc__


@every_backend
def test_a_folder_is_given_without_its_prefix_an_address_whole(name: str) -> None:
    backend = BACKENDS[name]
    for prefix in backend.prefixes:
        rest = "model" if backend.folders else f"{prefix}model"
        assert backend.rest(f"{prefix}model") == rest


def test_prefixes_are_told_apart() -> None:
    prefixes = [prefix for backend in BACKENDS.values() for prefix in backend.prefixes]
    assert len(set(prefixes)) == len(prefixes)
    assert BACKENDS["transformers"].prefixes == ("",)


def test_an_unknown_prefix_is_no_folder_and_the_nearest_is_named() -> None:
    with pytest.raises(LexgraftError, match="called `vlm:`") as caught:
        backend_of("vlm:model")
    assert "did you mean `vllm:`?" in caught.value.cure


def test_a_missing_folder_is_refused() -> None:
    with pytest.raises(LexgraftError, match="no such folder"):
        load("nowhere")


def test_a_folder_is_loaded_with_the_options_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, RunOptions]] = []

    def keep(reference: str, options: RunOptions) -> LanguageModel:
        calls.append((reference, options))
        return OpenAIModel(ServerClient("http://a/v1"), "m", "d")

    monkeypatch.setitem(BACKENDS, "transformers", BACKENDS["transformers"]._replace(load=keep))
    (tmp_path / "config.json").write_text("{}")
    load(tmp_path, digest="weights", threads=1, dtype="bfloat16")
    load(tmp_path)
    load(tmp_path)
    (tmp_path / "config.json").write_text("{ }")
    load(tmp_path)
    assert calls[0] == (str(tmp_path), RunOptions("weights", 1, "bfloat16", "auto"))
    same, again, other = (options.digest for _, options in calls[1:])
    assert same == again != other


@pytest.mark.slow
def test_a_loaded_folder_is_a_language_model(tiny_model: Path) -> None:
    model = models.load(tiny_model, threads=1)
    assert isinstance(model, LanguageModel)
    assert model.generate(["heart"], 2, ()) == model.generate(["heart"], 2, ())
