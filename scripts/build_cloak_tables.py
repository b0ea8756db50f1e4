"""Build src/moderation/data/cloak.json: traditional variants and readings, with which training pages are cloaked.

    pip install --group tables
    python scripts/build_cloak_tables.py

Sources: OpenCC's t2s dictionary turned round, so that one simplified character has every traditional one that folds
to it (发: 發, 髮), most usual first by OpenCC's s2t; pypinyin's single-character dictionary, first reading, with tone.
Both are limited to characters of GB 2312 and Big5, which is what converters meet. Training needs neither package.
"""

import json
from collections import defaultdict
from pathlib import Path

import opencc
from pypinyin.constants import PINYIN_DICT

OUT = Path(__file__).parents[1] / "src/moderation/data/cloak.json"


def encodable(char: str, codec: str) -> bool:
    """Whether the character set has the character."""
    try:
        char.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def variants() -> dict[str, str]:
    """Simplified character to its traditional ones, for characters that change or may change."""
    to_simplified, to_traditional = opencc.OpenCC("t2s"), opencc.OpenCC("s2t")
    found = defaultdict(set)
    for char in map(chr, range(0x4E00, 0xA000)):
        simple = to_simplified.convert(char)
        if simple != char and encodable(char, "big5") and encodable(simple, "gb2312"):
            found[simple].add(char)
    ordered = {}
    for simple in sorted(found):
        usual = to_traditional.convert(simple)
        ordered[simple] = "".join(sorted(found[simple] | {usual}, key=lambda char: (char != usual, char)))
    return ordered


def readings(extra: str) -> dict[str, str]:
    """Reading with tone to the characters read so, for GB 2312 and the characters of `extra`."""
    by_reading = defaultdict(list)
    for code in sorted(PINYIN_DICT):
        char = chr(code)
        if 0x4E00 <= code <= 0x9FFF and (encodable(char, "gb2312") or char in extra):
            by_reading[PINYIN_DICT[code].split(",")[0]].append(char)
    return {reading: "".join(by_reading[reading]) for reading in sorted(by_reading)}


def main() -> None:
    table = variants()
    record = {"variants": table, "readings": readings("".join(table.values()))}
    OUT.write_text(json.dumps(record, ensure_ascii=False, indent=0) + "\n", "utf-8")
    print(f"{OUT}: {OUT.stat().st_size} bytes, {len(table)} characters, {len(record['readings'])} readings")


if __name__ == "__main__":
    main()
