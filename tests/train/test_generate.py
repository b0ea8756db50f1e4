"""Generated pages: valid, reproducible, and with every mark on exactly the junk that was put in."""

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.errors import UsageError
from moderation.labels import BY_NAME
from moderation.train.dataset import LabelledPage, LabelledSpan, read_labelled, write_pages
from moderation.train.generate import OPERATIONS, generate_pages
from moderation.train.generate.blocks import is_latin
from moderation.train.generate.cloak import STYLES, Cloak, Script, draw_cloak, load_table
from moderation.train.generate.compose import CHROME, FORMS, LONGEST, SPAM, compose
from moderation.train.generate.disguise import look_alikes
from moderation.train.generate.draft import Draft, Mark, Row, draft_page, page_of
from moderation.train.generate.grammar import BUILT_IN, Grammar, Slot, load_grammar, load_symbols, parse_template
from moderation.train.generate.inject import WAYS, Campaign, start_campaign
from moderation.train.generate.layout import cut_row, join_chrome, separators, split_lines
from moderation.train.generate.mix import apply_operations
from moderation.train.generate.stock import Stock, short_pieces, take_stock

DATA = Path(__file__).parents[2] / "src/moderation/data"
AUTHORED = sorted((DATA / "authored").glob("*.jsonl"))

PAGE = LabelledPage(
    id="p1",
    lines=(
        "青石镇秋收开镰 - 青石镇人民政府",
        "首页",
        "政务公开",
        "",
        "青石镇秋收开镰",
        "来源：镇办公室　2021-09-20",
        "九月二十日，青石镇三千亩晚稻开镰。天还没亮，镇农机站的六台收割机就下了田，到中午已经收了四百多亩。",
        "镇长李远说：“今年雨水匀，亩产比去年高了六十斤。”他算了一笔账，一亩能多收一百二十元。",
        "上一篇：关于防火的通知",
        "版权所有 青石镇人民政府",
    ),
    labels=("content", "nav", "nav", None, "content", "meta", "content", "content", "related", "footer"),
    split="train",
    url="http://example.com/1",
)


@pytest.fixture(scope="module")
def authored() -> list[LabelledPage]:
    return read_labelled(AUTHORED)


def faults(page: LabelledPage) -> list[str]:
    """What is wrong with a page as training data."""
    found = []
    if len(page.lines) != len(page.labels):
        return ["lines and labels differ in number"]
    for i, (text, label) in enumerate(zip(page.lines, page.labels, strict=True)):
        if "\n" in text or "\r" in text:
            found.append(f"{i}: a line break inside a line")
        if label is not None and label not in BY_NAME:
            found.append(f"{i}: label {label}")
        if label is None and text.strip():
            found.append(f"{i}: text without a label")
    last = LabelledSpan(-1, 0, 0, "")
    for span in page.spans:
        if not 0 <= span.start < span.end <= len(page.lines[span.line]):
            found.append(f"{span} outside its line")
        if page.labels[span.line] != "content" or span.label == "content":
            found.append(f"{span} on a line of {page.labels[span.line]}")
        if (span.line, span.start) < (last.line, last.end):
            found.append(f"{span} before or over {last}")
        last = span
    return found


def cut_spans(page: LabelledPage) -> list[str]:
    """The content lines of a page, less what is under spans."""
    lines = []
    for i, (text, label) in enumerate(zip(page.lines, page.labels, strict=True)):
        if label == "content":
            rest = text
            for span in reversed([s for s in page.spans if s.line == i]):
                rest = rest[: span.start] + rest[span.end :]
            lines.append(rest)
    return lines


