"""Columns of text in Arrow: one UTF-8 buffer in, one out, and no Python string for a document or a line in between."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, overload

import numpy as np
from numpy.typing import NDArray

from moderation.decision import Decision
from moderation.errors import TextError, UsageError
from moderation.judge import judge
from moderation.kernel.utf8 import decode_utf8, encode_kept
from moderation.model.model import Model
from moderation.parallel import in_order
from moderation.policy import Policy
from moderation.repair import Fix
from moderation.result import Result, decided, fixes_of, joined, mended
from moderation.text.batch import BATCH_CHARS, Batch

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_BYTES: Final = 3 * BATCH_CHARS
"""UTF-8 that is worked on at a time: about as many characters as of strings."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some documents of a column: clean UTF-8, where each begins in it (n + 1,), and what was decided about them."""

    data: NDArray[np.uint8]
    start: NDArray[np.int64]
    decision: Decision
    fixes: Mapping[int, Sequence[Fix]]

    def result(self, index: int) -> Result:
        """The result of one document."""
        text = self.data[self.start[index] : self.start[index + 1]].tobytes().decode("utf-8")
        return Result(text, self.decision, index, self.fixes.get(index, ()))


@dataclass(frozen=True, slots=True)
class CleanColumn(Sequence[Result]):
    """A cleaned column. `clean` is of the type and length of the one that was given, and null where that was.

    As a sequence it holds a Result a document, each made when it is asked for.
    """

    clean: Any
    parts: tuple[Part, ...]
    first: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.first[-1])

    @overload
    def __getitem__(self, index: int) -> Result: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Result]: ...
    def __getitem__(self, index: int | slice) -> Result | Sequence[Result]:
        if isinstance(index, slice):
            return [self[n] for n in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        part = int(np.searchsorted(self.first, place, "right")) - 1
        return self.parts[part].result(place - int(self.first[part]))


def clean_column(column: "pa.Array | pa.ChunkedArray", model: Model, policy: Policy, threads: int = 1) -> CleanColumn:
    """Clean every text of a column. Raises UsageError for other types, TextError for what is not UTF-8."""
    pa = import_pyarrow()
    if not isinstance(column, pa.Array | pa.ChunkedArray) or not is_text(pa, column.type):
        found = column.type if isinstance(column, pa.Array | pa.ChunkedArray) else type(column).__name__
        raise UsageError(f"a column of texts is an Arrow array of strings; found {found}")
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    pieces = [list(text_buffers(pa, chunk)) for chunk in chunks]
    parts = list(in_order(lambda piece: clean_part(*piece, model, policy), list(chain(*pieces)), threads))
    rest = iter(parts)
    made = [rebuilt(pa, chunk, [next(rest) for _ in own]) for chunk, own in zip(chunks, pieces, strict=True)]
    clean = pa.chunked_array(made, column.type) if isinstance(column, pa.ChunkedArray) else made[0]
    first = np.cumsum([0, *(part.start.size - 1 for part in parts)])
    return CleanColumn(clean, tuple(parts), first)


def import_pyarrow() -> Any:
    """pyarrow, which is an extra. Raises UsageError that says how to install it."""
    try:
        import pyarrow  # noqa: PLC0415
    except ImportError:
        raise UsageError('Arrow columns need pyarrow: pip install "moderation[parquet]"') from None
    return pyarrow


def is_text(pa: Any, kind: Any) -> bool:
    """Whether the type holds strings."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def text_buffers(pa: Any, chunk: Any) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    """The UTF-8 of an array and where its documents begin, in runs of about BATCH_BYTES; a null is an empty text."""
    try:
        chunk.validate(full=True)
    except pa.ArrowInvalid as error:
        raise TextError(f"the column is not valid UTF-8 ({error})") from None
    plain = pa.types.is_string(chunk.type) or pa.types.is_large_string(chunk.type)
    texts = chunk if plain else chunk.cast(pa.large_string())
    if texts.null_count:
        texts = texts.fill_null("")
    if not len(texts):
        return
    _, offsets, data = texts.buffers()
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    start = np.frombuffer(offsets, width)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    raw = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(0, np.uint8)
    done = 0
    while done < len(texts):
        fits = int(np.searchsorted(start, start[done] + BATCH_BYTES, "right")) - 1
        end = max(done + 1, fits)
        yield raw[start[done] : start[end]], start[done : end + 1] - start[done]
        done = end


def clean_part(data: NDArray[np.uint8], start: NDArray[np.int64], model: Model, policy: Policy) -> Part:
    """Judge and clean a few documents."""
    data.flags.writeable = False  # as all that numba has compiled for
    codes, doc_start = decode_utf8(data, start)
    codes.flags.writeable = False
    batch = Batch(codes, doc_start)
    decision = decided(judge(batch, model), policy, model.id, model.tables)
    fixes = fixes_of(decision)
    keep, place, after = mended(decision, fixes)
    text, text_start = joined(after, "utf-8", np.uint8)
    out, out_start = encode_kept(data, start, codes, doc_start, keep, place, text, text_start)
    return Part(out, out_start, decision, fixes)


def rebuilt(pa: Any, chunk: Any, parts: Sequence[Part]) -> Any:
    """The clean texts as an array like `chunk`."""
    if not parts:
        return chunk
    plain = pa.types.is_string(chunk.type)
    data = np.concatenate([part.data for part in parts]) if len(parts) != 1 else parts[0].data
    shift = np.cumsum([0, *(part.data.size for part in parts)])
    offsets = [part.start[:-1] + begin for part, begin in zip(parts, shift, strict=False)]
    start = np.concatenate([*offsets, shift[-1:]]).astype(np.int32 if plain else np.int64)
    valid = chunk.is_valid() if chunk.null_count else None
    mask = pa.array(valid).buffers()[1] if valid is not None else None
    kind = pa.string() if plain else pa.large_string()
    buffers = [mask, pa.py_buffer(start), pa.py_buffer(data)]
    made = pa.Array.from_buffers(kind, len(chunk), buffers, chunk.null_count)
    return made if made.type == chunk.type else made.cast(chunk.type)
