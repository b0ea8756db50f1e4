"""A judged page as lines for a terminal or a plain file."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.style import Style
from rich.text import Text

from moderation.cli.inputs import Item
from moderation.explain import explain, judged_alone
from moderation.labels import BY_NAME, LABELS, NAMES
from moderation.moderate import Moderator
from moderation.records import Flag, Span, Verdict
from moderation.result import Result

WHY: Final = "why: the words that speak for or against the label in the line by itself; neighbours: what they changed"
MARKS: Final = {"keep": " ", "flag": "?", "drop": "-"}
NARROWEST: Final = 20
"""Columns that the text gets, however narrow the terminal."""
HARMLESS: Final = (
    {code: 0x2400 + code for code in range(32)}
    | {9: " ", 0x7F: 0x2421}
    | dict.fromkeys(
        [*range(0x80, 0xA0), 0x2028, 0x2029, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)], 0xFFFD
    )
)
"""Controls of terminal and direction, each by one visible character, so that a page can't play with the terminal."""


def print_page(console: Console, item: Item, moderator: Moderator, *, why: bool, wrap: bool) -> None:
    """Print one page: its name, its lines, the reasons if asked for, a table of labels."""
    result = moderator.clean(item.text)
    title = item.source.label if item.record is None else f"{item.source.label} {item.id}"
    say(console, Text(f"{title.translate(HARMLESS)}  ({result.policy}, {result.model})", "bold"))
    if why:
        say(console, Text(WHY, "dim"))
    verdicts = {verdict.line: verdict for verdict in result.verdicts}
    n_lines = item.text.count("\n") + 1
    digits = len(str(n_lines))
    width = console.width if wrap else None
    for n in range(n_lines):
        verdict = verdicts.get(n)
        if verdict is None:
            say(console, Text(f"{n + 1:>{digits}}", "dim"))
            continue
        shown = item.text[verdict.start : verdict.end]
        print_line(console, head(n + 1, digits, verdict), body(shown, verdict, marked=marked(console)), width)
        if why:
            print_line(console, Text(" " * (digits + 2)), reasons(shown, verdict, moderator), width)
    for row in summary(item.text, result):
        say(console, row)


def say(console: Console, text: Text) -> None:
    """One line, whatever its length."""
    console.print(text, soft_wrap=True)


def marked(console: Console) -> bool:
    """Whether spans need brackets, because colours or strokes can't be relied on."""
    return not console.is_terminal or console.no_color


def head(number: int, digits: int, verdict: Verdict) -> Text:
    """Number, mark, label, score."""
    text = Text(f"{number:>{digits}} ", "dim")
    text.append(MARKS[verdict.action], "bold not dim")
    text.append(f" {verdict.label:<{max(map(len, NAMES))}}", Style(color=colour(verdict.label), dim=False))
    return text.append(f" {verdict.score:.2f}  ")


def body(line: str, verdict: Verdict, *, marked: bool) -> Text:
    """The line: struck through if dropped, underlined if flagged, its spans likewise."""
    spans = () if verdict.action == "drop" else tuple(s for s in verdict.spans if s.action != "keep")
    text = Text(style=style(verdict.label, verdict.action))
    done = 0
    for span in sorted(spans, key=lambda s: s.start):
        start, end = span.start - verdict.start, span.end - verdict.start
        text.append(line[done:start].translate(HARMLESS))
        opening, closing = brackets(span) if marked else ("", "")
        text.append(
            f"{opening}{line[start:end].translate(HARMLESS)}{closing}", style(span.label, span.action, span=True)
        )
        done = end
    return text.append(line[done:].translate(HARMLESS))


def brackets(span: Span) -> tuple[str, str]:
    """What stands around a span where it can't be struck through."""
    return f"[{MARKS[span.action]}{span.label}:", "]"


def style(label: str, action: str, *, span: bool = False) -> Style:
    """Dropped: struck through, whole lines also dimmed. Flagged: underlined. Kept lines as they are."""
    if action == "keep":
        return Style()
    return Style(
        color=colour(label), strike=action == "drop", underline=action == "flag", dim=action == "drop" and not span
    )


def colour(label: str) -> str:
    """The label's colour in the terminal."""
    return BY_NAME[label].colour


def print_line(console: Console, front: Text, text: Text, width: int | None) -> None:
    """Print, wrapped with a hanging indent where there is a width."""
    indent = cell_len(front.plain)
    pieces = [text] if width is None else fold(text, max(NARROWEST, width - indent))
    for n, piece in enumerate(pieces):
        say(console, Text.assemble(front if n == 0 else " " * indent, piece))


def fold(text: Text, width: int) -> list[Text]:
    """Cut wherever a row is full, as Chinese is set; rich would rather break at the few blanks that there are."""
    ends = list(accumulate(map(len, chop_cells(text.plain, width))))
    return list(text.divide(ends[:-1]))


def reasons(line: str, verdict: Verdict, moderator: Moderator) -> Text:
    """The words that decided, each with what it added to the log odds; and the neighbours, where they outvoted them."""
    text = Text(f"why {verdict.label}:", "italic")
    for reason in explain(line, verdict.label, moderator.model):
        text.append(f"  {reason.word.translate(HARMLESS)} {reason.weight:+.1f}", "bold" if reason.weight > 0 else "dim")
    if verdict.tricks:
        text.append(f"  tricks: {', '.join(verdict.tricks)}", "bold")
    alone, score = judged_alone(line, moderator.model)
    if alone != verdict.label:
        text.append(f"  neighbours: {alone} {score:.2f} -> {verdict.label} {verdict.score:.2f}")
    return text


def summary(text: str, result: Result) -> Iterator[Text]:
    """Legend and totals: lines and characters by label."""
    yield Text("")
    for label in LABELS:
        own = [verdict for verdict in result.verdicts if verdict.label == label.name]
        count = Flag(len(own), sum(verdict.end - verdict.start for verdict in own))
        if own:
            row = Text(f"{label.name:<10}", Style(color=label.colour))
            actions = ", ".join(f"{MARKS[a]} {a} {n}".strip() for a, n in tally(own).items())
            yield row.append(f"{count.lines:>6} lines {count.chars:>8} characters  {actions}", "default")
    if result.repairs or result.damage:
        kinds = Counter(repair.kind for repair in result.repairs)
        counts = [f"{kind} {n}" for kind, n in kinds.items()] + [f"damaged {n}" for n in [len(result.damage)] if n]
        yield Text(f"repairs    {', '.join(counts)}")
    removed = 1 - len(result.text) / len(text) if text else 0.0
    yield Text(f"{len(result.verdicts)} lines, {len(text)} characters, {removed:.1%} removed", "bold")


def tally(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Lines by action."""
    counts: dict[str, int] = {}
    for verdict in verdicts:
        counts[verdict.action] = counts.get(verdict.action, 0) + 1
    return counts
