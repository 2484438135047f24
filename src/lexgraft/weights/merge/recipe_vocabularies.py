"""The models of a recipe in one vocabulary, where it asks for that and theirs differ."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lexgraft.errors import LexgraftError
from lexgraft.files.safe_json import read_json
from lexgraft.records import Progress
from lexgraft.weights.checkpoint.tensor_names import role_of
from lexgraft.weights.merge.recipe import MergeRecipe, ModelName, token_choices, vocabulary_of
from lexgraft.weights.merge.recipe_models import RecipeModel
from lexgraft.weights.merge.tokenizer_check import difference

if TYPE_CHECKING:
    from lexgraft.weights.vocabulary.align import AlignmentPlan


class JoinedVocabularies(NamedTuple):
    """A recipe's models, and what bringing their vocabularies together comes to."""

    models: Mapping[ModelName, RecipeModel]
    member_of: Mapping[ModelName, int]  # among the members: an adapter's model is its base's
    meeting: "AlignmentPlan"

    def expected(self) -> dict[ModelName, RecipeModel]:
        """Return the models by the headers that they will have; nothing is written."""
        expected_rows = [
            self.meeting.expected(member) for member in range(len(self.meeting.members))
        ]
        return {
            name: replace(
                model,
                checkpoint=expected_rows[member][0],
                config=expected_rows[member][1],
                tokenizer=self.meeting.home,
            )
            for name, model, member in self._placed()
        }

    def written(self, output: Path, progress: Progress) -> dict[ModelName, RecipeModel]:
        """Return the models with the tensors of their common vocabulary written to a folder."""
        common = self.meeting.write(output, progress)
        return {
            name: replace(
                model,
                checkpoint=common.checkpoints[member],
                config=read_json(common.checkpoints[member].folder / "config.json"),
                tokenizer=common.folder,
            )
            for name, model, member in self._placed()
        }

    def _placed(self) -> list[tuple[ModelName, RecipeModel, int]]:
        return [(name, model, self.member_of[name]) for name, model in self.models.items()]


def join(recipe: MergeRecipe, models: Mapping[ModelName, RecipeModel]) -> JoinedVocabularies | None:
    """Return how models come to one vocabulary; None: they have one, or the recipe asks for none.

    Raises:
        LexgraftError: `base` without a base, an adapter that changes rows of tokens, and all that
            bringing vocabularies together refuses.
    """
    vocabulary = vocabulary_of(recipe)
    if vocabulary == "base" and recipe.base_model is None:
        raise LexgraftError("tokenizer `base` without base_model", where="recipe")
    if vocabulary is None or not _differ(recipe, models):
        return None
    from lexgraft.weights.vocabulary.align import AlignmentMember, plan_alignment
    from lexgraft.weights.vocabulary.token_sources import TokenSource

    member_of: dict[ModelName, int] = {}
    members: dict[Path, AlignmentMember] = {}
    for name, model in models.items():
        _check_whole(model)
        folder = model.checkpoint.folder
        members.setdefault(folder, AlignmentMember(model.label, model.checkpoint, model.tokenizer))
        member_of[name] = list(members).index(folder)
    labels = [member.label for member in members.values()]
    choices = {
        spelled: TokenSource(
            "zero" if choice.model is None else labels[member_of[choice.model]],
            choice.token,
            choice.force,
        )
        for spelled, choice in token_choices(recipe).items()
    }
    policy = labels[member_of[vocabulary]] if isinstance(vocabulary, ModelName) else vocabulary
    multiple = (recipe.tokenizer and recipe.tokenizer.pad_to_multiple_of) or 1
    meeting = plan_alignment([*members.values()], policy, choices, multiple)
    return None if meeting.is_plain else JoinedVocabularies(models, member_of, meeting)


def _differ(recipe: MergeRecipe, models: Mapping[ModelName, RecipeModel]) -> bool:
    """Return whether rows must be moved: by the tokenizers' files, the sizes, or the recipe."""
    if recipe.tokenizer and (recipe.tokenizer.tokens or recipe.tokenizer.pad_to_multiple_of):
        return True
    first, *rest_of_models = models.values()
    sizes = {model.text_config[1].get("vocab_size") for model in models.values()}
    return len(sizes) > 1 or any(difference(first.tokenizer, m.tokenizer) for m in rest_of_models)


def _check_whole(model: RecipeModel) -> None:
    """Raise for a result of another document, and for an adapter that changes rows of tokens."""
    if not model.checkpoint.shards:
        raise LexgraftError(
            f"`{model.label}` is the result of another document, with a vocabulary of its own",
            where="recipe: tokenizer",
            cure="merge that document to a folder first, and name the folder",
        )
    for name in model.adapter.factors if model.adapter else ():
        if role_of(name) in {"embedding", "head"}:
            raise LexgraftError(
                f"the adapter of `{model.label}` changes `{name}`, a row per token",
                where="recipe: tokenizer",
                cure="merge the adapter into its model first, in a merge of its own",
            )
