"""A weights file mapped into memory: processes that load the same file share its pages."""

import json
import mmap
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

DTYPES: Final = {
    "I8": np.int8,
    "U8": np.uint8,
    "I16": np.int16,
    "U16": np.uint16,
    "I32": np.int32,
    "U32": np.uint32,
    "I64": np.int64,
    "U64": np.uint64,
    "F32": np.float32,
    "F64": np.float64,
}
HEAD: Final = 8
"""Bytes before the header: its length."""
CACHE_LINE: Final = 64
"""Bytes that the processor fetches at once."""


def map_file(path: Path) -> mmap.mmap:
    """The file's bytes. Private and copied on writing, so that the arrays are of the same kind as ones that were
    read; nobody writes to them, hence every process has the same pages. Raises OSError; ValueError for an empty file.

    The file must not be changed in place while it is mapped: replace it.
    """
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


def on_cache_lines(weights: bytes) -> bytes:
    """A safetensors file whose largest array, the table of weight rows, comes first and begins where a cache line does.

    A row that lies across two cache lines costs two fetches. The other arrays keep their order, the header gets spaces
    at its end, as the format allows.
    """
    start = HEAD + int.from_bytes(weights[:HEAD], "little")
    rows = json.loads(weights[HEAD:start])
    spans = {name: row["data_offsets"] for name, row in rows.items()}
    table = max(spans, key=lambda name: spans[name][1] - spans[name][0])
    order = [table, *sorted(spans.keys() - {table}, key=lambda name: (spans[name], name))]
    header, at = {}, 0
    for name in order:
        size = spans[name][1] - spans[name][0]
        header[name] = rows[name] | {"data_offsets": [at, at + size]}
        at += size
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-(HEAD + len(head)) % CACHE_LINE)
    body = (weights[start + spans[name][0] : start + spans[name][1]] for name in order)
    return b"".join([len(head).to_bytes(HEAD, "little"), head, *body])


def mapped_arrays(weights: mmap.mmap) -> dict[str, NDArray[Any]]:
    """The arrays of a safetensors file, as views. Raises ValueError for what is none."""
    size = int.from_bytes(weights[:HEAD], "little")
    if len(weights) < HEAD or size > len(weights) - HEAD:
        raise ValueError("its header is longer than the file")
    header = json.loads(weights[HEAD : HEAD + size])
    if not isinstance(header, dict):
        raise ValueError("its header is no object")
    arrays = {}
    for name, row in header.items():
        if name != "__metadata__":
            dtype = np.dtype(DTYPES[row["dtype"]])
            first, last = (HEAD + size + offset for offset in row["data_offsets"])
            shape = tuple(row["shape"])
            if not HEAD + size <= first <= last <= len(weights) or last - first != dtype.itemsize * int(np.prod(shape)):
                raise ValueError(f"the array {name} lies outside the file or has another size")
            if any(length < 0 for length in shape) or first % dtype.itemsize:
                raise ValueError(f"the array {name} does not begin where its type must")
            arrays[name] = np.frombuffer(weights, dtype, (last - first) // dtype.itemsize, first).reshape(shape)
    return arrays
