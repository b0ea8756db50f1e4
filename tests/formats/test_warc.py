"""WARC and WET: pages out of responses, whatever is broken between them; nothing goes uncounted."""

import gzip
import io
import re
import zlib
from pathlib import Path

import pytest

pytest.importorskip("fastwarc", reason="WARC needs the extra [warc]")

from fastwarc import ArchiveIterator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formats.archives import conversion, members, page, record, response
from formats.support import Read, chunks, extents, read_each_way, source, written
from moderation.errors import InputError, UsageError
from moderation.formats.base import CHUNK_BYTES, Columns, Reading
from moderation.formats.table import load_format
from moderation.formats.warc import TAG_BYTES

TITLES = [f"第{n}号通告：关于秋季森林防火检查" for n in range(12)]
RECORDS = [response(page(title), n) for n, title in enumerate(TITLES)]
MEMBERS = members(RECORDS)


def read(tmp_path: Path, data: bytes, name: str = "a.warc.gz", reading: Reading | None = None) -> Read:
    """What a WARC file holds, however it is cut."""
    (tmp_path / name).write_bytes(data)
    return read_each_way(source(tmp_path / name, "warc"), reading)


def titles(found: Read) -> list[str]:
    """The numbers of the pages that were read."""
    return [text.split("\n")[0].removesuffix("-青禾县人民政府") for text in found.texts]


def test_a_page_is_all_its_lines_in_order_chrome_included(tmp_path: Path) -> None:
    (text,) = read(tmp_path, MEMBERS[0]).texts
    assert text.split("\n") == [
        f"{TITLES[0]}-青禾县人民政府",
        "首页",
        "新闻",
        TITLES[0],
        "各乡镇人民政府，县直各单位：",
        "现将有关事项通告如下。",
        "一、缴费时间",
        "项目\t金额",
        "居民医保\t四百元",
        "澳门新葡京开户送彩金",
        "版权所有\xa0青禾县人民政府",
    ]


def test_a_page_comes_with_id_address_date_host_and_charset(tmp_path: Path) -> None:
    (tmp_path / "a.warc.gz").write_bytes(MEMBERS[3])
    (chunk,) = chunks(source(tmp_path / "a.warc.gz", "warc"))
    assert chunk.urls == ["http://www.qinghe.example/3.html"]
    assert isinstance(chunk.rows, list)
    assert {name: value for name, value in chunk.rows[0].items() if name != "text"} == {
        "id": "<urn:uuid:00000000-0000-4000-8000-000000000003>",
        "url": "http://www.qinghe.example/3.html",
        "date": "2024-09-18T09:30:00Z",
        "host": "www.qinghe.example",
        "charset": "gb18030",
    }


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.warc.gz", b"".join(MEMBERS)),
        ("a.warc", b"".join(RECORDS)),
        ("one-member.warc.gz", gzip.compress(b"".join(RECORDS))),
    ],
)
def test_each_record_is_read_once_wherever_the_file_is_cut(tmp_path: Path, name: str, data: bytes) -> None:
    found = read(tmp_path, data, name, Reading(chunk_bytes=2000))
    assert titles(found) == TITLES
    assert found.reasons == []


@pytest.mark.parametrize("name", ["a.warc.gz", "a.warc"])
def test_a_large_file_is_cut_between_its_records(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"".join(MEMBERS if name.endswith("gz") else RECORDS))
    assert len(extents(source(tmp_path / name, "warc"), 2000)) >= 4


def test_zstandard_is_read_in_order(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    data = b"".join(zstandard.compress(one) for one in RECORDS)
    assert titles(read(tmp_path, data, "a.warc.zst")) == TITLES


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (record("warcinfo", b"software: x\r\n"), "warcinfo record"),
        (record("request", b"GET / HTTP/1.1\r\n\r\n"), "request record"),
        (record("metadata", b"via: x\r\n"), "metadata record"),
        (record("revisit", b""), "revisit record"),
        (response(b"\x89PNG\r\n", mime="image/png"), "content type image/png"),
        (response(b"%PDF-1.7", mime="application/pdf"), "content type application/pdf"),
        (response(page("找不到"), status="404 Not Found"), "HTTP status 404"),
        (response(b"", status="301 Moved"), "HTTP status 301"),
        (
            record("resource", b"\x00\x01", Content_Type="application/octet-stream"),
            "content type application/octet-stream",
        ),
    ],
)
def test_what_is_no_page_is_skipped_with_its_reason(tmp_path: Path, one: bytes, reason: str) -> None:
    found = read(tmp_path, b"".join(members([RECORDS[0], one, RECORDS[1]])))
    assert titles(found) == TITLES[:2]
    assert dict(found.skipped) == {reason: 1}
    assert found.reasons == []


