"""What is counted in bulk is what the verdicts say one by one."""

from collections import Counter

from moderation.crawl.junk import HELD, chunk_junk, clipped
from moderation.labels import BY_NAME, FAMILIES
from moderation.moderate import Moderator
from moderation.policy import load_policy
from moderation.records import Span, Verdict

from .conftest import records

SPLICED = "摊主说，今年的笋比往年嫩，澳门新葡京娱乐城官网开户，一早上就卖空了两筐。"


def texts() -> list[str]:
    return [row["text"] for row in records(50)] + ["", "\n\n", f"{SPLICED}\n首页 | 登录\n　首页 | 登录 \n首頁 | 登錄"]


def test_counts_are_those_of_the_verdicts_and_dropped_documents_have_none(moderator: Moderator) -> None:
    for policy in ("default", "flag-only"):
        results = Moderator(moderator.model, load_policy(policy)).clean_many(texts())
        reasons = ["of no use" if n % 7 == 0 else None for n in range(len(results))]
        found = chunk_junk(results, reasons)
        lines: Counter[str] = Counter()
        for n, (text, result, reason) in enumerate(zip(texts(), results, reasons, strict=True)):
            families = dict.fromkeys(FAMILIES[1:], 0)
            for v in result.verdicts if reason is None else ():
                if v.action == "drop":
                    families[BY_NAME[v.label].family] += 1
                both: tuple[Verdict | Span, ...] = (v, *v.spans)
                for each in both:
                    if each.action != "keep":
                        lines[f"{each.label}\t{clipped(text[each.start : each.end].strip())}"] += 1
            assert found.families[n] == list(families.values())
        assert {key: count for key, (_, count) in found.frequent(texts()).found.items()} == dict(lines)
        assert lines.total() > 50


def test_neighbouring_runs_of_results_are_counted_as_one_chunk(moderator: Moderator) -> None:
    whole = moderator.clean_many(texts())
    parts = [*moderator.clean_many(texts()[:9]), *moderator.clean_many(texts()[9:])]
    none: list[str | None] = [None] * len(whole)
    first, second = chunk_junk(whole, none), chunk_junk(parts, none)
    assert first.frequent(texts()) == second.frequent(texts())
    assert first.families == second.families
    tail = chunk_junk(whole[9:], none[9:])
    assert tail.families == first.families[9:]


def test_with_too_many_lines_the_rarest_go_and_the_loss_is_told(moderator: Moderator) -> None:
    rare = [f"版权所有 江口{n}号" for n in range(HELD + 5)]
    text = "\n".join([*rare, *["首页 | 登录 | 注册"] * 9])
    found = chunk_junk(moderator.clean_many([text]), [None]).frequent([text])
    assert len(found.found) <= HELD
    assert found.lost <= 1
