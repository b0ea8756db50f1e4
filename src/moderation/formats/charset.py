"""Bytes of a web page to text: what the bytes show comes before what the page says of itself.

Servers send `iso-8859-1` by default and templates say `gb2312` whatever is in them, so a declared charset counts only
where the bytes fit it. UTF-8 is so regular that bytes which fit it are UTF-8.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from resiliparse.parse.encoding import detect_encoding

DAMAGE_ALLOWED: Final = 0.1
"""The share of non-ASCII characters that may be damaged before a charset is held not to fit."""

META_BYTES: Final = 8192
"""How far into a page its <meta charset> is looked for; Chinese templates put scripts and comments before it."""

BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

SUPERSETS: Final = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "unicode": "utf-8",
    "utf8": "utf-8",
}
"""Browsers read the old names as the larger charset that followed them, and so do pages."""

WESTERN: Final = frozenset({"cp1252", "iso8859-15", "iso8859-2", "cp1250", "latin_1", "iso8859-1"})
"""Single-byte charsets that any bytes fit: believed last."""

_META = re.compile(rb"""<meta[^>]{0,200}?charset\s{0,4}=\s{0,4}["']?\s{0,4}([\w.:-]{2,40})""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the charset it was read with, and how many of its characters stand for damaged bytes (U+FFFD)."""

    text: str
    charset: str
    damaged: int


def decode_page(data: bytes, declared: str | None = None) -> Decoded:
    """The text of a page. declared: what the HTTP header says; the page's own <meta> is looked up here."""
    for bom, charset in BOMS:
        if data.startswith(bom):
            return _decoded(data[len(bom) :], charset)
    best: tuple[float, Decoded] | None = None
    for n, charset in enumerate(_candidates(data, declared)):
        decoded = _decoded(data, charset)
        share = _damage(decoded)
        if share <= DAMAGE_ALLOWED and not (n == 0 and is_doubtful(decoded.text)):
            return decoded
        if best is None or share < best[0]:
            best = share, decoded
    return best[1] if best else _decoded(data, "utf-8")


def is_doubtful(text: str) -> bool:
    """Whether UTF-8 fits by chance, perhaps: Chinese takes three bytes a character, and two such bytes may be GBK."""
    return not text.isascii() and max(text) < "\u0800"


def _candidates(data: bytes, declared: str | None) -> Iterator[str]:
    """Charsets to try: UTF-8; what is declared, what is detected; UTF-8 at any rate; the ones that fit anything."""
    yield "utf-8"
    found = _META.search(data, 0, META_BYTES)
    meta = found[1].decode("ascii", "replace") if found else None
    names = _known([declared, meta, detect_encoding(data)])
    yield from (name for name in names if name not in WESTERN)
    yield "utf-8"
    yield from (name for name in names if name in WESTERN)


def _known(names: Iterable[str | None]) -> list[str]:
    """Python's names of the charsets it has, without repeats, as supersets, UTF-8 and UTF-16 left out.

    A page whose <meta> could be read as ASCII isn't UTF-16, whatever it says.
    """
    known: dict[str, None] = {}
    for name in names:
        if name:
            plain = name.strip().lower()
            try:
                info = codecs.lookup(SUPERSETS.get(plain, plain))
            except (LookupError, ValueError):
                continue
            # codecs such as "hex" and "rot13" are no charsets
            if getattr(info, "_is_text_encoding", True) and not info.name.startswith(("utf", "idna", "punycode")):
                known[info.name] = None
    return list(known)


def _decoded(data: bytes, charset: str) -> Decoded:
    """Damaged bytes become U+FFFD, so that they are seen and the rest is kept."""
    text = data.decode(charset, "replace")
    return Decoded(text, charset, text.count("\ufffd"))


def _damage(decoded: Decoded) -> float:
    """The share of non-ASCII characters that are damage, in [0, 1]."""
    if not decoded.damaged:
        return 0.0
    plain = len(decoded.text.encode("ascii", "ignore"))
    return decoded.damaged / (len(decoded.text) - plain)
