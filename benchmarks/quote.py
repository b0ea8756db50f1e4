"""Write measured figures and real outputs into README.md and docs/: python benchmarks/quote.py [--check]

What stands between `<!-- numbers:NAME -->` and `<!-- /numbers -->` is written by the function of that name below, from
models/default/manifest.json, benchmarks/results/*.json, or by running the shipped model on an example. With --check,
nothing is written and the exit status says whether anything would change.
"""

import json
import re
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import wraps
from io import StringIO
from pathlib import Path
from typing import Any, Final

from moderation import Moderator
from moderation.cli.main import main as moderation

ROOT: Final = Path(__file__).resolve().parents[1]
EXAMPLE: Final = "examples/government.txt"
PAGES: Final = ("README.md", "docs/*.md")
BLOCK: Final = re.compile(r"(<!-- numbers:([a-z-]+) -->\n)(.*?)(<!-- /numbers -->)", re.DOTALL)
SPLITS: Final = {"dev": "crawled pages (dev)", "test": "authored pages (test)"}
FIGURES: Final = (
    "keep_f1",
    "content_chars_kept",
    "junk_chars_removed",
    "spam_lines_removed",
    "family_macro_f1",
    "label_accuracy",
    "span_char_f1",
)


def manifest() -> dict[str, Any]:
    """The shipped model's."""
    found: dict[str, Any] = json.loads((ROOT / "models/default/manifest.json").read_text("utf-8"))
    return found


def fence(text: str, language: str = "text") -> str:
    """A block of code."""
    return f"```{language}\n{text.rstrip()}\n```\n"


def show() -> str:
    """What `moderation show` prints for the example page, without the table of labels."""
    out = StringIO()
    with redirect_stdout(out):
        if moderation(["show", str(ROOT / EXAMPLE)]):
            raise SystemExit(f"quote.py: moderation show {EXAMPLE} failed")
    rows = out.getvalue().split("\n\n")[0].splitlines()
    return fence("\n".join(row for row in rows[1:] if not row.strip().isdigit()))


def clean() -> str:
    """The clean text of the example page."""
    return fence(Moderator.load().clean((ROOT / EXAMPLE).read_text("utf-8")).text)


def record() -> str:
    """The verdicts of the page in docs/verdicts.md, one a line."""
    page = "首页 | 新闻 | 登录 | 注册\n市图书馆国庆假期照常开放，自助还书机全天可用。\n版权所有 市图书馆\n"
    found = Moderator.load().clean(page).record(id="page.txt", source={"file": "page.txt", "record": 1})
    rows = []
    for key, value in found.items():
        cells = [json.dumps(cell, ensure_ascii=False) for cell in value] if isinstance(value, list) else []
        body = "[\n  " + ",\n  ".join(cells) + "\n ]" if cells else json.dumps(value, ensure_ascii=False)
        rows.append(f' "{key}": {body}')
    return fence("{\n" + ",\n".join(rows) + "\n}", "json")


def quality() -> str:
    """Figures on held-out pages, from the manifest."""
    metrics = manifest()["metrics"]
    splits = [split for split in SPLITS if split in metrics]

    def row(name: str, cells: list[str]) -> str:
        return f"| {name} | " + " | ".join(cells) + " |"

    head = [row("figure", [SPLITS[split] for split in splits]), "|---" * (len(splits) + 1) + "|"]
    sizes = row("pages, lines", [f"{metrics[split]['pages']}, {metrics[split]['lines']:,}" for split in splits])
    rows = [row(name, [f"{metrics[split][name]:.3f}" for split in splits]) for name in FIGURES]
    return "\n".join([*head, sizes, *rows]) + "\n"


def weakest() -> str:
    """The labels with the lowest F1, by split."""
    sentences = []
    for split, found in manifest()["metrics"].items():
        lowest = sorted(found["labels"].items(), key=lambda item: item[1])[:4]
        sentences.append(f"on `{split}` " + ", ".join(f"{label} {value:.2f}" for label, value in lowest))
    return "Weakest labels by F1: " + "; ".join(sentences) + ".\n"


def training() -> str:
    """What the shipped model learned from, in a sentence."""
    parts = [
        f"{source['name'].removesuffix('.jsonl')} ({source['pages'] - source['held_out_pages']:,} pages)"
        for source in manifest()["training"]
    ]
    return f"Model `default@{manifest()['digest'][:12]}`, trained on " + ", ".join(parts) + ".\n"


