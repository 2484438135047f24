"""The verbs, driven with outputs where something is already: it is still there afterwards."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from invented import concept
from weights.merge.family import save_family

from lexgraft.cli import main
from lexgraft.files.run_folder import hold
from lexgraft.records import write_bytes, write_lines

RECIPE = (
    "merge_method: linear\nmodels:\n  - {model: a, parameters: {weight: 1.0}}\ndtype: float32\n"
)


def snapshot(root: Path) -> dict[str, str]:
    """Return what is there: files by content, links by target."""
    found: dict[str, str] = {}
    for path in sorted(root.rglob("*")):
        if path.is_symlink():
            found[str(path)] = f"-> {path.readlink()}"
        elif path.is_file():
            found[str(path)] = sha256(path.read_bytes()).hexdigest()
    return found


def lost(before: dict[str, str], root: Path) -> list[str]:
    """Return what is changed or gone."""
    after = snapshot(root)
    return [name for name, content in before.items() if after.get(name) != content]


def run(*arguments: object) -> int:
    """Return the exit status of a command; anything else that is raised is a traceback."""
    try:
        return main([str(one) for one in arguments])
    except SystemExit as left:
        return int(left.code or 0)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a folder with models, a recipe, terms and running text."""
    save_family(tmp_path)
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    for name in ("terms.jsonl", "other.jsonl"):
        write_lines(tmp_path / name, [concept("C", n) for n in range(4)])
    (tmp_path / "users").mkdir()
    (tmp_path / "users" / "thesis.txt").write_text("years of work")
    return tmp_path


@pytest.mark.parametrize("kind", ["folder", "link", "file"])
def test_merge_leaves_a_folder_beside_its_output(tree: Path, kind: str) -> None:
    beside = tree / "out.stages"
    if kind == "folder":
        (tree / "users").rename(beside)
    elif kind == "link":
        beside.symlink_to("users")
    else:
        beside.write_text("years of work")
    before = snapshot(tree)
    assert run("merge", tree / "recipe.yaml", "-o", tree / "out") == 0
    assert lost(before, tree) == []


def test_merge_of_several_documents_wants_its_folder_beside_to_itself(tree: Path) -> None:
    first = f"name: first\n{RECIPE}"
    (tree / "two.yaml").write_text(f"{first}---\n{RECIPE.replace('model: a', 'model: first')}")
    (tree / "out.stages").mkdir()
    (tree / "out.stages" / "mine").write_text("x")
    before = snapshot(tree)
    assert run("merge", tree / "two.yaml", "-o", tree / "out") == 2
    assert lost(before, tree) == []
    assert not (tree / "out").exists()
    assert run("merge", tree / "two.yaml", "-o", tree / "new") == 0
    assert not (tree / "new.stages").exists()


def terms_commands(tree: Path, out: Path) -> Iterator[tuple[object, ...]]:
    terms = tree / "terms.jsonl"
    yield "terms", "import", terms, "-o", out
    yield "terms", "export", terms, "--format", "csv", "-o", out
    yield "terms", "join", terms, tree / "other.jsonl", "-o", out
    yield "terms", "join", tree / "other.jsonl", terms, "-o", out
    yield "diagnose", tree / "recipe.yaml", "--html", out
    yield "merge", tree / "recipe.yaml", "-o", out
    yield "glossary", "check", terms, tree / "users" / "thesis.txt", "--html", out
    yield "glossary", "check", terms, tree / "users" / "thesis.txt", "--xlsx", out
    yield "extract", tree / "base", tree / "a", "--rank", 2, "-o", out
    yield "key", out, "alice"


OUTPUTS: tuple[Callable[[Path], Path], ...] = (
    lambda tree: tree / "terms.jsonl",
    lambda tree: tree / "other.jsonl",
    lambda tree: tree / "TERMS.jsonl",
    lambda tree: tree / "recipe.yaml",
    lambda tree: tree / "a" / "model.safetensors",
    lambda tree: tree / "base",
    lambda tree: tree / "a" / "within",
    lambda tree: tree / "users" / "thesis.txt",
    lambda tree: tree / "users" / "thesis.txt" / "below",
    lambda tree: tree / "link",
    lambda tree: tree / "link-to-folder",
    lambda tree: tree / "dangling",
    lambda tree: tree / "hard",
    lambda tree: tree,
    lambda _: Path("/dev/null"),
    lambda _: Path(),
    lambda _: Path("/"),
    lambda tree: tree / ("x" * 250),
)


@pytest.mark.parametrize("number", range(10))
def test_no_verb_touches_what_was_there(tree: Path, number: int) -> None:
    (tree / "link").symlink_to("terms.jsonl")
    (tree / "link-to-folder").symlink_to("a")
    (tree / "dangling").symlink_to("users/new")
    os.link(tree / "terms.jsonl", tree / "hard")
    before = snapshot(tree)
    for output in OUTPUTS:
        out = output(tree)
        [*commands] = terms_commands(tree, out)
        status = run(*commands[number])
        assert lost(before, tree) == [], (commands[number], out)
        new = str(out) not in before and not out.exists()
        assert status == 2 or out.name == "within" or not new, (commands[number], out)
        assert not (tree / "users" / "new").exists()


