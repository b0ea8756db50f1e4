"""What is measured, against what, and on which machine: shared by the benchmarks."""

import hashlib
import json
import os
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from moderation.labels import INDEX
from moderation.model.model import Model
from moderation.train.corpus import authored_files, authored_pages, describe

RESULTS: Final = Path(__file__).parent / "results"
PACKAGES: Final = ("moderation", "numpy", "numba", "scikit-learn", "scipy")


@cache
def pages() -> tuple[str, ...]:
    """The texts of the authored pages, which come with the package: anyone can measure on them."""
    return tuple(page.text for page in authored_pages())


@cache
def lines() -> tuple[str, ...]:
    """The same texts line by line, without the blank lines."""
    return tuple(line for text in pages() for line in text.split("\n") if line.strip())


def megabytes(texts: tuple[str, ...]) -> float:
    """Size as UTF-8, breaks between the texts included, in units of 10^6 bytes."""
    return len("\n".join(texts).encode()) / 1e6


@cache
def sklearn_pipeline() -> Pipeline:
    """Hashed character 1-4-grams and a linear model of twelve classes, fitted on the labelled lines.

    What it finds is of no interest here; it is fitted so that its weights are as dense as a real model's.
    """
    labelled = [
        (line, INDEX[y]) for page in authored_pages() for line, y in zip(page.lines, page.labels, strict=True) if y
    ]
    pipeline = make_pipeline(
        HashingVectorizer(analyzer="char", ngram_range=(1, 4), n_features=2**18),
        SGDClassifier(loss="log_loss", max_iter=3, tol=None, random_state=0),
    )
    return pipeline.fit([line for line, _ in labelled], np.array([y for _, y in labelled]))


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for row in cpuinfo.read_text("utf-8").splitlines():
            if row.startswith("model name"):
                return row.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def machine() -> dict[str, Any]:
    """Processor, system and versions."""
    return {
        "machine": {"processor": processor(), "cores": os.cpu_count(), "system": platform.platform()},
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    }


def circumstances(model: Model) -> dict[str, Any]:
    """Machine, versions, model and data: what a figure depends on."""
    source = describe("authored", authored_files(), authored_pages())
    return {
        **machine(),
        "model": model.id,
        "data": {
            "name": "authored pages",
            "sha256": source["sha256"],
            "pages": len(pages()),
            "lines": len(lines()),
            "characters": sum(map(len, pages())),
            "megabytes": round(megabytes(pages()), 3),
            "text_sha256": hashlib.sha256("\0".join(pages()).encode()).hexdigest(),
        },
    }


def write_result(name: str, result: dict[str, Any]) -> Path:
    """Store a result beside the scripts."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return path
