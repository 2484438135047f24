"""How to train: everything that decides the result except the examples and the model."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class TrainingConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """What is trained, by name, and how; recorded with the result."""

    layers: tuple[str, ...] = ("linear",)  # patterns of `choose`
    rank: Annotated[int, Meta(ge=1)] = 16
    alpha: Annotated[float, Meta(gt=0)] = 16.0
    learning_rate: Annotated[float, Meta(gt=0, lt=1)] = 2e-4
    batch: Annotated[int, Meta(ge=1)] = 8
    warmup: Annotated[float, Meta(ge=0, lt=1)] = 0.05  # share of the steps
    clip: Annotated[float, Meta(gt=0)] = 1.0  # norm of the gradient
    max_tokens: Annotated[int, Meta(ge=2)] = 256  # of one example; the rest is cut
    seed: int = 20250217
    dtype: Literal["bfloat16", "float32"] = "float32"  # of the adapter on disk
    method: Literal["lora", "weights"] = "lora"
    tokens: tuple[int, ...] = ()  # rows of the embedding that are trained instead; weights only
    patience: Annotated[int, Meta(ge=0)] = 0  # checks without progress that end it; 0: none do
    check_every: Annotated[int, Meta(ge=1)] = 10  # steps between checks on held-out wordings
    keep: Literal["replay", "kl", "both"] = "replay"  # what general texts are held by
    keep_weight: Annotated[float, Meta(ge=0)] = 1.0  # of the divergence of a text, beside a lesson
    likeliest: Annotated[int, Meta(ge=1)] = 64  # words noted of what the model said before
