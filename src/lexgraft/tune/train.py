"""Low-rank fine-tuning of a live model: answer tokens only, deterministic, resumable."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from math import cos, pi
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import torch
from jaxtyping import Float
from msgspec import Meta, Struct
from torch import Tensor, nn

from lexgraft import __version__
from lexgraft.errors import UserError
from lexgraft.records import Progress, digest, silent
from lexgraft.tune.choose import choose_layers
from lexgraft.tune.examples import Example
from lexgraft.tune.lora import Lora, adapter_files, head_of, linear_layers
from lexgraft.tune.loss import AnswerLoss
from lexgraft.tune.rows import Encode, Row, batches, encode_examples
from lexgraft.tune.state import aside, load_state, publish, save_state

SAME_LOGITS = 1e-3  # tolerance of the self-check


class Recipe(Struct, frozen=True, forbid_unknown_fields=True):
    """How to train; everything that decides the result except the examples and the model."""

    layers: tuple[str, ...] = ("linear",)  # patterns of `choose_layers`
    rank: Annotated[int, Meta(ge=1)] = 16
    alpha: Annotated[float, Meta(gt=0)] = 16.0
    learning_rate: Annotated[float, Meta(gt=0, lt=1)] = 2e-4
    batch: Annotated[int, Meta(ge=1)] = 8
    warmup: Annotated[float, Meta(ge=0, lt=1)] = 0.05  # share of the steps
    clip: Annotated[float, Meta(gt=0)] = 1.0  # norm of the gradient
    max_tokens: Annotated[int, Meta(ge=2)] = 256  # of one example; the rest is cut
    seed: int = 20250217
    dtype: Literal["bfloat16", "float32"] = "float32"  # of the adapter on disk


class Trained(Struct, frozen=True):
    """A finished adapter and the loss of each step."""

    folder: Path
    losses: tuple[float, ...]


def train(
    model: nn.Module,
    encode: Encode,
    examples: Sequence[Example],
    recipe: Recipe,
    output: Path,
    *,
    base_digest: str,
    base_name: str = "",
    wording: str = "",
    threads: int = 2,
    checkpoint_every: int = 25,
    progress: Progress = silent,
) -> Trained:
    """Return the adapter that one pass over the examples, in their order, has made in `output`.

    Killed and called again with the same arguments it goes on from its last checkpoint, to the
    same bytes on a CPU with the same number of threads. The model itself is left unchanged.

    Raises:
        UserError: no examples, a model that cannot be tuned, or `output` holds something else.
    """
    rows = encode_examples(examples, encode, recipe.max_tokens)
    plan = {
        "base_digest": base_digest,
        "data_digest": digest(rows),
        "recipe": msgspec.to_builtins(recipe),
        "seed": recipe.seed,
        "steps": -(-len(rows) // recipe.batch),
        "wording": wording,
    }
    done = _finished(output, plan)
    if done:
        return done
    with _threads(threads):
        layers = linear_layers(model)
        names = choose_layers(tuple(layers), recipe.layers)
        lora = Lora({name: layers[name] for name in names}, recipe.rank, recipe.alpha, recipe.seed)
        _check(model, rows[0])
        order = batches(rows, recipe.batch, recipe.seed)
        losses = _run(
            model, lora, order, recipe, aside(output), digest(plan), checkpoint_every, progress
        )
    record = plan | {"losses": losses, "versions": _versions(threads)}
    files = adapter_files(lora, tuple(layers), base_name, getattr(torch, recipe.dtype))
    text = msgspec.json.format(msgspec.json.encode(record, order="sorted"), indent=1) + b"\n"
    publish(files | {"lexgraft.json": text}, output)
    return Trained(output, tuple(losses))


def batch_loss(model: nn.Module, batch: Sequence[Row]) -> Float[Tensor, ""]:
    """Return the mean over the rows of the mean cross-entropy of their answer tokens.

    Rows are padded on the right: a causal model's earlier states do not see what comes later.
    """
    head = head_of(model).weight
    width = max(len(row.tokens) for row in batch)
    tokens = torch.tensor([row.tokens + (0,) * (width - len(row.tokens)) for row in batch])
    states = hidden_states(model, tokens.to(head.device))
    places = [(n, t) for n, row in enumerate(batch) for t in range(row.start, len(row.tokens))]
    which = torch.tensor(places, device=head.device)
    share = [1 / (len(batch) * (len(row.tokens) - row.start)) for row in batch]
    weights = torch.tensor([share[n] for n, _ in places], device=head.device)
    words = torch.tensor([batch[n].tokens[t] for n, t in places], device=head.device)
    loss: Tensor = AnswerLoss.apply(states[which[:, 0], which[:, 1] - 1], head, words, weights)  # pyright: ignore[reportAssignmentType]
    return loss


def hidden_states(model: nn.Module, tokens: Tensor) -> Float[Tensor, "row token hidden"]:
    """Return the last hidden states, before the head."""
    body: Any = model.base_model
    return body(input_ids=tokens, use_cache=False).last_hidden_state


def rate(step: int, steps: int, recipe: Recipe) -> float:
    """Return the learning rate of a step: linear warm-up, then half a cosine (SGDR, §3)."""
    warm = max(1, round(recipe.warmup * steps))
    if step < warm:
        return recipe.learning_rate * (step + 1) / warm
    return recipe.learning_rate * (1 + cos(pi * (step - warm) / max(1, steps - warm))) / 2


def _run(
    model: nn.Module,
    lora: Lora,
    plan: Sequence[tuple[Row, ...]],
    recipe: Recipe,
    folder: Path,
    key: str,
    checkpoint_every: int,
    progress: Progress,
) -> list[float]:
    """Train the matrices in place, from the last checkpoint on; return the loss of every step."""
    lora.to(head_of(model).weight.device)
    optimizer = torch.optim.AdamW(lora.parameters(), lr=recipe.learning_rate, weight_decay=0.0)
    losses = load_state(folder, lora, optimizer, key)
    model.eval()
    with lora.attached(model):
        for step in range(len(losses), len(plan)):
            for group in optimizer.param_groups:
                group["lr"] = rate(step, len(plan), recipe)
            optimizer.zero_grad(set_to_none=True)
            loss = batch_loss(model, plan[step])
            loss.backward()
            nn.utils.clip_grad_norm_(lora.parameters(), recipe.clip)
            optimizer.step()
            losses.append(round(loss.item(), 5))
            progress(f"train, loss {losses[-1]:.3f}", step + 1, len(plan))
            if (step + 1) % checkpoint_every == 0:
                save_state(folder, lora, optimizer, losses, key)
    return losses


def _check(model: nn.Module, row: Row) -> None:
    """Refuse a model whose logits are more than its head applied to its last hidden states."""
    head = head_of(model)
    if head.weight.dtype != torch.float32:
        raise UserError("the model is not in float32", cure="load it in float32 to tune it")
    tokens = torch.tensor([row.tokens[:8]], device=head.weight.device)
    with torch.no_grad():
        whole: Tensor = model(input_ids=tokens, use_cache=False).logits
        own = head(hidden_states(model, tokens))
    if not torch.allclose(whole, own, atol=SAME_LOGITS, rtol=SAME_LOGITS):
        raise UserError(
            f"{type(model).__name__} does more to its logits than apply the head",
            cure="such models (soft-capped or scaled logits) cannot be tuned yet",
        )


def _finished(output: Path, plan: dict[str, Any]) -> Trained | None:
    """Return the adapter of the same plan that stands there already, if one does."""
    record = output / "lexgraft.json"
    if not output.exists():
        return None
    held: dict[str, Any] = msgspec.json.decode(record.read_bytes()) if record.is_file() else {}
    if digest({key: held.get(key) for key in plan}) != digest(plan):
        raise UserError(
            "holds something else already",
            where=str(output),
            cure="move it away, or choose another",
        )
    return Trained(output, tuple(held["losses"]))


def _versions(threads: int) -> dict[str, str]:
    """Return what else the bytes of an adapter depend on."""
    return {"lexgraft": __version__, "torch": str(torch.__version__), "threads": str(threads)}


@contextmanager
def _threads(count: int) -> Generator[None]:
    """Let torch use so many threads while the context lasts."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
