"""What makes an adoption worthless before a model is asked: refused, or marked in the plan."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Literal

from lexgraft.adoption.material import Material
from lexgraft.adoption.models_under_test import ModelsUnderTest
from lexgraft.adoption.validity import (
    UNMEASURED,
    ValidityMark,
    Words,
    contamination,
    few_need_the_term,
    named_in_card,
)
from lexgraft.errors import LexgraftError
from lexgraft.files.quantised_kinds import dense_cure
from lexgraft.files.safe_text import read_text
from lexgraft.project import Gates, Project
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.merge.tokenizer_check import template_in

ROLES: dict[Literal["language", "domain"], str] = {"language": "G", "domain": "D"}
SPOKEN = {"base": "the base", "language": "the language model", "domain": "the domain model"}
CARD = "README.md"
LONGEST_CARD = 1 << 20  # bytes
LARGE_LOSS = 0.1  # of general ability, above which a margin protects little
LARGE_ALPHA = 0.1  # above which intervals say little


def refuse_equal_models(digests: Mapping[str, str]) -> None:
    """Refuse a project that names the same weights twice among base, G and D.

    Raises:
        LexgraftError: it does; nothing could be shown by merging them.
    """
    for one, other in combinations(SPOKEN, 2):
        if digests[one] == digests[other]:
            raise LexgraftError(
                f"{SPOKEN[one]} and {SPOKEN[other]} are the same weights",
                where=f"models.{other}",
                cure="a merge of equal models can show nothing: name the model that was meant",
            )


def refuse_quantised_base(base: Checkpoint) -> None:
    """Refuse a base of quantised weights: it is loaded, and G and D are put onto it.

    Raises:
        LexgraftError: it is quantised; the cure writes it dense.
    """
    if any(entry.packed for entry in base.tensors.values()):
        raise LexgraftError(
            "the base's weights are quantised; G and D may be, the base is loaded to be asked",
            where="models.base",
            cure=dense_cure(base.folder),
        )


def refuse_unasked_target(project: Project) -> None:
    """Refuse a project none of whose questions is answered in the language the words should reach.

    Raises:
        LexgraftError: no form has `languages.target` as its answer.
    """
    target = project.languages.target
    answers = sorted({form.answer for form in project.testset.forms})
    if target not in answers:
        raise LexgraftError(
            f"no question is answered in `{target}`, where the words should arrive",
            where="testset.forms",
            cure=f"add a form with `answer: {target}`; the forms answer in {', '.join(answers)}",
        )


def refuse_budget_without_texts(project: Project) -> None:
    """Refuse a budget of general loss where there is no text by which a loss could be told.

    Raises:
        LexgraftError: `merge.loss_budget` is given and `general.texts` is empty.
    """
    if project.merge.loss_budget is not None and not project.general.texts:
        raise LexgraftError(
            "a budget of general loss, and no text by which it could be kept",
            where="merge.loss_budget",
            cure="name texts in `general.texts`, or leave the budget out",
        )


def template_notes(models: ModelsUnderTest) -> Iterator[Words]:
    """Yield what is to be known of the models' chat templates before anything is asked."""
    asked, home = models.frame.form, template_in(models.home)
    names = models.project.models
    folders = {"base": names.base, "G": names.language, "D": names.domain}
    templates = {name: template_in(Path(folder)) for name, folder in folders.items()}
    with_one = [name for name, template in templates.items() if template is not None]
    if asked == "plain" and with_one:
        listed = ", ".join(with_one)
        yield {
            "en": f"{listed}: a chat template is there, and questions are asked without it "
            "(`compute.prompt`).",
            "ja": f"{listed}：チャットテンプレートがありますが、質問には使いません"
            "（`compute.prompt`）。",
        }
    others = [name for name in with_one if templates[name] != home]
    if asked == "chat" and others:
        listed = ", ".join(others)
        yield {
            "en": f"{listed}: another chat template than the one in which all models are asked, "
            f"that of {models.home}.",
            "ja": f"{listed}：質問に使うチャットテンプレート（{models.home}）とは"
            "異なるものを持っています。",
        }


