"""What README and docs say is what the code does: options, labels, fields, figures, examples and links."""

import argparse
import importlib.util
import re
import shlex
from pathlib import Path
from types import ModuleType

import pytest

from moderation import Moderator
from moderation.cli.main import COMMANDS, build_parser
from moderation.labels import LABELS, Label
from moderation.policy import BUILT_IN, parse_policy
from moderation.train.corpus import authored_pages
from moderation.train.dataset import read_labelled
from moderation.train.evaluate import judge_pages
from moderation.train.metrics import metrics

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGE_OF = (
    dict.fromkeys(("clean", "restore", "reapply", "show", "calibrate"), "commands.md")
    | dict.fromkeys(("train", "evaluate"), "training.md")
    | dict.fromkeys(("serve", "keys"), "service.md")
    | dict.fromkeys(("retrain", "compare", "models", "labels"), "retrain.md")
)
"""The page of docs/ that lists a command's options."""
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


def doc(name: str) -> str:
    """A page of docs/."""
    return (ROOT / "docs" / name).read_text("utf-8")


def blocks(path: Path, language: str) -> list[str]:
    """The code blocks of one language."""
    return [body for found, body in FENCE.findall(path.read_text("utf-8")) if found == language]


def options() -> list[tuple[str, str]]:
    """Every command with every long option that it has."""
    actions = build_parser()._actions
    parsers = next(action.choices for action in actions if isinstance(action, argparse._SubParsersAction))
    return [
        (command, option)
        for command, parser in parsers.items()
        for action in parser._actions
        for option in action.option_strings
        if option.startswith("--") and option != "--help"
    ]


def shell_commands() -> list[str]:
    """Every `moderation …` that a shell block shows, without comments, pipes and redirections."""
    found = []
    for path in DOCUMENTS:
        for block in blocks(path, "sh"):
            rows = re.split(r"\n|&&|\|", re.sub(r"\s#.*", "", block))
            found += [re.sub(r"^\S*bin/|>.*", "", row.strip()) for row in rows]
    return sorted({row for row in found if row.startswith("moderation ")})


def quote() -> ModuleType:
    """benchmarks/quote.py as a module."""
    spec = importlib.util.spec_from_file_location("quote_script", ROOT / "benchmarks/quote.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_command_is_documented() -> None:
    readme = DOCUMENTS[0].read_text("utf-8")
    assert set(PAGE_OF) == set(COMMANDS)
    assert [command for command in COMMANDS if f"moderation {command} " not in readme] == []


@pytest.mark.parametrize(("command", "option"), options())
def test_every_option_is_documented_on_the_page_of_its_command(command: str, option: str) -> None:
    assert re.search(rf"`[^`\n]*{option}(?![\w-])", doc(PAGE_OF[command])), f"docs/{PAGE_OF[command]} lacks {option}"


@pytest.mark.parametrize("command", shell_commands())
def test_every_command_line_that_is_shown_parses(command: str) -> None:
    words = shlex.split(command)[1:]
    if words[0] not in ("COMMAND", "--version"):
        assert build_parser(words).parse_args(words).command == words[0]


@pytest.mark.parametrize("label", LABELS, ids=[label.name for label in LABELS])
def test_every_label_stands_in_the_labelling_guide_with_code_and_family(label: Label) -> None:
    assert f"\n| {label.code} | {label.name} | {label.family} | " in doc("labelling.md")


def test_the_pages_shown_in_the_guides_can_be_read(tmp_path: Path) -> None:
    rows = next(block for block in blocks(ROOT / "docs/labelling.md", "text") if block.startswith("### "))
    flat = next(block for block in blocks(ROOT / "docs/training.md", "text") if block.startswith("text,label"))
    (tmp_path / "rows.txt").write_text(rows, "utf-8")
    (tmp_path / "flat.csv").write_text(flat, "utf-8")
    page, *lines = read_labelled([tmp_path / "rows.txt", tmp_path / "flat.csv"])
    assert [page.lines[span.line][span.start : span.end] for span in page.spans] == [
        "_皇冠体育投注",
        "皇冠体育app下载，",
    ]
    assert [line.labels for line in lines] == [("footer",), ("gambling",)]


def test_the_policy_shown_in_the_guide_is_valid_and_built_in_ones_are_named() -> None:
    (example,) = blocks(ROOT / "docs/policies.md", "toml")
    policy = parse_policy(example, where="docs/policies.md", name="example")
    assert (policy.name, policy.rule("gambling").threshold, policy.rule("related").action) == (
        "strict-spam",
        0.3,
        "flag",
    )
    assert [name for name in BUILT_IN if f"| `{name}` |" not in doc("policies.md")] == []


def test_every_metric_is_defined() -> None:
    pages = authored_pages()[:2]
    names = metrics(judge_pages(Moderator.load(), pages))
    assert [name for name in names if f"`{name}`" not in doc("metrics.md")] == []


def test_every_field_of_a_verdicts_record_is_explained() -> None:
    record = Moderator.load().clean("首页 | 新闻\n市图书馆国庆假期照常开放。\n").record(id="1", url="", source={})
    fields = [*record, *record["lines"][0], *record["removed"][0], "before", "after", "kind"]
    assert [field for field in fields if f"`{field}`" not in doc("verdicts.md")] == []


@pytest.mark.parametrize("number", range(len(blocks(ROOT / "README.md", "python"))))
def test_the_python_of_the_readme_runs(number: int) -> None:
    exec(compile(blocks(ROOT / "README.md", "python")[number], f"README.md, block {number}", "exec"), {})


@pytest.mark.parametrize("path", DOCUMENTS, ids=[path.name for path in DOCUMENTS])
def test_quoted_figures_and_outputs_are_those_of_this_code(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text == quote().filled(text), "run python benchmarks/quote.py"


@pytest.mark.parametrize("path", DOCUMENTS, ids=[path.name for path in DOCUMENTS])
def test_every_link_leads_to_a_file(path: Path) -> None:
    assert [link for link in LINK.findall(path.read_text("utf-8")) if not (path.parent / link).exists()] == []


def test_the_checks_end_with_the_test_command_of_the_readme() -> None:
    setup = [block.strip() for block in blocks(ROOT / "README.md", "sh") if "python3 -m venv" in block]
    assert [row.count("\n") for row in setup] == [0, 0]
    assert (ROOT / ".ci/run").read_text("utf-8").rstrip().splitlines()[-1] == setup[1]


def test_every_example_page_is_cleaned_of_something_and_not_of_everything() -> None:
    pages = sorted((ROOT / "examples").glob("*.txt"))
    results = Moderator.load().clean_many([path.read_text("utf-8") for path in pages])
    actions = {path.name: {v.action for v in result.verdicts} for path, result in zip(pages, results, strict=True)}
    assert [name for name, found in actions.items() if found != {"keep", "drop"}] == []
