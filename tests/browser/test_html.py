"""HTML is read without its attributes, because the browser would report them; what a reader sees stays the same."""

import random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import Page

PARTS: Final = (
    "甲", "乙 ", "\u3000", "\n", "1 < 2 ", "a<b", "<3", "</", "<", ">", '"', "'", "&amp;", "&lt;b&gt;",
    "<p>", "</p>", "<b>", "</b>", '<div class="a">', "</div>", "<a href='x>y'>", "</a>", "<br/>", '<img alt="a>b">',
    "<script>坏</script>", "<!-- 坏 -->", "<!-- 坏", "<textarea>文<b></textarea>", "<title>题</title>",
    "<td>格</td>", "<table>", "</table>", "<tr>", "<li>项", "<ul>", "<?php 坏 ?>", "<!DOCTYPE html>",
    "<p x=\">\" y='<'>", "<p x=a>b", "<option>选", "<svg a><path/></svg>", '<p =">', '<p a= b=">">',
    '<a b="c"d>', "<pre>\n 甲\n乙</pre>", "<b\u3000title='>'>", "<p a='", "<p/x/y>", "<svg/>", "<template>丙",
)  # fmt: skip
READ: Final = """
async (pages) => {
  const { withoutAttributes } = await import("/js/bare.js");
  const { linesOfHtml } = await import("/js/html.js");
  const words = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const unread = "script, svg, math, iframe, template, noembed, noframes, xmp";
    for (const one of page.querySelectorAll(unread)) one.remove();
    return page.documentElement.textContent.replace(/[ \\t\\r\\n\\f]+/g, "");
  };
  const bare = (html) => [...new DOMParser().parseFromString(html, "text/html").querySelectorAll("*")].every(
    (one) => one.attributes.length === 0);
  return pages.filter((html) => {
    linesOfHtml(html);
    const stripped = withoutAttributes(html);
    return words(html) !== words(stripped) || !bare(stripped);
  });
}
"""


def test_markup_without_attributes_says_the_same(page: "Page") -> None:
    chance = random.Random(7)
    pages = ["".join(chance.choices(PARTS, k=chance.randint(1, 14))) for _ in range(3000)]
    assert page.evaluate(READ, pages) == []


def test_a_drawing_that_is_never_closed_swallows_no_text(page: "Page") -> None:
    read = "async (html) => (await import('/js/html.js')).linesOfHtml(html)"
    assert page.evaluate(read, "<svg a='b'><path d='M0'><p>正文一</p><math><p>正文二</p>") == "正文一\n正文二\n"


def test_unclosed_markup_is_read_in_linear_time(page: "Page") -> None:
    for part in ("<", "<p a='", '<p a="', "<!--", "</", "<script>", "<p =", "<a b= "):
        took = page.evaluate(
            "async (html) => { const { linesOfHtml } = await import('/js/html.js'); const begin = performance.now();"
            " linesOfHtml(html); return performance.now() - begin; }",
            part * 40_000,
        )
        assert took < 5000, part
