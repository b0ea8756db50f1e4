"""Slow twins of the kernels, in plain Python and numpy, written from the definitions: the tests hold one to the other.

Same arguments, same dtypes. Nothing that serves a user calls them.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.context import FEATURES, FILTER
from moderation.kernel.function_words import FUNCTION_WORDS, pack_word
from moderation.kernel.ngrams import LONGEST
from moderation.kernel.outlook import FARTHEST, OUTLOOK, SAID
from moderation.kernel.recurrence import GATED, MEMORY
from moderation.kernel.runs import NOISE
from moderation.kernel.shape import GROUPS, N_CLASSES, ROWS
from moderation.kernel.spans import CLASSES, FACTS, REST, STATES
from moderation.kernel.surroundings import AHEAD, PIECE

Strings = list[str]
Wide = NDArray[np.float64]
UINT32 = 0xFFFFFFFF

SPACE, INVISIBLE, HAN, SEPARATOR, SYMBOL, LATIN, LETTER, SENTENCE_END = 4, 5, 1, 11, 15, 2, 13, 6
BREAK = "\n"
OPENING, CLOSING = "(（", ")）"
TONED_U = "üǖǘǚǜ"

BUCKETS = (1, 2, 3, 4, 6, 9, 15)
RATIOS = (0.03125, 0.0833, 0.1667, 0.3333, 0.6667)


def text_of(codes: NDArray[np.uint32]) -> str:
    """The code points as a string; unlike a decoder it takes any."""
    return "".join(map(chr, codes.tolist()))


def split_lines(
    codes: NDArray[np.uint32], doc_start: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Twin of kernel/lines.py: str.split at the newline, and one carriage return less before it."""
    start, end, behind, first = [], [], [], [0]
    for a, b in zip(doc_start[:-1].tolist(), doc_start[1:].tolist(), strict=True):
        at = a
        pieces = text_of(codes[a:b]).split(BREAK)
        for n, piece in enumerate(pieces):
            broken = n + 1 < len(pieces)
            start.append(at)
            end.append(at + len(piece.removesuffix("\r") if broken else piece))
            at += len(piece) + broken
            behind.append(at)
        first.append(len(start))
    return np.array(start, np.int64), np.array(end, np.int64), np.array(behind, np.int64), np.array(first, np.int64)


def looked_up(code: int, page: NDArray[np.uint16], table: NDArray[np.generic], otherwise: int) -> int:
    """A two-level table's entry, or `otherwise` for code points beyond it."""
    return int(table[page[code >> 8], code & 255]) if code >> 8 < page.size else otherwise


def readings_of(
    code: int, reading_char: NDArray[np.uint32], reading_start: NDArray[np.int32], reading: NDArray[np.uint32]
) -> Strings:
    """The readings of a character as words of a-z."""
    place = np.flatnonzero(reading_char == code)
    if not place.size:
        return []
    packed = reading[reading_start[place[0]] : reading_start[place[0] + 1]].tolist()
    return ["".join(chr(96 + (word >> shift & 31)) for shift in range(25, -5, -5) if word >> shift) for word in packed]


def fold_lines(
    codes: NDArray[np.uint32],
    line_start: NDArray[np.int64],
    line_end: NDArray[np.int64],
    page: NDArray[np.uint16],
    fold_delta: NDArray[np.uint32],
    char_class: NDArray[np.uint8],
    reading_char: NDArray[np.uint32],
    reading_start: NDArray[np.int32],
    reading: NDArray[np.uint32],
    pair_key: NDArray[np.uint64],
    pair_to: NDArray[np.uint32],
) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.int64]]:
    """Twin of kernel/fold.py: take out bracketed readings, fold, take out the invisible, collapse white space, see
    through what kernel/disguise.py sees through."""
    rows = zip(pair_key.tolist(), pair_to.tolist(), strict=True)
    pairs = {(key >> 32, key & UINT32): [c for c in to if c] for key, to in rows}

    def fold(char: str) -> int:
        code = ord(char)
        return (code + looked_up(code, page, fold_delta, 0)) & UINT32

    def letter(char: str) -> str:
        return chr(fold(char)) if ord(char) < 0x250 and fold(char) != UINT32 else "?"

    def is_reading(char: str, inner: str) -> bool:
        if inner == char:
            return True
        word = "".join("v" if c in TONED_U else letter(c) for c in inner)
        known = readings_of(ord(char), reading_char, reading_start, reading)
        return word.isascii() and word.isalpha() and word in known

    def without_readings(line: str) -> Iterator[int]:
        i = 0
        while i < len(line):
            yield i
            char = line[i]
            i += 1
            if looked_up(ord(char), page, char_class, 0) == HAN and line[i : i + 1] and line[i] in OPENING:
                close = next((j for j in range(i + 1, min(i + 8, len(line))) if line[j] in CLOSING), 0)
                if close and is_reading(char, line[i + 1 : close]):
                    i = close + 1

    folded: list[int] = []
    source: list[int] = []
    fold_start = [0]
    for a, b in zip(line_start.tolist(), line_end.tolist(), strict=True):
        line = text_of(codes[a:b])
        seen = [(f, i) for i in without_readings(line) if (f := fold(line[i])) != UINT32]
        once = [(f, i) for n, (f, i) in enumerate(seen) if f != 32 or (n and seen[n - 1][0] != 32)]
        if once and once[-1][0] == 32:
            once.pop()
        once = joined(closed(once, lambda f: looked_up(f, page, char_class, 0)), pairs)
        folded += [f for f, _ in once]
        source += [a + i for _, i in once]
        fold_start.append(len(folded))
    return np.array(folded, np.uint32), np.array(fold_start, np.int64), np.array(source, np.int64)


