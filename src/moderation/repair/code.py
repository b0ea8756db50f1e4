"""What looks like source code, or writes about it: there, entities and tags are the content."""

import re
from itertools import islice
from typing import Final

from moderation.repair.fix import Page

ENTITY: Final = re.compile(r"&(?:amp;)*(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
"""`&nbsp;`, `&#x4e2d;`, and what was escaped twice, `&amp;nbsp;`."""
HAN: Final = re.compile(r"[\u3400-\u9fff]")
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
BEGIN: Final = re.compile("[&<]")
"""What every tag, entity and comment begins with."""
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
"""One of them is in everything that ABOUT finds, and a text is counted through for them many times faster."""
MENTIONS: Final = 2
CODE_LINES: Final = 2
"""So many mentions, or so many lines of code, and all markup of the page is taken for its content."""


def looks_like_code(line: str) -> bool:
    """Whether a line is source code; its tags and entities alone do not make it so."""
    if not SIGN.search(line):
        return False
    return STATEMENT.search(line if line.lstrip()[:1] == "<" and "=" not in line else MARKUP.sub("", line)) is not None


def is_chinese(line: str) -> bool:
    """Whether a third of a line is Chinese: prose, though code may hang on its end."""
    return len(HAN.findall(line)) * 3 > len(line)


def has_markup(line: str) -> bool:
    """Whether a line holds a tag, an entity or the beginning of a comment."""
    return MARKUP.search(line) is not None or "<!--" in line


def lines_with_markup(page: Page) -> list[tuple[int, str]]:
    """Offset and text of the lines whose tags and entities are damage; none where the page is about such things."""
    if "markup" not in page.found:
        page.found["markup"] = find_markup(page)
    return page.found["markup"]


def find_markup(page: Page) -> list[tuple[int, str]]:
    """lines_with_markup, which is asked for twice."""
    lines = [(start, line) for start, line in page.lines_with(BEGIN) if has_markup(line)]
    prose = [(start, line) for start, line in lines if not looks_like_code(line) and not ABOUT.search(line)]
    if not prose or is_about(page):
        return []
    code = (line for _, line in page.lines_with(SIGN) if looks_like_code(line) and not is_chinese(line))
    return [] if len(list(islice(code, CODE_LINES))) == CODE_LINES else prose


def is_about(page: Page) -> bool:
    """Whether the page is about such things."""
    words = (re.compile(word) for word in SUBJECTS if word in page.text)
    lines = {start: line for word in words for start, line in page.lines_with(word)}
    return sum(len(ABOUT.findall(line)) for line in lines.values()) >= MENTIONS
