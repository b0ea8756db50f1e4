"""`--repair` and `--no-repair` overrule the policy, for `clean` and `show`."""

from pathlib import Path

import orjson
import pytest

from moderation.cli.main import main

PAGE = "深入貫徹發(fā)展理念，優(yōu)化營商環(huán)境，提升服務(wù)水平，居民可以通過業(yè)主代表會議提出自己的意見。\n"
CLEAN = "深入貫徹發展理念，優化營商環境，提升服務水平，居民可以通過業主代表會議提出自己的意見。\n"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--policy", "flag-only"], PAGE),
        (["--policy", "flag-only", "--repair"], CLEAN),
        (["--policy", "spam-only", "--repair"], CLEAN),
        (["--policy", "flag-only", "--no-repair"], PAGE),
    ],
)
def test_clean_repairs_as_it_is_told(tmp_path: Path, words: list[str], text: str) -> None:
    (tmp_path / "page.txt").write_text(PAGE, "utf-8")
    out, verdicts, back = (str(tmp_path / name) for name in ("out.txt", "v.jsonl", "back.txt"))
    assert main(["clean", str(tmp_path / "page.txt"), "-o", out, "--verdicts", verdicts, "--quiet", *words]) == 0
    assert Path(out).read_text("utf-8") == text
    assert len(orjson.loads(Path(verdicts).read_bytes())["repairs"]) == (5 if text == CLEAN else 0)
    assert main(["restore", out, "--verdicts", verdicts, "-o", back]) == 0
    assert Path(back).read_text("utf-8") == PAGE


def test_show_counts_repairs_and_damage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "page.txt").write_text(PAGE.replace("居民", "居\ufffd"), "utf-8")
    main(["show", str(tmp_path / "page.txt"), "--policy", "flag-only", "--repair"])
    assert "repairs    reading 5, damaged 1\n" in capsys.readouterr().out
    main(["show", str(tmp_path / "page.txt"), "--policy", "flag-only", "--no-repair"])
    assert "repairs    damaged 1\n" in capsys.readouterr().out
