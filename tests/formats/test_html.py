"""Pages to lines: everything that stands on the page, one block a line, in order."""

import time

import pytest

pytest.importorskip("resiliparse", reason="HTML needs the extra [warc]")

from moderation.formats.html import page_lines


@pytest.mark.parametrize(
    ("html", "lines"),
    [
        ("<p>前</p><p>后</p>", ["前", "后"]),
        ("<p>一<br>二<br/>三</p>", ["一", "二", "三"]),
        ("<p>源码里\n换行</p>", ["源码里 换行"]),
        ("<div>甲<div>乙</div>丙</div>", ["甲", "乙", "丙"]),
        ("<a>首页</a> <a>新闻</a> | <a>登录</a>", ["首页 新闻 | 登录"]),
        ("<ul><li>一<ul><li>一之一</ul><li>二</ul>", ["一", "一之一", "二"]),
        ("<table><tr><td>甲<td>乙<tr><td>丙<td>丁</table>", ["甲\t乙", "丙\t丁"]),
        ("<pre>第一行\n  第二行</pre>", ["第一行", "第二行"]),
        ("<p>\u3000\u3000段首空两格</p>", ["\u3000\u3000段首空两格"]),
        ("<p>词&nbsp;词&#x4e2d;&amp;</p>", ["词\xa0词中&"]),
        ("<p>断<script>var x='脚本'</script>开<style>p{}</style></p>", ["断开"]),
        ("<p>空<!-- 注释 -->注</p>", ["空注"]),
        ("<noscript>请开启脚本</noscript>", ["请开启脚本"]),
        ("<div style='display:none'>隐藏的字</div><p hidden>也隐藏</p>", ["隐藏的字", "也隐藏"]),
        ("<nav>导航</nav><aside>广告</aside><footer>版权所有</footer>", ["导航", "广告", "版权所有"]),
        ("<div class='comments'><p>楼主好人</p></div>", ["楼主好人"]),
        ("<img alt='县徽' src='a.png'><p>字</p>", ["字"]),
        ("<select><option>北京<option selected>上海</select>", ["北京 上海"]),
        (
            "<form>姓名<input type=text value='填'><input type='submit' value='提交'><button>重<b>置</b></button>",
            ["姓名 提交 重置"],
        ),
        ('<input type=submit value="a>b"><p>后</p>', ["a>b", "后"]),
        ("没有标签的字", ["没有标签的字"]),
        ("", []),
    ],
)
def test_html_becomes_lines(html: str, lines: list[str]) -> None:
    assert page_lines(html).split("\n") == (lines or [""])


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<title>通知 - 青禾县</title><h1>通知</h1>", "通知 - 青禾县\n通知"),
        ("<title>\n 通知\n 公告 </title><p>字</p>", "通知 公告\n字"),
        ("<title>通知</title><h1>通知</h1><p>字</p>", "通知\n字"),
        ("<title>只有标题</title>", "只有标题"),
        ("<title> </title><p>字</p>", "字"),
    ],
)
def test_the_title_is_the_first_line_unless_the_page_begins_with_it(html: str, text: str) -> None:
    assert page_lines(html) == text


@pytest.mark.parametrize(
    "html",
    [
        "<option>甲" * 30_000,
        "<button>甲</button>" * 30_000,
        "<div>" * 50_000 + "深",
        '<input "' * 30_000,
        "<button '" * 30_000 + ">",
        "<pre>" + (" " * 50_000 + "甲\t") * 10,
        "<pre>" + "\xa0" * 300_000 + "甲",
        "<table>" + "<tr><td>甲" * 30_000,
        "<p>" + "长" * 3_000_000,
    ],
    ids=["options", "buttons", "deep", "quotes", "more quotes", "spaces", "hard spaces", "rows", "giant line"],
)
def test_no_page_takes_more_than_linear_time(html: str) -> None:
    begin = time.perf_counter()
    page_lines(html)
    assert time.perf_counter() - begin < 3
