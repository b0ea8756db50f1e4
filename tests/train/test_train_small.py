"""Training as a user does it, on a handful of small pages: it trains, exports, measures, loads and repeats itself."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import orjson
import pytest
from threadpoolctl import threadpool_limits

from moderation.cli.main import main
from moderation.labels import BY_CODE, NAMES
from moderation.model.model import Model
from moderation.model.store import load_model
from moderation.moderate import Moderator
from moderation.policy import load_policy

PLACES = ["江口", "临溪", "白石镇", "河东", "柳湾", "青川", "南桥", "云岭"]
THINGS = ["旧桥", "菜市场", "图书馆", "老茶馆", "码头", "果园", "戏台", "书院"]
LINES = {
    "N": ["首页 新闻 {0} 体育 财经", "当前位置：首页 > {0} > {1}", "登录 | 注册 | {0}频道"],
    "M": ["2024-0{2}-1{2} 09:1{2} 来源：{0}日报", "编辑：小{1} 阅读：{2}32"],
    "C": [
        "{0}的{1}修了整整三年，今年春天终于重新开放，街坊们一早就来了。",
        "据介绍，{0}还将投入{2}百万元改善{1}周边的道路和照明。",
        "他说，小时候常跟着爷爷去{0}，在{1}门口一坐就是半天。",
    ],
    "R": ["· {0}{1}昨日开工", "· {0}的{1}为什么火了？", "· 盘点{0}{2}个好去处"],
    "G": ["{0}新葡京娱乐城，注册即送{2}8元彩金！", "【六合彩】{0}内部资料，今晚{2}码中特"],
    "F": ["版权所有 {0}日报社 ICP备1234{2}号", "联系我们 | 关于{0} | 网站地图"],
}
ORDER = "NNMCCCRRRGF"


def page(number: int, split: str) -> dict[str, Any]:
    """One page, made up from the table above."""
    random = Random(number)
    rows: list[tuple[str | None, str]] = []
    for code in ORDER:
        text = random.choice(LINES[code]).format(random.choice(PLACES), random.choice(THINGS), random.randint(1, 9))
        rows.append((BY_CODE[code].name, text))
        if code in "MG":
            rows.append((None, ""))
    return {
        "id": f"small{number}",
        "split": split,
        "lines": [text for _, text in rows],
        "labels": [label for label, _ in rows],
    }


PAGES = [page(number, "test" if number % 5 == 0 else "train") for number in range(30)]
QUICK = ("--generated", "0", "--jobs", "1")


def write_jsonl(path: Path, records: list[dict[str, Any]]) -> Path:
    """Records to a file."""
    path.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    return path


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Small matrices on many threads wait for each other: beside another busy process that is ten times slower."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty pages, six of them held out."""
    return write_jsonl(tmp_path_factory.mktemp("pages") / "pages.jsonl", PAGES)


def train(folder: Path, *words: object) -> Model:
    """Train into a folder through the command."""
    assert main(["train", *map(str, words), *QUICK, "-o", str(folder)]) == 0
    return load_model(folder)


@pytest.fixture(scope="module")
def small(pages: Path) -> Path:
    """The folder of a model trained on the pages."""
    train(pages.parent / "small", pages)
    return pages.parent / "small"


def test_a_model_is_trained_measured_and_exported(small: Path) -> None:
    model = load_model(small)
    assert model.context is not None
    assert model.manifest["labels"] == list(NAMES)
    (source,) = model.manifest["training"]
    assert (source["name"], source["pages"], source["held_out_pages"]) == ("pages.jsonl", 30, 6)
    assert set(model.manifest["metrics"]) == {"test"}
    assert model.manifest["metrics"]["test"]["keep_f1"] > 0.8


