"""Build src/moderation/data/tables.safetensors: the fold, class and reading tables that scoring works with.

    pip install --group tables
    python scripts/build_tables.py

Sources: Unicode (the standard library's unicodedata) for width, case, digits and classes; OpenCC's t2s dictionary for
traditional to simplified, character by character; pypinyin's single-character dictionary for the readings that a
bracket may hold. Scoring needs none of these packages: it reads the arrays.
"""

import unicodedata
from pathlib import Path

import numpy as np
import opencc
from pypinyin.constants import PINYIN_DICT
from safetensors.numpy import save_file

from moderation.text.classes import CharClass

OUT = Path(__file__).parents[1] / "src/moderation/data/tables.safetensors"
LIMIT = 0xE0200  # up to the variation selectors
DROPPED = 0xFFFFFFFF
VERSION = "2"

CLASS_BY_CHAR = {
    **dict.fromkeys("。！？!?…｡．", CharClass.SENTENCE_END),
    **dict.fromkeys("，、；,;､", CharClass.COMMA),
    **dict.fromkeys("：:", CharClass.COLON),
    **dict.fromkeys("（([【〔{「『《〈＜［｛", CharClass.OPEN),
    **dict.fromkeys("）)]】〕}」』》〉＞］｝", CharClass.CLOSE),
    **dict.fromkeys("|｜_＿-－—–/／\\>»›·•・│┃~～+＋=＝*＊→", CharClass.SEPARATOR),
    **dict.fromkeys("“”‘’\"'＂＇", CharClass.QUOTE),
}
CONFUSABLE = {
    **dict(zip("аеорсухіјѕһԛԝԁ", "aeopcyxijshqwd", strict=True)),  # Cyrillic, small
    **dict(zip("АВЕЗКМНОРСТХУІЈЅ", "abe3kmhopctxyijs", strict=True)),  # Cyrillic, capital
    **dict(zip("αβγεικνορτυχω", "abyeikvoptuxw", strict=True)),  # Greek, small
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abezhikmnoptyx", strict=True)),  # Greek, capital
    **dict(zip("ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ", "acefghijkmrtvwy", strict=True)),  # upside down
    **dict(zip("ᴀʙᴄᴅᴇғɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprtuvwyz", strict=True)),  # small capitals
}
"""Letters that pass for Latin ones."""
LETTER_BLOCKS = (0x1F150, 0x1F170, 0x1F1E6)
"""White on black circles and squares, and flags: A-Z from here on, which no normal form knows as letters."""
PAIRS = {
    **{"亻" + b: c for b, c in zip("言义本介弋尤弗主丁", "信仪体价代优佛住仃", strict=True)},
    **{"讠" + b: c for b, c in zip("正果井寸周", "证课讲讨调", strict=True)},
    **{"氵" + b: c for b, c in zip("去工可古", "法江河沽", strict=True)},
    **{"忄" + b: c for b, c in zip("青夬", "情快", strict=True)},
    **{"衤" + b: c for b, c in zip("果", "裸", strict=True)},
    **{"扌" + b: c for b, c in zip("丁召殳立", "打招投拉", strict=True)},
    **{"钅" + b: c for b, c in zip("戋艮", "钱银", strict=True)},
    **{"纟" + b: c for b, c in zip("工泉", "红线", strict=True)},
    "贝者": "赌",
    "王求": "球",
    "君羊": "群",
    "采彡": "彩",
    **dict.fromkeys(("薇信", "葳信", "徽信", "溦信", "薇芯", "微芯", "威芯", "v信", "薇x"), "微信"),
    "扣扣": "qq",
    "秋秋": "qq",
}
"""Characters written as two, and sound-alikes that mean nothing else: what the scorer reads instead."""
INVISIBLE = {"Cf", "Mn", "Me"}
SPACES = {"Zs", "Zl", "Zp"}


def base_letter(char: str) -> str:
    """`é` as `e`, for Latin letters only; pinyin with tone marks folds to plain pinyin."""
    plain = unicodedata.normalize("NFD", char)
    return plain[0] if plain[0].isascii() and plain[0].isalpha() else char


