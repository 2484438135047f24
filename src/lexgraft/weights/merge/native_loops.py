"""One tensor through the compiled loops: surveyed window by window, then merged."""

from collections.abc import Callable, Iterator, Sequence
from math import fsum, sqrt
from typing import Any

import numpy as np

from lexgraft.weights.checkpoint.safetensors_header import WIDTHS
from lexgraft.weights.merge import native_library as kernel
from lexgraft.weights.methods.dare import STEPS, philox_key
from lexgraft.weights.methods.magnitude_trim import NONE, descend
from lexgraft.weights.methods.native_spec import KernelSpec
from lexgraft.weights.methods.registry import TensorContext

STRIP = 1024  # elements that stay in the first cache with all that is made of them
_ALL_TIES = 1 << 62
_MARGIN = kernel.SPAN >> 17  # values of the upper bits looked at below a threshold's, and above
_PIECE_SIZE = 1 << 13  # elements of a piece of a sample
_PIECE_LIMITS = (16, 64)  # pieces at least, at most
_PIECE_DISTANCE = 1 << 17  # elements from one piece to the next, where neither limit is met
_COUNTS_ADDED_FIRST = 1 << 12  # magnitudes whose counts are added up first
Threshold = tuple[int, int]
"""A magnitude's bits, and how many of those equal to it are kept."""
Floats = np.ndarray[Any, np.dtype[np.float32]]
Windows = Callable[[], Iterator[Sequence[Any]]]
"""The tensor's stored bytes, base first, window by window, as often as they are asked for."""