@pytest.mark.parametrize("side", ["terms.out.import.json", "TERMS.OUT.import.json"])
def test_side_files_are_outputs_too(tree: Path, side: str) -> None:
    (tree / "terms.jsonl").rename(tree / side)
    before = snapshot(tree)
    assert run("terms", "import", tree / side, "-o", tree / "terms.out") == 2
    assert lost(before, tree) == []


def test_a_file_called_part_is_nobodys_scratch(tree: Path) -> None:
    (tree / "new.csv.part").write_text("mine")
    write_bytes(tree / "new.csv", b"x")
    assert (tree / "new.csv.part").read_text() == "mine"
    assert sorted(path.name for path in tree.iterdir() if "new" in path.name) == [
        "new.csv",
        "new.csv.part",
    ]


def test_what_a_killed_writer_left_goes_with_the_next_one(tree: Path) -> None:
    code = (
        "import os, sys; from lexgraft.records import _write; from pathlib import Path\n"
        "def pieces():\n    yield b'half'\n    os._exit(9)\n"
        "_write(Path(sys.argv[1]), pieces())"
    )
    folder = tree / "fresh"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code, folder / "x"], check=False)
        assert len([*folder.iterdir()]) == 1
    write_bytes(folder / "x", b"whole")
    assert [path.name for path in folder.iterdir()] == ["x"]


def test_the_same_command_again_replaces_its_own_file_alone(tree: Path) -> None:
    for _ in range(2):
        assert run("terms", "import", tree / "terms.jsonl", "-o", tree / "t") == 0
    with (tree / "t").open("a") as file:
        file.write("edited by hand")
    before = snapshot(tree)
    assert run("terms", "import", tree / "terms.jsonl", "-o", tree / "t") == 2
    assert lost(before, tree) == []


def test_a_command_that_failed_in_the_midst_may_be_given_again(
    tree: Path, make_disk: Callable[[str], Path]
) -> None:
    disk = make_disk("4k")
    join = ("terms", "join", tree / "terms.jsonl", tree / "other.jsonl", "-o", disk / "joined")
    page = ("diagnose", tree / "recipe.yaml", "--html", disk / "page.html")
    for command in (join, page):
        assert run(*command) == 2
    subprocess.run(["mount", "-o", "remount,size=1m", str(disk)], check=True)
    for command in (join, page, join):
        assert run(*command) == 0


def test_a_reader_that_leaves_early_spoils_no_output(tree: Path) -> None:
    code = "import sys; from lexgraft.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "terms", "import", "terms.jsonl", "-o", "t"]
    for _ in range(2):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, cwd=tree, check=False)
        os.close(writer)
        assert (done.returncode, done.stderr) == (0, b"")
        assert (tree / "t").stat().st_size


def test_what_was_there_is_not_on_record_for_a_command_that_failed(tree: Path) -> None:
    from lexgraft.files.ownership import writing

    output = tree / "new"

    def fail() -> None:
        with writing("x", [output], ()):
            output.write_text("somebody else's, put there meanwhile")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    before = snapshot(tree)
    assert run("terms", "import", tree / "terms.jsonl", "-o", output) == 2
    assert lost(before, tree) == []


def test_one_verb_does_not_replace_what_another_has_written(tree: Path) -> None:
    assert run("terms", "import", tree / "terms.jsonl", "-o", tree / "t") == 0
    before = snapshot(tree)
    assert run("terms", "export", tree / "terms.jsonl", "--format", "csv", "-o", tree / "t") == 2
    assert lost(before, tree) == []