Seen = list[tuple[int, int]]
"""Folded characters with the places that they came from."""
TOKEN = "0a-z\u3400-\u9fff\U00020000-\U00031fff"
APART = re.compile(
    rf"(?<![{TOKEN}])[{TOKEN}](?:([^{TOKEN}]{{1,3}})(?![{TOKEN}]{{2}})[{TOKEN}](?:\1(?![{TOKEN}]{{2}})[{TOKEN}])*)"
)


def closed(line: Seen, class_of: Callable[[int], int]) -> Seen:
    """Twin of kernel/disguise.py: the gaps of characters written apart taken out, and pictures between letters."""
    text = "".join(chr(f) for f, _ in line)
    gone: set[int] = set()
    at = 0
    while found := APART.search(text, at):
        at = found.end()
        inner = found[0]
        letters = [c for c in inner if re.match(f"[{TOKEN}]", c)]
        fillers = all(c in " ." or class_of(ord(c)) in (SEPARATOR, SYMBOL) for c in found[1])
        han = sum(c >= "\u3400" for c in letters)
        if fillers and (
            len(letters) >= 3 if han >= 2 else len(letters) >= 4 and len(letters) - letters.count("0") >= 2
        ):
            gone |= {n for n in range(found.start(), found.end()) if not re.match(f"[{TOKEN}]", text[n])}
        else:
            at = found.start() + 1
    stay: Seen = []
    for n, (f, i) in enumerate(line):
        picture = f >= 0x2300 and class_of(f) == SYMBOL and stay and n + 1 < len(line)
        if n in gone or (
            picture and all(re.match(f"[{TOKEN}]", chr(c)) and c != 48 for c in (stay[-1][0], line[n + 1][0]))
        ):
            continue
        stay.append((f, i))
    return stay


def joined(line: Seen, pairs: dict[tuple[int, int], list[int]]) -> Seen:
    """Twin of kernel/disguise.py: pairs of characters that stand for others, from the left."""
    out: Seen = []
    for seen in line:
        f, i = seen
        to = pairs.get((out[-1][0], f), []) if out else []
        while len(to) == 1:
            f, i = to[0], out.pop()[1]
            to = pairs.get((out[-1][0], f), []) if out else []
        if to:
            out[-1], f = (to[0], out[-1][1]), to[1]
        out.append((f, i))
    return out


def length_limits() -> list[float]:
    """The lengths at which the fifteen upper steps of the length scale begin."""
    limits = [2.0]
    while len(limits) < 15:
        limits.append(limits[-1] * 1.5 + 0.5)
    return limits


def ratio(part: int, whole: int) -> int:
    """Twin of kernel/shape.py's: eight steps, of which the first is none and the last is all."""
    if part in (0, whole):
        return 7 if part else 0
    return 1 + bisect_right(RATIOS, part / whole)


CAPITAL = re.compile("[A-Z\u00c0-\u00de\u0391-\u03a9\u0400-\u042f]")


def words_of(line: str, kinds: Sequence[int]) -> list[tuple[int, int]]:
    """Start and end of the runs of letters other than Chinese."""
    marks = "".join("w" if kind in (LATIN, LETTER) else " " for kind in kinds)
    return [found.span() for found in re.finditer("w+", marks)]


def sentence_stops(line: str, kinds: Sequence[int], words: Sequence[tuple[int, int]]) -> list[int]:
    """Where a full stop stands right behind a word of two letters, before a blank or the end of the line."""
    behind = [j for i, j in words if j - i >= 2 and line[j : j + 1] == "."]
    return [j for j in behind if j + 1 == len(line) or kinds[j + 1] == SPACE]


def is_function_word(word: str) -> bool:
    """Whether a word of at most five letters a-z, whatever their case, is in the table."""
    return re.fullmatch("[A-Za-z]{1,5}", word) is not None and pack_word(word.lower()) in set(FUNCTION_WORDS.tolist())


