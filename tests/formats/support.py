"""Invented pages and the few ways that every format's tests read and write with."""

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from moderation.formats.base import Chunk, Columns, Compression, Extent, Reading, Source
from moderation.formats.table import load_format

TEXTS: Final = (
    "首页 新闻 登录 注册\n本报讯，青泥河上游的三座老闸今年入冬以前全部更换。\n版权所有 江口日报社",
    "老人说，腌菜要趁霜降以后动手，盐和菜一层一层地码。",
    "",
    "ＦＵＬＬ　ｗｉｄｔｈ：全角字符，　　段首空两格。",
    "簡體與繁體：圖書館二樓的閱覽室重新開放。\r\n\r\n第二段",
    "引号“”\"'，逗号,，制表\t符，竖线|，反斜杠\\，零宽\u200b字，𠮷野家，分行\u2028符",
    "坏掉的字节变成\ufffd\ufffd，控制符\x01也在。",
)
SIZES: Final = (40, 700, 10_000, 1 << 40)
"""Target sizes of extents, from less than a record to everything at once."""


@dataclass(frozen=True)
class Read:
    """All that came out of a source."""

    texts: list[str]
    ids: list[Any]
    places: list[int]
    reasons: list[tuple[int, str]]
    skipped: Counter[str]


def source(path: Path, form: str, compression: Compression = "") -> Source:
    """A source of one local file."""
    return Source(str(path), path.name, form, compression)


def chunks(src: Source, target: int = 1 << 40, reading: Reading | None = None) -> list[Chunk]:
    """All chunks of all extents."""
    form = load_format(src.format)
    return [c for e in form.split(src, target) for c in form.read(src, e, reading or Reading())]


def summed(found: Sequence[Chunk]) -> Read:
    """Chunks as one."""
    return Read(
        [text for chunk in found for text in chunk.texts],
        [own for chunk in found for own in chunk.ids],
        [place for chunk in found for place in chunk.places],
        [(reject.place, reject.reason) for chunk in found for reject in chunk.rejects],
        sum((Counter(chunk.skipped) for chunk in found), Counter()),
    )


def read_each_way(src: Source, reading: Reading | None = None) -> Read:
    """What a source holds, having made sure that it does not depend on where it is cut."""
    first: Read | None = None
    for target in SIZES:
        found = chunks(src, target, reading)
        for chunk in found:
            counts = {len(chunk.texts), len(chunk.ids), len(chunk.urls), len(chunk.places), len(chunk.sizes)}
            assert counts == {len(chunk.rows)}
        read = summed(found)
        assert read.places == sorted(read.places)
        assert len(set(read.places)) == len(read.places)
        first = first or read
        assert read == first, f"another result with extents of {target} bytes"
    assert first is not None
    return first


def extents(src: Source, target: int) -> list[Extent]:
    """Where a source is cut."""
    return load_format(src.format).split(src, target)


def written(form: str, found: Sequence[Chunk], change: str = "") -> bytes:
    """The chunks written in a format, `change` added to every text."""
    out = io.BytesIO()
    target = load_format(form)
    writer = target.writer(out, Columns(), found[0], target.schema(found[:1], Columns()))
    for chunk in found:
        writer.write(chunk, [text + change for text in chunk.texts], [True] * len(chunk))
    writer.close()
    return out.getvalue()