def fold_one(char: str, to_simplified: opencc.OpenCC) -> int:
    """The code point that stands for `char` in the scorer's copy, or DROPPED."""
    category = unicodedata.category(char)
    if char in "\t\r\n\v\f" or category in SPACES or char == "\u3164":
        return ord(" ")
    if category in INVISIBLE or category == "Cc":
        return DROPPED
    if char in CONFUSABLE:
        return ord(CONFUSABLE[char].replace("3", "0"))
    for first in LETTER_BLOCKS:
        if first <= ord(char) < first + 26:
            return ord("a") + ord(char) - first
    wide = unicodedata.normalize("NFKC", char)
    if unicodedata.digit(char, None) is not None or (len(wide) > 1 and wide.strip("()[].").isdigit()):
        return ord("0")
    if len(wide) > 1:
        inner = wide.strip("()[]〔〕")
        wide = inner if len(inner) == 1 else char
    folded = base_letter(wide).lower()
    folded = base_letter(folded) if len(folded) == 1 else char
    if "\u3400" <= folded <= "\U0002fa1f":
        simple = to_simplified.convert(folded)
        folded = simple if len(simple) == 1 else folded
    return ord("0") if folded.isdigit() else ord(folded)


def class_one(char: str) -> CharClass:
    """The class of a character as it stands in the original text."""
    category = unicodedata.category(char)
    code = ord(char)
    if char in CLASS_BY_CHAR:
        return CLASS_BY_CHAR[char]
    if char in "\t\r\n\v\f" or category in SPACES:
        return CharClass.SPACE
    if char == "\ufffd" or category in {"Co", "Cc", "Cn"}:
        return CharClass.DAMAGE
    if category in INVISIBLE:
        return CharClass.INVISIBLE
    if 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code < 0x30000 or char == "〇":
        return CharClass.HAN
    if unicodedata.digit(char, None) is not None or category == "Nd":
        return CharClass.DIGIT
    wide = unicodedata.normalize("NFKC", char)
    if category[0] == "L" and base_letter(wide[0]).isascii():
        return CharClass.LATIN
    if category[0] == "L":
        return CharClass.LETTER
    return CharClass.SYMBOL if category in {"So", "Sk", "Sm", "Sc", "No", "Nl"} else CharClass.OTHER


def readings() -> tuple[list[int], list[int], list[int]]:
    """Code points (ascending), the start of each one's readings, and the readings packed five bits a letter."""
    chars: list[int] = []
    starts: list[int] = []
    packed: list[int] = []
    for code in sorted(PINYIN_DICT):
        if not code < LIMIT:
            continue
        chars.append(code)
        starts.append(len(packed))
        syllables = {pack(syllable) for syllable in PINYIN_DICT[code].split(",")}
        packed.extend(sorted(syllables - {0}))
    starts.append(len(packed))
    return chars, starts, packed


def pack(syllable: str) -> int:
    """`fā` as a number: letters a-z as 1-26, five bits each, at most six letters; `ü` counts as `v`."""
    value = 0
    plain = unicodedata.normalize("NFD", "".join("v" if c in "üǖǘǚǜ" else c for c in syllable))
    letters = [c for c in plain.lower() if "a" <= c <= "z"]
    for letter in letters[:6]:
        value = value << 5 | (ord(letter) - 96)
    return value


def pairs() -> tuple[list[int], list[tuple[int, int]]]:
    """PAIRS by key, ascending: (first << 32) + second, and what stands for both."""
    rows = sorted((ord(pair[0]) << 32 | ord(pair[1]), to) for pair, to in PAIRS.items())
    return [key for key, _ in rows], [(ord(to[0]), ord(to[1]) if len(to) > 1 else 0) for _, to in rows]


def main() -> None:
    to_simplified = opencc.OpenCC("t2s")
    fold = np.arange(LIMIT, dtype=np.uint32)
    classes = np.zeros(LIMIT, dtype=np.uint8)
    for code in range(LIMIT):
        if 0xD800 <= code <= 0xDFFF:
            continue
        fold[code] = fold_one(chr(code), to_simplified)
        classes[code] = class_one(chr(code))
    pages, page_of = np.unique(
        np.concatenate(
            [(fold - np.arange(LIMIT, dtype=np.uint32)).reshape(-1, 256), classes.reshape(-1, 256).astype(np.uint32)], 1
        ),
        axis=0,
        return_inverse=True,
    )
    chars, starts, packed = readings()
    pair_key, pair_to = pairs()
    arrays = {
        "page": page_of.reshape(-1).astype(np.uint16),
        "fold_delta": np.ascontiguousarray(pages[:, :256]),
        "char_class": np.ascontiguousarray(pages[:, 256:].astype(np.uint8)),
        "reading_char": np.asarray(chars, np.uint32),
        "reading_start": np.asarray(starts, np.int32),
        "reading": np.asarray(packed, np.uint32),
        "pair_key": np.asarray(pair_key, np.uint64),
        "pair_to": np.asarray(pair_to, np.uint32),
    }
    save_file(arrays, OUT, metadata={"version": VERSION, "unicode": unicodedata.unidata_version})
    print(f"{OUT}: {OUT.stat().st_size} bytes, {len(pages)} pages, {len(chars)} characters with readings")


if __name__ == "__main__":
    main()
