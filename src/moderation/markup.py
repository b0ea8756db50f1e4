"""What every HTML report of ours shares: escaped text, tables, and a page that needs nothing else and runs nothing."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from typing import Final

CONTROLS: Final = {code: 0x2400 + code for code in range(0x20) if code not in b"\t\n"} | {0x7F: 0x2421}
"""Control characters, some of which no HTML may hold, as their pictures; tabs and breaks are spaces in HTML."""

# Crawled text is other people's: should any of it ever get past the escaping, the browser still runs and loads nothing.
SECURITY: Final = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"


def shown(text: object) -> str:
    """Any text as HTML shows it, in an element or in an attribute; nothing in it is markup."""
    return escape(str(text).translate(CONTROLS))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose cells are HTML; every first cell is a heading of its row. It scrolls where it is too wide."""
    body = "".join(f"<tr><th scope=row>{first}</th>{cells(rest)}</tr>" for first, *rest in rows)
    top = "".join(f"<th scope=col>{cell}</th>" for cell in head)
    return f"<div class=wide tabindex=0><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"


def cells(found: Iterable[str]) -> str:
    """Table cells."""
    return "".join(f"<td>{cell}</td>" for cell in found)


def style_sheet(*names: str) -> str:
    """Style sheets of data/, one after the other."""
    return "".join(resources.files("moderation").joinpath("data", name).read_text("utf-8") for name in names)


def page(title: str, style: str, sections: Iterable[str]) -> str:
    """A whole HTML file. sections: HTML."""
    return (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        f'<meta http-equiv="Content-Security-Policy" content="{SECURITY}">'
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<title>{shown(title)}</title><style>\n{style}</style></head>\n<body><main>\n"
        + "\n".join(f"<section>{section}</section>" for section in sections)
        + "\n</main></body></html>\n"
    )