def chunked(body: bytes) -> bytes:
    """HTTP/1.1 chunks."""
    pieces = [body[n : n + 100] for n in range(0, len(body), 100)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


BODY = page("压缩")


@pytest.mark.parametrize(
    ("body", "extra"),
    [
        (gzip.compress(BODY), "Content-Encoding: gzip\r\n"),
        (zlib.compress(BODY), "Content-Encoding: deflate\r\n"),
        (chunked(BODY), "Transfer-Encoding: chunked\r\n"),
        (chunked(gzip.compress(BODY)), "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n"),
        (BODY, "Content-Encoding: gzip\r\n"),
        (BODY, "Transfer-Encoding: chunked\r\n"),
        (BODY, "Content-Encoding: utf-8\r\n"),
    ],
    ids=["gzip", "deflate", "chunked", "both", "says gzip", "says chunked", "says nonsense"],
)
def test_bodies_are_decoded_and_wrong_headers_not_believed(tmp_path: Path, body: bytes, extra: str) -> None:
    found = read(tmp_path, gzip.compress(response(body, extra=extra)))
    assert titles(found) == ["压缩"]


def test_of_a_body_that_breaks_off_what_there_is_is_kept(tmp_path: Path) -> None:
    body = chunked(page("半截"))[:-400]
    found = read(tmp_path, gzip.compress(response(body, extra="Transfer-Encoding: chunked\r\n")))
    assert titles(found) == ["半截"]
    assert "版权所有" not in found.texts[0]


def test_a_small_body_that_unpacks_to_too_much_is_set_aside(tmp_path: Path) -> None:
    bomb = response(gzip.compress(b"<p>" + b"0" * 2_000_000), extra="Content-Encoding: gzip\r\n")
    found = read(tmp_path, gzip.compress(bomb), reading=Reading(max_record_bytes=100_000))
    assert found.reasons == [(0, "holds over 100,000 bytes when decoded, the limit (--max-record-bytes)")]


def test_pages_over_the_limit_are_set_aside_and_films_skipped(tmp_path: Path) -> None:
    film = response(b"\x00" * 20_000, mime="video/mp4")
    long = response(b"<p>" + "长".encode() * 10_000)
    found = read(tmp_path, b"".join(members([film, long, RECORDS[0]])), reading=Reading(max_record_bytes=5000))
    assert titles(found) == TITLES[:1]
    assert dict(found.skipped) == {"content type video/mp4": 1}
    assert re.fullmatch(r"is 30,\d{3} bytes long, over the limit of 5,000 \(--max-record-bytes\)", found.reasons[0][1])


def test_a_type_that_was_not_sent_is_looked_for_in_the_bytes(tmp_path: Path) -> None:
    found = read(
        tmp_path, b"".join(members([response(page("没有类型"), mime=""), response(b"\x00\x01\x02" * 99, mime="")]))
    )
    assert titles(found) == ["没有类型"]
    assert dict(found.skipped) == {"content type unknown": 1}


def test_text_responses_are_read_as_they_are(tmp_path: Path) -> None:
    found = read(tmp_path, gzip.compress(response("第一行\n<b>第二行".encode("gbk"), mime="text/plain; charset=gbk")))
    assert found.texts == ["第一行\n<b>第二行"]


def damaged(at: int, junk: bytes, member: int = 4) -> bytes:
    """The file with bytes of one member overwritten."""
    data = bytearray(b"".join(MEMBERS))
    begin = sum(map(len, MEMBERS[:member])) + at
    data[begin : begin + len(junk)] = junk
    return bytes(data)


@pytest.mark.parametrize("at", [0, 3, 12, 40, 200, 300])
def test_a_damaged_member_is_one_reject_and_the_others_are_read(tmp_path: Path, at: int) -> None:
    found = read(tmp_path, damaged(at, b"\x00\xff" * 6))
    assert [title for title in TITLES if title != TITLES[4]] == [t for t in titles(found) if t != TITLES[4]]
    place = sum(map(len, MEMBERS[:4]))
    assert len(found.reasons) == 1
    assert place <= found.reasons[0][0] <= place + 1


def test_bytes_between_members_are_reported(tmp_path: Path) -> None:
    found = read(tmp_path, b"".join([*MEMBERS[:3], b"junk" * 10, *MEMBERS[3:]]))
    assert titles(found) == TITLES
    place = sum(map(len, MEMBERS[:3]))
    assert found.reasons == [(place, "is no gzip member: the bytes up to the next one are passed over")]


@pytest.mark.parametrize("name", ["a.warc.gz", "a.warc"])
@pytest.mark.parametrize(
    ("pattern", "replacement", "reason"),
    [
        (rb"WARC/1\.0", b"JUNK/1.0", "does not begin with WARC/"),
        (rb"Content-Length", b"Content-Lenxth", "has no Content-Length"),
    ],
)
def test_a_record_with_a_broken_header_is_one_reject(
    tmp_path: Path, name: str, pattern: bytes, replacement: bytes, reason: str
) -> None:
    broken = re.sub(pattern, replacement, RECORDS[2], count=1)
    parts = [*RECORDS[:2], broken, *RECORDS[3:]]
    found = read(tmp_path, b"".join(members(parts) if name.endswith("gz") else parts), name)
    assert titles(found) == [title for title in TITLES if title != TITLES[2]]
    assert [why.startswith(reason) for _, why in found.reasons] == [True]


@pytest.mark.parametrize("name", ["a.warc.gz", "a.warc"])
@pytest.mark.parametrize("cut", [1, 30, 300])
def test_of_a_file_that_breaks_off_the_rest_is_read_and_the_end_reported(tmp_path: Path, name: str, cut: int) -> None:
    parts = MEMBERS if name.endswith("gz") else RECORDS
    data = b"".join(parts)[: -len(parts[-1]) + cut]
    found = read(tmp_path, data, name)
    assert titles(found) == TITLES[:-1]
    assert len(found.reasons) == 1
    assert found.reasons[0][0] >= sum(map(len, parts[:-1]))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_damaged_every_extent_size_gives_the_same_and_nothing_else_is_lost(
    tmp_path: Path, data: st.DataObject
) -> None:
    whole = bytearray(b"".join(MEMBERS))
    at = data.draw(st.integers(0, len(whole) - 1))
    junk = data.draw(st.binary(min_size=1, max_size=40))
    whole[at : at + len(junk)] = junk
    try:
        found = read(tmp_path, bytes(whole))
    except InputError:
        assert at < 4
        return
    hurt = set()
    place = 0
    for title, member in zip(TITLES, MEMBERS, strict=True):
        if place < at + len(junk) and at < place + len(member):
            hurt.add(title)
        place += len(member)
    assert [title for title in titles(found) if title not in hurt and title in TITLES] == [
        title for title in TITLES if title not in hurt
    ]


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.warc").write_bytes("一封信".encode())
    with pytest.raises(InputError, match=r"a\.warc: is not a WARC file: it begins with"):
        chunks(source(tmp_path / "a.warc", "warc"))


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, b"", "a.warc").texts == []


