"""lexgraft: graft a technical vocabulary onto a language model, and prove that it took.

Every name below is imported when it is first used, so that `import lexgraft` costs nothing:

    >>> import lexgraft as lg
    >>> import torch
    >>> base = torch.zeros(4)
    >>> models = [torch.tensor([1.0, 0, 0, 0]), torch.tensor([0, 1.0, 0, 0])]
    >>> lg.merge_tensors("linear", base, models).tolist()
    [0.5, 0.5, 0.0, 0.0]
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # without importing typing; type checkers take it for true
if TYPE_CHECKING:
    from lexgraft.adoption.merge_models import merge
    from lexgraft.adoption.project_verbs import adopt, plan, tune
    from lexgraft.errors import LexgraftError
    from lexgraft.evaluation.compare_runs import compare
    from lexgraft.evaluation.evaluate_model import evaluate
    from lexgraft.project import load_project
    from lexgraft.records import Concept
    from lexgraft.terms.glossary.termbase import open_glossary
    from lexgraft.terms.readers.read_terms import read_terms
    from lexgraft.terms.testset import build_testset
    from lexgraft.weights.merge.merge_tensors import merge_tensors
    from lexgraft.weights.methods.registry import method as merge_method
    from lexgraft.weights.vocabulary.expand import expand_vocabulary

__all__ = [
    "Concept",
    "LexgraftError",
    "adopt",
    "build_testset",
    "compare",
    "evaluate",
    "expand_vocabulary",
    "load_project",
    "merge",
    "merge_method",
    "merge_tensors",
    "open_glossary",
    "plan",
    "read_terms",
    "tune",
]

_HOMES = {  # public name → module, and its name there where it has another
    "Concept": "records",
    "LexgraftError": "errors",
    "adopt": "adoption.project_verbs",
    "build_testset": "terms.testset",
    "compare": "evaluation.compare_runs",
    "evaluate": "evaluation.evaluate_model",
    "expand_vocabulary": "weights.vocabulary.expand",
    "load_project": "project",
    "merge": "adoption.merge_models",
    "merge_method": "weights.methods.registry:method",
    "merge_tensors": "weights.merge.merge_tensors",
    "open_glossary": "terms.glossary.termbase",
    "plan": "adoption.project_verbs",
    "read_terms": "terms.readers.read_terms",
    "tune": "adoption.project_verbs",
}


def __getattr__(name: str) -> object:
    """Return a public name, imported at its first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module `lexgraft` has no attribute `{name}`")
    from importlib import import_module

    module, _, other = _HOMES[name].partition(":")
    value = getattr(import_module(f"lexgraft.{module}"), other or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
