"""Cleaning a file against doing nothing with it, in one run on one core: python -m benchmarks.floor [-o] [--pages P]

The floor of JSONL: orjson parses every record, the text is split into lines and joined again, and the record is
written. The floor of Parquet: pyarrow reads the file and writes it. Against them, `moderation clean` from JSONL to
JSONL, and the text column of the Parquet file cleaned by Moderator.clean_arrow. --guard exits with 1 where a share of
the floor is less than half of the stored one: floors move with the machine, and their ratio does not.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

import orjson

from benchmarks.contest import one_core, print_table, table, take_turns
from benchmarks.data import RESULTS, circumstances, megabytes, pages, write_result
from moderation.cli.main import main as moderation
from moderation.moderate import Moderator

JSONL_FLOOR: Final = "orjson: parse, split, join, write"
PARQUET_FLOOR: Final = "pyarrow: read, write"
CLEAN_JSONL: Final = "moderation clean, JSONL to JSONL"
CLEAN_PARQUET: Final = "clean_arrow, Parquet to Parquet"
FLOORS: Final = {CLEAN_JSONL: JSONL_FLOOR, CLEAN_PARQUET: PARQUET_FLOOR}
SIZE: Final = 20.0
"""Megabytes of text, about; the pages are repeated until there are so many."""


def copy_jsonl(source: Path, target: Path) -> None:
    """The least that a cleaner of JSONL has to do."""
    with source.open("rb") as rows, target.open("wb") as out:
        for row in rows:
            record = orjson.loads(row)
            record["text"] = "\n".join(record["text"].split("\n"))
            out.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))


def clean_jsonl(source: Path, target: Path) -> None:
    """The command, in this process: what starting it costs is not measured here."""
    if moderation(["clean", str(source), "-o", str(target), "--quiet"]):
        raise SystemExit("floor.py: moderation clean failed")


def copy_parquet(source: Path, target: Path) -> None:
    """The least that a cleaner of Parquet has to do."""
    import pyarrow.parquet as pq  # noqa: PLC0415

    pq.write_table(pq.read_table(source, use_threads=False), target)


def clean_parquet(source: Path, target: Path, moderator: Moderator) -> None:
    """The text column in the place of the one that was read."""
    import pyarrow.parquet as pq  # noqa: PLC0415

    read = pq.read_table(source, use_threads=False)
    place = read.schema.get_field_index("text")
    clean = moderator.clean_arrow(read.column("text")).clean
    pq.write_table(read.set_column(place, "text", clean), target)


def write_inputs(folder: Path, texts: Sequence[str]) -> None:
    """The same records as JSONL and as Parquet."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    records = [{"id": f"p{n}", "url": f"https://example.org/{n}", "text": text} for n, text in enumerate(texts)]
    (folder / "in.jsonl").write_bytes(b"".join(orjson.dumps(r, option=orjson.OPT_APPEND_NEWLINE) for r in records))
    pq.write_table(pa.Table.from_pylist(records), folder / "in.parquet")


def guard(rows: dict[str, dict[str, float]]) -> int:
    """1 where a share of the floor fell to less than half of the stored one."""
    stored = json.loads((RESULTS / "floor.json").read_text("utf-8"))["files"]
    slow = [name for name in FLOORS if rows[name]["of_floor"] < stored[name]["of_floor"] / 2]
    for name in slow:
        print(f"{name}: {rows[name]['of_floor']} of its floor, stored {stored[name]['of_floor']}", file=sys.stderr)
    return 1 if slow else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--store", action="store_true", help="store in benchmarks/results/floor.json")
    parser.add_argument("--pages", type=Path, help="JSONL of pages with `lines` to measure on instead; never stored")
    parser.add_argument("--guard", action="store_true", help="compare with what is stored")
    args = parser.parse_args()
    one_core()
    given = pages()
    if args.pages:
        given = tuple("\n".join(orjson.loads(row)["lines"]) for row in args.pages.read_bytes().splitlines())
    texts = tuple(islice(cycle(given), max(len(given), int(SIZE / megabytes(given) * len(given)))))
    moderator = Moderator.load()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_inputs(folder, texts)
        jsonl, parquet = folder / "in.jsonl", folder / "in.parquet"
        seconds = take_turns(
            {
                JSONL_FLOOR: lambda: copy_jsonl(jsonl, folder / "floor.jsonl"),
                CLEAN_JSONL: lambda: clean_jsonl(jsonl, folder / "out.jsonl"),
                PARQUET_FLOOR: lambda: copy_parquet(parquet, folder / "floor.parquet"),
                CLEAN_PARQUET: lambda: clean_parquet(parquet, folder / "out.parquet", moderator),
            }
        )
    size = megabytes(texts)
    rows = table(seconds, size, FLOORS)
    print(f"{len(texts):,} pages, {size:.1f} MB of text\n")
    print_table(rows)
    if args.guard:
        return guard(rows)
    if args.store and not args.pages:
        result: dict[str, Any] = {"files": rows, "measured_megabytes": round(size, 3)}
        print(f"stored in {write_result('floor', result | circumstances(moderator.model))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