def shape_rows(
    codes: NDArray[np.uint32],
    line_start: NDArray[np.int64],
    line_end: NDArray[np.int64],
    page: NDArray[np.uint16],
    char_class: NDArray[np.uint8],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int8]]:
    """Twin of kernel/shape.py: each line's facts side by side, then each moved behind the rows of those before it."""
    rows = np.zeros((line_start.size, GROUPS), np.int32)
    counts = np.zeros((line_start.size, N_CLASSES), np.int32)
    ends = np.full((line_start.size, 2), -1, np.int8)
    limits = length_limits()
    for k, (a, b) in enumerate(zip(line_start.tolist(), line_end.tolist(), strict=True)):
        kinds = [looked_up(code, page, char_class, 0) for code in codes[a:b].tolist()]
        line = text_of(codes[a:b])
        words = words_of(line, kinds)
        for i in sentence_stops(line, kinds, words):
            kinds[i] = SENTENCE_END
        visible = [kind for kind in kinds if kind not in (SPACE, INVISIBLE)]
        n_of = Counter(kinds)
        counts[k] = [n_of[kind] for kind in range(N_CLASSES)]
        if not visible:
            continue
        n = len(visible)
        ends[k] = visible[0], visible[-1]
        length = bisect_right(limits, n)
        coarse = min(3, length // 4)
        others = n_of[13] + n_of[14] + n_of[15]
        several = [bisect_right(BUCKETS, n_of[kind]) for kind in (7, 6, 11)]
        shares = [ratio(part, n) for part in (n_of[1], n_of[2], n_of[3], others)]
        blanks = bisect_right(BUCKETS, n_of[4])
        headed = bisect_right(BUCKETS, n_of[8] + n_of[9])
        by_length = [visible[-1], visible[0], *several, *shares, blanks]
        many = bisect_right(BUCKETS, len(words)) * 8
        capitals = sum(CAPITAL.match(line[i]) is not None for i, _ in words)
        functions = sum(is_function_word(line[i:j]) for i, j in words)
        of_words = [many + ratio(part, max(len(words), 1)) for part in (capitals, functions)]
        sizes = [16, 64, 64, *[32] * 3, *[32] * 4, 32, 64, 64, 64]
        within = [length, *[value * 4 + coarse for value in by_length], headed * 8 + shares[2], *of_words]
        rows[k] = np.cumsum([0, *sizes[:-1]]) + within
        assert sum(sizes) == ROWS
    return rows, counts, ends


def marked_lines(folded: NDArray[np.uint32], fold_start: NDArray[np.int64]) -> Iterator[list[int]]:
    """Each folded line, or what is scored of it, between its boundary marks; an empty line has none."""
    for a, b in zip(fold_start[:-1].tolist(), fold_start[1:].tolist(), strict=True):
        yield [2, *folded[a : min(b, a + LONGEST)].tolist(), 2] if b > a else []


def grams(line: Sequence[int]) -> list[tuple[int, ...]]:
    """The n-grams of orders 1 to 4 that begin at each character, where the line is long enough for them."""
    return [tuple(line[i : i + n]) for i in range(len(line)) for n in (1, 2, 3, 4) if i + n <= len(line)]


def gram_hash(gram: tuple[int, ...]) -> int:
    """The 32-bit hash of an n-gram."""
    h = 0x9E3779B9
    for c in gram:
        h = (h ^ c) * 0x85EBCA6B & UINT32
        h ^= h >> 15
    return h


def count_grams(fold_start: NDArray[np.int64]) -> NDArray[np.int64]:
    """Twin of kernel/ngrams.py: count them by making them."""
    blank = np.zeros(fold_start[-1], np.uint32)
    return np.array([len(grams(line)) for line in marked_lines(blank, fold_start)], np.int64)


def gram_rows(
    folded: NDArray[np.uint32], fold_start: NDArray[np.int64], gram_start: NDArray[np.int64], bits: int
) -> NDArray[np.int32]:
    """Twin of kernel/ngrams.py: the upper bits of every gram's hash."""
    hashes = [gram_hash(gram) for line in marked_lines(folded, fold_start) for gram in grams(line)]
    assert len(hashes) == gram_start[-1]
    return np.array([h // 2 ** (32 - bits) for h in hashes], np.int32)


def row_numbers(words: NDArray[np.int32]) -> NDArray[np.int64]:
    """Twin of kernel/packing.py: fields cut out of the words. The last ones stand twice, as in the kernel."""
    fields = []
    for low, size in ((21, 1 << 11), (10, 1 << 11), (0, 1 << 10)):
        field = (words.astype(np.int64) & UINT32) // (1 << low) % size
        fields.append(np.where(field < size // 2, field, field - size))
    return np.concatenate([*fields, fields[-1]], axis=1)


def sum_rows(
    folded: NDArray[np.uint32], fold_start: NDArray[np.int64], weights: NDArray[np.int32], bits: int
) -> NDArray[np.int32]:
    """Twin of kernel/ngrams.py: gather the weight rows of a line, then add them up."""
    numbers = row_numbers(weights)
    out = np.zeros((fold_start.size - 1, numbers.shape[1]), np.int32)
    for k, line in enumerate(marked_lines(folded, fold_start)):
        rows = [gram_hash(gram) // 2 ** (32 - bits) for gram in grams(line)]
        out[k] = numbers[np.array(rows, np.int64)].sum(0, dtype=np.int64)
    return out


def line_logits(
    sums: NDArray[np.int32],
    n_grams: NDArray[np.int64],
    shape_rows: NDArray[np.int32],
    gram_scale: NDArray[np.float32],
    shape_weights: NDArray[np.float32],
    bias: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Twin of kernel/score.py, in float64."""
    wide = sums[:, : bias.size].astype(np.float64) * gram_scale / np.sqrt(np.maximum(n_grams, 1))[:, None]
    wide += shape_weights.astype(np.float64)[shape_rows].sum(1)
    wide[n_grams == 0] = 0
    out: NDArray[np.float32] = (wide + bias).astype(np.float32)
    return out


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float32]:
    """Twin of kernel/score.py, in float64."""
    wide = np.exp(logits.astype(np.float64) - logits.max(1, keepdims=True, initial=-np.inf))
    out: NDArray[np.float32] = (wide / wide.sum(1, keepdims=True)).astype(np.float32)
    return out


def decide_lines(
    probabilities: NDArray[np.float32], rule_action: NDArray[np.uint8], rule_threshold: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8]]:
    """Twin of kernel/decide.py. The sum runs column by column, so that a threshold is met by both or by neither."""
    label = np.where(probabilities[:, 0] >= 0.5, 0, 1 + probabilities[:, 1:].argmax(1)).astype(np.uint8)
    unwanted = np.where(rule_action != 0, probabilities, np.float32(0))
    junk = np.minimum(np.cumsum(unwanted, 1, np.float32)[:, -1], np.float32(1))
    action = np.where(junk >= rule_threshold[label], rule_action[label], 0).astype(np.uint8)
    return label, junk, action


def kept_characters(
    doc_start: NDArray[np.int64],
    first_line: NDArray[np.int64],
    line_start: NDArray[np.int64],
    line_end: NDArray[np.int64],
    line_next: NDArray[np.int64],
    blank: NDArray[np.bool_],
    action: NDArray[np.uint8],
) -> NDArray[np.bool_]:
    """Twin of kernel/assemble.py: make the list of lines that stay, then mark their characters."""
    keep = np.zeros(doc_start[-1], np.bool_)
    for first, behind in zip(first_line[:-1].tolist(), first_line[1:].tolist(), strict=True):
        lines = range(first, behind)
        stay: list[int] = []
        dropped_since = False
        for k in lines:
            if blank[k]:
                doubled = not stay or blank[stay[-1]]
                if not (dropped_since and doubled):
                    stay.append(k)
            elif action[k] == 2:
                dropped_since = True
            else:
                dropped_since = False
                stay.append(k)
        if dropped_since:
            while stay and blank[stay[-1]]:
                stay.pop()
        for k in stay:
            keep[line_start[k] : line_next[k]] = True
        if dropped_since and stay and line_start[lines[-1]] != line_end[lines[-1]]:
            keep[line_end[stay[-1]] : line_next[stay[-1]]] = False
    return keep


def gather(
    codes: NDArray[np.uint32],
    keep: NDArray[np.bool_],
    doc_start: NDArray[np.int64],
    place: NDArray[np.int64],
    text: NDArray[np.uint32],
    text_start: NDArray[np.int64],
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Twin of kernel/assemble.py: for each character itself, nothing, or what is put in."""
    pieces = [codes[i : i + 1] if stays else codes[:0] for i, stays in enumerate(keep.tolist())]
    for i, a, b in zip(place.tolist(), text_start[:-1].tolist(), text_start[1:].tolist(), strict=True):
        pieces[i] = text[a:b]
    before = np.cumsum([0, *map(len, pieces)])
    return np.concatenate([codes[:0], *pieces]), before[doc_start]


def visible_lines(
    blank: NDArray[np.bool_], first_line: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Twin of kernel/context.py."""
    at = np.flatnonzero(~blank)
    return at.astype(np.int64), np.searchsorted(at, first_line).astype(np.int64)


def squash(x: NDArray[np.generic] | float) -> NDArray[np.float64]:
    """log(1 + x) / 4."""
    return np.log1p(np.asarray(x, np.float64)) / 4


def line_facts(counts: NDArray[np.int32], visible: NDArray[np.int64], ends: NDArray[np.int8]) -> NDArray[np.float32]:
    """Twin of kernel/context.py, column by column."""
    of = counts[visible].astype(np.float64).T
    first, last = ends[visible].T
    seen = of.sum(0) - of[4] - of[5]
    size = np.maximum(seen, 1)
    columns = [
        squash(seen),
        of[1] / size,
        of[2] / size,
        of[3] / size,
        of[13:16].sum(0) / size,
        of[11] / size,
        squash(of[6]),
        squash(of[7]),
        squash(of[4]),
        squash(of[8]),
        np.minimum(1, of[9] / 4),
        last == 6,
        np.isin(last, (7, 8)),
        np.isin(last, (3, 11)),
        np.isin(first, (3, 9)),
        np.isin(first, (11, 15)),
        8 * (of[6] + of[7]) / size,
        8 * of[12] / size,
    ]
    return np.stack(columns, 1).astype(np.float32)


def pair_place(a: int, b: int) -> int:
    """The place of a character pair in a page's sets."""
    return ((a * 0x9E3779B1 ^ b * 0x85EBCA77) & UINT32) >> 19


def line_place(line: Sequence[int]) -> int:
    """The place of a whole line in a page's set: FNV-1a over code points, seeded with the length."""
    h = len(line)
    for c in line:
        h = (h ^ c) * 0x01000193 & UINT32
    return (h ^ h >> 15) % FILTER


def page_sets(
    folded: NDArray[np.uint32],
    fold_start: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    visible: NDArray[np.int64],
    doc_first: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Twin of kernel/context.py: counters in place of arrays."""
    rows: list[list[float]] = []
    for a, b in zip(doc_first[:-1].tolist(), doc_first[1:].tolist(), strict=True):
        lines = [folded[fold_start[k] : fold_start[k + 1]].tolist() for k in visible[a:b]]
        prose = [bool(probabilities[k, 0] > 0.5) and len(x) >= 24 for k, x in zip(visible[a:b], lines, strict=True)]
        pairs = [[pair_place(*pair) for pair in pairwise(line)] for line in lines]
        held = {True: Counter[int](), False: Counter[int]()}
        for places, is_prose in zip(pairs, prose, strict=True):
            held[is_prose].update(places)
        whole = [line_place(line) for line in lines]
        head = [pair_place(line[0], line[1] if len(line) > 1 else 0) for line in lines]
        tail = [pair_place(line[-1], line[-2] if len(line) > 1 else 0) for line in lines]
        same = [Counter(places) for places in (whole, head, tail)]
        for n, (line, places, is_prose) in enumerate(zip(lines, pairs, prose, strict=True)):
            number = max(1, len(line) - 1)
            in_title = 0 if n == 0 else sum(p in set(pairs[0]) for p in places)
            # a pair of the line's own kind must be there once more than the line itself brings along
            elsewhere = [sum(held[kind][p] > (kind == is_prose) for p in places) for kind in (True, False)]
            again = [float(squash(c[x[n]] - 1)) for c, x in zip(same, (whole, head, tail), strict=True)]
            rows.append([in_title / number, elsewhere[0] / number, elsewhere[1] / number, *again])
    return np.array(rows, np.float32).reshape(-1, 6)


def run_before(alike: Sequence[bool]) -> int:
    """How many of the first six are true without a gap."""
    return next((n for n, same in enumerate(alike[:6]) if not same), min(6, len(alike)))


def heard(
    foretold: NDArray[np.float32], visible: NDArray[np.int64], doc_first: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Twin of kernel/outlook.py: place by place, each mean over the rows themselves."""
    out = np.zeros((visible.size, OUTLOOK), np.float64)
    for a, b in zip(doc_first[:-1].tolist(), doc_first[1:].tolist(), strict=True):
        said = np.clip(foretold[visible[a:b]].astype(np.float64), -8, 8) / 4
        for i in range(b - a):
            far = FARTHEST
            parts = said[:i][-1:], said[i + 1 :][:1], said[max(0, i - far) : max(0, i - 1)], said[i + 2 :][: far - 1]
            for place, part in enumerate(parts):
                own = slice(place * SAID, (place + 1) * SAID)
                out[a + i, own] = part[:, own].mean(0) if len(part) else 0
    return out.astype(np.float32)


def page_features(
    p: NDArray[np.float32], facts: NDArray[np.float32], sets: NDArray[np.float32], outlook: NDArray[np.float32]
) -> NDArray[np.float64]:
    """The context features of one page's lines, from the arrays of that page alone."""
    n = len(p)
    wide = p.astype(np.float64)
    length, sentence = facts[:, 0].astype(np.float64), facts[:, 11].astype(np.float64)
    dense = np.minimum(1, facts[:, 16].astype(np.float64))
    likely = length * wide[:, 0]
    size = np.expm1(4 * length)
    prose = (wide[:, 0] > 0.5) & (length > 0.85)
    chars = max(1.0, size.sum())
    page = [
        *wide.mean(0),
        squash(n),
        squash(size.sum()) / 2,
        size @ wide[:, 0] / chars,
        size @ wide[:, 6:11].sum(1) / chars,
        length.mean(),
        sentence.mean(),
        dense.mean(),
        squash(float(prose.sum())),
        prose.mean(),
    ]
    rows = []
    for i in range(n):
        row = [*np.maximum(-1.5, np.log(wide[i] + 1e-4) / 4 + 1), *facts[i], *page]
        row += [i / n, squash(i), squash(n - 1 - i), i == 0, *sets[i]]
        earlier, later = np.flatnonzero(prose[:i]), np.flatnonzero(prose[i + 1 :])
        # the difference is taken in float32, as lengths lie on a scale that both kernels share
        alike = np.abs(facts[:, 0] - facts[i, 0]).astype(np.float64) < 0.08
        since = i - 1 - earlier[-1] if earlier.size else n + i
        until = later[0] if later.size else n + n - 1 - i
        row += [squash(since), squash(until)]
        row += [likely[:i].sum() / max(1e-6, likely.sum())]
        row += [run_before(alike[:i][::-1].tolist()) / 6, run_before(alike[i + 1 :].tolist()) / 6, *outlook[i]]
        rows.append([float(value) for value in row])
    return np.array(rows)


def context_features(
    probabilities: NDArray[np.float32],
    facts: NDArray[np.float32],
    sets: NDArray[np.float32],
    outlook: NDArray[np.float32],
    visible: NDArray[np.int64],
    doc_first: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Twin of kernel/context.py: page by page."""
    out = np.zeros((visible.size, FEATURES), np.float32)
    for a, b in zip(doc_first[:-1].tolist(), doc_first[1:].tolist(), strict=True):
        if b > a:
            out[a:b] = page_features(probabilities[visible[a:b]], facts[a:b], sets[a:b], outlook[a:b])
    return out


def remembered(said: Wide, weights: NDArray[np.floating], begin: Wide) -> list[Wide]:
    """The memory after each line of one direction, which begins with `begin`. said: (n, GATED), in reading order."""
    memories = [begin]
    for row in said:
        gate, candidate = np.split(row + memories[-1] @ weights.astype(np.float64), 2)
        share = 1 / (1 + np.exp(-gate))
        memories.append((1 - share) * memories[-1] + share * np.tanh(candidate))
    return memories[1:]


def read_both_ways(said: Wide, onwards: NDArray[np.floating], backwards: NDArray[np.floating]) -> Wide:
    """What kernel/recurrence.py remembers at each line of one page, onwards and then backwards: (n, 2 * MEMORY).

    said: (n, 2 * GATED). Onwards it is one walk through the whole page. Backwards every piece of PIECE lines has a walk
    of its own, which begins AHEAD lines behind the piece, or at the page's end.
    """
    nothing = np.zeros(MEMORY)
    before = remembered(said[:, :GATED], onwards, nothing)
    behind: list[Wide] = []
    for first in range(0, len(said), PIECE):
        seen = said[first : first + PIECE + AHEAD, GATED:]
        behind += remembered(seen[::-1], backwards, nothing)[::-1][:PIECE]
    return np.hstack([before, behind])


def surrounded_probabilities(
    probabilities: NDArray[np.float32],
    facts: NDArray[np.float32],
    sets: NDArray[np.float32],
    outlook: NDArray[np.float32],
    visible: NDArray[np.int64],
    doc_first: NDArray[np.int64],
    weights: Sequence[NDArray[np.float32]],
) -> NDArray[np.float32]:
    """Twin of kernel/surroundings.py: page by page. Matrix products are in float64, the kernel's of whole numbers.

    weights: the arrays of model.ContextModel in their order.
    """
    low, high, w1, b1, say, bias, onwards, backwards, w2, b2 = weights
    features = context_features(probabilities, facts, sets, outlook, visible, doc_first)
    embedded = np.maximum(np.clip(features, low, high).astype(np.float64) @ w1 + b1, 0)
    said = embedded @ say + bias
    out = probabilities.copy()
    for a, b in pairwise(doc_first.tolist()):
        if b > a:
            known = np.hstack([embedded[a:b], read_both_ways(said[a:b], onwards, backwards)])
            out[visible[a:b]] = softmax(known @ w2 + b2)
    return out


def character_scores(
    folded: NDArray[np.uint32], first: int, length: int, weights: NDArray[np.int8], bits: int
) -> NDArray[np.int32]:
    """Twin of kernel/spans.py: for every character, the grams of its marked line that it stands in."""
    line = [2, *folded[first : first + length].tolist(), 2]
    out = np.zeros((length, STATES), np.int32)
    for at in range(length):
        place = at + 1
        for size in (1, 2, 3, 4):
            for begin in range(max(0, place - size + 1), min(place, len(line) - size) + 1):
                row = gram_hash(tuple(line[begin : begin + size])) // 2 ** (32 - bits)
                out[at] += weights[row]
    return out


def best_path(
    scores: NDArray[np.float32], kinds: Sequence[int], begin: NDArray[np.float32], close: NDArray[np.float32]
) -> list[int]:
    """The best states of a line's characters: Viterbi from the end, so that the states can be read off forwards.

    scores: (n, STATES). kinds: classes of the characters, with that of the end of the line on either side. Of equally
    good paths it takes none in particular.
    """

    def step(before: int, after: int, at: int) -> np.float32:
        """What it is worth to go from one state to another between characters at - 1 and at."""
        pair = kinds[at], kinds[at + 1]
        if before == after:
            return np.float32(0)
        return (close[pair] if before else np.float32(0)) + (begin[pair] if after else np.float32(0))

    n = len(scores)
    worth = [[step(s, 0, n) for s in range(STATES)]]
    for at in range(n - 1, 0, -1):
        ahead = worth[-1]
        worth.append([max(step(s, t, at) + scores[at, t] + ahead[t] for t in range(STATES)) for s in range(STATES)])
    worth.reverse()
    path: list[int] = []
    for at in range(n):
        before = path[-1] if path else 0
        path.append(max(range(STATES), key=lambda t: float(step(before, t, at) + scores[at, t] + worth[at][t])))
    return path


def find_runs(
    folded: NDArray[np.uint32],
    fold_start: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    chosen: NDArray[np.int64],
    weights: NDArray[np.int8],
    bits: int,
    scale: NDArray[np.float32],
    edge: NDArray[np.float32],
    begin: NDArray[np.float32],
    close: NDArray[np.float32],
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Twin of kernel/spans.py: score the characters, take the best path, group it by state."""
    end_of_line = CLASSES - 1
    runs: list[tuple[int, int, int, int]] = []
    facts: list[list[float]] = []
    for k in chosen.tolist():
        a, b = fold_start[k : k + 2].tolist()
        n = b - a
        if n < 4:
            continue
        steps = [bisect_left((0, 3, 10, 30), distance) for distance in range(n)]
        worth = (scale * character_scores(folded, a, n, weights, bits) + edge[steps, steps[::-1]]).astype(np.float32)
        worth -= worth[:, :1].copy()
        if worth.max() <= 0:
            continue
        around = [end_of_line, *kinds[a:b].tolist(), end_of_line]
        at = 0
        for state, group in groupby(best_path(worth, around, begin, close)):
            i, at = at, at + len(list(group))
            if state:
                own = worth[i:at, state]
                runs.append((k, i, at, state))
                ends = [float(begin[around[i], around[i + 1]]), float(close[around[at], around[at + 1]])]
                sizes = [float(np.log(at - i)), (at - i) / n]
                facts.append([own.mean(), own.max(), *sizes, *ends, i == 0, at == n, state == 2, state == 3])
    return np.array(runs, np.int64).reshape(-1, 4), np.array(facts, np.float32).reshape(-1, FACTS)


def cut_pieces(
    folded: NDArray[np.uint32], fold_start: NDArray[np.int64], runs: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Twin of kernel/spans.py: slices of lists."""
    pieces: list[list[int]] = []
    for k, i, j, _ in runs.tolist():
        line = folded[fold_start[k] : fold_start[k + 1]].tolist()
        pieces += [line[i:j], line[max(0, i - REST) : i] + line[j : j + REST]]
    start = np.cumsum([0, *map(len, pieces)])
    return np.array([code for piece in pieces for code in piece], np.uint32), start.astype(np.int64)


def run_facts(
    runs: NDArray[np.int64],
    facts: NDArray[np.float32],
    scores: NDArray[np.float32],
    piece_start: NDArray[np.int64],
    family: NDArray[np.int64],
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Twin of kernel/runs.py, column by column."""
    alone, rest = scores[0::2].astype(np.float64), scores[1::2].astype(np.float64)
    families = np.stack([alone[:, family == state].sum(1) for state in range(4)], 1)
    log_odds = np.log((families + 1e-3) / (1 - families + 1e-3)) / 4
    rest_keep = np.log((rest[:, 0] + 1e-3) / (1 - rest[:, 0] + 1e-3)) / 4
    own = log_odds[np.arange(len(runs)), runs[:, 3]]
    remains = np.minimum(np.diff(piece_start)[1::2], 40) / 40
    columns = np.column_stack([facts, log_odds, rest_keep, own, remains, facts[:, 0] * facts[:, 2]])
    inside = np.where(runs[:, 3:4] == family[None, :], alone, -1.0)
    return columns.astype(np.float32), inside.argmax(1).astype(np.int64)


def run_logits(
    facts: NDArray[np.float32],
    split_fact: NDArray[np.int8],
    split_at: NDArray[np.float32],
    leaf: NDArray[np.float32],
    accept: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Twin of kernel/trees.py: one tree after the other, question by question."""
    logits = []
    for row in facts:
        logit = accept[-1]
        for fact, weight in zip(row, accept[:-1], strict=True):
            logit += fact * weight
        for asked, bound, worth in zip(split_fact, split_at, leaf, strict=True):
            first = int(row[asked[0]] > bound[0])
            second = int(row[asked[1 + first]] > bound[1 + first])
            third = int(row[asked[3 + 2 * first + second]] > bound[3 + 2 * first + second])
            logit += worth[4 * first + 2 * second + third]
        logits.append(logit)
    return np.array(logits, np.float32)


TOKENS = "[a-z0\u3400-\u9fff\U00020000-\U00031fff]"
"""What folding makes of letters, digits and Chinese, whatever they were."""


def accepted_runs(
    runs: NDArray[np.int64],
    scores: NDArray[np.float32],
    label: NDArray[np.int64],
    least_score: float,
    least_rest: int,
    folded: NDArray[np.uint32],
    kinds: NDArray[np.uint8],
    fold_start: NDArray[np.int64],
    line_start: NDArray[np.int64],
    line_end: NDArray[np.int64],
    source: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Twin of kernel/runs.py: one run after the other, as it is said."""
    rows = []
    for q, (k, i, j, state) in enumerate(runs.tolist()):
        of = source[fold_start[k] : fold_start[k + 1]].tolist()
        run = slice(fold_start[k] + i, fold_start[k] + j)
        words = state == NOISE or {1, 2, 3, 13} & set(kinds[run].tolist()) or re.search(TOKENS, text_of(folded[run]))
        if scores[q] >= least_score and len(of) - (j - i) >= least_rest and words:
            start = int(line_start[k]) if i == 0 else of[i]
            end = int(line_end[k]) if j == len(of) else of[j]
            rows.append((k, start, end, int(label[q]), scores[q]))
    line, start_of, end_of, label_of = (np.array([row[n] for row in rows], np.int64) for n in range(4))
    return line, start_of, end_of, label_of, np.array([row[4] for row in rows], np.float32)


def class_string(codes: NDArray[np.uint32], page: NDArray[np.uint16], char_class: NDArray[np.uint8]) -> str:
    """One letter a character, `A` for class 0 and so on: what patterns over classes run on."""
    return "".join(chr(65 + looked_up(code, page, char_class, 0)) for code in codes.tolist())


PARTING = re.compile("(?<=.)(?:E{2,}|(?<![CDN])E(?![CDN]))(?=.)")
"""A gap that parts two pieces, in class letters: C Latin, D digit, E space, N other letters."""


def giant_lines(
    codes: NDArray[np.uint32],
    line_start: NDArray[np.int64],
    line_end: NDArray[np.int64],
    page: NDArray[np.uint16],
    char_class: NDArray[np.uint8],
) -> NDArray[np.int64]:
    """Twin of kernel/segments.py: lines of 240 characters with six gaps."""
    found = []
    for k, (a, b) in enumerate(zip(line_start.tolist(), line_end.tolist(), strict=True)):
        inner = class_string(codes[a:b], page, char_class).strip("E")
        if b - a >= 240 and len(PARTING.findall(inner)) >= 6:
            found.append(k)
    return np.array(found, np.int64)


def split_segments(
    codes: NDArray[np.uint32],
    line_start: NDArray[np.int64],
    line_end: NDArray[np.int64],
    page: NDArray[np.uint16],
    char_class: NDArray[np.uint8],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Twin of kernel/segments.py: a pattern for what ends a segment, over class letters with closing quotes as `K`."""
    close = "(?:G[GK]*E*|E{2,}|(?<![CDN])E(?![CDN])|E+$)"
    start, end, behind, first = [], [], [], [0]
    for a, b in zip(line_start.tolist(), line_end.tolist(), strict=True):
        text = text_of(codes[a:b])
        classes = class_string(codes[a:b], page, char_class)
        classes = "".join("K" if c in '”’"' else kind for c, kind in zip(text, classes, strict=True))
        begin, at = 0, len(classes) - len(classes.lstrip("E"))
        for cut in re.compile(close).finditer(classes, at):
            gap = len(cut[0]) - len(cut[0].rstrip("E"))
            start.append(a + begin)
            end.append(a + cut.end() - gap)
            behind.append(a + cut.end())
            begin = cut.end()
        if begin < b - a or len(start) == first[-1]:
            start.append(a + begin)
            end.append(b)
            behind.append(b)
        first.append(len(start))
    return np.array(start, np.int64), np.array(end, np.int64), np.array(behind, np.int64), np.array(first, np.int64)


def line_key(line: Sequence[int]) -> int:
    """FNV-1a, 64 bits, over code points, then mixed; never 0."""
    h = 0xCBF29CE484222325
    for c in line:
        h = (h ^ c) * 0x100000001B3 % 2**64
    h = (h ^ h >> 33) * 0xFF51AFD7ED558CCD % 2**64
    return h ^ h >> 33 or 1


def line_keys(
    codes: NDArray[np.uint32], folded: NDArray[np.uint32], fold_start: NDArray[np.int64], source: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Twin of keys.line_keys."""
    seen = [int(codes[at] if c == ord("0") else c) for c, at in zip(folded.tolist(), source.tolist(), strict=True)]
    runs = [seen[a:b] for a, b in zip(fold_start[:-1].tolist(), fold_start[1:].tolist(), strict=True)]
    return np.array([line_key(run) if run else 0 for run in runs], np.uint64)


def add_evidence(probabilities: NDArray[np.float32], log_odds: NDArray[np.float32]) -> NDArray[np.float32]:
    """Twin of evidence.add_evidence."""
    rows = []
    for row, more in zip(probabilities.astype(np.float64), log_odds.astype(np.float64), strict=True):
        if more == 0:
            rows.append(row)
            continue
        content = min(max(row[0], 1e-7), 1 - 1e-7)
        odds = content / (1 - content) * np.exp(-more)
        rest = row[1:].sum()
        others = row[1:] / rest if rest > 0 else np.full(row.size - 1, 1 / (row.size - 1))
        rows.append(np.concatenate([[odds / (1 + odds)], others / (1 + odds)]))
    return np.array(rows, np.float32).reshape(probabilities.shape)


def count_pairs(
    first_line: NDArray[np.int64], blank: NDArray[np.bool_], label: list[int], action: list[int], chars: list[int]
) -> list[list[int]]:
    """Twin of tell.count_pairs: document, label, action, lines, characters."""
    found = []
    for d, (first, behind) in enumerate(pairwise(first_line.tolist())):
        own = [k for k in range(first, behind) if not blank[k]]
        for pair in sorted({(label[k], action[k]) for k in own}):
            same = [chars[k] for k in own if (label[k], action[k]) == pair]
            found.append([d, *pair, len(same), sum(same)])
    return found


def find_cuts(keep: NDArray[np.bool_], doc_start: NDArray[np.int64]) -> tuple[list[list[int]], list[int]]:
    """Twin of tell.find_cuts."""
    found: list[list[int]] = []
    begin = [0]
    for first, behind in pairwise(doc_start.tolist()):
        text = "".join("k" if stays else "x" for stays in keep[first:behind].tolist())
        found += [[run.start(), run.end(), text[: run.start()].count("k")] for run in re.finditer("x+", text)]
        begin.append(len(found))
    return found, begin
