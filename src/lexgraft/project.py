"""The project file as frozen records, closed to unknown keys; YAML read without its traps."""

import re
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
import yaml
from msgspec import Meta, Struct, inspect

from lexgraft.errors import UserError, nearest
from lexgraft.records import Kind, PartOfSpeech

Share = Annotated[float, Meta(gt=0, le=1)]
Count = Annotated[int, Meta(ge=1)]
NonNegative = Annotated[float, Meta(ge=0)]
Rate = Annotated[float, Meta(gt=0, lt=1)]
Scale = Annotated[float, Meta(gt=0, le=4)]
Language = Annotated[str, Meta(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Stage = Literal["merge", "glossary", "tune"]
STAGES: tuple[str, ...] = get_args(Stage)
HUB_ID = re.compile(r"[A-Za-z0-9][\w.\-]{0,95}/[A-Za-z0-9][\w.\-]{0,95}")


class Models(Struct, frozen=True, forbid_unknown_fields=True):
    """The triple: whole models, or LoRA adapters on the base; folders, or Hub ids.

    `org/name@revision` pins a Hub id; a folder of that name beside the project file comes first.
    """

    base: str
    language: str  # G, the general model of the target language: the recipient
    domain: str  # D, the domain model: the donor
    licences: dict[Literal["base", "language", "domain"], str] = {}  # for the card and the report


class Languages(Struct, frozen=True, forbid_unknown_fields=True):
    """The language the words should arrive in, and the one in which D knows them."""

    target: Language
    domain: Language


class Rarity(Struct, frozen=True, forbid_unknown_fields=True):
    """Where frequencies come from: own text by default, else `wordfreq`."""

    by: Literal["text", "brown", "wordfreq", "list"] | None = None  # null: text if there are files
    files: dict[Language, tuple[str, ...]] = {}  # per language: texts, Brown, or lists


class Terms(Struct, frozen=True, forbid_unknown_fields=True):
    """The term bases (JSON lines of Concept, or any format a reader knows) and the filter."""

    files: Annotated[tuple[str, ...], Meta(min_length=1)]
    parts_of_speech: tuple[PartOfSpeech, ...] = ("noun", "adjective", "unknown")
    max_zipf: float | None = None  # keep concepts whose terms are rarer (log10 per billion words)
    max_definition_words: Count = 40
    columns: dict[str, str] = {}  # a table's header → what the column holds, e.g. `term ja`
    separator: str = ""  # between several terms of one cell; none: a cell is one term
    rarity: Rarity | None = None  # null: the term base's own numbers, else `wordfreq`
    preset: Literal["rare-in-brown"] | None = None  # arXiv 2502.12001; needs `rarity.files`
    tagger: Literal["sudachi"] | None = None  # for Japanese terms without a part of speech


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """One way of asking: which kind, in which languages."""

    kind: Kind
    question: Language
    answer: Language


class TestSet(Struct, frozen=True, forbid_unknown_fields=True):
    """How concepts become items, and how many are used to choose, confirm and keep sealed."""

    forms: Annotated[tuple[Form, ...], Meta(min_length=1)]
    choose: Count = 100  # concepts
    confirm: Count = 300
    sealed: Annotated[int, Meta(ge=0)] = 0
    options: Annotated[int, Meta(ge=2, le=10)] = 4
    draws: Annotated[int, Meta(ge=2, le=6)] = 2  # known = right in every draw
    distractors: Literal["sibling", "field", "matched", "random"] = "field"
    generated: Annotated[int, Meta(ge=0)] = 40  # confirm concepts also asked for free answers


class Text(Struct, frozen=True, forbid_unknown_fields=True):
    """Running text for bits per byte: JSON lines of Document."""

    file: str
    documents: Count = 24
    tokens: Count = 160  # at most, per document


class General(Struct, frozen=True, forbid_unknown_fields=True):
    """General ability: running text, and everyday concepts asked like terms."""

    texts: tuple[Text, ...] = ()
    concepts: tuple[str, ...] = ()  # files of Concept with everyday words
    forms: tuple[Form, ...] = ()
    items: Count = 60  # concepts per form


class Candidate(Struct, frozen=True, forbid_unknown_fields=True):
    """One merge: a method's name and its parameters (checked against its signature)."""

    method: str
    parameters: dict[str, Any] = {}


class Search(Struct, frozen=True, forbid_unknown_fields=True):
    """A small evolutionary search over one method's numeric parameters, raced on `choose`."""

    method: str = "dare_ties"
    ranges: dict[str, tuple[float, float]] = msgspec.field(
        default_factory=lambda: {"weight.domain": (0.2, 1.2), "density": (0.2, 1.0)}
    )  # a dot reaches one model's share of a per-model parameter
    trials: Count = 6


class Merge(Struct, frozen=True, forbid_unknown_fields=True):
    """The candidates of stage 1."""

    candidates: Annotated[tuple[Candidate, ...], Meta(min_length=1)]
    search: Search | None = None
    dtype: Literal["bfloat16", "float16", "float32"] = "bfloat16"


class Glossary(Struct, frozen=True, forbid_unknown_fields=True):
    """Stage 3: matched entries in the prompt, against no terms and random terms."""

    entries: Count = 8  # at most, per prompt
    concepts: Count = 60  # confirm concepts asked


class Tune(Struct, frozen=True, forbid_unknown_fields=True):
    """Stage 4: partial fine-tuning of the merge on the `choose` concepts, with replay."""

    terms: Count = 50  # concepts taught, from `choose`
    forms: tuple[Form, ...] = ()  # none: those of the test, and all between both languages
    method: Literal["lora", "weights"] = "lora"  # low-rank additions, or the weights themselves
    train: tuple[str, ...] = ("linear",)  # what is trained, by name: see docs/tune.md
    tokens: tuple[str, ...] = ()  # only these rows of the embedding; `method: weights`
    steps: Count = 60  # at most
    patience: Annotated[int, Meta(ge=0)] = 3  # checks without progress that end it; 0: none do
    batch: Count = 8
    rank: Count = 16
    learning_rate: Rate | tuple[Rate, ...] = 2e-4  # of several the best on held-out wordings
    replay: Annotated[float, Meta(ge=0, lt=1)] = 0.25  # share of general text in the batches
    replay_texts: tuple[str, ...] = ()  # files of Document, disjoint from `general.texts`
    max_tokens: Annotated[int, Meta(ge=2)] = 256  # of one text; the rest is cut
    own_answers: Annotated[int, Meta(ge=0)] = 48  # of the model, to general openings, replayed too
    curve: tuple[Count, ...] = ()  # also taught so many terms, to draw what more terms bring
    scale: Scale | tuple[Scale, ...] = 1.0  # of the merged delta; of several see docs/tune.md


class Gate(Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds of one stage; differences are shares in [-1, 1], paired and by concept."""

    target_gain: float = 0.05  # recognition in the target language, result minus G
    transfer: float = 0.0  # transfer minus placebo
    retention_loss: NonNegative = 0.02  # largest loss allowed against the better parent's language
    bits_per_byte: NonNegative = 0.02  # largest relative rise allowed against G


class Gates(Struct, frozen=True, forbid_unknown_fields=True):
    """The thresholds, written before the run; their digest stands in the report."""

    headroom: Annotated[float, Meta(ge=0, le=1)] = 0.05  # share D knows and G does not
    merge: Gate = Gate()
    glossary: Gate = Gate()
    tune: Gate = Gate()
    alpha: Annotated[float, Meta(gt=0, lt=0.5)] = 0.05
    stop_early: bool = True  # false: run the later stages too, though a gate has passed


class Prices(Struct, frozen=True, forbid_unknown_fields=True):
    """What an hour of this machine costs the user."""

    per_hour: NonNegative = 0.0
    currency: str = "EUR"


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """What the run may use."""

    threads: Count = 2
    memory_gb: Annotated[float, Meta(gt=0)] = 10.0


class Project(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole adoption: `lexgraft adopt project.yaml`."""

    name: str
    models: Models
    languages: Languages
    terms: Terms
    testset: TestSet
    merge: Merge
    output: str  # the run's folder
    general: General = General()
    glossary: Glossary | None = Glossary()  # null: leave the stage out
    tune: Tune | None = Tune()
    gates: Gates = Gates()
    prices: Prices = Prices()
    limits: Limits = Limits()
    seed: int = 20250217


class _StrictLoader(yaml.SafeLoader):
    """YAML 1.2's core schema on PyYAML: no duplicate keys, no aliases, no surprise types."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:  # noqa: ANN401 (a node, where the stub says int)
        if self.check_event(yaml.events.AliasEvent):
            event = self.peek_event()
            raise UserError(
                f"YAML alias `*{event.anchor}` at line {event.start_mark.line + 1}",
                cure="write the value out: aliases are refused because they can explode",
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise UserError(f"key {key!r} at line {line} is not text", cure="put it in quotes")
            if key in seen:
                raise UserError(f"key `{key}` occurs twice, again at line {line}", cure="keep one")
            seen.add(key)
        return super().construct_mapping(node, deep)


_StrictLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:null|Null|NULL|~|)$", ["n", "N", "~", ""]),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    (
        "float",
        r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$",
        "-+.0123456789",
    ),
):
    _StrictLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first)
    )


def _construct_int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    """Return a decimal integer: a leading 0 is not octal, as in YAML 1.2."""
    return int(loader.construct_scalar(node))


_StrictLoader.add_constructor("tag:yaml.org,2002:int", _construct_int)


def read_yaml(text: str, where: str) -> object:
    """Return plain values from YAML text that holds one document.

    Raises:
        UserError: more than one document, and all that `read_documents` refuses.
    """
    documents = read_documents(text, where)
    if len(documents) > 1:
        raise UserError(
            f"{len(documents)} YAML documents where one is expected",
            where=where,
            cure="remove the lines `---`",
        )
    return documents[0] if documents else None


def read_documents(text: str, where: str) -> list[object]:
    """Return plain values from YAML text, one per document.

    Raises:
        UserError: broken YAML, python tags, aliases, duplicate keys, nesting too deep.
    """
    try:
        return list(yaml.load_all(text, Loader=_StrictLoader))
    except UserError as error:
        raise UserError(error.what, where=where, cure=error.cure) from error
    except RecursionError as error:
        raise UserError("nested too deeply", where=where) from error
    except yaml.YAMLError as error:
        raise UserError(
            " ".join(str(error).split()),
            where=where,
            cure="check indentation and quotes; tags such as !!python are refused",
        ) from error


def read_project(path: Path) -> Project:
    """Return the project of a file, every path in it made absolute from the file's folder.

    Raises:
        UserError: anything that is not such a project, with the key's path and the nearest name.
    """
    if not path.is_file():
        raise UserError(
            "no such project file", where=str(path), cure="see examples/medical-ja/project.yaml"
        )
    raw = read_yaml(path.read_text(encoding="utf-8"), str(path))
    refuse_unknown(raw, Project, str(path))
    try:
        project = msgspec.convert(raw, Project)
    except msgspec.ValidationError as error:
        raise UserError(str(error), where=str(path), cure="see `lexgraft schema`") from error
    return _absolute(project, path.resolve().parent)


def inputs_of(project: Project) -> tuple[Path, ...]:
    """Return all files and folders that a project reads; a model's Hub id is none."""
    models, general, rarity = project.models, project.general, project.terms.rarity
    given = [models.base, models.language, models.domain]
    named = [text for text in given if Path(text).is_absolute() or Path(text).exists()]
    named += [*project.terms.files, *general.concepts, *(text.file for text in general.texts)]
    named += [file for files in rarity.files.values() for file in files] if rarity else ()
    named += project.tune.replay_texts if project.tune else ()
    return tuple(Path(text) for text in named)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the project file."""
    return msgspec.json.schema(Project)


def refuse_unknown(value: object, kind: type, where: str) -> None:
    """Raise for the first key in plain values that a record does not know.

    Raises:
        UserError: an unknown key, with its path and the nearest known name.
    """
    _refuse_unknown(value, inspect.type_info(kind), "", where)


def _refuse_unknown(value: object, kind: inspect.Type, at: str, where: str) -> None:
    """Raise for the first key that no record knows, with the nearest known name."""
    for inner in kind.types if isinstance(kind, inspect.UnionType) else (kind,):
        if isinstance(inner, inspect.StructType) and isinstance(value, dict):
            fields = {field.encode_name: field.type for field in inner.fields}
            for key, child in value.items():
                if key not in fields:
                    raise UserError(
                        f"unknown key `{at}{key}`", where=where, cure=nearest(str(key), fields)
                    )
                _refuse_unknown(child, fields[key], f"{at}{key}.", where)
        elif isinstance(inner, inspect.DictType | inspect.VarTupleType):
            for name, item, child in _children(value, inner, at):
                _refuse_unknown(child, item, f"{name}.", where)


def _children(
    value: object, kind: inspect.DictType | inspect.VarTupleType, at: str
) -> Iterator[tuple[str, inspect.Type, object]]:
    """Yield what a mapping or a list holds, with its path and the kind it should be of."""
    if isinstance(kind, inspect.DictType) and isinstance(value, dict):
        for key, child in value.items():
            yield f"{at}{key}", kind.value_type, child
    elif isinstance(kind, inspect.VarTupleType) and isinstance(value, list):
        for number, child in enumerate(value):
            yield f"{at[:-1]}[{number}]", kind.item_type, child


def _absolute(project: Project, folder: Path) -> Project:
    """Return the project with its paths seen from anywhere."""

    def fix(text: str) -> str:
        return str((folder / text).resolve())

    def fix_all(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(fix(text) for text in texts)

    def fix_model(text: str) -> str:
        hub = HUB_ID.fullmatch(text.partition("@")[0]) and not (folder / text).exists()
        return text if hub else fix(text)

    replace = msgspec.structs.replace
    models, general, tune = project.models, project.general, project.tune
    rarity = project.terms.rarity
    return replace(
        project,
        models=replace(
            models,
            base=fix_model(models.base),
            language=fix_model(models.language),
            domain=fix_model(models.domain),
        ),
        terms=replace(
            project.terms,
            files=fix_all(project.terms.files),
            rarity=rarity
            and replace(rarity, files={one: fix_all(own) for one, own in rarity.files.items()}),
        ),
        general=replace(
            general,
            texts=tuple(replace(text, file=fix(text.file)) for text in general.texts),
            concepts=fix_all(general.concepts),
        ),
        tune=tune and replace(tune, replay_texts=fix_all(tune.replay_texts)),
        output=fix(project.output),
    )
