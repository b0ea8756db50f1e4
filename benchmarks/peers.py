"""What others would do with the same pages, side by side: python -m benchmarks.peers [-o] [--pages FILE.jsonl]

Every system that learns is trained on the same lines: the authored corpus without its held-out fifth and, with --pages,
the pages of the file whose split is train, which is what the shipped model was trained on. All are measured on the
held-out pages of both, and race over the authored pages on one core, from pages to clean pages: split, predict, join.
Rules and lists know no labels; for them, label_accuracy says nothing.
"""

import argparse
import re
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.contest import one_core, take_turns
from benchmarks.data import circumstances, lines, megabytes, pages, write_result
from moderation.judge import judge
from moderation.kernel.utf8 import decode_utf8
from moderation.labels import CONTENT, INDEX, NAMES
from moderation.moderate import Moderator
from moderation.text.batch import BATCH_CHARS, Batch
from moderation.train.corpus import authored_pages, held_out, trainable
from moderation.train.dataset import LabelledPage, read_labelled
from moderation.train.evaluate import judge_pages
from moderation.train.metrics import Judged, metrics

Labels = NDArray[np.int64]
Predict = Callable[[Sequence[str]], Labels]
"""Lines of one or many pages to label columns."""
FIGURES: Final = (
    "keep_f1",
    "junk_f1",
    "content_chars_kept",
    "junk_chars_removed",
    "spam_lines_removed",
    "family_macro_f1",
    "label_accuracy",
)
JUNK: Final = CONTENT + 1
"""What systems that only tell content from junk call junk."""
END: Final = re.compile("[。！？…：；”’）.!?]$")
FEWEST: Final = 5
WORDS: Final = ("adult", "gambling", "illicit", "promo", "seo")


def training_lines(labelled: Sequence[LabelledPage]) -> tuple[list[str], Labels]:
    """Lines that have a label, and its column."""
    rows = [(x, INDEX[y]) for page in labelled for x, y in zip(page.lines, page.labels, strict=True) if y]
    return [x for x, _ in rows], np.array([y for _, y in rows])


def sklearn_characters(texts: Sequence[str], truth: Labels) -> Predict:
    """Hashed character 1-4-grams and a linear model."""
    from sklearn.feature_extraction.text import HashingVectorizer  # noqa: PLC0415
    from sklearn.linear_model import SGDClassifier  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415

    vectors = HashingVectorizer(analyzer="char", ngram_range=(1, 4), n_features=2**18)
    model = make_pipeline(vectors, SGDClassifier(loss="log_loss", alpha=1e-6, max_iter=5, tol=None, random_state=0))
    model.fit(texts, truth)
    return lambda found: np.asarray(model.predict(found))


def jieba_words(texts: Sequence[str], truth: Labels) -> Predict:
    """jieba's words, TF-IDF and a linear model."""
    import jieba  # noqa: PLC0415
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
    from sklearn.linear_model import SGDClassifier  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415

    jieba.setLogLevel(60)
    vectors = TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None, ngram_range=(1, 2), lowercase=True)
    model = make_pipeline(vectors, SGDClassifier(loss="log_loss", alpha=1e-6, max_iter=5, tol=None, random_state=0))
    model.fit(texts, truth)
    return lambda found: np.asarray(model.predict(found))


def spaced(line: str) -> str:
    """fastText's words are what blanks part: here the characters."""
    return " ".join(line.replace("\n", " "))


def fast_text(texts: Sequence[str], truth: Labels) -> Predict:
    """fastText over characters and their 1-4-grams."""
    import fasttext  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as place:
        source = Path(place, "lines.txt")
        rows = [f"__label__{y} {spaced(x)}\n" for x, y in zip(texts, truth.tolist(), strict=True)]
        source.write_text("".join(rows), "utf-8")
        settings = {"wordNgrams": 4, "dim": 16, "lr": 0.5, "epoch": 8, "bucket": 1 << 18, "thread": 1, "seed": 1}
        model = fasttext.train_supervised(str(source), verbose=0, **settings)

    def predict(found: Sequence[str]) -> Labels:
        labels, _ = model.predict([spaced(line) for line in found])
        return np.array([int(label[0][9:]) if label else JUNK for label in labels])

    return predict


def word_list(texts: Sequence[str], truth: Labels) -> Predict:
    """pyahocorasick over the package's own lists of spam words; any hit is junk."""
    import ahocorasick  # noqa: PLC0415

    automaton = ahocorasick.Automaton()
    for name in WORDS:
        source = resources.files("moderation") / "data" / "words" / f"{name}.toml"
        for value in tomllib.loads(source.read_text("utf-8")).values():
            for word in value.split() if isinstance(value, str) else value:
                if "{" not in word and len(word) > 1:
                    automaton.add_word(word, len(word))
    automaton.make_automaton()

    def hit(line: str) -> bool:
        return next(automaton.iter(line), None) is not None

    return lambda found: np.array([JUNK if hit(line) else CONTENT for line in found])


def c4_lines(texts: Sequence[str], truth: Labels) -> Predict:
    """Chinese-C4: a line stays that ends a sentence and has five characters."""

    def stays(line: str) -> bool:
        line = line.strip()
        return len(line) >= FEWEST and END.search(line) is not None

    return lambda found: np.array([CONTENT if stays(line) else JUNK for line in found])


