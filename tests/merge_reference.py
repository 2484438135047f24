"""Every merge method in float64, written down a second time: whole tensors, sorted, slow."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import combinations
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
LABELS = ("language", "domain")
TENSOR = "model.layers.1.mlp.up_proj.weight"
SEED = 7


def norm(x: Array) -> float:
    return float(np.sqrt((x * x).sum()))


def total(deltas: Sequence[Array], weights: Sequence[float] | None = None) -> Array:
    parts = [w * d for w, d in zip(weights or [1.0] * len(deltas), deltas, strict=True)]
    return np.stack(parts).sum(0)


def per_model(value: Any) -> list[float]:
    return [value[label] for label in LABELS] if isinstance(value, dict) else [value, value]


def top(values: Array, count: int) -> Any:
    """Mark the largest, the first among equals."""
    order = np.lexsort((np.arange(values.size), -np.abs(values).reshape(-1)))[:count]
    mask = np.zeros(values.size, bool)
    mask[order] = True
    return mask.reshape(values.shape)


def agreed(deltas: Array, weights: Sequence[float], *, normalize: bool) -> Array:
    parts = np.stack([w * d for w, d in zip(weights, deltas, strict=True)])
    agree = (np.sign(parts) == np.sign(parts.sum(0))) & (parts != 0)
    sums = (parts * agree).sum(0)
    sizes = (np.abs(weights).reshape(-1, *(1,) * (deltas.ndim - 1)) * agree).sum(0)
    return sums / np.where(sizes == 0, 1, sizes) if normalize else sums


def mixed(deltas: Array, p: dict[str, Any], *, signs: bool, normalize: bool = False) -> Array:
    weights, normalize = per_model(p.get("weight", 1.0)), p.get("normalize", normalize)
    if signs:
        moved = agreed(deltas, weights, normalize=normalize)
    else:
        moved = total(list(deltas), weights) / (sum(weights) if normalize else 1)
    return moved * p.get("lambda", 1.0)


def l1(before: Array, after: Array) -> Array:
    return after * (np.abs(before).sum() / np.abs(after).sum())


def numbers(label: str, shape: tuple[int, ...]) -> Any:
    key = sha256(f"{SEED}\n{TENSOR}\n{label}".encode()).digest()[:16]
    raw = np.random.Philox(key=int.from_bytes(key, "little")).random_raw(int(np.prod(shape)))
    return raw.astype("<u8").view("<u2")[: int(np.prod(shape))].reshape(shape).astype(np.int64)


def dropped(deltas: Array, p: dict[str, Any], chances: Callable[[Array, int], Array]) -> Array:
    result = np.zeros_like(deltas)
    for model, delta in enumerate(deltas):
        steps = np.rint(chances(delta, model) * 65536)
        kept = delta * (numbers(LABELS[model], delta.shape) < steps)
        if p.get("rescale", True):
            by_share = p.get("rescale_norm", "share") == "share"
            kept = kept * 65536 / steps if by_share else l1(delta, kept)
        result[model] = kept
    return result


def dare(deltas: Array, p: dict[str, Any], *, signs: bool) -> Array:
    density = per_model(p.get("density", 0.5))
    thin = dropped(deltas, p, lambda d, m: np.full(d.shape, density[m]))
    return mixed(thin, p, signs=signs)


def della(deltas: Array, p: dict[str, Any], *, signs: bool) -> Array:
    density, epsilon = per_model(p.get("density", 0.5)), per_model(p.get("epsilon", 0.15))

    def chances(delta: Array, model: int) -> Array:
        rows = delta.reshape(-1, delta.shape[-1])
        ranks = np.empty_like(rows)
        for number, row in enumerate(rows):
            descending = np.lexsort((np.arange(len(row)), -np.abs(row)))
            ranks[number, descending] = np.arange(len(row))[::-1] / (len(row) - 1)
        return (density[model] + epsilon[model] * (2 * ranks - 1)).reshape(delta.shape)

    return mixed(dropped(deltas, p, chances), p, signs=signs, normalize=signs)


def breadcrumbs(deltas: Array, p: dict[str, Any], *, signs: bool) -> Array:
    density, gamma = per_model(p.get("density", 0.5)), per_model(p.get("gamma", 0.01))
    thin = np.zeros_like(deltas)
    for model, delta in enumerate(deltas):
        keep = round(density[model] * delta.size)
        above = min(round(gamma[model] * delta.size), delta.size - keep)
        thin[model] = delta * (top(delta, above + keep) & ~top(delta, above))
        if p.get("rescale", False):
            thin[model] = l1(delta, thin[model])
    return mixed(thin, p, signs=signs)


def ties(deltas: Array, p: dict[str, Any]) -> Array:
    thin = np.zeros_like(deltas)
    for model, share in enumerate(per_model(p.get("density", 0.2))):
        thin[model] = deltas[model] * top(deltas[model], round(share * deltas[model].size))
        if p.get("rescale", False):
            thin[model] = l1(deltas[model], thin[model])
    return mixed(thin, p, signs=True, normalize=True)


def sce(deltas: Array, p: dict[str, Any]) -> Array:
    variance = deltas.var(0)
    mask = top(variance, round(p.get("select_topk", 1.0) * np.count_nonzero(variance)))
    chosen = deltas * mask if p.get("select_topk", 1.0) < 1 else deltas
    squares = [norm(d) ** 2 for d in chosen]
    weights = np.array([s / sum(squares) for s in squares]).reshape(-1, *(1,) * variance.ndim)
    agree = (np.sign(chosen) == np.sign(chosen.sum(0))) & (chosen != 0)
    sizes = (weights * agree).sum(0)
    return (weights * chosen * agree).sum(0) / np.where(sizes == 0, 1, sizes)


def arc(a: Array, b: Array, t: float, straight: float) -> Array:
    cosine = float((a * b).sum()) / (norm(a) * norm(b))
    if abs(cosine) > straight:
        return (1 - t) * a + t * b
    omega = np.arccos(cosine)
    return (np.sin((1 - t) * omega) * a + np.sin(t * omega) * b) / np.sin(omega)


def nuslerp(base: Array, deltas: Array, p: dict[str, Any]) -> Array:
    weights = per_model(p.get("weight", 1.0))
    t = weights[1] / sum(weights)
    ends = deltas + base if p.get("origin") == "zero" else deltas
    if p.get("nuslerp_flatten", True):
        moved = arc(ends[0], ends[1], t, 1 - 1e-16)
    elif p.get("nuslerp_row_wise", False):
        columns = zip(ends[0].T, ends[1].T, strict=True)
        moved = np.stack([arc(a, b, t, 1 - 1e-16) for a, b in columns], axis=-1)
    else:
        pairs = zip(ends[0], ends[1], strict=True)
        moved = np.stack([arc(a, b, t, 1 - 1e-16) for a, b in pairs])
    return moved if p.get("origin") == "zero" else base + moved


def multislerp(base: Array, deltas: Array, p: dict[str, Any]) -> Array:
    """With the step into the tangent space, as it was published."""
    weights = np.array(per_model(p.get("weight", 1.0)))
    weights = weights / weights.sum() if p.get("normalize_weights", True) else weights
    points = deltas + base if p.get("origin") == "zero" else deltas
    sizes = np.array([norm(point) for point in points])
    units = np.stack([x / size for x, size in zip(points, sizes, strict=True)])
    mean = total(list(units), list(weights))
    mean = mean / norm(mean)
    tangent = total([u - (u * mean).sum() * mean for u in units], list(weights))
    length = norm(tangent) + 1e-30
    result = mean * np.cos(length) + tangent * np.sin(length) / length
    moved = result * (weights * sizes).sum()
    return moved if p.get("origin") == "zero" else base + moved


def karcher(base: Array, deltas: Array, p: dict[str, Any]) -> Array:
    points = deltas if p.get("origin") == "base" else deltas + base
    units = [x / norm(x) for x in points]
    mean = total(units) / norm(total(units))
    for _ in range(p.get("max_iter", 10)):
        angles = [np.arccos(np.clip((u * mean).sum(), -1, 1)) for u in units]
        pulls = [a / np.sin(a) * (u - np.cos(a) * mean) for a, u in zip(angles, units, strict=True)]
        step = total(pulls) / len(pulls)
        if norm(step) < 1e-5:
            break
        mean = np.cos(norm(step)) * mean + np.sin(norm(step)) * step / norm(step)
    moved = mean * np.mean([norm(x) for x in points])
    return base + moved if p.get("origin") == "base" else moved


def model_stock(deltas: Array, p: dict[str, Any]) -> Array:
    def one(vectors: Array) -> Array:
        pairs = list(combinations(vectors, 2))
        cosine = np.mean([(a * b).sum() / norm(a) / norm(b) for a, b in pairs])
        k = len(vectors)
        return max(0.0, k * cosine / (1 + (k - 1) * cosine)) * vectors.mean(0)

    if not p.get("filter_wise", False):
        return one(deltas)
    return np.stack([one(deltas[:, row]) for row in range(deltas.shape[1])])


def ram(deltas: Array, p: dict[str, Any], *, boosted: bool) -> Array:
    changed = np.abs(deltas) > p.get("epsilon", 1e-5)
    count = changed.sum(0)
    boost = np.ones(len(deltas))
    if boosted:
        rho = [(c & (count > 1)).sum() / max((c & (count == 1)).sum(), 1e-12) for c in changed]
        boost = 1 + p.get("r", 0.1) * np.minimum(rho, p.get("alpha", 0.2))
    alone = sum(b * d * (c & (count == 1)) for b, d, c in zip(boost, deltas, changed, strict=True))
    return alone + (deltas * changed * (count > 1)).sum(0) / np.maximum(count, 1)


def nearswap(base: Array, deltas: Array, p: dict[str, Any]) -> Array:
    a, b = base + deltas
    share = np.minimum(1, p.get("t", 1e-4) / np.maximum(np.abs(b - a), 1e-6))
    return share * b + (1 - share) * a


def arcee_fusion(base: Array, deltas: Array) -> Array:
    a, b = base + deltas
    p, q = (np.exp(x) / np.exp(x).sum(-1, keepdims=True) + 1e-8 for x in (b, a))
    importance = np.abs(b - a) * (p * np.log(p / q)).sum(-1, keepdims=True)
    ordered = np.sort(importance.reshape(-1))
    first, median, third = (ordered[int(q * (len(ordered) - 1))] for q in (0.25, 0.5, 0.75))
    return np.where(importance >= median + 1.5 * (third - first), b, a)


def consensus_ta(deltas: Array, p: dict[str, Any]) -> Array:
    own = np.stack([w * d for w, d in zip(per_model(p.get("weight", 1.0)), deltas, strict=True)])
    claims = np.abs(own) >= p.get("tall", 0.4) * np.abs(own.sum(0) - own)
    return own.sum(0) * (claims.sum(0) >= p.get("agree", 2)) * p.get("lambda", 1.0)


def pcb(deltas: Array, p: dict[str, Any]) -> Array:
    def softmax(x: Array) -> Array:
        return np.exp(x) / np.exp(x).sum()

    def normed(x: Array) -> Array:
        return x / np.abs(x).max()

    betas = []
    for delta in deltas:
        inner = softmax(len(deltas) * normed(delta * delta))
        beta = inner * sum(softmax(normed(delta * other)) for other in deltas)
        betas.append(beta * top(beta, round(p.get("density", 0.2) * delta.size)))
    sizes = sum(betas)
    weights = per_model(p.get("weight", 1.0))
    sums = sum(w * b * d for w, b, d in zip(weights, betas, deltas, strict=True))
    return p.get("lambda", 1.0) * sums / np.where(sizes == 0, 1, sizes)


def widen(base: Array, deltas: Array, p: dict[str, Any]) -> Array:
    models = base + deltas
    size, sizes = np.linalg.norm(base, axis=-1), np.linalg.norm(models, axis=-1)
    way, ways = base / size[:, None], models / sizes[..., None]

    def scores(changes: Array) -> Array:
        ranks = (changes.argsort(axis=1, kind="stable").argsort(axis=1) + 1) / changes.shape[1]
        shares = np.exp(ranks) / np.exp(ranks).sum(0)
        high = ranks > p.get("threshold", 1.0) * ranks.mean()
        return np.where(high, p.get("calibration", 1.0), shares)

    length = size + (scores(np.abs(sizes - size)) * (sizes - size)).sum(0)
    turned = way + (scores(1 - (ways * way).sum(-1))[..., None] * (ways - way)).sum(0)
    return length[:, None] * turned


def rows(base: Array, deltas: Array, p: dict[str, Any]) -> Array:
    merged = base.copy()
    for row, start in enumerate(base):
        steps = [norm(d[row]) for d in deltas]
        moved = [s > p.get("least", 1e-3) * norm(start) for s in steps]
        if not any(moved):
            moved = [True for _ in steps]
        shares = [w * m for w, m in zip(per_model(p.get("weight", 1.0)), moved, strict=True)]
        if p.get("blend") == "change":
            shares = [f * s for f, s in zip(shares, steps, strict=True)]
        merged[row] += total([d[row] for d in deltas], shares) / sum(shares)
    return merged


def polar(x: Array) -> Array:
    u, _, v = np.linalg.svd(x, full_matrices=False)
    return u @ v


def tsv_m(deltas: Array, p: dict[str, Any]) -> Array:
    rank = min(deltas[0].shape) // len(deltas)
    parts = [np.linalg.svd(d, full_matrices=False) for d in deltas]
    u = np.concatenate([u[:, :rank] for u, _, _ in parts], axis=1)
    s = np.concatenate([s[:rank] for _, s, _ in parts])
    v = np.concatenate([v[:rank] for _, _, v in parts])
    return p.get("lambda", 1.0) * polar(u) @ np.diag(s) @ polar(v)


def iso_c(deltas: Array, p: dict[str, Any]) -> Array:
    summed = total(list(deltas), per_model(p.get("weight", 1.0)))
    return polar(summed) * np.linalg.svd(summed, compute_uv=False).mean() * p.get("lambda", 1.0)


def iso_cts(deltas: Array, p: dict[str, Any]) -> Array:
    rank = min(deltas[0].shape)
    own = (rank - round(p.get("common", 0.8) * rank)) // len(deltas)
    first = rank - own * len(deltas)
    u, s, v = np.linalg.svd(deltas.sum(0), full_matrices=False)
    us, ss, vs = [u[:, :first]], [s[:first]], [v[:first]]
    for delta in deltas:
        outside = (np.eye(len(u)) - us[0] @ us[0].T) @ delta
        left, values, right = np.linalg.svd(outside, full_matrices=False)
        us.append(left[:, :own])
        ss.append(values[:own])
        vs.append(right[:own])
    u, s, v = np.concatenate(us, 1), np.concatenate(ss), np.concatenate(vs)
    return polar(u) @ polar(v) * s.mean() * p.get("lambda", 1.0)


def wudi(deltas: Array, p: dict[str, Any]) -> Array:
    """The minimum by least squares over all equations at once."""
    sides = [d / norm(d) for d in deltas]
    left = np.concatenate([side @ np.eye(side.shape[1]) for side in sides])  # rows: equations
    weights = per_model(p.get("weight", 1.0))
    right = np.concatenate(
        [w * side @ d.T for w, side, d in zip(weights, sides, deltas, strict=True)]
    )
    return p.get("lambda", 1.0) * np.linalg.lstsq(left, right, rcond=None)[0].T


def linear(base: Array, deltas: Array, p: dict[str, Any]) -> Array:
    weights = per_model(p.get("weight", 1.0))
    return total(list(base + deltas), weights) / (sum(weights) if p.get("normalize", True) else 1)


def reference(name: str, base: Array, deltas: Array, p: dict[str, Any]) -> Array:
    """Merge a tensor of layer 1 of 4 with some parameters, the others at their defaults."""
    whole: dict[str, Callable[[], Array]] = {
        "arcee_fusion": lambda: arcee_fusion(base, deltas),
        "guided_inputs": lambda: base + deltas[0],  # nothing was learnt of the inputs
        "karcher": lambda: karcher(base, deltas, p),
        "layer_swap": lambda: base + deltas.mean(0),  # the blended first layer of the middle
        "linear": lambda: linear(base, deltas, p),
        "multislerp": lambda: multislerp(base, deltas, p),
        "nearswap": lambda: nearswap(base, deltas, p),
        "nuslerp": lambda: nuslerp(base, deltas, p),
        "passthrough": lambda: (base + deltas[0]) * p.get("scale", 1.0),
        "rows": lambda: rows(base, deltas, p),
        "slerp": lambda: arc(base + deltas[0], base + deltas[1], p.get("t", 0.5), 0.9995),
        "widen": lambda: widen(base, deltas, p),
    }
    moved: dict[str, Callable[[], Array]] = {
        "breadcrumbs": lambda: breadcrumbs(deltas, p, signs=False),
        "breadcrumbs_ties": lambda: breadcrumbs(deltas, p, signs=True),
        "consensus_ta": lambda: consensus_ta(deltas, p),
        "dare_linear": lambda: dare(deltas, p, signs=False),
        "dare_ties": lambda: dare(deltas, p, signs=True),
        "della": lambda: della(deltas, p, signs=True),
        "della_linear": lambda: della(deltas, p, signs=False),
        "iso_c": lambda: iso_c(deltas, p),
        "iso_cts": lambda: iso_cts(deltas, p),
        "model_stock": lambda: model_stock(deltas, p),
        "pcb": lambda: pcb(deltas, p),
        "ram": lambda: ram(deltas, p, boosted=False),
        "ramplus_tl": lambda: ram(deltas, p, boosted=True),
        "sce": lambda: sce(deltas, p),
        "task_arithmetic": lambda: mixed(deltas, p, signs=False),
        "ties": lambda: ties(deltas, p),
        "tsv_m": lambda: tsv_m(deltas, p),
        "wudi": lambda: wudi(deltas, p),
    }
    return whole[name]() if name in whole else base + moved[name]()