def test_the_card_tells_what_the_manifest_tells(small: Path) -> None:
    manifest = load_model(small).manifest
    found = manifest["metrics"]["test"]
    card = (small / "CARD.md").read_text("utf-8")
    assert card.startswith("# Model card: small\n")
    assert manifest["digest"][:12] in card
    low, high = found["intervals"]["keep_f1"]
    assert f"| keep_f1 | {found['keep_f1']:.3f} ({low:.3f}-{high:.3f}) |" in card
    (gambling,) = found["spam_recall"]
    assert f"| gambling | {gambling['recall']['value']:.3f} (" in card
    assert f", {gambling['lines']} lines |" in card


def test_a_trained_model_cleans_a_page_it_has_not_seen(small: Path) -> None:
    record = page(99, "")
    result = Moderator.load(small).clean("\n".join(record["lines"]))
    expected = [text for text, label in zip(record["lines"], record["labels"], strict=True) if label == "content"]
    assert [line for line in result.text.split("\n") if line] == expected


def test_evaluate_gives_the_figures_that_training_gave(
    small: Path, pages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", str(pages), "--model", str(small), "--split", "test"]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    manifest = load_model(small).manifest["metrics"]["test"]
    assert found["metrics"] == {name: manifest[name] for name in found["metrics"]}
    assert (found["pages"], found["lines"]) == (6, 6 * len(ORDER))
    assert (found["spam_recall"], found["kinds"]) == (manifest["spam_recall"], manifest["kinds"])
    assert main(words) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in [*found["metrics"], *NAMES])


def test_the_same_seed_gives_the_same_digest_again(small: Path, pages: Path, tmp_path: Path) -> None:
    assert train(tmp_path / "small", pages).manifest["digest"] == load_model(small).manifest["digest"]


def test_another_seed_gives_other_weights(small: Path, pages: Path, tmp_path: Path) -> None:
    other = train(tmp_path / "small", pages, "--seed", 3).manifest
    assert other["weights_sha256"] != load_model(small).manifest["weights_sha256"]


