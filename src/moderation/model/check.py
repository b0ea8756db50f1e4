"""Whether a model's arrays are what the kernels take them for: kernels read without looking."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from moderation.errors import ModelError
from moderation.kernel.context import FEATURES
from moderation.kernel.packing import WORDS
from moderation.kernel.recurrence import EMBEDDED, GATED, KNOWN, MEMORY
from moderation.kernel.shape import N_CLASSES, ROWS
from moderation.kernel.spans import CLASSES, EDGES, STATES
from moderation.kernel.trees import LEAVES, QUESTIONS
from moderation.labels import NAMES
from moderation.model.model import SPAN_FACTS, TREES, ContextModel, LineModel, Model, SpanModel
from moderation.text.tables import Tables

Expected = list[tuple[str, type[np.generic], tuple[int, ...]]]
N = len(NAMES)
FEWEST_BITS, MOST_BITS = 8, 24


def check_model(folder: Path, model: Model) -> None:
    """Raise ModelError, naming the array, where a kernel would read or write beyond one."""
    try:
        check_lines(model.lines)
        check_tables(model.tables)
        if (model.context is None) != (model.outlook is None):
            raise ValueError("there is a second stage without an outlook, or the other way round")
        if model.context is not None and model.outlook is not None:
            check_context(model.context)
            check_lines(model.outlook, "outlook: ")
        if model.spans is not None:
            check_spans(model.spans, rows_of(model.lines.gram_weights))
    except ValueError as error:
        raise ModelError(f"model {folder}: {error}; export it again with `moderation train`") from None


def check_arrays(part: object, expected: Expected) -> None:
    """dtype and shape of each named array."""
    for name, dtype, shape in expected:
        array: NDArray[np.generic] = getattr(part, name)
        if array.dtype != dtype or array.shape != shape:
            raise ValueError(f"{name} is {array.dtype} {array.shape}, expected {np.dtype(dtype)} {shape}")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{name} holds values that are no numbers")


def rows_of(array: NDArray[np.generic]) -> int:
    """Length of the first axis; 0 for a single number, which has none."""
    return array.shape[0] if array.ndim else 0


def within(name: str, array: NDArray[np.generic], low: int, high: int) -> None:
    """Every value lies in [low, high)."""
    if array.size and not (int(array.min()) >= low and int(array.max()) < high):
        raise ValueError(f"{name} holds values outside {low} to {high - 1}")


def check_lines(lines: LineModel, where: str = "") -> None:
    """The first stage, or the outlook, which is built alike."""
    rows = rows_of(lines.gram_weights)
    if rows not in {1 << bits for bits in range(FEWEST_BITS, MOST_BITS + 1)}:
        raise ValueError(
            f"{where}gram_weights has {rows} rows, expected a power of two from 2^{FEWEST_BITS} to 2^{MOST_BITS}"
        )
    check_arrays(
        lines,
        [
            ("gram_weights", np.int32, (rows, WORDS)),
            ("gram_scale", np.float32, (N,)),
            ("shape_weights", np.float32, (ROWS, N)),
            ("bias", np.float32, (N,)),
        ],
    )


def check_context(context: ContextModel) -> None:
    """The second stage."""
    check_arrays(
        context,
        [
            ("low", np.float32, (FEATURES,)),
            ("high", np.float32, (FEATURES,)),
            ("w1", np.float32, (FEATURES, EMBEDDED)),
            ("b1", np.float32, (EMBEDDED,)),
            ("say", np.float32, (EMBEDDED, 2 * GATED)),
            ("bias", np.float32, (2 * GATED,)),
            ("onwards", np.float32, (MEMORY, GATED)),
            ("backwards", np.float32, (MEMORY, GATED)),
            ("w2", np.float32, (KNOWN, N)),
            ("b2", np.float32, (N,)),
        ],
    )


def check_spans(spans: SpanModel, rows: int) -> None:
    """The span tagger; it has a row for every row of the first stage."""
    check_arrays(
        spans,
        [
            ("weights", np.int8, (rows, STATES)),
            ("scale", np.float32, (STATES,)),
            ("edge", np.float32, (EDGES, EDGES, STATES)),
            ("begin", np.float32, (CLASSES, CLASSES)),
            ("close", np.float32, (CLASSES, CLASSES)),
            ("split_fact", np.int8, (TREES, QUESTIONS)),
            ("split_at", np.float32, (TREES, QUESTIONS)),
            ("leaf", np.float32, (TREES, LEAVES)),
            ("accept", np.float32, (SPAN_FACTS + 1,)),
        ],
    )
    if spans.split_fact.min() < 0 or spans.split_fact.max() >= SPAN_FACTS:
        raise ValueError(f"split_fact asks for facts that runs don't have, expected numbers from 0 to {SPAN_FACTS - 1}")


def check_tables(tables: Tables) -> None:
    """The fold, class and reading tables."""
    pages = rows_of(tables.fold_delta)
    check_arrays(
        tables,
        [
            ("page", np.uint16, (tables.page.size,)),
            ("fold_delta", np.uint32, (pages, 256)),
            ("char_class", np.uint8, (pages, 256)),
            ("reading_char", np.uint32, (tables.reading_char.size,)),
            ("reading_start", np.int32, (tables.reading_char.size + 1,)),
            ("reading", np.uint32, (tables.reading.size,)),
            ("pair_key", np.uint64, (tables.pair_key.size,)),
            ("pair_to", np.uint32, (tables.pair_key.size, 2)),
        ],
    )
    if tables.page.size < 256:
        raise ValueError("page does not cover the basic plane")
    within("page", tables.page, 0, pages)
    within("char_class", tables.char_class, 0, N_CLASSES)
    within("reading_start", tables.reading_start, 0, tables.reading.size + 1)
    if (np.diff(tables.reading_start) < 0).any():
        raise ValueError("reading_start must not fall")