class NativeLoops:
    """The merge of one tensor by its specification; windows are whole rows of its first axis."""

    def __init__(
        self,
        spec: KernelSpec,
        context: TensorContext,
        codes: Sequence[str],
        result_code: str,
        shape: tuple[int, ...],
    ) -> None:
        """Take the stored dtypes (base first) and the tensor's shape."""
        library = kernel.library()
        assert library is not None
        self._library, self._spec, self._context = library, spec, context
        self._codes = codes
        self._row = shape[-1] if len(shape) > 1 else 1  # as sums see it
        self._vector = shape[-1] if shape else 1  # a norm or bias is one vector
        count = len(codes) - 1
        self._pair = spec.arc is not None and count == 1  # slerp from the base
        self._models = (kernel.NativeModel * (count + self._pair))()
        self._job = kernel.NativeMerge(
            base_code=kernel.CODES[codes[0]],
            result_code=kernel.CODES[result_code],
            models=len(self._models),
            elect=spec.elect,
            normalize=spec.normalize,
            scale=spec.scale,
            lambda_=spec.lambda_,
        )
        self._inverses: list[Any] = []  # arrays that the structures point into
        self._scratch: tuple[Any, ...] = ()
        self._sample: Windows = lambda: iter(())
        self._describe_models()

    def survey(self, windows: Windows, sample: Windows | None = None) -> None:
        """Find out what must be known about the whole tensor, a sample of it telling where to look.

        No sample changes what is found: one that misleads costs another pass.
        """
        spec, models = self._spec, self._models
        self._sample = sample or windows
        if spec.thresholds:
            thresholds = self._thresholds(windows, spec.thresholds)
            for number, model in enumerate(models):
                if spec.band:
                    (model.top, model.top_ties), (model.bits, model.ties) = thresholds[
                        2 * number : 2 * number + 2
                    ]
                else:
                    model.bits, model.ties = thresholds[number]
        if spec.arc is not None:
            self._job.scale, weights = spec.arc(self._cosine(windows))
            self._weigh(weights)
        if spec.select is not None:
            self._select(windows, spec.select)

    def merge(self, views: Sequence[Any], result: Any) -> int:
        """Write the merge of one window into memory; return how many values are not finite."""
        job = self._job
        self._prepare_scratch(self._vector if self._spec.ranked else STRIP)
        job.result = kernel.address(result)
        return self._library.lexgraft_merge(*self._addresses(views), self._element_count(views))

    def _describe_models(self) -> None:
        """Fill in what is known of the models without a survey."""
        spec, context = self._spec, self._context
        codes = self._codes if self._pair else self._codes[1:]
        for number, (model, code) in enumerate(zip(self._models, codes, strict=True)):
            model.code, model.factor = kernel.CODES[code], 1.0
            label = context.labels[number - self._pair]
            model.thin = kernel.ALL
            if spec.thresholds:
                model.thin = kernel.BAND if spec.band else kernel.LARGEST
            if spec.steps or spec.ranked:
                low_high = philox_key(context, label)
                model.key[:] = [low_high & (2**64 - 1), low_high >> 64]
            if spec.steps:
                model.thin, model.steps = kernel.RANDOM, spec.steps[number]
                model.factor = STEPS / spec.steps[number] if spec.rescale else 1.0
            chances = spec.ranked[number] if spec.ranked else None
            if chances is not None:
                inverse = np.float32(STEPS) / chances(self._vector).astype(np.float32)
                self._inverses.append(inverse)
                model.thin, model.rescale = kernel.RANKED, spec.rescale
                model.ranked = kernel.address(inverse)
        self._weigh(spec.weights if not self._pair else (1.0, 1.0))

    def _weigh(self, weights: Sequence[float]) -> None:
        """Set every model's weight."""
        for model, weight in zip(self._models, weights, strict=True):
            model.weight, model.size = weight, abs(weight)
            model.vote = 1.0 if self._spec.select is not None else weight

    def _select(self, windows: Windows, share: float) -> None:
        """Cut on the variance between the models, and weigh them by the squares there."""
        job = self._job
        job.share = 1 / len(self._models)
        if share < 1:
            job.varied = 1
            job.bits, job.ties = self._thresholds(windows, ((0, -1),), share)[0]
        ties = job.ties
        squares = self._dots(windows, of_models=False, with_cross_products=False)
        job.ties = ties  # the pass above has used them up
        total = sum(squares)
        self._weigh([square / total if total else 1 / len(squares) for square in squares])

    def _cosine(self, windows: Windows) -> float:
        """Return the cosine between the two whole models (see `slerp`)."""
        first, dot, second = self._dots(windows, of_models=True, with_cross_products=True)
        norms = sqrt(first) * sqrt(second)
        return max(-1.0, min(1.0, dot / norms)) if norms else 1.0

    def _dots(self, windows: Windows, *, of_models: bool, with_cross_products: bool) -> list[float]:
        """Return the exact sums over the rows of the pairs' dot products."""
        width, count = self._row, len(self._models)
        pairs = count * (count + 1) // 2 if with_cross_products else count
        columns: list[Any] = []
        for views in windows():
            self._prepare_scratch(width)
            products = np.empty(width, np.float64)
            sums = np.empty((pairs, self._element_count(views) // width), np.float64)
            self._library.lexgraft_dots(
                *self._addresses(views),
                self._element_count(views),
                of_models,
                with_cross_products,
                kernel.address(products),
                kernel.address(sums),
            )
            columns.append(sums)
        return [fsum(column) for column in np.concatenate(columns, axis=1)]

    def _thresholds(
        self, windows: Windows, targets: Sequence[tuple[int, int]], share: float = 0.0
    ) -> list[Threshold]:
        """Return threshold and ties kept for every (track, k); a k below 0: a share of non-zeros.

        A sample tells about where the thresholds are, then all magnitudes near them are counted.
        """
        thresholds = self._thresholds_near(
            windows, targets, share, self._buckets(self._sample, targets, share)
        )
        if thresholds is None:
            thresholds = self._thresholds_near(
                windows, targets, share, self._buckets(windows, targets, share)
            )
        assert thresholds is not None
        return thresholds

    def _buckets(
        self, windows: Windows, targets: Sequence[tuple[int, int]], share: float
    ) -> list[int]:
        """Return the upper bits of the thresholds, from a histogram of what is shown."""
        tracks = 1 if self._job.varied else len(self._models)
        upper = np.zeros((tracks, kernel.UPPER + 1), np.uint32)
        self._prepare_scratch(STRIP)
        for views in windows():
            self._library.lexgraft_upper(
                *self._addresses(views), self._element_count(views), kernel.address(upper)
            )
        counts = upper[:, :-1].astype(np.int64)
        size, buckets = self._context.size, list[int]()
        for track, keep in targets:
            counted = int(counts[track].sum())
            filled = counted - int(upper[track, -1])
            rank = round(share * filled) if keep < 0 else (keep * counted + size // 2) // size
            buckets.append(descend(counts[track], max(1, rank))[0])
        return buckets

    def _thresholds_near(
        self,
        windows: Windows,
        targets: Sequence[tuple[int, int]],
        share: float,
        buckets: Sequence[int],
    ) -> list[Threshold] | None:
        """Return the thresholds, by their upper bits' buckets; None: not all are there."""
        chosen = np.array([track for track, _ in targets], np.int32)
        low = np.array([max(0, bucket - _MARGIN) << 16 for bucket in buckets], np.uint32)
        above = np.zeros(len(targets) + 1, np.uint64)
        counts = np.zeros((len(targets), kernel.SPAN), np.uint32)
        self._prepare_scratch(STRIP)
        for views in windows():
            self._library.lexgraft_between(
                *self._addresses(views),
                self._element_count(views),
                len(targets),
                kernel.address(chosen),
                kernel.address(low),
                kernel.address(above),
                kernel.address(counts),
            )
        filled = self._context.size - int(above[-1])
        ranks = [keep if keep >= 0 else round(share * filled) for _, keep in targets]
        thresholds: list[Threshold] = []
        for rank, first, over, row in zip(ranks, low, above, counts, strict=False):
            threshold = (
                _threshold_in(int(first), row, rank - int(over)) if rank else (NONE, _ALL_TIES)
            )
            if threshold is None:
                return None
            thresholds.append(threshold)
        return thresholds

    def _addresses(self, views: Sequence[Any]) -> tuple[int, int]:
        """Return the addresses of job and models, these pointing at a window."""
        job = self._job
        job.base = kernel.address(views[0])
        raws = [views[0], *views[1:]] if self._pair else views[1:]
        for model, view in zip(self._models, raws, strict=True):
            model.raw = kernel.address(view)
        return kernel.ctypes.addressof(job), kernel.ctypes.addressof(self._models)

    def _prepare_scratch(self, length: int) -> None:
        """Have scratch for strips of a length."""
        job = self._job
        if job.strip != length:
            work = np.empty((len(self._models) + 4) * length, np.float32)
            room = np.empty(2 * length + kernel.RANK_ROOM if self._spec.ranked else 1, np.uint64)
            self._scratch = (work, room)
            job.work, job.room, job.strip = kernel.address(work), kernel.address(room), length

    def _element_count(self, views: Sequence[Any]) -> int:
        return memoryview(views[0]).nbytes // WIDTHS[self._codes[0]]


def _threshold_in(low: int, counts: Any, rank: int) -> Threshold | None:
    """Return the threshold, `rest` from the top of the magnitudes counted from `low` on; or None.

    With it, how many of those equal to it are kept.
    """
    sums = counts.reshape(-1, _COUNTS_ADDED_FIRST).sum(
        axis=1, dtype=counts.dtype
    )  # not cast: three times as fast
    if not 0 < rank <= int(sums.sum()):
        return None
    piece, rank = descend(sums.astype(np.int64), rank)
    piece_counts = counts[piece * _COUNTS_ADDED_FIRST :][:_COUNTS_ADDED_FIRST].astype(np.int64)
    position, kept_ties = descend(piece_counts, rank)
    bits = low + piece * _COUNTS_ADDED_FIRST + position
    return bits, kept_ties if bits and int(piece_counts[position]) > kept_ties else _ALL_TIES


def sample_spans(size: int) -> list[tuple[int, int]]:
    """Return the elements of a tensor that tell enough about it: [start, stop), evenly spaced."""
    fewest, limit = _PIECE_LIMITS
    if size <= fewest * _PIECE_SIZE:
        return [(0, size)]
    count = min(max(fewest, -(-size // _PIECE_DISTANCE)), limit)
    starts = [number * (size - _PIECE_SIZE) // (count - 1) for number in range(count)]
    return [(start, start + _PIECE_SIZE) for start in starts]


def merge_arrays(spec: KernelSpec, context: TensorContext, models: Sequence[Floats]) -> Floats:
    """Return the merge of a tensor in memory, given as base and models."""
    shape = models[0].shape
    loops = NativeLoops(spec, context, ["F32"] * len(models), "F32", shape)
    result = np.empty(shape, np.float32)
    loops.survey(lambda: iter([models]))
    loops.merge(models, result)
    return result


def merge_shared(spec: KernelSpec, context: TensorContext, number: float) -> float:
    """Return what becomes of a single number that all models share."""
    value = np.full(1, number, np.float32)
    return float(merge_arrays(spec, context, [value] * (1 + len(context.labels)))[0])
