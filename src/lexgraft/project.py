"""The project file as frozen records, closed to unknown keys; YAML read without its traps."""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from lexgraft import business, compute
from lexgraft.business import Business
from lexgraft.compute import ComputeSettings
from lexgraft.errors import LexgraftError, path_of
from lexgraft.files.hub import HUB_ID
from lexgraft.files.model_search import ModelSearch, model_folders
from lexgraft.files.ownership import real_path
from lexgraft.files.plugins import load_file
from lexgraft.files.record_mistakes import record_mistake
from lexgraft.files.renamed_keys import RENAMED
from lexgraft.files.safe_text import read_text
from lexgraft.files.safe_yaml import read_yaml, refuse_endless, refuse_unknown
from lexgraft.files.shipped_texts import shipped_files
from lexgraft.files.store_url import is_url
from lexgraft.files.table_settings import TableSettings
from lexgraft.files.value_words import with_names
from lexgraft.records import Kind, PartOfSpeech, Progress, silent

Share = Annotated[float, Meta(gt=0, le=1)]
Count = Annotated[int, Meta(ge=1)]
Gain = Annotated[float, Meta(ge=-1, le=1)]  # difference of two shares: 0.05 is five points
Loss = Annotated[float, Meta(ge=0, le=1)]  # share of what there was: 0.03 is three per cent
Rate = Annotated[float, Meta(gt=0, lt=1)]
Scale = Annotated[float, Meta(gt=0, le=4)]
Weight = Annotated[float, Meta(gt=0, le=1000)]
AtLeastOne = Meta(min_length=1)
Language = Annotated[str, Meta(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class Models(Struct, frozen=True, forbid_unknown_fields=True):
    """The triple: whole models, or LoRA adapters on the base; folders, Hub ids, or URLs.

    `org/name@revision` pins a Hub id; a folder of that name beside the project file comes first.
    """

    base: str  # what both others descend from
    language: str  # G, the general model of the target language: the recipient
    domain: str  # D, the domain model: the donor
    licences: dict[Literal["base", "language", "domain"], str] = {}  # for the card and the report
    trained_on: dict[Literal["language", "domain"], tuple[str, ...]] = {}  # their training texts


class Languages(Struct, frozen=True, forbid_unknown_fields=True):
    """The language the words should arrive in, and the one in which D knows them."""

    target: Language  # in which the words should be known, e.g. `ja`
    domain: Language  # in which D knows them, e.g. `en`


class RaritySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where frequencies come from: own text by default, else `wordfreq`."""

    by: Literal["text", "brown", "wordfreq", "list"] | None = None  # null: text if there are files
    files: dict[Language, tuple[str, ...]] = {}  # per language: texts, Brown, or lists


class TermSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The term bases (JSON lines of Concept, or any format a reader knows) and the filter."""

    files: Annotated[tuple[str, ...], Meta(min_length=1)]  # term bases: files or folders
    parts_of_speech: tuple[PartOfSpeech, ...] = ("noun", "adjective", "unknown")  # kept
    max_zipf: float | None = None  # keep concepts whose terms are rarer (log10 per billion words)
    max_definition_words: Count = 40  # concepts with a longer one are left out
    tables: TableSettings = TableSettings()  # how tables and workbooks among them are read
    refused: Literal["stop", "leave-out"] = "stop"  # rows that cannot be used
    rarity: RaritySettings | None = None  # null: the term base's own numbers, else `wordfreq`
    preset: Literal["rare-in-brown"] | None = None  # arXiv 2502.12001; needs `rarity.files`
    tagger: Literal["sudachi"] | None = None  # for Japanese terms without a part of speech


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """One way of asking: which kind, in which languages."""

    kind: Kind  # what is shown and what is asked for
    question: Language  # of what is shown
    answer: Language  # of the options


class TestSetSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How concepts become items, and how many are used to choose, confirm and keep sealed."""

    forms: Annotated[tuple[Form, ...], Meta(min_length=1)]  # the ways of asking
    choose: Count = 100  # concepts to choose a merge by, and to teach from
    confirm: Count = 300  # concepts that verdicts are given on
    sealed: Annotated[int, Meta(ge=0)] | None = None  # asked once; null: as `confirm` if enough
    options: Annotated[int, Meta(ge=2, le=10)] = 4  # of an item, the right one among them
    draws: Annotated[int, Meta(ge=2, le=6)] = 2  # known = right in every draw
    distractors: Literal["sibling", "field", "matched", "random"] = "matched"  # wrong options
    generated: Annotated[int, Meta(ge=0)] = 40  # confirm concepts also asked for free answers
    written: Annotated[int, Meta(ge=0)] = 0  # confirm concepts to be written in sentences; 0: none


SHIPPED = "shipped"


class TextSource(Struct, frozen=True, forbid_unknown_fields=True):
    """Running text for bits per byte: JSON lines of Document.

    `shipped` stands for what comes with lexgraft in the target's and the domain's language.
    """

    file: str  # JSON lines of Document; or `shipped`
    documents: Count = 24  # so many of them are read
    tokens: Count = 160  # at most, per document


class GeneralSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """General ability: running text, and everyday concepts asked like terms."""

    texts: tuple[TextSource, ...] = (
        TextSource(SHIPPED, documents=64),
    )  # for bits per byte; by default shipped ones; `[]`: none
    concepts: tuple[str, ...] = ()  # files of Concept with everyday words
    forms: tuple[Form, ...] = ()  # the ways in which the everyday words are asked
    items: Count = 60  # concepts per form


class Candidate(Struct, frozen=True, forbid_unknown_fields=True):
    """One merge: a method's name and its parameters (checked against its signature)."""

    method: str  # a name out of docs/methods.md
    parameters: dict[str, Any] = {}  # by name; a mapping gives each model its own
    share: Annotated[float, Meta(ge=0, le=1)] = 1.0  # of the way from G to this merge


class SearchSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A search over one method's numeric parameters (CMA-ES), raced on `choose`."""

    method: str = "dare_ties"  # whose parameters are searched
    ranges: dict[str, tuple[float, float]] = msgspec.field(
        default_factory=lambda: {"weight.domain": (0.2, 1.2), "density": (0.2, 1.0)}
    )  # a dot reaches one model's value; `share` is of the way from G
    trials: Count = 6  # merges that are tried


class MergeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The candidates of stage 1, raced as they are or, with `loss_budget`, at equal harm.

    With a budget every candidate is walked back towards G until, on the `choose` texts, it loses
    no more of general ability (0.01 is one per cent) in any language, and is raced there.
    """

    candidates: Annotated[tuple[Candidate, ...], Meta(min_length=1)]  # raced on `choose`
    search: SearchSettings | None = None
    loss_budget: Annotated[float, Meta(gt=0, le=1)] | None = None  # most that each may lose
    dtype: Literal["bfloat16", "float16", "float32"] = "bfloat16"  # in which weights are stored


class GlossarySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Stage 3: matched entries in the prompt, against no terms and random terms."""

    entries: Count = 8  # at most, per prompt; never fewer than the options of a question
    concepts: Count = 120  # confirm concepts asked


class TuneSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Stage 4: partial fine-tuning of the merge on the `choose` concepts, with replay."""

    terms: Count = 50  # concepts taught, from `choose`
    forms: tuple[Form, ...] = ()  # none: those of the test, and all between both languages
    method: Literal["lora", "weights"] = "lora"  # low-rank additions, or the weights themselves
    train: tuple[str, ...] = ("linear",)  # what is trained, by name: see docs/tune.md
    tokens: tuple[str, ...] = ()  # only these rows of the embedding; `method: weights`
    steps: Count = 60  # at most
    patience: Annotated[int, Meta(ge=0)] = 3  # checks without progress that end it; 0: none do
    batch: Count = 8  # examples a step
    rank: Count = 16  # of the low-rank additions
    learning_rate: Rate | Annotated[tuple[Rate, ...], AtLeastOne] = (
        2e-4  # of several the best on held-out wordings
    )
    replay: Annotated[float, Meta(ge=0, lt=1)] = 0.25  # share of general text in the batches
    replay_texts: tuple[str, ...] = ()  # files of Document, disjoint from `general.texts`
    keep: Literal["replay", "kl", "both"] = "replay"  # learn general text, or stay by it
    keep_weight: Weight | Annotated[tuple[Weight, ...], AtLeastOne] = (
        1.0  # of staying by it; of several see docs/tune.md
    )
    targets: Literal["termbase", "distilled"] = "termbase"  # or its own, with the entry
    max_tokens: Annotated[int, Meta(ge=2)] = 256  # of one text; the rest is cut
    own_answers: Annotated[int, Meta(ge=0)] = 48  # of the model, to general openings, replayed too
    curve: tuple[Count, ...] = ()  # also taught so many terms, to draw what more terms bring
    scale: Scale | Annotated[tuple[Scale, ...], AtLeastOne] = (
        1.0  # of the merged delta; of several see docs/tune.md
    )
    loss_budget: Annotated[float, Meta(gt=0, le=1)] | None = None  # most it may lose: walked back


class GeneralAbility(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What of general ability a model may lose against G, on the `confirm` texts and words."""

    general_loss: Loss = 0.03  # largest relative loss in a language, all registers together


class MergeGate(GeneralAbility, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the winning merge must show: differences of P(right option), paired by concept.

    A model that is asked the sealed concepts is judged by `target_gain` and `donor_gain` as well.
    """

    target_gain: Gain = 0.05  # in the target language, the merge minus G
    donor_gain: Gain = 0.0  # likewise, minus the same recipe without the donor


class GlossaryGate(Struct, frozen=True, forbid_unknown_fields=True):
    """What the winning merge must write with the glossary in its prompt, by the same shares."""

    effect: Gain = 0.0  # terms written with the proper terms minus with random ones
    target_gain: Gain = 0.05  # terms written with the proper terms minus with none


class TuneGate(GeneralAbility, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the tuned merge must show: differences of P(right option) in wordings never taught."""

    taught_gain: Gain = 0.05  # what taught terms gained, minus what terms never taught did
    donor_gain: Gain = 0.0  # terms never taught, minus G taught the same examples


class AssumedTruth(Struct, frozen=True, forbid_unknown_fields=True):
    """What is taken for true where the plan says how likely each gate is to pass."""

    donor_lead: Gain = 0.2  # of D over the base, its random control and chance, in its language
    target_gain: Gain = 0.2  # of the merge over G, in P(right option)
    donor_gain: Gain = 0.15  # of the merge over the same recipe without the donor
    written_gain: Gain = 0.3  # share of terms written with the glossary, minus without
    taught_gain: Gain = 0.3  # of taught terms over terms never taught
    general_loss: Loss = 0.0  # relative loss of general ability


class Gates(Struct, frozen=True, forbid_unknown_fields=True):
    """The thresholds, written before the run; their digest stands in the report."""

    headroom: Annotated[float, Meta(ge=0, le=1)] = 0.05  # share D knows and G does not
    merge: MergeGate = MergeGate()
    glossary: GlossaryGate = GlossaryGate()
    tune: TuneGate = TuneGate()
    alpha: Annotated[float, Meta(ge=1e-6, lt=0.5)] = 0.05  # of intervals: 0.05 gives 95 %
    stop_early: bool = True  # false: run the later stages too, though a gate has passed
    assumed: AssumedTruth = AssumedTruth()  # for the plan's chances of passing; judges nothing


class Project(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole adoption: `lexgraft adopt project.yaml`."""

    name: str  # printed on the report
    models: Models
    languages: Languages
    terms: TermSettings
    testset: TestSetSettings
    merge: MergeSettings
    output: str  # the run's folder
    general: GeneralSettings = GeneralSettings()
    glossary: GlossarySettings | None = GlossarySettings()  # null: leave the stage out
    tune: TuneSettings | None = TuneSettings()
    stages: tuple[str, ...] | None = None  # the stages to run, e.g. [headroom, merge]; null: all
    gates: Gates = Gates()
    business: Business = Business()
    compute: ComputeSettings = ComputeSettings()
    plugins: tuple[str, ...] = ()  # own Python files beside this one: they are run
    seed: Annotated[int, Meta(ge=0, lt=2**62)] = 20250217  # all chance is keyed by it


def load_project(
    path: Path | str, *, download: bool = False, progress: Progress = silent
) -> Project:
    """Return the project of a file, ready to be planned, adopted, merged or tuned.

    Paths in it are made absolute from the file's folder; models are named by the folders they lie
    in, those of a Hub id or of a store's URL too; its own `plugins` have been run.

    Args:
        path: the project file (YAML).
        download: fetch models that a Hub id or a URL (`s3://`, `gs://`, `hf://`) names and the
            cache lacks. Nothing is downloaded unless asked, nor from the Hub with HF_HUB_OFFLINE.
        progress: is told what of a URL is fetched.

    Raises:
        LexgraftError: what `read_project` refuses; a model that is neither a folder nor in the
            Hub's cache.

    Example:
        project = lexgraft.load_project("project.yaml")
        print(project.models.base)
    """
    file = path_of(path, "the project")
    how = ModelSearch(real_path(file).parent, download, progress)
    return with_models(read_project(file), how)


def with_models(project: Project, how: ModelSearch) -> Project:
    """Return the project with its models named by the folders they lie in."""
    models, replace = project.models, msgspec.structs.replace
    named = {role: getattr(models, role) for role in ("base", "language", "domain")}
    return replace(project, models=replace(models, **model_folders(named, how)))


def read_project(path: Path) -> Project:
    """Return the project of a file, its models not looked for.

    Raises:
        LexgraftError: anything that is not such a project, with the key's path and nearest name.
    """
    if not path.is_file():
        raise LexgraftError(
            "a file is wanted here" if path.exists() else "no such project file",
            where=str(path),
            cure="check the path, or see examples/medical-ja/project.yaml",
        )
    return project_from(read_yaml(read_text(path), str(path)), path)


def project_from(raw: Any, path: Path) -> Project:
    """Return the project of plain values, as if they stood in this file; see `read_project`."""
    refuse_endless(raw, str(path))
    refuse_unknown(raw, Project, str(path), RENAMED)
    try:
        project = msgspec.convert(raw, Project)
    except msgspec.ValidationError as error:
        raise record_mistake(str(error), raw, schema(), str(path)) from error
    folder = real_path(path).parent
    project = _absolute(project, folder)
    for plugin in project.plugins:
        load_file(Path(plugin), folder)
    return project


def inputs_of(project: Project) -> tuple[Path, ...]:
    """Return all files and folders that a project reads; a model's Hub id is none."""
    models, general, rarity = project.models, project.general, project.terms.rarity
    given = [models.base, models.language, models.domain]
    named = [text for text in given if Path(text).is_absolute() or Path(text).exists()]
    named += [*project.terms.files, *general.concepts, *(text.file for text in general.texts)]
    named += [file for files in rarity.files.values() for file in files] if rarity else ()
    named += project.tune.replay_texts if project.tune else ()
    named += [file for files in models.trained_on.values() for file in files]
    named += project.plugins
    return tuple(Path(text) for text in named)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the project file, with the names that a mapping may have."""
    names = {**vars(business), **vars(compute), **globals()}
    return with_names(msgspec.json.schema(Project), names)


def _absolute(project: Project, folder: Path) -> Project:
    """Return the project with its paths seen from anywhere."""

    def fix(text: str) -> str:
        return str(real_path(folder / text))

    def fix_all(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(fix(text) for text in texts)

    def fix_model(text: str) -> str:
        hub = HUB_ID.fullmatch(text.partition("@")[0]) and not (folder / text).exists()
        return text if hub or is_url(text) else fix(text)

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
            trained_on={role: fix_all(files) for role, files in models.trained_on.items()},
        ),
        terms=replace(
            project.terms,
            files=fix_all(project.terms.files),
            rarity=rarity
            and replace(rarity, files={one: fix_all(own) for one, own in rarity.files.items()}),
        ),
        general=replace(
            general,
            texts=tuple(
                replace(text, file=file)
                for text in general.texts
                for file in (
                    shipped_files(project.languages.target, project.languages.domain)
                    if text.file == SHIPPED
                    else [fix(text.file)]
                )
            ),
            concepts=fix_all(general.concepts),
        ),
        tune=tune and replace(tune, replay_texts=fix_all(tune.replay_texts)),
        output=fix(project.output),
        plugins=fix_all(project.plugins),
    )