def marks_of_the_plan(material: Material) -> tuple[ValidityMark, ...]:
    """Return why a verdict of this project would be worth less than it looks, as far as is seen."""
    marks = [*_contaminated(material), *_named_in_cards(material)]
    if not material.texts["confirm"] and not material.testset.general:
        marks.append(UNMEASURED)
    into = f"->{material.project.languages.target}"
    few = {
        pair: len(concepts)
        for pair, concepts in material.testset.needing_term("confirm").items()
        if pair.endswith(into) and pair not in material.judged
    }
    marks += [few_need_the_term(pair, count) for pair, count in few.items()]
    gates = material.project.gates
    if gates.merge.donor_gain < 0:
        marks.append(_WITHOUT_DONOR)
    return (*marks, *_passing_with_a_loss(gates), *_hardly_protected(material.project))


def _passing_with_a_loss(gates: Gates) -> Iterator[ValidityMark]:
    """Yield a mark for every gain that a gate asks for below 0: what passes may have lost."""
    for key, threshold in (
        ("merge.target_gain", gates.merge.target_gain),
        ("glossary.effect", gates.glossary.effect),
        ("glossary.target_gain", gates.glossary.target_gain),
        ("tune.taught_gain", gates.tune.taught_gain),
        ("tune.donor_gain", gates.tune.donor_gain),
    ):
        if threshold < 0:
            yield ValidityMark(
                f"{key} below 0",
                {
                    "en": f"`gates.{key}` lies below 0: the gate passes though terms were lost.",
                    "ja": f"`gates.{key}` が 0 未満のため、用語の知識が低下していても合格します。",
                },
            )


def _hardly_protected(project: Project) -> Iterator[ValidityMark]:
    """Yield a mark for every setting by which a gate would let nearly everything pass."""
    gates = project.gates
    margins = {"merge": gates.merge.general_loss}
    margins |= {"tune": gates.tune.general_loss} if project.tune else {}
    for gate, loss in margins.items():
        if loss > LARGE_LOSS:
            yield ValidityMark(
                f"{gate}.general_loss is large",
                {
                    "en": f"`gates.{gate}.general_loss` allows general ability to become "
                    f"{loss:.0%} worse: what passes may have lost as much.",
                    "ja": f"`gates.{gate}.general_loss` は一般能力の {loss:.0%} の低下を"
                    "許容します。合格したモデルでも、その程度まで低下している可能性があります。",
                },
            )
    if gates.alpha > LARGE_ALPHA:
        yield ValidityMark(
            "alpha is large",
            {
                "en": f"`gates.alpha` is {gates.alpha:g}: chance alone lets gates pass in up to "
                f"{gates.alpha:.0%} of adoptions in which nothing is gained.",
                "ja": f"`gates.alpha` が {gates.alpha:g} のため、実際の向上がない場合でも"
                f"最大 {gates.alpha:.0%} の確率で偶然に合格します。",
            },
        )


_WITHOUT_DONOR = ValidityMark(
    "donor gain not asked",
    {
        "en": "`gates.merge.donor_gain` lies below 0: a merge may pass to which the domain model "
        "gave nothing.",
        "ja": "`gates.merge.donor_gain` が 0 未満のため、ドメインモデルから何も得ていないマージも"
        "合格し得ます。",
    },
)


def _contaminated(material: Material) -> Iterator[ValidityMark]:
    """Yield the marks of models trained on the test's definitions, as `models.trained_on` tells."""
    project, concepts = material.project, material.testset.concepts
    texts = {
        ROLES[role]: [read_text(Path(file)) for file in files]
        for role, files in project.models.trained_on.items()
    }
    asked = [*concepts["confirm"], *concepts["choose"]]
    for language in dict.fromkeys(form.question for form in project.testset.forms):
        yield from contamination(asked, language, texts)


def _named_in_cards(material: Material) -> Iterator[ValidityMark]:
    """Yield the marks of models whose own cards name the sources of the test's terms."""
    models = material.project.models
    concepts = [c for group in material.testset.concepts.values() for c in group]
    sources = [part for concept in concepts for part in concept.source.split(" + ")]
    for role, name in ROLES.items():
        card = Path(getattr(models, role)) / CARD
        if role not in models.trained_on and card.is_file():
            text = card.read_bytes()[:LONGEST_CARD].decode("utf-8", "replace")
            yield from named_in_card(text, sources, name)