def result(name: str) -> dict[str, Any]:
    """What a script of benchmarks/ stored. Raises FileNotFoundError."""
    found: dict[str, Any] = json.loads((ROOT / f"benchmarks/results/{name}.json").read_text("utf-8"))
    return found


def measured_by(command: str) -> Callable[[Callable[[], str]], Callable[[], str]]:
    """For figures that may not be there yet: says then what measures them."""

    def decorated(writer: Callable[[], str]) -> Callable[[], str]:
        @wraps(writer)
        def written() -> str:
            try:
                return writer()
            except FileNotFoundError:
                return f"Not measured yet: run `{command}`.\n"

        return written

    return decorated


def alone() -> str:
    """What the authored corpus teaches without any crawled page: benchmarks/cross_validate.py --authored-only."""
    found = result("authored_only")
    figures = ", ".join(f"{name} {found['mean'][name]:.2f}" for name in FIGURES)
    state = f" ({found['state']})" if "state" in found else ""
    return f"Trained on the authored corpus alone, measured on the crawled pages of the split dev: {figures}{state}.\n"


def folds() -> str:
    """Every crawled page measured by a model that has not seen it: benchmarks/cross_validate.py."""
    found = result("cross_validate")
    rows = [
        [name, f"{value:.3f}", " ".join(f"{row[name]:.3f}" for row in found["rows"])]
        for name, value in found["mean"].items()
    ]
    made = f"{found['generated']:g} generated pages for each given one" if found["generated"] else "no generated pages"
    head = ["figure", f"mean of {found['folds']} folds", "folds"]
    return f"{grid(head, rows)}\n\n{found['pages']} crawled pages, {made}.\n"


def seeds() -> str:
    """Models that differ in their seed alone: benchmarks/seeds.py."""
    found = result("seeds")
    names = list(found["rows"][0]["dev"])
    rows = [
        [f"{'**' * own}{row['seed']}{'**' * own}", *(f"{row['dev'][n]:.3f}, {row['test'][n]:.3f}" for n in names)]
        for row in found["rows"]
        for own in [row["seed"] == found["shipped"]]
    ]
    return f"{grid(['seed', *names], rows)}\n\nOn `dev`, on the authored test pages; in bold: what is shipped.\n"


def speed() -> str:
    """The contestants of every race against scikit-learn in benchmarks/results, and what they ran on."""
    results = [json.loads(path.read_text("utf-8")) for path in sorted((ROOT / "benchmarks/results").glob("*.json"))]
    races = [result for result in results if result.get("baseline") == "scikit-learn"]
    if not races:
        return "Not measured yet: run `python -m pytest benchmarks`.\n"
    rows = ["| | MB/s | million characters/s | times scikit-learn |", "|---|---|---|---|"]
    for race in races:
        per_mb = race["data"]["characters"] / race["data"]["megabytes"] / 1e6
        for name, found in race["contestants"].items():
            speed = found["megabytes_per_second"]
            times = f"{race['ratios'][name]:.1f}" if name in race["ratios"] else "1"
            rows.append(f"| {name} | {speed:.1f} | {speed * per_mb:.2f} | {times} |")
    return "\n".join([*rows, "", *sorted({circumstances(race) for race in races})]) + "\n"


def retrain() -> str:
    """What two hundred corrected lines teach and cost: benchmarks/retrain.py."""
    found = result("retrain")
    rows = ["| right label | before | after |", "|---|---|---|"]
    before, after = found["corrected_right"]
    rows.append(f"| the {found['corrected_lines']} corrected lines | {before:.1%} | {after:.1%} |")
    for kind, name in (("same", "of the same sentence patterns"), ("other", "of other patterns")):
        part = found["unseen"][kind]
        for what, shown in (("advertisements", "advertisements"), ("others", "lines around them")):
            rows.append(f"| unseen {shown}, {name} | {part['before'][what]:.1%} | {part['after'][what]:.1%} |")
    rows += ["", "| built-in test pages | before | after |", "|---|---|---|"]
    rows += [f"| {name} | {old:.4f} | {new:.4f} |" for name, (old, new) in found["built_in"].items()]
    machine, versions = found["machine"], found["versions"]
    where = f"{machine['processor']}, one thread; Python {versions['python']}, scikit-learn {versions['scikit-learn']}"
    rows += ["", f"{found['cpu_seconds']:.0f} seconds of processor time; {where}; model `{found['model']}`."]
    return "\n".join(rows) + "\n"


