"""A method's settings for one tensor as a rule of the compiled loops, where these know it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import acos, sin
from typing import Any

import numpy as np

from lexgraft.weights.methods import Method
from lexgraft.weights.methods.breadcrumbs import wanted_bands
from lexgraft.weights.methods.dare import STEPS
from lexgraft.weights.methods.della import chances, check_spread
from lexgraft.weights.methods.magnitude_trim import kept_counts
from lexgraft.weights.methods.ordered_sums import normalized
from lexgraft.weights.methods.parameter_values import varies
from lexgraft.weights.methods.registry import TensorContext
from lexgraft.weights.methods.slerp import NEARLY_PARALLEL

Chances = np.ndarray[Any, np.dtype[np.int32]]


@dataclass(frozen=True)
class KernelSpec:
    """base · scale + λ · (the sum, or the disjoint merge, of what is left of the deltas)."""

    weights: tuple[float, ...]
    scale: float = 1.0
    lambda_: float = 1.0
    elect: bool = False
    normalize: bool = False
    wanted: tuple[tuple[int, int], ...] = ()  # (track, k): cuts that a survey finds
    band: bool = False  # two cuts for every model: above the first nothing is kept
    steps: tuple[int, ...] = ()  # chances in 65,536ths, one for every model
    ranked: tuple[tuple[float, float] | None, ...] = ()  # share and spread; None: all is kept
    rescale: bool = False  # divide by the chance
    t: float | None = None  # slerp: the weights come from the angle
    select: float | None = None  # sce: the weights come from the squares

    @property
    def surveys(self) -> bool:
        """Whether something must be known about the whole tensor first."""
        return bool(self.wanted) or self.t is not None or self.select is not None

    def arc(self, cosine: float) -> "tuple[float, tuple[float, ...]]":
        """Return scale and weights of the way along an arc (see `slerp`)."""
        assert self.t is not None
        if abs(cosine) > NEARLY_PARALLEL:
            return 1.0, (1 - self.t, self.t)
        omega = acos(cosine)
        shares = sin((1 - self.t) * omega) / sin(omega), sin(self.t * omega) / sin(omega)
        return sum(shares), shares

    def ranked_chances(self, model: int, width: int) -> Chances | None:
        """Return a model's chances by rank in a vector of a width; None: all is kept."""
        chosen = self.ranked[model] if self.ranked else None
        return None if chosen is None else chances(*chosen, width)


def rule_of(method: Method, settings: Mapping[str, Any], place: TensorContext) -> KernelSpec | None:
    """Return the rule by which a method merges a tensor; None: only the method itself can.

    Raises:
        LexgraftError: what the method refuses.
    """
    make = _RULES.get(method.name)
    if make is None:
        return None
    if any(map(varies, settings.values())):
        settings = method.at(settings, place)
    return make(method.name, settings, place)


def _weights(given: Mapping[str, Any], place: TensorContext) -> tuple[float, ...]:
    """Return the weights of a plain sum."""
    weights = place.each(given["weight"])
    return normalized(weights) if given["normalize"] else weights


def _linear(_name: str, given: Mapping[str, Any], place: TensorContext) -> KernelSpec:
    weights = _weights(given, place)
    return KernelSpec(weights, scale=1.0 if given["normalize"] else sum(weights))


def _task_arithmetic(_name: str, given: Mapping[str, Any], place: TensorContext) -> KernelSpec:
    return KernelSpec(_weights(given, place), lambda_=given["lambda"])


def _slerp(_name: str, given: Mapping[str, Any], place: TensorContext) -> KernelSpec:
    return KernelSpec((1.0,) * len(place.labels), t=given["t"])


def _sce(_name: str, given: Mapping[str, Any], place: TensorContext) -> KernelSpec:
    return KernelSpec(
        (1.0,) * len(place.labels), elect=True, normalize=True, select=given["select_topk"]
    )


def _elected(name: str, given: Mapping[str, Any], place: TensorContext) -> dict[str, Any]:
    """Return what thinning methods do with what they have thinned."""
    elect = name in {"ties", "dare_ties", "della", "breadcrumbs_ties"}
    weights = place.each(given["weight"]) if elect else _weights(given, place)
    return {
        "weights": weights,
        "lambda_": given["lambda"],
        "elect": elect,
        "normalize": elect and given["normalize"],
    }


def _trimming(name: str, given: Mapping[str, Any], place: TensorContext) -> KernelSpec | None:
    if given["rescale"]:
        return None
    if name == "ties":
        wanted = tuple(enumerate(kept_counts(place, given["density"])))
    else:
        wanted = tuple(wanted_bands(place, given["density"], given["gamma"]))
    return KernelSpec(**_elected(name, given, place), wanted=wanted, band=name != "ties")


def _dropping(name: str, given: Mapping[str, Any], place: TensorContext) -> KernelSpec | None:
    if given["rescale"] and given["rescale_norm"] != "share":
        return None
    shares = place.each(given["density"])
    rest = {**_elected(name, given, place), "rescale": given["rescale"]}
    if name.startswith("dare"):
        return KernelSpec(**rest, steps=tuple(max(1, round(share * STEPS)) for share in shares))
    pairs = tuple(zip(shares, place.each(given["epsilon"]), strict=True))
    for share, spread in pairs:
        check_spread(share, spread)
    return KernelSpec(**rest, ranked=tuple(None if pair[0] == 1 else pair for pair in pairs))


_RULES: dict[str, Callable[[str, Mapping[str, Any], TensorContext], KernelSpec | None]] = {
    "linear": _linear,
    "task_arithmetic": _task_arithmetic,
    "slerp": _slerp,
    "sce": _sce,
    "ties": _trimming,
    "breadcrumbs": _trimming,
    "breadcrumbs_ties": _trimming,
    "dare_linear": _dropping,
    "dare_ties": _dropping,
    "della": _dropping,
    "della_linear": _dropping,
}
