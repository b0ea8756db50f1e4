"""`moderation show`: a judged page that can be read with and without colours; and the door of all commands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from moderation import __version__
from moderation.cli.main import main
from moderation.cli.page import body, marked
from moderation.explain import judged_alone
from moderation.model.model import Model
from moderation.records import Span, Verdict

from .conftest import NEWS, RECIPE, Run, write_jsonl


def test_plain_output_names_number_mark_label_and_score(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.txt").write_text(NEWS, "utf-8")
    assert run("show", "page.txt") == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0].startswith("page.txt  (default, ")
    assert lines[3].strip() == "3", "a blank line has its number and no verdict"
    number, mark, label, score, text = lines[9].split(maxsplit=4)
    assert (number, mark, label) == ("9", "-", "footer")
    assert 0.5 < float(score) <= 1
    assert text == NEWS.splitlines()[8]
    assert lines[6].split(maxsplit=3)[1] == "content"
    assert "\x1b" not in out
    assert "removed" in lines[-1]


def test_long_lines_are_wrapped_only_to_a_width(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sentence = "改造内容包括屋面防水、外墙保温、雨污分流和加装电梯等。" * 20
    (tmp_path / "page.txt").write_text(sentence, "utf-8")
    run("show", "page.txt")
    assert sentence in capsys.readouterr().out
    run("show", "page.txt", "--width", "60")
    out = capsys.readouterr().out
    assert sentence not in out
    assert sentence in out.replace("\n", "").replace(" ", "")


def test_colours_go_to_terminals_and_no_color_is_honoured(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page.txt").write_text(NEWS, "utf-8")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    run("show", "page.txt")
    assert "\x1b[2;9;90m" in capsys.readouterr().out, "a dropped footer is dimmed, struck through and bright black"
    monkeypatch.setenv("NO_COLOR", "1")
    run("show", "page.txt")
    assert "90m" not in capsys.readouterr().out


def test_spans_are_in_brackets_where_they_can_not_be_struck_through() -> None:
    line = "他笑了笑。更多精彩请访问某某网。天色暗了。"
    span = Span(105, 116, "promo", 0.9, "drop")
    verdict = Verdict(3, 100, 100 + len(line), "content", 0.9, 0.1, "keep", (span,))
    assert body(line, verdict, marked=True).plain == "他笑了笑。[-promo:更多精彩请访问某某网。]天色暗了。"
    text = body(line, verdict, marked=False)
    assert text.plain == line
    assert any("strike" in str(part.style) and (part.start, part.end) == (5, 16) for part in text.spans)
    assert marked(Console(no_color=True, force_terminal=True))


def test_controls_of_the_terminal_are_shown_and_not_sent(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.txt").write_text("江口\x1b[31m市\0\u202e城", "utf-8")
    run("show", "page.txt")
    assert "江口␛[31m市␀�城" in capsys.readouterr().out


def test_why_names_words_under_each_line(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "page.txt").write_text(NEWS, "utf-8")
    run("show", "page.txt", "--why")
    out, err = capsys.readouterr()
    reasons = [line for line in out.splitlines() if "why footer:" in line]
    assert "ICP +" in reasons[-1]
    assert err == "", "jieba is silent"
    assert out.splitlines()[1].startswith("why: the words that speak for or against the label in the line by itself")


def test_why_says_where_the_neighbours_decided_otherwise(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page.txt").write_text(NEWS, "utf-8")

    def otherwise(line: str, model: Model) -> tuple[str, float]:
        return ("promo", 0.71) if "版权所有" in line else judged_alone(line, model)

    monkeypatch.setattr("moderation.cli.page.judged_alone", otherwise)
    run("show", "page.txt", "--why")
    rows = [row for row in capsys.readouterr().out.splitlines() if "neighbours: promo" in row]
    assert len(rows) == 1
    assert re.search(r"why footer: .*  neighbours: promo 0\.71 -> footer 0\.\d\d$", rows[0])


@pytest.mark.parametrize(("words", "title"), [([], "一"), (["--record", "2"], "in.jsonl#2"), (["--id", "3"], "3")])
def test_a_record_is_chosen_by_number_or_id(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], title: str
) -> None:
    write_jsonl(tmp_path / "in.jsonl", {"id": "一", "text": NEWS}, {"text": RECIPE}, {"id": 3, "text": ""})
    assert run("show", "in.jsonl", *words) == 0
    assert capsys.readouterr().out.startswith(f"in.jsonl {title}  (")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["in.jsonl", "--record", "9"], "in.jsonl: no record 9 among 2"),
        (["in.jsonl", "--id", "x"], "in.jsonl: no record has the id 'x' among 2"),
        (["in.jsonl", "--record", "2"], "in.jsonl:2: has no field 'text'"),
        (["gbk.txt"], "gbk.txt:1: is not UTF-8"),
        (["gone.txt"], "gone.txt: no such file"),
    ],
)
def test_what_can_not_be_shown_ends_in_one_sentence(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    write_jsonl(tmp_path / "in.jsonl", {"text": NEWS}, {"id": "y"})
    (tmp_path / "gbk.txt").write_bytes("江口市".encode("gbk"))
    assert run("show", *words) == 2
    assert capsys.readouterr().err.startswith(f"moderation: error: {sentence}")


def test_version_and_help_are_quick_and_load_no_compiler() -> None:
    code = (
        "import sys; from moderation.cli.main import main; status = main(['--help']); "
        "heavy = {'numba', 'numpy', 'rich', 'sklearn', 'jieba'} & set(sys.modules); "
        "sys.exit(status or ' '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(command in done.stdout for command in ("clean", "restore", "show", "train", "evaluate"))


def test_python_m_moderation_is_the_same_door() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "moderation", "--version"], capture_output=True, text=True, check=False
    )
    assert done.stdout == f"moderation {__version__}\n"


def test_a_wrong_argument_is_exit_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--width", "0", "x"]) == 2
    assert "argument --width" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", *[{"text": RECIPE * 50}] * 200)
    code = "import sys; from moderation.cli.main import main; sys.exit(main(['clean', 'in.jsonl', '--quiet']))"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141