@measured_by("python -m benchmarks.second_stages")
def contestants() -> str:
    """The second stages compared by benchmarks/second_stages.py, a table for each origin of pages."""
    found = result("second_stages")
    rows = ["| second stage | numbers | operations a line | serving cost |", "|---|---|---|---|"]
    for name, entry in found["second_stages"].items():
        rows.append(f"| {name} | {entry['numbers']:,} | {entry['work']:,} | {entry['serving_cost']:.2f} |")
    for origin, size in found["pages"].items():
        parts = {name: entry[origin] for name, entry in found["second_stages"].items()}
        names = list(next(iter(parts.values()))["values"])
        rows += ["", f"{origin.capitalize()} pages ({size['pages']:,} pages, {size['lines']:,} lines):", ""]
        rows += ["| second stage | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
        for name, part in parts.items():
            cells = [
                f"{part['values'][key]:.3f} ({part['intervals'][key][0]:.3f}-{part['intervals'][key][1]:.3f})"
                for key in names
            ]
            rows.append(f"| {name} | " + " | ".join(cells) + " |")
    machine, versions = found["machine"], found["versions"]
    told = (
        f"{found['folds']} folds by page; in brackets: 95 % intervals by bootstrap over pages. {machine['processor']}, "
        f"one thread; Python {versions['python']}, numba {versions['numba']}, scikit-learn {versions['scikit-learn']}."
    )
    return "\n".join([*rows, "", told]) + "\n"


def grid(head: list[str], rows: list[list[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |".replace("| --- ", "|---").replace("--- |", "---|") for cells in lines)


def floor() -> str:
    """Cleaning a file against reading and writing it: benchmarks/floor.py."""
    rows = [
        [name, f"{row['megabytes_per_second']:.0f}", f"{row['of_floor']:.2f}" if "of_floor" in row else "floor"]
        for name, row in result("floor")["files"].items()
    ]
    return f"{grid(['', 'MB/s', 'of the floor'], rows)}\n\n{circumstances(result('floor'))}\n"


def peers() -> str:
    """Others on the same pages: benchmarks/peers.py."""
    found = result("peers")
    splits = [split for split, pages in found["held_out_pages"].items() if pages]
    head = ["", "MB/s", "lines/s", "pages/s"]
    head += [f"{split}: {figure}" for split in splits for figure in ("keep_f1", "junk_f1", "label_accuracy")]
    rows = []
    for name, row in found["peers"].items():
        cells = [name, f"{row['megabytes_per_second']:.2f}"]
        cells += [f"{row['lines_per_second']:,}", f"{row['pages_per_second']:,}"]
        for split in splits:
            figures = row.get(split, {})
            cells += [f"{figures[key]:.3f}" if key in figures else "" for key in ("keep_f1", "junk_f1")]
            cells.append(f"{figures['label_accuracy']:.3f}" if figures else "")
        rows.append(cells)
    sizes = ", ".join(f"{found['held_out_pages'][split]} {split} pages" for split in splits)
    versions = ", ".join(f"{name} {number}" for name, number in found["peer_versions"].items())
    trained = f"Trained on {found['training_lines']:,} lines, measured on {sizes}; {versions}."
    return f"{grid(head, rows)}\n\n{trained} {circumstances(found)}\n"


def stages() -> str:
    """Where the time goes: benchmarks/stages.py."""
    rows = [
        [name, f"{row['megabytes_per_second']:,.0f}", f"{row['share']:.0%}"]
        for name, row in result("stages")["stages"].items()
    ]
    return f"{grid(['stage', 'MB/s', 'share'], rows)}\n\n{circumstances(result('stages'))}\n"


def bound() -> str:
    """What would be reached if later stages cost nothing: from benchmarks/stages.py and benchmarks/floor.py."""
    found, files = result("stages"), result("floor")["files"]
    size = found["data"]["megabytes"]
    seconds = {name: row["seconds"] for name, row in found["stages"].items()}
    reading = ("pack", "lines and folding", "sum rows", "logits", "softmax")
    tagging = ("rescue", "spans")
    later = (*tagging, "decide and assemble")
    first = sum(seconds[name] for name in reading)
    second = sum(spent for name, spent in seconds.items() if name not in later)
    jsonl = next(row["seconds"] for name, row in files.items() if name.startswith("orjson"))
    whole = next(row["seconds"] for name, row in files.items() if name.startswith("moderation clean"))
    parts = [
        f"The first stage alone, with reading, would clean {size / first:.0f} MB/s",
        f"with the second stage it is {size / second:.0f} MB/s",
        f"with spans {size / (second + sum(seconds[name] for name in tagging)):.0f} MB/s",
        f"with decisions, clean text and repairs {size / sum(seconds.values()):.0f} MB/s",
    ]
    return f"{', '.join(parts)}; of the time from JSONL to JSONL, {jsonl / whole:.0%} is the floor itself.\n"


def account() -> str:
    """Bytes touched: benchmarks/account.py."""
    found = result("account")
    rows = [
        [
            name,
            f"{row['bytes_a_character']:.0f}",
            f"{row['nanoseconds_a_character']:.1f}",
            f"{row['share_of_streaming']:.0%}",
        ]
        for name, row in found["stages_account"].items()
    ]
    table = grid(["stage", "bytes a character", "ns a character", "share of streaming"], rows)
    return f"{table}\n\nCopying streams {found['streaming_gigabytes_per_second']:.1f} GB/s here.\n"


def scaling() -> str:
    """Nanoseconds a character against size and shape: benchmarks/scaling.py."""
    found = result("scaling")
    tables = []
    for title, values in found["nanoseconds_a_character"].items():
        if not title.startswith("shapes"):
            points = ", ".join(f"{name}: {value:.0f}" for name, value in values.items())
            tables.append([title, points, f"{found['spread'][title]:.0%}"])
    small = found["nanoseconds_a_character"]["shapes of a million"]
    shapes = [[name, f"{small[name]:.0f}", f"{growth:.2f}"] for name, growth in found["growth"].items()]
    first = grid(["ns a character against", "", "spread (±)"], tables)
    return f"{first}\n\n{grid(['shape', 'ns a character', 'at ten times the size'], shapes)}\n"


def sweep() -> str:
    """Quality against speed of the first stage: benchmarks/sweep.py."""
    found = result("sweep")
    rows = []
    for name, row in found["sweep"].items():
        shown = f"**{name}**" if name == found["shipped"] else name
        figures = [f"{row[key]:.3f}" for key in ("keep_f1", "label_accuracy", "log_loss")]
        rows.append([shown, *figures, f"{row['megabytes_per_second']:.0f}", f"{row['bytes'] / 1e6:.1f}"])
    head = ["line model alone", "keep_f1", "label_accuracy", "log loss", "MB/s hashed and summed", "MB of weights"]
    told = f"Trained on {found['training_lines']:,} lines, measured on {found['test_lines']:,}. {circumstances(found)}"
    return f"{grid(head, rows)}\n\n{told}\n"


def knee() -> str:
    """Where the shipped first stage stands among its neighbours, from benchmarks/sweep.py."""
    found, shipped = result("sweep")["sweep"], result("sweep")["shipped"]
    own, bits, layout = found[shipped], found[shipped]["bits"], shipped.rpartition(", ")[2]

    def beside(bits: int, orders: str, kind: str = layout) -> str:
        row = found[f"2^{bits} rows, orders {orders}, {kind}"]
        keep, loss = (row[key] - own[key] for key in ("keep_f1", "log_loss"))
        rate = row["megabytes_per_second"] / own["megabytes_per_second"] - 1
        return f"keep_f1 {keep:+.4f}, log loss {loss:+.3f}, speed {rate:+.0%}"

    return (
        f"The shipped model has {shipped} ({own['bytes'] / 1e6:.1f} MB). Beside it: half the rows "
        f"({beside(bits - 1, '1-4')}), twice as many ({beside(bits + 1, '1-4')}), no order 4 "
        f"({beside(bits, '1-3')}), order 5 as well ({beside(bits, '1-5')}), eight bits "
        f"({beside(bits, '1-4', 'int8 x 16')}), sixteen ({beside(bits, '1-4', 'int16 x 16')}).\n"
    )


def rounding() -> str:
    """What rounding the weights changes, from benchmarks/sweep.py."""
    found = result("sweep")["agreement"]
    rows = []
    for kind, row in found.items():
        name, apart = max(row["metrics_apart"].items(), key=lambda item: item[1])
        rows.append([kind, f"{row['same_label']:.2%}", f"{row['same_action']:.2%}", f"{apart:.4f} ({name})"])
    head = [
        "against float32, all stages",
        "lines with the same label",
        "with the same action",
        "largest gap of a metric",
    ]
    return f"{grid(head, rows)}\n"


def threads() -> str:
    """Threads and processes: benchmarks/threads.py."""
    found = result("threads")
    rows = [
        [name, f"{row['megabytes_per_second']:.0f}", f"{row['times_one']:.2f}"]
        for name, row in found["threads"].items()
    ]
    told = f"Seconds of the wall, on {found['machine']['cores']} cores; the results of all are the same, byte by byte."
    return f"{grid(['', 'MB/s', 'times one'], rows)}\n\n{told}\n"


def instructions() -> str:
    """Counted instructions: benchmarks/instructions.py."""
    found = result("instructions")
    rows = [
        [
            name,
            f"{row['instructions_a_character']:.1f}",
            f"{row['nanoseconds_a_character']:.1f}",
            f"{row['instructions_a_nanosecond']:.1f}",
        ]
        for name, row in found["stages_instructions"].items()
    ]
    head = ["stage", "instructions a character", "ns a character", "instructions a ns"]
    told = f"{found['counter']}, kernels compiled for AVX2, {found['counted_characters']:,} characters."
    time = sum(row["nanoseconds_a_character"] for row in found["stages_instructions"].values())
    large = {
        name: row["instructions_a_nanosecond"]
        for name, row in found["stages_instructions"].items()
        if row["nanoseconds_a_character"] > time / 20
    }
    slowest = sorted(large, key=lambda name: large[name])
    shown = [f"{name} ({large[name]:.0f} a nanosecond)" for name in slowest]
    waits = f"Of the stages that take a twentieth of the time or more, the fewest instructions get done in {shown[0]}, "
    waits += f"{shown[1]} and {shown[2]}, the most in {shown[-1]}."
    return f"{grid(head, rows)}\n\n{told} {waits}\n"


def formats() -> str:
    """`moderation clean`, a format each: benchmarks/test_cli.py."""
    found = result("cli")
    rows = [
        [name, f"{row['megabytes_per_second']:.1f}", f"{found['ratios'].get(name, 1.0):.2f}"]
        for name, row in found["contestants"].items()
    ]
    return f"{grid(['', 'MB/s', 'times plain JSONL'], rows)}\n"


def fitting() -> str:
    """Training, stage by stage: benchmarks/test_train.py."""
    found = result("train")
    rows = [
        [name, f"{row['seconds_median']:.2f}", f"{row['seconds_median'] / row['megabytes']:.1f}"]
        for name, row in found["contestants"].items()
    ]
    size = next(iter(found["contestants"].values()))["megabytes"]
    return f"{grid(['', 'seconds', 'seconds a MB'], rows)}\n\n{size * 1000:.0f} KB of labelled lines.\n"


def site_lines() -> str:
    """What --site-lines changes on the authored crawl: benchmarks/site_lines.py."""
    found = result("site_lines")
    rows = ["| lines of | all | right without the option | right with it |", "|---|---|---|---|"]
    for name, right in (("chrome", "chrome_removed"), ("content", "content_kept")):
        cells = [f"{found[way][right]:,} ({found[way][right] / found[way][name]:.1%})" for way in ("without", "with")]
        rows.append(f"| {name} | {found['with'][name]:,} | {cells[0]} | {cells[1]} |")
    data = f"{found['data']['pages']} pages, {len(found['data']['seeds'])} crawls; model `{found['model']}`"
    return "\n".join([*rows, "", f"`benchmarks/site_lines.py`: {data}."]) + "\n"


@measured_by("python -m benchmarks.cost -o")
def cost() -> str:
    """What a terabyte costs, by format: benchmarks/cost.py."""
    found = result("cost")
    head = ["", "MB/s a core, stored", "of text", "core-hours/TB stored", "of text", f"{found['currency']}/TB stored"]
    head.append("where they go")
    rows = []
    for name, row in found["formats"].items():
        shares = ", ".join(f"{part} {share:.0%}" for part, share in row["shares"].items())
        speeds = [f"{row[key]:.1f}" for key in ("stored_megabytes_per_second", "text_megabytes_per_second")]
        hours = [f"{row[f'core_hours_per_terabyte_{of}']:.1f}" for of in ("stored", "of_text")]
        rows.append([name, *speeds, *hours, f"{row['price_per_terabyte_stored']:.2f}", shares])
    price = f"At {found['price_per_core_hour']} {found['currency']} a core-hour."
    return f"{grid(head, rows)}\n\n{price} {circumstances(found)}\n"


@measured_by("python -m pytest benchmarks/test_workers.py")
def workers() -> str:
    """Two workers against one, Ray against local ones: benchmarks/test_workers.py."""
    found = result("workers")
    speeds = "; ".join(f"{name} {row['megabytes_per_second']:.1f} MB/s" for name, row in found["runs"].items())
    return (
        f"{found['megabytes']} MB of JSONL, whole runs with their start: {speeds}. Two workers are "
        f"{found['two_workers_over_one']:.2f} times as fast as one; two on a local Ray cluster are "
        f"{found['ray_over_local']:.2f} times as fast as two without it. {circumstances(found)}\n"
    )


@measured_by("python -m benchmarks.memory -o")
def memory() -> str:
    """Peaks of the workers: benchmarks/memory.py."""
    found = result("memory")
    peaks = " and ".join(f"{row['rss']:.0f}" for row in found["peak_megabytes"][1:])
    return (
        f"Two workers took at most {peaks} MB on {found['megabytes']:,} MB of JSONL with a line of "
        f"{found['longest_line_megabytes']:.0f} MB and the longest records that are accepted "
        f"(`python -m benchmarks.memory --megabytes {found['megabytes']}`).\n"
    )


def circumstances(race: dict[str, Any]) -> str:
    """Data, machine, versions and model of a race, in a sentence."""
    data, machine, versions = race["data"], race["machine"], race["versions"]
    return (
        f"{data['pages']} {data['name']}, {data['lines']:,} lines, {data['megabytes']:.2f} MB of UTF-8; "
        f"{machine['processor']}, {machine['cores']} cores, one thread each; Python {versions['python']}, "
        f"numba {versions['numba']}, scikit-learn {versions['scikit-learn']}; model `{race['model']}`."
    )


@measured_by("python -m pytest benchmarks/test_service.py")
def service() -> str:
    """What the service takes: benchmarks/test_service.py."""
    found = result("service")
    ratio, p99, soak, machine = found["ratio"], found["p99"], found["soak"], found["machine"]
    rows = [
        "| one worker, pages of about 2 KB | |",
        "|---|---|",
        f"| requests a second, `POST /v1/clean` | {ratio['clean_per_second']:,} |",
        f"| requests a second, a route that takes the body and does nothing | {ratio['noop_per_second']:,} |",
        f"| ratio, median of the rounds | {ratio['ratio']:.2f} |",
        f"| processor time a request, of both, in microseconds | {ratio['clean_cpu_microseconds']}, "
        f"{ratio['noop_cpu_microseconds']} |",
        f"| at {p99['per_second']:,} requests a second: median, 99 of 100 within | {p99['p50_ms']:.1f} ms, "
        f"{p99['p99_ms']:.1f} ms |",
        f"| soak: requests; memory; growth in the second half | {soak['requests']:,}; {soak['megabytes']:.0f} MB; "
        f"{soak['growth_second_half']:.1%} |",
    ]
    versions = found["versions"]
    where = (
        f"benchmarks/test_service.py with {found['generator']}, {found['connections']} connections, on one machine: "
        f"{machine['processor']}, {machine['cores']} cores; Python {versions['python']}; model `{found['model']}`.\n"
    )
    return "\n".join([*rows, "", where])


WRITERS: Final[dict[str, Callable[[], str]]] = {
    writer.__name__.replace("_", "-"): writer
    for writer in (
        *(show, clean, record, quality, weakest, training, alone, folds, seeds, retrain, service, contestants),
        *(speed, floor, peers, stages, bound, account, scaling, site_lines, cost, memory, workers),
        *(sweep, knee, rounding, threads, instructions, formats, fitting),
    )
}


def filled(text: str) -> str:
    """The page with every block written anew. Raises KeyError for a block that has no writer."""
    return BLOCK.sub(lambda block: block[1] + WRITERS[block[2]]() + block[4], text)


def documents() -> list[Path]:
    """The pages that may hold blocks."""
    return sorted(path for pattern in PAGES for path in ROOT.glob(pattern))


def main() -> int:
    stale = [path for path in documents() if filled(path.read_text("utf-8")) != path.read_text("utf-8")]
    for path in stale:
        print(f"{path.relative_to(ROOT)}: {'out of date' if '--check' in sys.argv else 'written'}")
        if "--check" not in sys.argv:
            path.write_text(filled(path.read_text("utf-8")), "utf-8")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
