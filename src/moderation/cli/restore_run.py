"""`moderation restore` from a ledger: the originals of a whole run, or of one cleaned file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moderation.cli.outputs import STDOUT, transaction
from moderation.errors import UsageError
from moderation.formats.base import Chunk, Columns, Compression, Reading
from moderation.formats.compression import encoded
from moderation.formats.opening import is_url
from moderation.formats.table import by_suffix, load_format

if TYPE_CHECKING:
    from moderation.cli.outputs import Transaction
    from moderation.crawl.manifest import Manifest
    from moderation.crawl.plan import Shard


def restore_run(home: str, output: str) -> int:
    """Every file under data/ comes back under its name, dropped documents in their places. home: folder or URL."""
    from moderation.crawl.fetched import run_at
    from moderation.crawl.manifest import MANIFEST, is_complete, read_manifest

    with run_at(home) as folder:
        if is_url(home) and not (folder / MANIFEST).is_file():
            raise UsageError(f"{home}: holds no run ({MANIFEST} is missing); of URLs, only runs are restored")
        manifest, complete = read_manifest(folder), is_complete(folder)
    if not manifest.settings.ledger:
        raise UsageError(f"{home}: was cleaned without --ledger, which restoring needs")
    if not complete:
        raise UsageError(f"{home}: holds an unfinished run; finish it with moderation clean --resume")
    target = Path(output)
    if output == STDOUT or target.is_file() or target.resolve() == Path(home).resolve():
        raise UsageError(f"{home} is a run: name another folder for the originals with -o")
    with transaction() as files:
        files.make_folder(output)
        restore_shards(home, manifest, target, files)
    return 0


def restore_shards(home: str, manifest: "Manifest", target: Path, files: "Transaction") -> None:
    """All outputs of all shards."""
    from moderation.crawl.fetched import shard_at

    for shard in manifest.plan.shards:
        with shard_at(home, shard) as folder:
            restore_shard(folder, shard, manifest, target, files)


def restore_shard(folder: Path, shard: "Shard", manifest: "Manifest", target: Path, files: "Transaction") -> None:
    """The outputs of a shard whose files lie in `folder`."""
    from moderation.crawl.again import dropped_places, ledger_by_file
    from moderation.crawl.shard import DATA, DROPPED
    from moderation.crawl.stored import in_order, stored_chunks, with_originals

    reading = Reading(manifest.settings.columns, max_record_bytes=1 << 40)
    found = ledger_by_file(folder, shard)
    for name, piece in {piece.output: piece for piece in shard.pieces}.items():
        kept = stored_chunks(folder / DATA / name, piece.form, piece.packed, reading)
        gone = stored_chunks(folder / DROPPED / name, piece.form, piece.packed, reading)
        chunks = with_originals(in_order(kept, gone, dropped_places(folder, shard, name)), found(name))
        if (folder / DATA / name).is_file():
            files.make_folder(str((target / name).parent))
            originals = (chunk for chunk, _ in chunks)
            schema = manifest.plan.schemas.get(piece.form)
            write_chunks(originals, str(target / name), piece.form, piece.packed, reading.columns, files, schema)


def restore_file(cleaned: str, ledger: str, output: str, columns: Columns) -> int:
    """One file that was cleaned into one file, with its ledger."""
    from moderation.crawl.stored import entries, in_order, read_ledger, stored_chunks, with_originals

    found = by_suffix(cleaned)
    if found is None:
        raise UsageError(f"{cleaned}: no format has this suffix; restore a file as it was written")
    row, packed = found
    reading = Reading(columns, max_record_bytes=1 << 40)
    kept = stored_chunks(Path(cleaned), row.name, packed, reading)
    chunks = with_originals(in_order(kept, iter(()), ()), entries(read_ledger(Path(ledger))))
    target = by_suffix(output) if output != STDOUT else None
    with transaction() as files:
        form, around = (target[0].name, target[1]) if target else (row.name, "" if output == STDOUT else packed)
        write_chunks((chunk for chunk, _ in chunks), output, form, around, columns, files, None)
    return 0


def write_chunks(
    chunks: Iterator[Chunk],
    path: str,
    form: str,
    packed: Compression,
    columns: Columns,
    files: "Transaction",
    schema: Mapping[str, Any] | None,
) -> None:
    """Whole chunks into one file; a file without documents stays one. schema: None to take that of the first chunk."""
    output = files.open(path)
    file = encoded(output.file, packed)
    writer = None
    for chunk in chunks:
        if writer is None:
            agreed = schema if schema is not None else load_format(form).schema([chunk], columns)
            writer = load_format(form).writer(file, columns, chunk, agreed)
        writer.write(chunk, chunk.texts, [True] * len(chunk))
    if writer is not None:
        writer.close()
    if file is not output.file:
        file.close()