def digest(pages: list[LabelledPage], path: Path) -> str:
    write_pages(pages, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def stub_campaign(label: str, seed: int, *terms: str) -> Campaign:
    return Campaign(label, terms, False, Random(seed), Stock(), Script(traditional=False))


def test_every_authored_page_gives_valid_pages(authored: list[LabelledPage]) -> None:
    pages = list(generate_pages(authored, len(authored), 7))
    assert {page.id: faults(page) for page in pages if faults(page)} == {}
    assert Counter(page.id.rpartition("~")[0] for page in pages) == Counter(page.id for page in authored)


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation_alone_gives_valid_pages_and_names_itself(name: str, authored: list[LabelledPage]) -> None:
    pages = list(generate_pages(authored, 300, 3, operations=[name]))
    assert {page.id: faults(page) for page in pages if faults(page)} == {}
    kinds = Counter(page.kind for page in pages)
    assert set(kinds) <= {f"gen-{name}", "gen-none"}
    assert kinds[f"gen-{name}"] > 150


@pytest.mark.parametrize(
    "page",
    [
        LabelledPage("blank", ("",), (None,)),
        LabelledPage("line", ("彩票",), ("gambling",)),
        LabelledPage("short", ("好",), ("content",)),
        LabelledPage("junk", ("好好学习澳门",), ("content",), (LabelledSpan(0, 4, 6, "gambling"),)),
        LabelledPage("empty", (), ()),
    ],
    ids=lambda page: page.id,
)
def test_pages_too_small_for_an_operation_stay_valid(page: LabelledPage) -> None:
    for made in generate_pages([page], 60, 1):
        assert faults(made) == []


def test_no_pages_in_gives_no_pages_out() -> None:
    assert list(generate_pages([], 5, 1)) == []


def test_the_same_seed_gives_the_same_pages_and_another_seed_others(authored: list[LabelledPage]) -> None:
    first, again = (list(generate_pages(authored, 40, 5)) for _ in range(2))
    other = list(generate_pages(authored, 40, 6))
    assert first == again
    assert [page.lines for page in first] != [page.lines for page in other]


def test_a_page_does_not_depend_on_how_many_are_made(authored: list[LabelledPage]) -> None:
    few = authored[:7]
    assert list(generate_pages(few, 30, 5))[:10] == list(generate_pages(few, 10, 5))


def test_pages_do_not_depend_on_hash_randomisation_and_need_no_table_package(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from moderation.train.dataset import read_labelled, write_pages\n"
        "from moderation.train.generate import generate_pages\n"
        "pages = read_labelled([Path(sys.argv[1])])\n"
        "write_pages(generate_pages(pages, 90, 11), Path(sys.argv[2]))\n"
        "assert not {'opencc', 'pypinyin'} & set(sys.modules)\n"
    )
    found = set()
    for seed in "12":
        out = tmp_path / f"{seed}.jsonl"
        run = [sys.executable, "-c", code, str(AUTHORED[0]), str(out)]
        subprocess.run(run, check=True, env={**os.environ, "PYTHONHASHSEED": seed})
        found.add(hashlib.sha256(out.read_bytes()).hexdigest())
    here = digest(list(generate_pages(read_labelled(AUTHORED[:1]), 90, 11)), tmp_path / "here.jsonl")
    assert found == {here}


def test_id_kind_split_and_url_say_where_a_page_comes_from() -> None:
    page = next(generate_pages([PAGE], 1, 9, operations=["inject"]))
    assert (page.id, page.kind, page.split, page.url) == ("p1~9-0", "gen-inject", "train", "http://example.com/1")


def test_an_unknown_operation_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"no operation typo; known: decoys, layout"):
        next(generate_pages([PAGE], 1, 1, operations=["typo"]))


def test_the_input_pages_are_not_changed(authored: list[LabelledPage]) -> None:
    before = [replace(page) for page in authored[:50]]
    list(generate_pages(authored[:50], 100, 2))
    assert authored[:50] == before


def test_donors_lend_their_spam_and_other_pages_do_not() -> None:
    lender = LabelledPage("d", ("甲乙丙丁戊己", "首页"), ("gambling", "nav"))
    found = "".join(page.text for page in generate_pages([PAGE], 400, 1, donors=[lender], operations=["inject"]))
    assert "甲乙丙丁戊己" in found
    found = "".join(page.text for page in generate_pages([PAGE], 400, 1, operations=["inject"]))
    assert "甲乙丙丁戊己" not in found


