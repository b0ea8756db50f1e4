"""Models on disk: weights.safetensors and manifest.json in one folder. Loading executes nothing."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from moderation.errors import ModelError
from moderation.kernel.context import CONTEXT_VERSION
from moderation.kernel.ngrams import HASH_VERSION
from moderation.labels import NAMES
from moderation.model.check import check_model
from moderation.model.mapped import map_file, mapped_arrays, on_cache_lines
from moderation.model.model import ContextModel, LineModel, Model, SpanModel
from moderation.text.tables import FIELDS, NORMALISER_VERSION, Tables

FORMAT: Final = 5
"""Version of the layout below; reading another one is refused."""
DEFAULT_NAME: Final = "default"
WEIGHTS: Final = "weights.safetensors"
MANIFEST: Final = "manifest.json"
NEEDED: Final = (
    "format",
    "name",
    "labels",
    "hash_version",
    "context_version",
    "normaliser_version",
    "weights_sha256",
    "digest",
)
AGAIN: Final = "export it again with `moderation train`"


def model_folder(name_or_path: str | Path | None) -> Path:
    """The folder of a shipped model's name, or the folder that was named. Raises ModelError."""
    if name_or_path is None:
        name_or_path = DEFAULT_NAME
    path = Path(name_or_path)
    if path.is_dir():
        return path
    for home in homes():
        if (home / str(name_or_path) / MANIFEST).is_file():
            return home / str(name_or_path)
    raise ModelError(f"no model {str(name_or_path)!r}: shipped are {', '.join(shipped())}; otherwise name a folder")


def homes() -> list[Path]:
    """Where shipped models lie: inside the installed package, or at the root of a checkout."""
    package = Path(str(resources.files("moderation")))
    return [package / "models", package.parents[1] / "models"]


def shipped() -> list[str]:
    """Names of the models that came with the package."""
    return sorted({m.parent.name for home in homes() for m in home.glob(f"*/{MANIFEST}")}) or ["none"]


def manifest_digest(manifest: Mapping[str, Any]) -> str:
    """sha256 of the manifest without its own digest; it covers the weights through `weights_sha256`."""
    body = {key: value for key, value in manifest.items() if key != "digest"}
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def save_model(
    folder: Path,
    stages: Mapping[str, LineModel | ContextModel | SpanModel | None],
    tables: Tables,
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """Write a model and return its manifest.

    stages: `lines` and, where there are any, `outlook`, `context` and `spans`. facts: name, training data, metrics and
    whatever the card tells.
    """
    arrays: dict[str, NDArray[np.generic]] = {
        f"{stage}.{f.name}": getattr(part, f.name)
        for stage, part in stages.items()
        if part is not None
        for f in fields(part)
    }
    arrays |= {f"tables.{name}": array for name, array in tables.arrays().items()}
    weights = on_cache_lines(save({name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())}))
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "labels": list(NAMES),
        "hash_version": HASH_VERSION,
        "context_version": CONTEXT_VERSION,
        "normaliser_version": NORMALISER_VERSION,
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        **facts,
    }
    manifest["digest"] = manifest_digest(manifest)
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / WEIGHTS, weights)
    replace_file(folder / MANIFEST, (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode())
    return manifest


def replace_file(path: Path, body: bytes) -> None:
    """Put a file in the place of another at once: who has mapped the old one keeps it."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(body)
    beside.replace(path)


def load_model(name_or_path: str | Path | None = None, *, mapped: bool = False) -> Model:
    """Load and check a model.

    mapped: map the weights into memory instead of reading them, so that processes share them; the file must then not
    be changed in place.

    Raises ModelError, with what to do, for a model that is missing, truncated, tampered with, of another format,
    hash or normaliser version, or of another label order.
    """
    folder = model_folder(name_or_path)
    stamp = tuple((folder / name).stat().st_mtime_ns if (folder / name).exists() else 0 for name in (WEIGHTS, MANIFEST))
    return load_folder(folder.resolve(), stamp, mapped=mapped)


@lru_cache(maxsize=4)
def load_folder(folder: Path, stamp: tuple[int, ...], *, mapped: bool = False) -> Model:
    """Load a folder; the same unchanged folder is read once a process."""
    manifest = read_manifest(folder)
    try:
        weights = map_file(folder / WEIGHTS) if mapped else (folder / WEIGHTS).read_bytes()
    except (OSError, ValueError) as error:
        raise ModelError(f"model {folder}: {WEIGHTS} can't be read ({error}); {AGAIN}") from None
    if hashlib.sha256(weights).hexdigest() != manifest["weights_sha256"]:
        raise ModelError(f"model {folder}: {WEIGHTS} is not the file its manifest names (changed or cut off); {AGAIN}")
    try:
        arrays = load(weights) if isinstance(weights, bytes) else mapped_arrays(weights)
        lines = LineModel(**{f.name: arrays[f"lines.{f.name}"] for f in fields(LineModel)})
        context = spans = outlook = None
        if any(name.startswith("context.") for name in arrays):
            context = ContextModel(**{f.name: arrays[f"context.{f.name}"] for f in fields(ContextModel)})
        if any(name.startswith("outlook.") for name in arrays):
            outlook = LineModel(**{f.name: arrays[f"outlook.{f.name}"] for f in fields(LineModel)})
        if any(name.startswith("spans.") for name in arrays):
            spans = SpanModel(**{f.name: arrays[f"spans.{f.name}"] for f in fields(SpanModel)})
        tables = Tables(**{name: arrays[f"tables.{name}"] for name in FIELDS})
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise ModelError(
            f"model {folder}: {WEIGHTS} lacks an array or is no safetensors file ({error}); {AGAIN}"
        ) from None
    model = Model(lines, context, spans, tables, manifest, outlook)
    check_model(folder, model)
    return model


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest, checked."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"model {folder}: {MANIFEST} can't be read ({error}); {AGAIN}") from None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
        raise ModelError(f"model {folder}: {MANIFEST} is not the manifest of a model; {AGAIN}")
    if manifest["format"] != FORMAT:
        what = "upgrade moderation" if manifest["format"] > FORMAT else AGAIN
        raise ModelError(f"model {folder} has format {manifest['format']}, this version reads {FORMAT}; {what}")
    missing = [key for key in NEEDED if key not in manifest]
    if missing:
        raise ModelError(f"model {folder}: {MANIFEST} lacks {missing[0]!r}; {AGAIN}")
    if manifest_digest(manifest) != manifest["digest"]:
        raise ModelError(f"model {folder}: {MANIFEST} was changed after export (its digest differs); {AGAIN}")
    if manifest["labels"] != list(NAMES):
        raise ModelError(f"model {folder} has the labels {manifest['labels']}, expected {list(NAMES)}; {AGAIN}")
    versions = {
        "hash_version": HASH_VERSION,
        "context_version": CONTEXT_VERSION,
        "normaliser_version": NORMALISER_VERSION,
    }
    for key, version in versions.items():
        found = manifest[key]
        if found != version:
            what = "upgrade moderation" if isinstance(found, int) and found > version else AGAIN
            raise ModelError(f"model {folder} has {key} {found}, this version works with {version}; {what}")
    return manifest
