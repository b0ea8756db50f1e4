"""What looks like source code, or writes about it: there, entities and tags are the content."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np

from moderation.kernel.repair import MARKUP as MARK
from moderation.kernel.repair_page import CODE, FIRST, SECOND, SUBJECT, source_lines
from moderation.repair.fix import Page

ENTITY: Final = re.compile(r"&(?:amp;)*(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
"""`&nbsp;`, `&#x4e2d;`, and what was escaped twice, `&amp;nbsp;`."""
MARKUP: Final = re.compile(rf"{ENTITY.pattern}|<[/\\!A-Za-z][^<>\n]{{0,500}}>")
STATEMENT: Final = re.compile(
    r"""^\s*(?:\#(?:include|define)\b|(?:import|package|use)\s+[\w.\\]+;?\s*$|from\s+[\w.]+\s+import\b|def\s+\w+\(|
            (?:public|private|protected|static|func|fn|function|class|enum|struct|var|let|const)\s+[\w$<>]+.*[({=;]|
            (?:if|for|while|switch|catch)\s*\(.*[{;)]\s*$|return\b.*;\s*$|echo\s|//\s|/\*|\*/|>>>\s|\$\s?\w|
            <\?php|<\?xml|<!DOCTYPE|</?(?:html|head|body|meta|link|script|style)\b|@\w+\(|--\s|SELECT\s)
      |[;{}]\s*$(?<=[\w)\]"'};{}\s][;{}])
      |\)\s*=>|=>\s*\{|\b(?:function|\$)\s*\(|\bdocument\.|\bwindow\.|\bconsole\.log|\bSystem\.out|::\w|\w->\w|&&|\|\||[=!]==?\s?["'\w]""",
    re.VERBOSE,
)
SIGN: Final = re.compile(
    r"#|\(|\)|\{|\}|;|=|<|>|@|\$|&|\||\*|//|--|::|import|package|use|from|SELECT|echo|document|window|console|System"
)
"""What every statement has at least one of: nearly all lines of a Chinese page are known by having none."""
ABOUT: Final = re.compile(
    r"(?<![.\w/])(?:HTML5?|CSS3?|XML|JavaScript|JSX|PHP|DOM)(?![\w/])|转义|轉義|实体(?:字符|编码|引用|符号)|字符实体|"
    r"源码|源代码|原始碼|前端开发|前端開發|标签语言|標籤語言|爬虫|爬蟲|读屏软件|正则表达式"
)
"""Words of pages on the subject; as crawlers write them, not as they stand in addresses."""
SUBJECTS: Final = (
    *("HTML", "CSS", "XML", "JavaScript", "JSX", "PHP", "DOM", "转义", "轉義", "实体", "源码", "源代码", "原始碼"),
    *("前端开发", "前端開發", "标签语言", "標籤語言", "爬虫", "爬蟲", "读屏软件", "正则表达式"),
)
"""One of them is in everything that ABOUT finds."""
WORDS: Final = np.zeros(1 << 16, np.uint8)
WORDS[[ord(word[0]) for word in SUBJECTS]] |= FIRST
WORDS[[ord(word[1]) for word in SUBJECTS]] |= SECOND
SIGNS: Final = np.array([bool(re.match(r"[#(){};=<>@$&|*/:\-A-Za-z]", chr(code))) for code in range(128)])
"""One of them is in everything that SIGN finds."""
MENTIONS: Final = 2
CODE_LINES: Final = 2
"""So many mentions, or so many lines of code, and all markup of the page is taken for its content."""


def looks_like_code(line: str) -> bool:
    """Whether a line is source code; its tags and entities alone do not make it so."""
    if not SIGN.search(line):
        return False
    return STATEMENT.search(line if line.lstrip()[:1] == "<" and "=" not in line else MARKUP.sub("", line)) is not None


def has_markup(line: str) -> bool:
    """Whether a line holds a tag, an entity or the beginning of a comment."""
    return MARKUP.search(line) is not None or "<!--" in line


def lines_with_markup(page: Page) -> Iterator[tuple[int, str]]:
    """Offset and text of the lines whose tags and entities are damage, if is_source does not say otherwise."""
    for start, line in page.marked(MARK):
        if has_markup(line) and not looks_like_code(line) and not ABOUT.search(line):
            yield start, line


def is_source(page: Page) -> bool:
    """Whether the page is source code or about such things, by the lines of which something stays."""
    if "source" not in page.known:
        page.known["source"] = find_source(page)
    return page.known["source"]


def find_source(page: Page) -> bool:
    """is_source, which is asked many times."""
    lines = source_lines(page.codes, page.keep, WORDS, SIGNS).tolist()
    if sum(len(ABOUT.findall(page.piece(a, b))) for a, b, bits in lines if bits & SUBJECT) >= MENTIONS:
        return True
    code = (a for a, b, bits in lines if bits & CODE and looks_like_code(page.piece(a, b)))
    return len(list(islice(code, CODE_LINES))) == CODE_LINES