def test_content_lines_of_an_injected_page_are_the_base_lines_once_spans_are_cut(authored: list[LabelledPage]) -> None:
    honest = [page for page in authored if not page.spans]
    for base, page in zip(
        by_id(honest, 200, "inject"), generate_pages(honest, 200, 4, operations=["inject"]), strict=True
    ):
        rest, of_base = Counter(cut_spans(page)), Counter(cut_spans(base))
        assert rest <= of_base, page.id
        lost = of_base - rest
        junk = [line for line, label in zip(page.lines, page.labels, strict=True) if label not in (None, "content")]
        for line in lost:
            held = sum(holds(other, line) for other in junk)
            assert held >= lost[line], "only lines that became mostly spam may leave the content"
        assert len(lost) <= 2, "a title, wherever it stands, and a sentence"


def holds(line: str, whole: str) -> bool:
    """Whether a line has all characters of another in order, and more that are none of it."""
    left = iter(line)
    return len(line) > 2 * len(whole) and all(character in left for character in whole)


def by_id(pages: list[LabelledPage], count: int, operation: str) -> list[LabelledPage]:
    """The base of each page that generate_pages makes with seed 4."""
    known = {page.id: page for page in pages}
    made = generate_pages(pages, count, 4, operations=[operation])
    return [known[page.id.rpartition("~")[0]] for page in made]


@pytest.mark.parametrize("operation", ["chrome", "inject"])
def test_spans_of_an_honest_base_are_exactly_what_was_put_in(operation: str) -> None:
    base = Counter(cut_spans(PAGE))
    spans = 0
    for page in generate_pages([PAGE], 200, 8, operations=[operation]):
        assert Counter(cut_spans(page)) <= base
        spans += len(page.spans)
        families = {BY_NAME[span.label].family for span in page.spans}
        assert families <= ({"chrome"} if operation == "chrome" else {"spam"})
    assert spans > 100


def test_a_campaigns_term_stands_in_the_span_with_the_campaigns_label() -> None:
    splice = next(way for way in WAYS if way.__name__ == "splice")
    seen = 0
    for seed in range(100):
        draft = draft_page(PAGE)
        splice(draft, stub_campaign("gambling", seed, "金蟾体育app"))
        page = page_of(draft, PAGE, "x", "x")
        for span in page.spans:
            junk = page.lines[span.line][span.start : span.end]
            seen += "金蟾体育app" in junk
            assert span.label == "gambling"
        outside = "".join(cut_spans(page))
        assert "金蟾体育app" not in outside
    assert seen > 100


def test_a_title_that_becomes_mostly_spam_is_a_spam_line() -> None:
    title = next(way for way in WAYS if way.__name__ == "title")
    draft = Draft([Row("学校食堂公告", "content")])
    title(draft, stub_campaign("adult", 1, "一串比标题长得多的成人网站关键词在线"))
    assert (draft.rows[0].label, draft.rows[0].marks) == ("adult", [])


@pytest.mark.parametrize("operation", ["decoys", "cloak"])
def test_operations_that_put_in_no_junk_add_no_span(operation: str) -> None:
    for page in generate_pages([PAGE], 100, 2, operations=[operation]):
        assert page.spans == ()
        assert page.labels == PAGE.labels


@pytest.mark.parametrize("operation", ["cloak", "disguise"])
def test_rewriting_a_page_keeps_its_labels_and_the_labels_of_its_spans(
    operation: str, authored: list[LabelledPage]
) -> None:
    for base, page in zip(
        by_id(authored, 150, operation), generate_pages(authored, 150, 4, operations=[operation]), strict=True
    ):
        assert page.labels == base.labels
        assert [span.label for span in page.spans] == [m.label for row in draft_page(base).rows for m in row.marks]


def test_disguise_leaves_honest_text_as_it_is(authored: list[LabelledPage]) -> None:
    for base, page in zip(
        by_id(authored, 150, "disguise"), generate_pages(authored, 150, 4, operations=["disguise"]), strict=True
    ):
        spam = [i for i, label in enumerate(base.labels) if label and BY_NAME[label].family == "spam"]
        spam += [span.line for span in base.spans]
        honest = [i for i in range(len(base.lines)) if i not in spam]
        assert [page.lines[i] for i in honest] == [base.lines[i] for i in honest]