def test_keys_made_at_once_are_all_kept(tmp_path: Path) -> None:
    code = "import sys; from lexgraft.cli import main; sys.exit(main(sys.argv[1:]))"
    made = [
        subprocess.Popen(
            [sys.executable, "-c", code, "key", tmp_path / "keys.jsonl", f"user{number}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for number in range(8)
    ]
    for one in made:
        _, errors = one.communicate()
        assert (one.returncode, errors) == (0, b"")
    names = [
        json.loads(line)["name"] for line in (tmp_path / "keys.jsonl").read_text().splitlines()
    ]
    assert sorted(names) == [f"user{number}" for number in range(8)]
    assert (tmp_path / "keys.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "name",
    [".in-use", "lock.json", "stages", "testset", "answers", "model", "merged", "report.html"],
)
def test_a_run_follows_no_link_in_its_folder(tmp_path: Path, name: str) -> None:
    from lexgraft.errors import LexgraftError

    users = tmp_path / "users"
    users.mkdir()
    (users / "file").write_text("mine")
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / name).symlink_to(
        users if "." not in name[1:] and name != ".in-use" else users / "file"
    )
    before = snapshot(tmp_path)
    with pytest.raises(LexgraftError, match="link"), hold(folder):
        pass
    assert lost(before, tmp_path) == []


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
@pytest.mark.parametrize("name", [".in-use", "costs.jsonl", "looks.jsonl", "report.html", "stages"])
def test_a_run_waits_for_no_pipe_in_its_folder(
    tmp_path: Path, name: str, make: Callable[[Path], None]
) -> None:
    from lexgraft.errors import LexgraftError

    (tmp_path / ".in-use").touch()
    if make is os.mkfifo or name != "stages":
        (tmp_path / name).unlink(missing_ok=True)
        make(tmp_path / name)
        with pytest.raises(LexgraftError, match="of this name"), hold(tmp_path):
            pass


def test_a_run_whose_lock_file_was_deleted_is_one_again_as_the_message_says(tmp_path: Path) -> None:
    from lexgraft.errors import LexgraftError

    with hold(tmp_path):
        (tmp_path / "lock.json").write_text("{}")
    (tmp_path / ".in-use").unlink()
    with pytest.raises(LexgraftError, match="make an empty file of that name"), hold(tmp_path):
        pass
    (tmp_path / ".in-use").touch()
    with hold(tmp_path):
        pass


@pytest.mark.parametrize(
    "where", [".", "below", "model", "stages/x", "testset", "answers", "merged"]
)
def test_a_run_lies_not_in_an_input_and_none_in_what_it_writes(tmp_path: Path, where: str) -> None:
    from lexgraft.errors import LexgraftError

    folder = tmp_path / "run"
    given = folder if where == "." else tmp_path if where == "below" else folder / where
    given.mkdir(parents=True, exist_ok=True)
    with pytest.raises(LexgraftError, match="input"), hold(folder, [given]):
        pass
    assert not (folder / ".in-use").exists()


@pytest.mark.parametrize(
    "name", ["terms.csv", "report.html", "report.json", "items.jsonl", "lock.json"]
)
def test_a_new_run_overwrites_nothing_in_its_folder(tmp_path: Path, name: str) -> None:
    from lexgraft.errors import LexgraftError

    (tmp_path / name).write_text("mine")
    with pytest.raises(LexgraftError), hold(tmp_path):
        pass
    (tmp_path / name).unlink()
    with hold(tmp_path, [tmp_path / "other.csv"]):
        (tmp_path / name).write_text("{}")
    with hold(tmp_path):
        pass
    with pytest.raises(LexgraftError, match="input"), hold(tmp_path, [tmp_path / name]):
        pass


PLACES = (
    "a",
    "base",
    "terms.jsonl",
    "recipe.yaml",
    "users",
    "users/thesis.txt",
    "new",
    "link",
    "A",
    "Terms.jsonl",
    "out",
    "out.stages",
    "out.import.json",
    "a/new",
    "new/a",
    "users/out",
    "..",
    ".",
    "link/new",
    "out.part",
    "out.licences.md",
)
VERBS = ("import", "export", "join", "diagnose", "merge", "extract", "key")


def drive(tree: Path, verb: str, source: str, output: str) -> None:
    """Run a verb with an input and an output; nothing that was there is changed or gone."""
    terms, recipe, out = tree / source, tree / "recipe.yaml", tree / output
    commands: dict[str, tuple[object, ...]] = {
        "import": ("terms", "import", terms, "-o", out),
        "export": (
            "terms",
            "export",
            terms,
            "--format",
            "utx",
            "--from",
            "en",
            "--to",
            "ja",
            "-o",
            out,
        ),
        "join": ("terms", "join", terms, tree / "other.jsonl", "-o", out),
        "diagnose": ("diagnose", recipe, "--html", out),
        "merge": ("merge", recipe, "-o", out),
        "extract": ("extract", tree / "base", terms, "--rank", 1, "-o", out),
        "key": ("key", out, "alice"),
    }
    before = snapshot(tree)
    status = run(*commands[verb])
    assert status in (0, 2), (commands[verb], status)
    assert lost(before, tree) == [], commands[verb]


def play(folder: Path, moves: list[tuple[str, str, str]]) -> None:
    save_family(folder)
    (folder / "recipe.yaml").write_text(RECIPE)
    for name in ("terms.jsonl", "other.jsonl"):
        write_lines(folder / name, [concept("C", n) for n in range(3)])
    for name in ("users", "out.stages"):
        (folder / name).mkdir()
        (folder / name / "thesis.txt").write_text("years of work")
    (folder / "link").symlink_to("a")
    for move in moves:
        drive(folder, *move)


MOVES = st.lists(
    st.tuples(
        st.sampled_from(VERBS),
        st.sampled_from(("terms.jsonl", "a", "link", "users", "out")),
        st.sampled_from(PLACES),
    ),
    min_size=4,
    max_size=10,
    unique=True,
)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_nothing_is_lost_wherever_outputs_lie(
    tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[str, str, str]]
) -> None:
    play(tmp_path_factory.mktemp("tree"), moves)


@pytest.mark.slow
@settings(max_examples=300)
@given(moves=MOVES)
def test_nothing_is_lost_wherever_outputs_lie_at_length(moves: list[tuple[str, str, str]]) -> None:
    memory = Path("/dev/shm")  # a disk would be waited for at every sync
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        play(Path(folder), moves)
