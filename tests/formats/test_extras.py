"""A package that is not installed is named, with the command that installs it."""

import sys
from pathlib import Path

import pytest

from formats.support import chunks, source
from moderation.errors import UsageError
from moderation.formats.table import load_format

MODULES = ("batches", "arrow_schema", "parquet", "arrow", "charset", "html", "warc_records", "warc", "wet")


@pytest.mark.parametrize(
    ("form", "package", "extra"),
    [
        ("parquet", "pyarrow", "parquet"),
        ("arrow", "pyarrow", "parquet"),
        ("warc", "fastwarc", "warc"),
        ("warc", "resiliparse", "warc"),
        ("wet", "fastwarc", "warc"),
    ],
)
def test_a_format_without_its_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, form: str, package: str, extra: str
) -> None:
    if package == "resiliparse":
        pytest.importorskip("fastwarc", reason="what is missing first is named")
    for name in MODULES:
        monkeypatch.delitem(sys.modules, f"moderation.formats.{name}", raising=False)
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UsageError) as caught:
        load_format(form)
    assert str(caught.value) == (
        f'{form} files need the package {package}; install it with: pip install "moderation[{extra}]"'
    )


def test_zstandard_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.zst").write_bytes(b"\x28\xb5\x2f\xfd")
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(UsageError, match=r"pip install \"moderation\[zstd\]\""):
        chunks(source(tmp_path / "a.jsonl.zst", "jsonl", "zst"))


def test_urls_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(UsageError, match=r"pip install \"moderation\[remote\]\""):
        chunks(source(Path("a.jsonl"), "jsonl").__class__("memory://a.jsonl", "a.jsonl", "jsonl"))