def test_lines_of_honest_pages_keep_their_label_whatever_is_done_to_the_page(authored: list[LabelledPage]) -> None:
    spam = {label for label in BY_NAME if BY_NAME[label].family == "spam"}
    honest = [page for page in authored if not page.spans and not spam & set(page.labels)]
    assert len(honest) > 50
    quiet = [name for name in OPERATIONS if name not in {"inject", "layout", "takeover"}]
    for page in generate_pages(honest, 200, 3, operations=quiet):
        assert not spam & {*page.labels, *(span.label for span in page.spans)}


TEXT = st.text(alphabet="甲乙丙丁ab，。 ", min_size=1, max_size=30)


@st.composite
def marked_rows(draw: st.DrawFn) -> Row:
    text = draw(TEXT)
    ends = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    marks = [Mark(s, e, "gambling") for s, e in zip(ends[::2], ends[1::2], strict=False)]
    return Row(text, "content", marks)


def kept(row: Row) -> list[str]:
    return [row.text[mark.start : mark.end] for mark in row.marks]


@given(row=marked_rows(), data=st.data())
def test_an_insertion_outside_marks_leaves_their_text_as_it_was(row: Row, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(row.text)).filter(row.free))
    before, text = kept(row), row.text
    row.insert_junk(at, "【新】", "seo")
    assert [t for t in kept(row) if t != "【新】"] == before
    assert row.text == text[:at] + "【新】" + text[at:]
    assert row.text[next(m for m in row.marks if m.label == "seo").start :].startswith("【新】")


@given(row=marked_rows(), data=st.data())
def test_a_replacement_keeps_marks_ordered_inside_the_line_and_off_the_rest(row: Row, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(row.text)))
    end = data.draw(st.integers(start, len(row.text)))
    row.splice(start, end, data.draw(st.text(alphabet="新文", max_size=4)))
    at = 0
    for mark in row.marks:
        assert at <= mark.start < mark.end <= len(row.text)
        at = mark.end


@given(row=marked_rows(), data=st.data())
def test_rewriting_by_pieces_moves_each_mark_with_its_characters(row: Row, data: st.DataObject) -> None:
    pieces = [data.draw(st.sampled_from(["", c, c + "*", f"{c}({c})"])) for c in row.text]
    wanted = ["".join(pieces[mark.start : mark.end]) for mark in row.marks]
    row.rewrite(pieces)
    assert kept(row) == [text for text in wanted if text]
    assert row.text == "".join(pieces)


@given(row=marked_rows(), data=st.data())
def test_cutting_a_line_outside_marks_loses_nothing(row: Row, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(row.text)).filter(row.free))
    left, right = cut_row(row, at)
    assert left.text + right.text == row.text
    assert kept(left) + kept(right) == kept(row)


def test_a_row_that_is_half_junk_stays_content() -> None:
    row = Row("好文四字澳门赌场", "content", [Mark(4, 8, "gambling")])
    row.settle()
    assert (row.label, len(row.marks)) == ("content", 1)


def test_chrome_joined_to_a_paragraph_is_under_a_mark_with_its_gap() -> None:
    rows = [Row("这一天镇上的人都来了，戏台前坐得满满当当。", "content"), Row("返回首页>>", "nav")]
    draft = Draft(rows)
    assert join_chrome(draft, Random(1), Stock())
    (row,) = draft.rows
    assert row.text[row.marks[0].start : row.marks[0].end].strip() == "返回首页>>"
    assert row.text[: row.marks[0].start] == "这一天镇上的人都来了，戏台前坐得满满当当。"


def test_separators_of_a_menu_become_noise_lines_and_the_entries_stay_as_they_were() -> None:
    draft = Draft(
        [Row(text, "nav") for text in ("首页", "新闻中心", "产品展示", "联系我们")] + [Row("本馆周一闭馆。", "content")]
    )
    rng = Random(3)
    while not separators(draft, rng, take_stock([])):
        pass
    added = [row for row in draft.rows if row.label == "noise"]
    assert len(added) >= 3
    assert len({row.text for row in added}) == 1
    rest = [(row.text, row.label) for row in draft.rows if row.label != "noise"]
    assert rest == [(t, "nav") for t in ("首页", "新闻中心", "产品展示", "联系我们")] + [("本馆周一闭馆。", "content")]