def documents(found: Sequence[str]) -> bool:
    """Whether FineWeb's filters, as in datatrove, keep a page: full stops, short lines, lines that stand twice."""
    rows = [line for line in found if line.strip()]
    if not rows:
        return False
    ended = sum(END.search(row.strip()) is not None for row in rows) / len(rows)
    short = sum(len(row) <= 30 for row in rows) / len(rows)
    seen: set[str] = set()
    twice = 0
    for row in rows:
        twice += len(row) if row in seen else 0
        seen.add(row)
    return ended >= 0.12 and short <= 0.67 and twice / sum(map(len, rows)) <= 0.01


def whole_pages(texts: Sequence[str], truth: Labels) -> Predict:
    """FineWeb's document filters: all of a page or nothing."""
    return lambda found: np.full(len(found), CONTENT if documents(found) else JUNK)


PEERS: Final[dict[str, Callable[[Sequence[str], Labels], Predict]]] = {
    "fastText, characters": fast_text,
    "scikit-learn, characters": sklearn_characters,
    "jieba + TF-IDF + linear": jieba_words,
    "pyahocorasick, word lists": word_list,
    "Chinese-C4 line rules": c4_lines,
    "FineWeb filters, whole pages": whole_pages,
}
BY_PAGE: Final = ("FineWeb filters, whole pages",)


def judged_by(predict: Predict, labelled: Sequence[LabelledPage]) -> Judged:
    """A peer's verdicts beside the labels."""
    truth, label, chars, number = [], [], [], []
    for n, page in enumerate(labelled):
        found = predict(page.lines) if page.lines else np.zeros(0, np.int64)
        for line, y, x in zip(page.lines, page.labels, found.tolist(), strict=True):
            if y is not None:
                truth.append(INDEX[y])
                label.append(x)
                chars.append(len(line))
                number.append(n)
    none = np.zeros(len(truth), np.int64)
    columns = np.array(truth), np.array(label)
    kept = columns[1] == CONTENT
    return Judged(*columns, kept, np.array(chars), kept.astype(float), np.array(number), none, none, none)


def clean_with(predict: Predict, by_page: bool) -> list[str]:
    """The authored pages, cleaned by a peer: lines of many pages at a time where it can."""
    split = [text.split("\n") for text in pages()]
    if by_page:
        return ["\n".join(page) if predict(page)[0] == CONTENT else "" for page in split]
    found = iter(predict([line for page in split for line in page]).tolist())
    return ["\n".join(line for line in page if next(found) == CONTENT) for page in split]


def utf8_batches() -> list[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    """The authored pages as UTF-8 buffers with offsets."""
    batches = []
    texts: list[bytes] = []
    for text in [*pages(), ""]:
        texts.append(text.encode("utf-8"))
        if not text or sum(map(len, texts)) > 3 * BATCH_CHARS:
            data = np.frombuffer(b"".join(texts), np.uint8)
            batches.append((data, np.cumsum([0, *map(len, texts)])))
            texts = []
    return batches


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--store", action="store_true", help="store in benchmarks/results/peers.json")
    parser.add_argument("--pages", type=Path, help="labelled pages to train on and to measure on, by their split")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    one_core()
    given = [*authored_pages(), *(read_labelled([args.pages]) if args.pages else [])]
    texts, truth = training_lines(trainable(given))
    splits = {
        "authored": [page for page in held_out(given) if page.split == "test"],
        "crawled": [page for page in held_out(given) if page.split == "dev"],
    }
    moderator = Moderator.load()
    buffers = utf8_batches()

    def kernels() -> None:
        for data, start in buffers:
            judge(Batch(*decode_utf8(data, start)), moderator.model)

    peers = {name: make(texts, truth) for name, make in PEERS.items()}
    contestants: dict[str, Callable[[], Any]] = {
        "moderation, clean_many": lambda: moderator.clean_many(pages()),
        "moderation, UTF-8 to verdicts": kernels,
    }
    for name, predict in peers.items():
        contestants[name] = lambda p=predict, n=name: clean_with(p, n in BY_PAGE)  # type: ignore[misc]
    seconds = take_turns(contestants, args.rounds)
    size = megabytes(pages())
    rows: dict[str, dict[str, Any]] = {}
    for name, spent in seconds.items():
        row: dict[str, Any] = {
            "megabytes_per_second": round(size / spent, 2),
            "lines_per_second": round(len(lines()) / spent),
            "pages_per_second": round(len(pages()) / spent),
        }
        for split, labelled in splits.items():
            if labelled and name != "moderation, UTF-8 to verdicts":
                judged = judged_by(peers[name], labelled) if name in peers else judge_pages(moderator, labelled)
                row[split] = {figure: round(value, 4) for figure, value in metrics(judged).items() if figure in FIGURES}
        rows[name] = row
        quality = "  ".join(f"{split} keep_f1 {row[split]['keep_f1']:.3f}" for split in splits if split in row)
        speed = f"{row['megabytes_per_second']:>8.2f} MB/s {row['lines_per_second']:>10,} lines/s"
        print(f"{name:<32}{speed} {row['pages_per_second']:>8,} pages/s  {quality}")
    if args.store:
        packages = ("fasttext-wheel", "jieba", "pyahocorasick")
        result = {"peers": rows, "rounds": args.rounds, "training_lines": len(texts), "labels": list(NAMES)}
        result["peer_versions"] = {name: version(name) for name in packages}
        result["held_out_pages"] = {split: len(labelled) for split, labelled in splits.items()}
        print(f"stored in {write_result('peers', result | circumstances(moderator.model))}")


if __name__ == "__main__":
    main()
