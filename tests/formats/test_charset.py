"""Charsets of Chinese pages: the bytes come before what the page and the server say."""

import pytest

pytest.importorskip("resiliparse", reason="charsets need the extra [warc]")

from hypothesis import given
from hypothesis import strategies as st

from moderation.formats.charset import decode_page

SIMPLE = "青禾县2024年城乡居民医疗保险参保缴费通告，现将有关事项通告如下。集中缴费期为九月至十二月。"
COMPLEX = "簡體與繁體的差異，臺北市政府公告：請民眾踴躍參加，圖書館二樓的閱覽室重新開放。"
WESTERN = "Le café est fermé, déjà vu, garçon, naïve"


@pytest.mark.parametrize(
    ("text", "stored", "declared", "charset"),
    [
        (SIMPLE, "utf-8", None, "utf-8"),
        (SIMPLE, "gbk", None, "gb18030"),
        (SIMPLE, "gb18030", "gb18030", "gb18030"),
        (SIMPLE, "gbk", "gb2312", "gb18030"),
        (COMPLEX, "big5", None, "big5hkscs"),
        (COMPLEX, "big5", "Big5", "big5hkscs"),
        (COMPLEX, "utf-8", "big5", "utf-8"),
        (SIMPLE, "utf-8", "gb2312", "utf-8"),
        (SIMPLE, "gbk", "utf-8", "gb18030"),
        (SIMPLE, "gbk", "ISO-8859-1", "gb18030"),
        (SIMPLE, "gbk", "没有这种", "gb18030"),
        (SIMPLE, "gbk", "hex", "gb18030"),
        (SIMPLE, "utf-8-sig", "gbk", "utf-8"),
        (SIMPLE, "utf-16", None, "utf-16-le"),
        (WESTERN, "cp1252", None, "cp1252"),
        ("plain ascii", "ascii", "gbk", "utf-8"),
        ("", "utf-8", None, "utf-8"),
    ],
)
def test_pages_are_read_in_the_charset_they_are_in(text: str, stored: str, declared: str | None, charset: str) -> None:
    decoded = decode_page(text.encode(stored), declared)
    assert (decoded.text, decoded.charset, decoded.damaged) == (text, charset, 0)


@pytest.mark.parametrize(
    "meta",
    [
        '<meta charset="big5">',
        "<META http-equiv=Content-Type content='text/html; charset=big5'>",
        "<meta charset=big5 />",
    ],
)
def test_the_page_tells_its_charset_where_the_server_does_not(meta: str) -> None:
    short = f"<html><head>{meta}</head>公告</html>"
    assert decode_page(short.encode("big5")).text == short


@pytest.mark.parametrize(("charset", "declared"), [("utf-8", None), ("gb18030", "gbk"), ("big5hkscs", "big5")])
def test_damaged_bytes_are_marked_and_the_rest_is_read(charset: str, declared: str | None) -> None:
    text = COMPLEX if charset.startswith("big5") else SIMPLE
    half = len(text) // 2
    data = text[:half].encode(charset) + b"\xff" + text[half:].encode(charset)
    decoded = decode_page(data, declared)
    assert decoded.charset == charset
    assert decoded.damaged == 1
    assert decoded.text.startswith(text[: half - 1])
    assert decoded.text.endswith(text[half + 2 :])


@given(st.binary(max_size=300), st.sampled_from([None, "gbk", "big5", "utf-16", "idna", "x"]))
def test_any_bytes_become_valid_text(data: bytes, declared: str | None) -> None:
    decode_page(data, declared).text.encode("utf-8")


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=20, max_size=200))
def test_declared_gbk_is_read_back(text: str) -> None:
    assert decode_page(text.encode("gbk"), "gbk").text == text
