"""`moderation restore`: the originals in the form of the clean text."""

from pathlib import Path

import pytest

from .conftest import NEWS, RECIPE, Run, read_jsonl, write_jsonl

RECORDS = [
    {"id": "a", "text": NEWS, "tags": ["本地"]},
    {"text": RECIPE.replace("\n", "\r\n")},
    {"id": None, "text": ""},
    {"id": 4, "text": "\0\ufeff" + NEWS + "\u2028"},
]


def test_jsonl_comes_back_record_by_record(run: Run, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", *RECORDS)
    run("clean", "in.jsonl", "-o", "clean.jsonl", "--verdicts", "v.jsonl")
    assert (tmp_path / "clean.jsonl").read_bytes() != (tmp_path / "in.jsonl").read_bytes()
    assert run("restore", "clean.jsonl", "--verdicts", "v.jsonl", "-o", "back.jsonl") == 0
    assert (tmp_path / "back.jsonl").read_bytes() == (tmp_path / "in.jsonl").read_bytes()


def test_a_page_comes_back_byte_for_byte(run: Run, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    page = ("\ufeff" + NEWS.replace("\n", "\r\n", 3) + "\0").encode()
    (tmp_path / "page.txt").write_bytes(page)
    run("clean", "page.txt", "-o", "clean.txt", "--verdicts", "v.jsonl", "--quiet")
    assert run("restore", "clean.txt", "--verdicts", "v.jsonl") == 0
    assert capfdbinary.readouterr().out == page


def test_a_folder_of_pages_comes_back_as_a_folder(run: Run, tmp_path: Path) -> None:
    pages = {"新闻.txt": NEWS, "菜谱.txt": RECIPE, "空.txt": ""}
    for name, text in pages.items():
        (tmp_path / name).write_bytes(text.encode())
    run("clean", *pages, "-o", "out/", "--verdicts", "out.jsonl")
    assert run("restore", "out", "--verdicts", "out.jsonl", "-o", "back") == 0
    assert {path.name: path.read_bytes().decode() for path in (tmp_path / "back").iterdir()} == pages


def test_one_page_of_many_is_found_by_its_name(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(NEWS, "utf-8")
    (tmp_path / "b.txt").write_text(RECIPE, "utf-8")
    run("clean", "a.txt", "b.txt", "-o", "out/", "--verdicts", "v.jsonl")
    assert run("restore", "out/b.txt", "--verdicts", "v.jsonl", "-o", "back.txt") == 0
    assert (tmp_path / "back.txt").read_text("utf-8") == RECIPE


def test_pages_that_became_records_come_back_as_records(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(NEWS, "utf-8")
    run("clean", "a.txt", "-o", "clean.jsonl", "--verdicts", "v.jsonl")
    assert run("restore", "clean.jsonl", "--verdicts", "v.jsonl", "-o", "back.jsonl") == 0
    assert read_jsonl(tmp_path / "back.jsonl") == [{"id": "a.txt", "text": NEWS}]


def cleaned(run: Run, folder: Path) -> tuple[list[bytes], list[bytes]]:
    """Lines of clean.jsonl and of v.jsonl."""
    write_jsonl(folder / "in.jsonl", *RECORDS)
    run("clean", "in.jsonl", "-o", "clean.jsonl", "--verdicts", "v.jsonl", "--quiet")
    return tuple((folder / name).read_bytes().splitlines() for name in ("clean.jsonl", "v.jsonl"))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("shorter", "clean.jsonl has fewer records than v.jsonl"),
        ("longer", "clean.jsonl has more records than v.jsonl"),
        ("swapped", "clean.jsonl:1: the record has the id 4, its verdicts are for 'a'; keep the order"),
        ("edited", "clean.jsonl:1: the clean text is not the one these verdicts were written for"),
        ("broken", "clean.jsonl:1: the record is not JSON"),
        ("broken verdicts", "v.jsonl:1: the record is not JSON"),
        ("other verdicts", "clean.jsonl:1: the verdicts record lacks what restoring needs"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str, sentence: str
) -> None:
    clean, verdicts = cleaned(run, tmp_path)
    changed = {
        "shorter": (clean[:-1], verdicts),
        "longer": (clean, verdicts[:-1]),
        "swapped": (clean[::-1], verdicts),
        "edited": ([clean[0].replace("居民".encode(), "村民".encode()), *clean[1:]], verdicts),
        "broken": ([b"{", *clean[1:]], verdicts),
        "broken verdicts": (clean, [b"{", *verdicts[1:]]),
        "other verdicts": (clean, [b'{"id":"a","lines":[]}', *verdicts[1:]]),
    }
    write_jsonl(tmp_path / "clean.jsonl", *changed[change][0])
    write_jsonl(tmp_path / "v.jsonl", *changed[change][1])
    assert run("restore", "clean.jsonl", "--verdicts", "v.jsonl", "-o", "back.jsonl") == 2
    assert capsys.readouterr().err.startswith(f"moderation: error: {sentence}")
    assert not (tmp_path / "back.jsonl").exists()


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        (b'{"id":"../b.txt"}', "v.jsonl: the id '../b.txt' is not the file name of a page"),
        (b'{"id":3}', "v.jsonl: the id 3 is not the file name of a page"),
        (b'{"id":"b.txt"}', "out has no page 'b.txt', which v.jsonl has verdicts for"),
        (b"", "out/a.txt: v.jsonl has no verdicts for this page; move it out of the folder"),
    ],
)
def test_a_folder_must_hold_the_pages_of_the_verdicts_and_no_other(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], verdicts: bytes, sentence: str
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text("江口", "utf-8")
    write_jsonl(tmp_path / "v.jsonl", verdicts)
    assert run("restore", "out", "--verdicts", "v.jsonl", "-o", "back") == 2
    assert capsys.readouterr().err == f"moderation: error: {sentence}\n"
    assert not (tmp_path / "back").exists()


def test_a_refused_page_leaves_no_folder_behind(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("江口", "utf-8")
    write_jsonl(tmp_path / "v.jsonl", {"id": "a.txt"})
    assert run("restore", "a.txt", "--verdicts", "v.jsonl", "-o", "new/back/") == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "v.jsonl"]


def test_a_refusal_keeps_a_folder_that_was_there_before(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "back").mkdir()
    write_jsonl(tmp_path / "v.jsonl", {"id": "b.txt"})
    assert run("restore", "out", "--verdicts", "v.jsonl", "-o", "back") == 2
    assert (tmp_path / "back").is_dir()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["out", "--verdicts", "v.jsonl"], "out is a folder: name a folder for the originals with -o"),
        (["out", "--verdicts", "v.jsonl", "-o", "out/"], "out/ is both input and output"),
        (["out/a.txt", "--verdicts", "gone.jsonl"], "gone.jsonl: no such file"),
        (["out/a.txt", "--verdicts", "v.jsonl", "-o", "v.jsonl"], "v.jsonl is both input and output"),
        (["out/a.txt", "--verdicts", "v.jsonl"], "v.jsonl: none of its 2 records has the id 'a.txt'"),
        (["gone.txt", "--verdicts", "v.jsonl"], "gone.txt: no such file"),
    ],
)
def test_a_wrong_call_ends_in_one_sentence(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text("江口", "utf-8")
    write_jsonl(tmp_path / "v.jsonl", {"id": "b.txt"}, {"id": "c.txt"})
    assert run("restore", *words) == 2
    assert capsys.readouterr().err.startswith(f"moderation: error: {sentence}")
