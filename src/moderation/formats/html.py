"""A web page to lines: one block a line, everything that stands on the page and in its order.

Menus, footers and hidden text stay in: which lines are junk is the model's business, and only what it sees can go on
record. Scripts, styles, comments and attributes are no text of the page.
"""

import re
from typing import Final

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

LABELLED_INPUTS: Final = frozenset({"submit", "button", "reset"})
"""Inputs whose value stands on the page as their label."""

# no part goes past a "<" or is tried twice: a page must not be able to make this take quadratic time
_FIELD = re.compile(
    r"""</?(input|button|option|optgroup|select|textarea)\b((?>[^<>"']++|"[^"<]*+"|'[^'<]*+'|["'])*+)>""",
    re.IGNORECASE,
)
_TYPE = re.compile(r"""\btype\s*=\s*["']?(\w+)""", re.IGNORECASE)
_VALUE = re.compile(r"""\bvalue\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_SPACES: Final = " \t\r\f\v\xa0"


def page_lines(html: str) -> str:
    """The page's text: its title, then each block as a line, the cells of a table row with a tab between.

    No line is blank or has white space around it but the ideographic space, which is how Chinese paragraphs begin.
    """
    tree = HTMLTree.parse(_FIELD.sub(_label, html))
    text = extract_plain_text(
        tree,
        preserve_formatting=True,
        main_content=False,
        list_bullets=False,
        alt_texts=False,
        links=False,
        form_fields=True,
        noscript=True,
        comments=True,
        post_meta=True,
        hidden_elements=True,
    )
    lines = _tidy(text)
    title = " ".join((tree.title or "").split())
    if not title or lines == title or lines.startswith(f"{title}\n"):
        return lines
    return f"{title}\n{lines}" if lines else title


def _label(field: re.Match[str]) -> str:
    """A form field's tag as the text that stands on the page: a button's label; a space for what encloses its label.

    resiliparse would put brackets around buttons and glue options together. This is done before parsing because its
    query results take quadratic time to go through.
    """
    if field[1].lower() != "input":
        return " "
    kind, value = _TYPE.search(field[2]), _VALUE.search(field[2])
    if kind is None or value is None or kind[1].lower() not in LABELLED_INPUTS:
        return " "
    return f" {value[1] or value[2] or value[3] or ''} "


def _tidy(text: str) -> str:
    """Blank lines and the white space around lines and cells out, one tab between cells."""
    lines = (line.strip(_SPACES) for line in text.split("\n"))
    return "\n".join(_cells(line) if "\t" in line else line for line in lines if line)


def _cells(row: str) -> str:
    """Cells that hold something."""
    cells = (cell.strip(_SPACES) for cell in row.split("\t"))
    return "\t".join(cell for cell in cells if cell)
