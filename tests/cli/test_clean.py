"""`moderation clean`: what goes in, what comes out, what is set aside."""

import base64
import bz2
import gzip
import io
import lzma
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from moderation.cli import clean, inputs, summary
from moderation.moderate import Moderator
from moderation.result import Result

from .conftest import CUT, KEPT, NEWS, RECIPE, Run, read_jsonl, write_jsonl


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_jsonl_keeps_other_fields_their_order_and_the_order_of_records(run: Run, tmp_path: Path) -> None:
    first = {"url": "https://jiangkou.example/1", "text": NEWS, "meta": {"页": [1, 2.5, None, True]}, "id": 7}
    write_jsonl(tmp_path / "in.jsonl", first, {"text": RECIPE})
    assert run("clean", "in.jsonl", "-o", "out.jsonl") == 0
    one, two = read_jsonl(tmp_path / "out.jsonl")
    assert list(one) == ["url", "text", "meta", "id"]
    assert {**one, "text": NEWS} == first
    assert KEPT in one["text"]
    assert CUT not in one["text"]
    assert list(two) == ["text"], "a record without an id gets none"


def test_integers_beyond_64_bits_come_through_unrounded(run: Run, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", b'{"n":123456789012345678901234567890,"text":"\xe6\xb1\x9f"}')
    assert run("clean", "in.jsonl", "-o", "out.jsonl") == 0
    assert b'"n":123456789012345678901234567890,' in (tmp_path / "out.jsonl").read_bytes()


def test_verdicts_name_id_and_place_of_every_document(run: Run, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", {"id": "新闻-1", "url": "u", "text": NEWS}, b"", {"text": ""})
    assert run("clean", "in.jsonl", "-o", "out.jsonl", "--verdicts", "v.jsonl") == 0
    one, two = read_jsonl(tmp_path / "v.jsonl")
    assert (one["id"], one["url"], one["source"]) == ("新闻-1", "u", {"file": "in.jsonl", "record": 1})
    assert (two["id"], two["source"]) == ("in.jsonl#3", {"file": "in.jsonl", "record": 3})
    assert one["lines"][-1]["action"] == "drop"


def test_one_plain_page_stays_a_plain_page_to_the_byte(run: Run, tmp_path: Path) -> None:
    page = "\ufeff" + RECIPE.split("\n", 1)[0] + "\r\n\0笋要嫩。\u2028盐要少。\r\n"
    (tmp_path / "in.txt").write_bytes(page.encode())
    assert run("clean", "in.txt", "-o", "out.txt", "--policy", "flag-only") == 0
    assert (tmp_path / "out.txt").read_bytes() == page.encode()


def test_plain_pages_become_records_in_a_jsonl_output(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(NEWS, "utf-8")
    (tmp_path / "b").write_text(RECIPE, "utf-8")
    assert run("clean", "a.txt", "b", "-o", "out.jsonl") == 0
    records = read_jsonl(tmp_path / "out.jsonl")
    assert [list(record) for record in records] == [["id", "text"]] * 2
    assert [record["id"] for record in records] == ["a.txt", "b"]


@pytest.mark.parametrize("existing", [True, False])
def test_a_folder_takes_plain_pages_under_their_own_names(run: Run, tmp_path: Path, existing: bool) -> None:
    (tmp_path / "a.txt").write_text(NEWS, "utf-8")
    (tmp_path / "b.txt").write_text(RECIPE, "utf-8")
    if existing:
        (tmp_path / "out").mkdir()
    assert run("clean", "a.txt", "b.txt", "-o", "out" if existing else "out/") == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.txt", "b.txt"]
    assert CUT not in (tmp_path / "out" / "a.txt").read_text("utf-8")


@pytest.mark.parametrize("words", [["--verdicts", "out/v.jsonl"], ["--verdicts", "out/v.jsonl", "--rejected", "out/r"]])
def test_side_files_may_lie_in_the_folder_that_is_yet_to_be_made(run: Run, tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "a.txt").write_text(NEWS, "utf-8")
    (tmp_path / "b.txt").write_text(RECIPE, "utf-8")
    assert run("clean", "a.txt", "b.txt", "-o", "out/", *words) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.txt", "b.txt", "v.jsonl"]
    assert run("restore", "out/", "--verdicts", "out/v.jsonl", "-o", "back/") == 0
    assert (tmp_path / "back" / "a.txt").read_text("utf-8") == NEWS


def test_a_folder_that_holds_other_files_is_written_to_with_a_word_of_warning(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.txt").write_text(NEWS, "utf-8")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.txt").write_text("青泥", "utf-8")
    (tmp_path / "out" / "a.txt").write_text("of an earlier run", "utf-8")
    assert run("clean", "a.txt", "-o", "out/", "--verdicts", "out/v.jsonl") == 0
    assert "moderation: out/ also holds 1 file not of this run; " in capsys.readouterr().err
    assert (tmp_path / "out" / "old.txt").read_text("utf-8") == "青泥"
    assert run("clean", "a.txt", "-o", "out/", "--verdicts", "out/v.jsonl", "--quiet") == 0
    assert capsys.readouterr().err == ""


def test_an_interrupted_run_takes_the_folder_that_it_made_away(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "a.txt").write_text(NEWS, "utf-8")
    monkeypatch.setattr(Moderator, "clean_many", interrupted)
    assert run("clean", "a.txt", "-o", "new/out/") == 130
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


PLAIN = orjson.dumps({"text": "江口"}) + b"\n"


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.jsonl.bz2", b"", "a.jsonl.bz2: compressed input (bzip2) is not read; decompress it first with bunzip2"),
        ("a.jsonl", gzip.compress(PLAIN), "a.jsonl: compressed input (gzip)"),
        ("a.txt", bz2.compress(PLAIN), "a.txt: compressed input (bzip2)"),
        ("a", lzma.compress(PLAIN), "a: compressed input (xz)"),
        ("a.jsonl", b"\x28\xb5\x2f\xfd\x00", "a.jsonl: compressed input (zstd)"),
        ("a.zip", b"PK\x03\x04", "a.zip: compressed input (zip)"),
        ("a.json", b"[" + PLAIN + b"]", "a.json: expected one JSON object a line, found a JSON array; convert it"),
        ("a.json", inputs.BOM + b' \n[\n{"text": ""}]', "a.json: expected one JSON object a line, found a JSON array"),
        ("a.json", b'{\r\n "text": ""\n}', "a.json: expected one JSON object a line, found an object over several"),
    ],
)
def test_what_must_be_converted_first_is_refused_as_a_whole(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, data: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(data)
    assert run("clean", name, "-o", "out.jsonl") == 2
    err = capsys.readouterr().err
    assert err.startswith(f"moderation: error: {sentence}")
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("words", [[], ["--from", "jsonl"], ["--from", "text"]])
def test_compressed_standard_input_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    stdin(monkeypatch, gzip.compress(PLAIN))
    assert run("clean", "-", *words) == 2
    assert capsys.readouterr().err.startswith("moderation: error: standard input: compressed input (gzip)")


@pytest.mark.parametrize(
    ("data", "out"),
    [
        (b'\n  \n{"id":"x","text":"\xe6\xb1\x9f\xe5\x8f\xa3"}\n', '{"id":"x","text":"江口"}\n'),
        ("{江口}市\r\n".encode(), "{江口}市\r\n"),
        (b"", ""),
    ],
)
def test_stdin_is_jsonl_if_it_begins_with_an_object(
    run: Run, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], data: bytes, out: str
) -> None:
    stdin(monkeypatch, data)
    assert run("clean", "-", "--policy", "flag-only", "--quiet") == 0
    assert capfdbinary.readouterr() == (out.encode(), b"")


def test_from_overrules_the_suffix(run: Run, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write_jsonl(tmp_path / "dump.part", {"body": "雨停了。"})
    assert run("clean", "dump.part", "--from", "jsonl", "--text-field", "body", "--policy", "flag-only") == 0
    assert capfdbinary.readouterr().out == '{"body":"雨停了。"}\n'.encode()


BAD: list[tuple[bytes, str]] = [
    (b'{"text":"\xe6\xb1\x9f"', "is not JSON"),
    (b'["text"]', "is not a JSON object but an array"),
    (b'{"id":1,"body":"x"}', "has no field 'text', only id, body"),
    (b'{"text":null}', "has null in the field 'text', expected a string"),
    (b'{"text":3}', "has a number in the field 'text'"),
    (b'{"text":"\\ud83d"}', "holds a lone surrogate"),
    (b'{"text":"\xff\xfe"}', "is not UTF-8: byte 0xff at offset 9"),
    (b'{"text":"","n":NaN}', "is not JSON"),
    (b'{"text":"","n":' + b"[" * 300 + b"]" * 300 + b"}", "is nested deeper than 200 levels"),
]


@pytest.mark.parametrize(("line", "reason"), BAD)
def test_a_bad_record_is_set_aside_and_the_rest_goes_on(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: bytes, reason: str
) -> None:
    write_jsonl(tmp_path / "in.jsonl", {"text": "江口"}, line, {"text": "青泥"})
    assert run("clean", "in.jsonl", "-o", "out.jsonl", "--policy", "flag-only") == 1
    assert [record["text"] for record in read_jsonl(tmp_path / "out.jsonl")] == ["江口", "青泥"]
    (aside,) = read_jsonl(tmp_path / "out.jsonl.rejected.jsonl")
    assert (aside["file"], aside["line"]) == ("in.jsonl", 2)
    assert reason in aside["reason"]
    raw = base64.b64decode(aside["raw_base64"]).rstrip(b"\n") if "raw_base64" in aside else aside["raw"].encode()
    assert raw == line
    err = capsys.readouterr().err
    assert "moderation: in.jsonl:2: rejected: " in err
    assert "1 rejected" in err


def test_twenty_rejections_are_shown_and_the_others_counted(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl(tmp_path / "in.jsonl", *[b"oops"] * 25)
    assert run("clean", "in.jsonl", "-o", "out.jsonl", "--rejected", "bad.jsonl", "--quiet") == 1
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 21
    assert err[-1] == "moderation: 5 more rejected"
    assert len(read_jsonl(tmp_path / "bad.jsonl")) == 25


def test_no_side_file_is_left_when_nothing_was_rejected(run: Run, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", {"text": "江口"})
    (tmp_path / "out.jsonl.rejected.jsonl").write_text("of an earlier run")
    assert run("clean", "in.jsonl", "-o", "out.jsonl") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_a_page_that_is_not_utf8_leaves_no_page_behind(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gbk.txt").write_bytes("江口市".encode("gbk"))
    assert run("clean", "gbk.txt", "-o", "out.txt") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gbk.txt", "out.txt.rejected.jsonl"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["gone.jsonl"], "gone.jsonl: no such file"),
        (["folder"], "folder: is a folder; its clean files need one, too: name it with -o OUTDIR/"),
        (["in.jsonl", "gone.txt", "-o", "out.jsonl"], "gone.txt: no such file"),
        (["-", "-"], "standard input (-) can be read only once"),
        (["in.jsonl", "-o", "in.jsonl"], "in.jsonl is both input and output; write to another file"),
        (["in.jsonl", "-o", "link.jsonl"], "link.jsonl is both input and output"),
        (["a.txt", "-o", "."], "a.txt is both input and output"),
        (["in.jsonl", "-o", "out.jsonl", "--verdicts", "out.jsonl"], "out.jsonl is named for two outputs"),
        (["in.jsonl", "--verdicts", "-"], "stdout is named for two outputs"),
        (["in.jsonl", "-o", "none/out.jsonl"], "none/out.jsonl: can't be written (no folder none)"),
        (["in.jsonl", "-o", "a.txt/out.jsonl"], "a.txt/out.jsonl: can't be written (no folder a.txt)"),
        (["a.txt", "-o", "a.txt/"], "a.txt/: can't be written (File exists)"),
        (["in.jsonl", "-o", "folder"], "folder: is not empty (a.txt); a run needs a folder of its own"),
        (["in.jsonl", "-o", "out.jsonl", "--resume"], "--resume is for runs into a folder: name one with -o OUTDIR/"),
        (["a.txt", "folder/a.txt", "-o", "new/"], "two inputs are named a.txt and would become one file in new/"),
        (["a.txt", "in.jsonl", "-o", "out.txt"], "several inputs can't become one plain text page out.txt"),
        (["a.txt", "--policy", "strict"], "no policy 'strict': built in are default"),
        (["a.txt", "--model", "gpt"], "no model 'gpt'"),
    ],
)
def test_a_wrong_call_ends_in_one_sentence_and_writes_nothing(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    write_jsonl(tmp_path / "in.jsonl", {"text": "江口"})
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "in.jsonl")
    (tmp_path / "a.txt").write_text("江口", "utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("青泥", "utf-8")
    before = sorted(tmp_path.rglob("*"))
    assert run("clean", *words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"moderation: error: {sentence}")
    assert err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "wrapped by numba"])
def test_ctrl_c_leaves_nothing_that_looks_finished(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wrapped: bool
) -> None:
    write_jsonl(tmp_path / "in.jsonl", *[{"text": NEWS}] * 4, b"oops", {"text": RECIPE})
    real, calls = Moderator.clean_many, []

    def interrupted(self: Moderator, texts: Sequence[str]) -> list[Result]:
        calls.append(len(texts))
        if len(calls) == 3:
            if wrapped:
                raise SystemError("a dispatcher returned a result with an exception set") from KeyboardInterrupt()
            raise KeyboardInterrupt
        return real(self, texts)

    monkeypatch.setattr(clean, "BATCH_BYTES", 1)
    monkeypatch.setattr(Moderator, "clean_many", interrupted)
    assert run("clean", "in.jsonl", "-o", "out.jsonl", "--verdicts", "v.jsonl") == 130
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]
    assert capsys.readouterr().err == "moderation: interrupted\n"


def test_documents_are_read_a_batch_at_a_time(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_jsonl(tmp_path / "in.jsonl", *[{"id": n, "text": NEWS} for n in range(7)])
    real, sizes = Moderator.clean_many, []

    def counted(self: Moderator, texts: Sequence[str]) -> list[Result]:
        sizes.append(len(texts))
        return real(self, texts)

    monkeypatch.setattr(clean, "BATCH_BYTES", 3 * len(NEWS.encode()))
    monkeypatch.setattr(Moderator, "clean_many", counted)
    assert run("clean", "in.jsonl", "-o", "out.jsonl") == 0
    assert sizes == [3, 3, 1]
    assert [record["id"] for record in read_jsonl(tmp_path / "out.jsonl")] == list(range(7))


def test_a_device_is_written_to_and_not_replaced(run: Run, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", {"text": "江口"})
    assert run("clean", "in.jsonl", "-o", "/dev/null") == 0
    assert Path("/dev/null").is_char_device()


def test_a_link_keeps_pointing_to_the_file_that_is_replaced(run: Run, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", {"text": "江口"})
    (tmp_path / "real.jsonl").write_text("old")
    (tmp_path / "out.jsonl").symlink_to("real.jsonl")
    assert run("clean", "in.jsonl", "-o", "out.jsonl", "--policy", "flag-only") == 0
    assert (tmp_path / "out.jsonl").is_symlink()
    assert read_jsonl(tmp_path / "real.jsonl") == [{"text": "江口"}]


def test_summary_balances_and_quiet_is_silent(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_jsonl(tmp_path / "in.jsonl", {"text": NEWS}, {"text": ""})
    assert run("clean", "in.jsonl", "-o", "out.jsonl", "--verdicts", "v.jsonl") == 0
    lines: list[Any] = [line for record in read_jsonl(tmp_path / "v.jsonl") for line in record["lines"]]
    dropped = sum(line["action"] == "drop" for line in lines)
    err = capsys.readouterr().err
    assert f"moderation: 2 documents; lines: {len(lines) - dropped} kept, {dropped} dropped, 0 flagged; " in err
    assert err.count("\n") == 1
    assert "MB/s" not in err, "the time of two pages says nothing of the speed"
    assert run("clean", "in.jsonl", "-o", "out.jsonl", "--quiet") == 0
    assert capsys.readouterr().err == ""


def test_the_summary_counts_one_document_as_one_and_tells_the_speed_of_a_long_run() -> None:
    found = summary.Summary(documents=1, chars_in=4, chars_out=3)
    assert found.sentence(0, 999_999, 0.5) == (
        "moderation: 1 document; lines: 0 kept, 0 dropped, 0 flagged; 25.0% of characters removed; 0 rejected"
    )
    assert found.sentence(0, 3_000_000, 0.5).endswith("; 0 rejected; 6.0 MB/s")


def test_a_byte_order_mark_before_jsonl_is_not_part_of_the_record(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(inputs.BOM + orjson.dumps({"text": "江口"}) + b"\r\n")
    assert run("clean", "in.jsonl", "-o", "out.jsonl", "--policy", "flag-only") == 0
    assert read_jsonl(tmp_path / "out.jsonl") == [{"text": "江口"}]