def test_split_lines_add_up_to_the_line() -> None:
    text = "镇上的人都来了，戏台前坐得满满当当。锣鼓一响，孩子们就往前挤，大人在后面喊。戏唱到半夜才散，月亮已经偏西。"
    for seed in range(20):
        draft = Draft([Row(text, "content")])
        split_lines(draft, Random(seed), Stock())
        assert "".join(row.text for row in draft.rows) == text


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("_新葡京app下载", ["新葡京app下载"]),
        ("【开云体育】", ["开云体育"]),
        ("，久久免费视频，", ["久久免费视频"]),
        (
            "武汉开锁公司 宜昌开锁公司 襄阳开锁公司 荆州开锁公司 十堰开锁",
            ["武汉开锁公司", "宜昌开锁公司", "襄阳开锁公司", "荆州开锁公司", "十堰开锁"],
        ),
        ("betway365", ["betway365"]),
        ("seo888　2018年8月2日 03:12", []),
        ("办证", []),
        ("业务】淘宝补单", []),
        ("ptt", []),
        ("一句很长的广告词，里面有逗号，但并不是一串关键词，哪怕每一段都很短。", []),
    ],
)  # fmt: skip
def test_short_pieces_are_stripped_of_delimiters_and_only_keyword_runs_are_split(text: str, pieces: list[str]) -> None:
    assert short_pieces(text) == pieces


def test_stock_lends_blocks_of_chrome_and_no_content() -> None:
    stock = take_stock([PAGE])
    assert stock.blocks == {"nav": [("首页", "政务公开")]}
    assert (stock.shorts, stock.lines) == ({}, {})


@pytest.mark.parametrize("style", sorted(set(STYLES)))
def test_cloak_writes_the_brackets_of_its_style(style: str) -> None:
    expected = {"toned": "發(fā)展", "toneless": "發(fa)展", "doubled": "發(發)展", "plain": "發展"}
    bracketed: frozenset[str] = frozenset() if style == "plain" else frozenset("发")
    how = Cloak(style, 1.0, "()", {"发": "發"}, bracketed)  # type: ignore[arg-type]
    assert "".join(how.write(char, Random(1)) for char in "发展") == expected[style]


def test_cloak_errs_as_converters_do() -> None:
    seen = {draw_cloak({"发", "面", "里"}, Random(seed)).chosen["发"] for seed in range(200)}
    assert {"發", "髮"} <= seen


def test_cloak_knows_the_common_characters() -> None:
    table = load_table()
    assert {char: table.variants[char] for char in "后面里"} == {"后": "後", "面": "面麵", "里": "裏裡"}
    assert (table.toned["優"], table.toneless["優"], table.toneless["綠"]) == ("yōu", "you", "lv")


def test_composed_spam_on_a_traditional_page_is_sometimes_traditional() -> None:
    draft = Draft([Row("臺灣的農會與漁會辦理產銷履歷說明會", "content")])
    scripts = {start_campaign(draft, Random(seed), Stock()).script.traditional for seed in range(40)}
    assert scripts == {True, False}


@pytest.mark.parametrize("label", SPAM)
@pytest.mark.parametrize("form", FORMS)
def test_spam_is_composed_in_every_form_with_variety(label: str, form: str) -> None:
    rng = Random(1)
    made = {compose(rng, label, form) for _ in range(300)}  # type: ignore[arg-type]
    assert all(0 < len(text) <= LONGEST and "\n" not in text for text in made)
    assert len(made) > (5 if form == "menu" else 150)


WORD_FILES = sorted(path.stem for path in (DATA / "words").glob("*.toml"))


@pytest.mark.parametrize("name", WORD_FILES)
def test_every_slot_of_a_word_file_names_a_symbol_or_something_bound(name: str) -> None:
    grammar = load_grammar(name)
    templates = [template for options in grammar.symbols.values() for template in options]
    slots = [part for template in templates for part in template if isinstance(part, Slot)]
    bound = {slot.bind for slot in slots}
    unknown = {slot.name for slot in slots if slot.name not in grammar and slot.name not in BUILT_IN} - bound
    unknown |= {slot.separator for slot in slots if slot.separator.startswith("$")} - {f"${name}" for name in bound}
    assert unknown == set()
    assert all(grammar.symbols.values())


