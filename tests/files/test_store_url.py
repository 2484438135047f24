"""URLs of stores: what they name, what they must not hold, and who reads them."""

from functools import partial
from pathlib import Path

import pytest

from lexgraft.cli import main
from lexgraft.errors import LexgraftError
from lexgraft.files.hub import find_model, named_model
from lexgraft.files.ownership import check_outputs
from lexgraft.files.stand_ins import output_of, place_of
from lexgraft.files.store_url import StoreUrl, parse_url, without_secrets
from lexgraft.weights.merge.recipe import ModelName, parse_model

SECRET = "hunter2"


def test_a_url_names_a_folder_of_a_bucket() -> None:
    url = parse_url("S3://bucket/models/base/")
    assert url == StoreUrl("s3", "bucket/models/base")
    assert str(url.at("config.json")) == "s3://bucket/models/base/config.json"
    assert url.name == "base"
    assert parse_url("hf://org/name@v1").name == "name"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("s3://bucket", "a whole bucket"),
        ("s3://", "not the place"),
        ("s3://bucket/../x", "not the place"),
        ("s3://bucket//x", "not the place"),
        ("s4://bucket/x", "scheme `s4` is not read"),
        ("http://host/x", "scheme `http` is not read"),
        ("file://host/x", "scheme `file` is not read"),
    ],
)
def test_what_is_no_folder_of_a_store_is_refused(text: str, why: str) -> None:
    with pytest.raises(LexgraftError, match=why):
        parse_url(text)


@pytest.mark.parametrize(
    "text",
    [
        f"s3://key:{SECRET}@bucket/x",
        f"s3://bucket/x?X-Amz-Signature={SECRET}",
        f"s3://b/x#{SECRET}",
        f"s3://key:with/a+slash/{SECRET}@bucket/x",
    ],
)
def test_secrets_in_a_url_are_refused_and_not_repeated(text: str, tmp_path: Path) -> None:
    reads = (parse_url, place_of, output_of, partial(named_model, near=tmp_path))
    for read in reads:
        with pytest.raises(LexgraftError) as refused:
            read(text)
        assert SECRET not in str(refused.value)
    assert SECRET not in without_secrets(text)


def test_folders_that_lie_in_each_other_are_told_from_neighbours() -> None:
    base = StoreUrl("s3", "bucket/base")
    assert base.overlaps(base)
    assert base.overlaps(base.at("inner"))
    assert base.at("inner").overlaps(base)
    assert not base.overlaps(StoreUrl("s3", "bucket/base2"))
    assert not base.overlaps(StoreUrl("gs", "bucket/base"))


def test_a_recipe_keeps_a_url_whole_and_splits_its_adapter_off() -> None:
    assert parse_model("s3://bucket/a@b", "") == ModelName("s3://bucket/a@b")
    assert parse_model("s3://bucket/a+hf://org/lora@v1", "") == ModelName(
        "s3://bucket/a", None, "hf://org/lora@v1"
    )


def test_file_urls_are_folders_of_this_machine(tmp_path: Path) -> None:
    assert place_of(f"file://{tmp_path}/a%20b") == tmp_path / "a b"
    assert output_of(f"file://{tmp_path}/out") == tmp_path / "out"
    with pytest.raises(LexgraftError, match="whole path"):
        place_of("file://host/x")


def as_output_of_any_verb(path: Path) -> None:
    check_outputs([path], ())


@pytest.mark.parametrize("read", [place_of, output_of, as_output_of_any_verb])
@pytest.mark.parametrize("scheme", ["s3", "S3", "gcs", "https"])
def test_a_url_that_was_made_a_path_is_refused(read: object, scheme: str) -> None:
    assert callable(read)
    with pytest.raises(LexgraftError, match="a URL as a path"):
        read(Path(f"{scheme}://bucket/model"))


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("gcs://bucket/out", "scheme `gcs` is not read"),
        ("S3://key:secret@bucket/out", "a user, a password or a query in a URL"),
    ],
)
def test_the_command_line_takes_a_url_as_it_was_written(
    output: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for given in (["none.yaml", output], ["none.yaml", "-o", output]):
        assert main(["merge", *given]) == 2
        assert said in capsys.readouterr().err


def test_stores_that_are_not_written_say_how_it_is_done() -> None:
    with pytest.raises(LexgraftError, match=r"storage\.googleapis\.com"):
        output_of("gs://bucket/out")
    with pytest.raises(LexgraftError, match="hf upload"):
        output_of("hf://org/name")


def test_who_needs_a_folder_refuses_a_url_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(LexgraftError, match="passthrough"):
        find_model("s3://bucket/base", None, tmp_path)


def test_a_hub_that_does_not_answer_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")

    class Silent:
        def model_info(self, *_: object, **__: object) -> None:
            raise EOFError  # of the client's own kind, without a word

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(hub, "HfApi", Silent)
    with pytest.raises(LexgraftError, match="the Hub does not give it: EOFError"):
        place_of("hf://org/name")


def test_the_hub_is_not_reached_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(LexgraftError, match="HF_HUB_OFFLINE"):
        place_of("hf://org/name")