def test_the_command_says_where_the_model_lies(pages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = train(tmp_path / "small", pages, "--no-context")
    assert capsys.readouterr().out == f"{tmp_path / 'small'}: {model.id}\n"


def bare(number: int, *labels: str) -> dict[str, Any]:
    """One page, or its lines of some labels alone, that may be learned from."""
    record = page(number, "train")
    rows = [
        (text, label)
        for text, label in zip(record["lines"], record["labels"], strict=True)
        if label in labels or not labels
    ]
    return record | {"lines": [text for text, _ in rows], "labels": [label for _, label in rows]}


def with_span(number: int) -> dict[str, Any]:
    """A page with an advertisement at the end of its first line of content."""
    record = page(number, "train")
    k = record["labels"].index("content")
    line = record["lines"][k] + "新葡京注册送彩金"
    record["lines"][k] = line
    return record | {"spans": [{"line": k, "start": len(line) - 8, "end": len(line), "label": "gambling"}]}


@pytest.mark.parametrize(
    "records",
    [
        [bare(1), bare(2)],
        PAGES[:6],
        [bare(1, "content"), bare(2, "nav")],
        [bare(1, "content"), bare(2, "nav"), bare(3, "footer")],
        [bare(number, "nav", "footer") for number in range(4)],
        [with_span(1), with_span(2)],
        [with_span(1), *PAGES[1:4]],
        [with_span(1), bare(2, "nav", "footer"), bare(3, "nav")],
    ],
    ids=[
        "fewer pages than folds",
        "fewer lines than a batch",
        "a label a page",
        "three labels, one a page",
        "no content",
        "a span a page",
        "a span in one fold",
        "no content in two folds",
    ],
)
def test_few_pages_train_without_a_warning(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    """Warnings are errors here; so is what a fold without a label makes scikit-learn raise."""
    model = train(tmp_path / "small", write_jsonl(tmp_path / "few.jsonl", records))
    probabilities = Moderator(model, load_policy("default")).clean("\n".join(PAGES[7]["lines"])).probabilities
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-4)


def test_two_labels_are_told_apart(tmp_path: Path) -> None:
    records = [bare(number, "content", "footer") for number in range(12)]
    words = write_jsonl(tmp_path / "two.jsonl", records), "--no-context"
    moderator = Moderator(train(tmp_path / "small", *words), load_policy("default"))
    found = moderator.clean("版权所有 江口日报社 ICP备12345号\n他说，小时候常跟着爷爷去码头。")
    assert [verdict.label for verdict in found.verdicts] == ["footer", "content"]


def test_one_page_trains_the_first_stage_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = write_jsonl(tmp_path / "one.jsonl", [with_span(1), PAGES[0]])
    assert main(["train", str(one), "-o", str(tmp_path / "model")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("moderation: error: the second stage ")
    assert error.endswith(
        "needs at least two pages outside the splits dev and test, found 1; add pages or train with --no-context\n"
    )
    assert not (tmp_path / "model").exists()
    model = train(tmp_path / "model", one, "--no-context")
    assert (model.context, model.spans) == (None, None)


def test_generated_pages_can_be_added(tmp_path: Path, pages: Path) -> None:
    words = ["train", str(pages), "--generated", "0.5", "--no-context", "--jobs", "1", "-o", str(tmp_path / "made")]
    assert main(words) == 0
    assert load_model(tmp_path / "made").manifest["options"]["generated"] == 0.5


FLAT = [
    (text, label) for record in PAGES for text, label in zip(record["lines"], record["labels"], strict=True) if label
]


def write_table(path: Path, delimiter: str) -> Path:
    """The lines of all pages as a table."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows([("text", "label"), *FLAT])
    return path


def test_flat_lines_train_the_same_model_from_every_form(tmp_path: Path) -> None:
    forms = [
        write_table(tmp_path / "lines.csv", ","),
        write_table(tmp_path / "lines.tsv", "\t"),
        write_jsonl(tmp_path / "lines.jsonl", [{"text": text, "label": label} for text, label in FLAT]),
    ]
    models = [train(tmp_path / f"from {path.suffix[1:]}", path, "--no-context") for path in forms]
    assert len({model.manifest["weights_sha256"] for model in models}) == 1
    result = Moderator(models[0], load_policy("default")).clean("首页 新闻 江口 体育 财经")
    assert [verdict.label for verdict in result.verdicts] == ["nav"]


def test_flat_lines_train_both_stages(tmp_path: Path) -> None:
    model = train(tmp_path / "small", write_table(tmp_path / "lines.csv", ","))
    assert model.context is not None
    result = Moderator(model, load_policy("default")).clean("版权所有 江口日报社 ICP备12345号")
    assert [verdict.label for verdict in result.verdicts] == ["footer"]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            "### p\nC|只有正文。\nC|还是正文。",
            "training needs lines of at least two labels outside the splits dev and test",
        ),
        ("C|没有页", "a page opens with `### id kind`"),
    ],
)
def test_data_that_can_not_train_is_refused_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: str, sentence: str
) -> None:
    (tmp_path / "rows.txt").write_text(rows, "utf-8")
    assert main(["train", str(tmp_path / "rows.txt"), "-o", str(tmp_path / "model")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("moderation: error: ")
    assert sentence in error
    assert error.count("\n") == 1
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.jsonl", b'{"lines":[],"labels":[]}\n', "the labelled data holds no labelled line that is not blank"),
        ("a.jsonl", b'{"lines":[" "],"labels":["nav"]}\n', "the labelled data holds no labelled line"),
        ("a.jsonl", b'{"lines":["a"],"labels":["nav"],"spans":3}', "a.jsonl:1: a span has line, start, end and label"),
        ("a.csv", b"text,label\n\xff,nav\n", "a.csv: not UTF-8 text"),
    ],
)
def test_evaluate_refuses_bad_data_in_one_sentence(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, data: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(data)
    assert main(["evaluate", str(tmp_path / name), "--model", str(small)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("moderation: error: ")
    assert sentence in error
    assert error.count("\n") == 1


def test_a_split_that_no_page_has_is_refused(pages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(pages), "--split", "dev"]) == 2
    assert "no page has the split 'dev'" in capsys.readouterr().err