def test_warc_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "a.warc.gz").write_bytes(MEMBERS[0])
    found = chunks(source(tmp_path / "a.warc.gz", "warc"))
    with pytest.raises(UsageError, match="choose --to jsonl, parquet or wet"):
        load_format("warc").writer(io.BytesIO(), Columns(), found[0], None)


WET_TEXTS = ["首页 新闻\n老人说，腌菜要趁霜降以后动手。\n", "第二页\r\n没有换行结尾", ""]


def test_conversion_records_are_text_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "a.wet.gz").write_bytes(b"".join(members([conversion(text, n) for n, text in enumerate(WET_TEXTS)])))
    found = read_each_way(source(tmp_path / "a.wet.gz", "wet"))
    assert found.texts == WET_TEXTS


def test_wet_becomes_wet_that_others_can_read(tmp_path: Path) -> None:
    src = source(tmp_path / "a.wet.gz", "wet")
    (tmp_path / "a.wet.gz").write_bytes(b"".join(members([conversion(text, n) for n, text in enumerate(WET_TEXTS)])))
    out = written("wet", chunks(src), "。")
    assert out == written("wet", chunks(src), "。")
    seen = []
    for one in ArchiveIterator(io.BytesIO(out)):
        assert one.verify_block_digest()
        assert one.headers["WARC-Type"] == "conversion"
        assert one.headers["WARC-Identified-Content-Language"] == "zho"
        seen.append((one.headers["WARC-Record-ID"], one.headers["WARC-Refers-To"], one.reader.read().decode()))
    assert seen == [
        (f"<urn:uuid:00000000-0000-4000-8000-{n:012d}>", f"<urn:uuid:r-{n}>", text + "。")
        for n, text in enumerate(WET_TEXTS)
    ]


def test_other_documents_can_become_wet(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text":"甲","url":"http://江口.example/"}\n{"text":"乙","id":7}\n', "utf-8")
    out = written("wet", chunks(source(tmp_path / "a.jsonl", "jsonl")))
    (tmp_path / "b.wet.gz").write_bytes(out)
    found = read_each_way(source(tmp_path / "b.wet.gz", "wet"))
    assert found.texts == ["甲", "乙"]
    assert all(str(own).startswith("<urn:uuid:") for own in found.ids)


def test_a_page_of_hardly_anything_but_tags_is_set_aside(tmp_path: Path) -> None:
    most = CHUNK_BYTES // TAG_BYTES
    bodies = [b"<b>" * (most + 1), b"<b>" * most]
    (tmp_path / "a.warc").write_bytes(b"".join(response(body, n) for n, body in enumerate(bodies)))
    (chunk,) = chunks(source(tmp_path / "a.warc", "warc"), reading=Reading(max_record_bytes=CHUNK_BYTES))
    (reject,) = chunk.rejects
    assert reject.reason == f"has {most + 1:,} tags, the limit is {most:,} (--max-record-bytes / 16)"
    assert len(chunk) == 1
