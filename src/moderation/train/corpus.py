"""The authored corpus that comes with the package, and where labelled data came from."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from moderation.train.dataset import LabelledPage, read_labelled

HELD_OUT = ("dev", "test")
"""Splits that are never trained on."""


def authored_files() -> list[Path]:
    """The files of the authored corpus."""
    return sorted(Path(str(resources.files("moderation") / "data" / "authored")).glob("*.jsonl"))


def authored_pages() -> list[LabelledPage]:
    """All authored pages; a fifth of them has the split `test`."""
    return read_labelled(authored_files())


def trainable(pages: Iterable[LabelledPage]) -> list[LabelledPage]:
    """The pages that may be learned from."""
    return [page for page in pages if page.split not in HELD_OUT]


def held_out(pages: Iterable[LabelledPage]) -> list[LabelledPage]:
    """The pages that are only measured on."""
    return [page for page in pages if page.split in HELD_OUT]


def describe(name: str, files: Sequence[Path], pages: Sequence[LabelledPage]) -> dict[str, Any]:
    """What a manifest says of one source of labelled data: size, labels, and a digest of the files' bytes."""
    digest = hashlib.sha256()
    for path in sorted(files, key=lambda path: path.name):
        digest.update(path.read_bytes())
    labels = Counter(label for page in pages for label in page.labels if label)
    return {
        "name": name,
        "files": sorted(path.name for path in files),
        "sha256": digest.hexdigest(),
        "pages": len(pages),
        "held_out_pages": len(held_out(pages)),
        "lines": sum(labels.values()),
        "spans": sum(len(page.spans) for page in pages),
        "labels": dict(sorted(labels.items())),
    }
