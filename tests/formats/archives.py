"""Invented WARC files, built byte by byte, so that they can be damaged on purpose."""

import gzip
from collections.abc import Sequence

PAGE = """<!DOCTYPE html><html><head><meta charset="{charset}"><title>{title}-青禾县人民政府</title>
<style>.nav{{color:red}}</style><script>var 广告 = "脚本里的字";</script></head><body>
<ul class="nav"><li><a href="/">首页</a></li><li><a href="/news">新闻</a></li></ul>
<h1>{title}</h1><p>各乡镇人民政府，<b>县直</b>各单位：</p><p>现将有关事项通告如下。<br>一、缴费时间</p>
<table><tr><th>项目</th><th>金额</th></tr><tr><td>居民医保</td><td>四百元</td></tr></table>
<div style="display:none">澳门新葡京开户送彩金</div>
<footer>版权所有&nbsp;青禾县人民政府</footer></body></html>"""


def page(title: str, charset: str = "gbk") -> bytes:
    """A page in its charset."""
    return PAGE.format(title=title, charset=charset).encode(charset)


def record(kind: str, block: bytes, number: int = 0, **headers: str) -> bytes:
    """A WARC record."""
    found = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:00000000-0000-4000-8000-{number:012d}>",
        "WARC-Date": "2024-09-18T09:30:00Z",
        "WARC-Target-URI": f"http://www.qinghe.example/{number}.html",
        **{name.replace("_", "-"): value for name, value in headers.items()},
        "Content-Length": str(len(block)),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in found.items())
    return b"WARC/1.0\r\n" + lines.encode() + b"\r\n" + block + b"\r\n\r\n"


def response(body: bytes, number: int = 0, mime: str = "text/html", status: str = "200 OK", extra: str = "") -> bytes:
    """An HTTP response as a record."""
    head = f"HTTP/1.1 {status}\r\n" + (f"Content-Type: {mime}\r\n" if mime else "") + extra + "\r\n"
    return record("response", head.encode() + body, number, Content_Type="application/http; msgtype=response")


def conversion(text: str, number: int = 0) -> bytes:
    """A record of a WET file."""
    extra = {"Content_Type": "text/plain", "WARC_Refers_To": f"<urn:uuid:r-{number}>"}
    return record("conversion", text.encode(), number, **extra, WARC_Identified_Content_Language="zho")


def members(records: Sequence[bytes]) -> list[bytes]:
    """Each record as a gzip member."""
    return [gzip.compress(one, mtime=0) for one in records]