@pytest.mark.parametrize("label", [*SPAM, *CHROME, "noise", "content"])
def test_every_symbol_of_a_label_expands(label: str) -> None:
    needs = {"cityservice", "districtservice", "askproduct", "servicecity", "cityproduct"}
    for symbol in load_symbols(label).keys() - needs:
        for seed in range(20):
            assert load_grammar(label).expand(symbol, Random(seed)) != ""


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("买{b:one}，{b}包邮", "买甲，甲包邮"),
        ("{!b:one}{b}{b}", "甲甲"),
        ("{one*3|、}", "甲、甲、甲"),
        ("{!d:gap}{one*2|$d}", "甲_甲"),
        ("{lb}{one}{rb}", "{甲}"),
    ],
)
def test_templates_bind_repeat_and_join(template: str, expected: str) -> None:
    symbols = {"one": (parse_template("甲"),), "gap": (parse_template("_"),), "top": (parse_template(template),)}
    assert Grammar("test", symbols).expand("top", Random(1)) == expected


def test_a_template_with_a_stray_brace_is_refused() -> None:
    with pytest.raises(UsageError, match="a brace that opens or closes no slot"):
        parse_template("买{两 件}")


def test_an_unknown_symbol_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"words of seo: no symbol 'nix'; known: .*service"):
        load_grammar("seo").expand("nix", Random(1))


def test_look_alikes_are_other_strings_than_what_they_stand_for() -> None:
    assert all(char not in options and len(char) == 1 for char, options in look_alikes().items())


def test_operations_report_whether_they_changed_anything() -> None:
    draft = draft_page(LabelledPage("x", ("ok",), ("nav",)))
    assert apply_operations(draft, ["cloak", "chrome", "disguise"], Random(1), Stock()) == []
    assert draft.rows == [Row("ok", "nav")]


ENGLISH = LabelledPage(
    "english",
    (
        "The bridge reopens",
        "Home | News | Contact",
        "The bridge over the river reopened on Monday after two years.",
        "© 2021",
    ),
    ("content", "nav", "content", "footer"),
)


def test_a_page_is_latin_by_its_letters() -> None:
    assert is_latin(draft_page(ENGLISH))
    assert not is_latin(draft_page(PAGE))
    assert not is_latin(draft_page(LabelledPage("blank", ("",), (None,))))


def test_chrome_that_is_put_into_a_foreign_page_is_mostly_foreign() -> None:
    put_in = [
        line
        for page in generate_pages([ENGLISH], 60, 2, operations=["lines"])
        for line in page.lines
        if line not in ENGLISH.lines
    ]
    chinese = [line for line in put_in if re.search("[一-鿿]", line)]
    assert len(put_in) > 100
    assert len(chinese) < len(put_in) / 4


def test_entries_of_one_template_look_alike() -> None:
    symbols = {
        "day": (parse_template("3"), parse_template("4")),
        "line": (parse_template("周{day}"), parse_template("{day}日")),
    }
    made = Grammar("test", symbols).expand_alike("line", 20, Random(1))
    assert len({line[0] == "周" for line in made}) == 1
    assert len(set(made)) == 2


def test_a_site_that_was_taken_over_keeps_its_menu_and_footer_but_no_article() -> None:
    for page in generate_pages([PAGE], 40, 6, operations=["takeover"]):
        assert "content" not in page.labels
        assert page.spans == ()
        families = Counter(BY_NAME[label].family for label in page.labels if label)
        assert families["spam"] > families["chrome"]


def test_honest_lines_are_content_between_content_and_take_nothing_away() -> None:
    for page in generate_pages([PAGE], 40, 6, operations=["honest"]):
        assert Counter(PAGE.lines) <= Counter(page.lines)
        added = Counter(page.labels) - Counter(PAGE.labels)
        assert set(added) <= {"content"}
