"""The tricks by which a piece of text hides from filters: what a verdict on spam names as its reasons.

The scorer sees through them (kernel/fold.py, kernel/disguise.py) or has learnt them. A trick alone decides nothing:
honest text has zero-width characters, pictures and spaced-out words as well, so they are looked for in spam only.
"""

import re
from functools import cache
from typing import Final

HAN: Final = "\u3400-\u9fff\U00020000-\U00031fff"
WORD: Final = f"{HAN}A-Za-z0-9Ａ-Ｚａ-ｚ０-９"
PLAIN: Final = "\\w，、；：。！？,;:!?()（）【】《》“”‘’\"'\u200b-\u200f"
GAP: Final = f"[^{PLAIN}]{{1,3}}"
PATTERNS: Final = {
    "invisible": rf"(?<=[{WORD}])[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]+(?=[{WORD}])",
    "apart": rf"(?<![{WORD}])[{WORD}](?P<gap>{GAP})[{HAN}](?![{WORD}])(?:(?P=gap)[{WORD}](?![{WORD}]))+"
    rf"|(?<![{WORD}])[A-Za-z](?P<dot>{GAP})[A-Za-z](?:(?P=dot)[A-Za-z0-9](?![{WORD}])){{2,}}",
    "pictures": rf"(?<=[{HAN}A-Za-z])[\u2300-\u27bf\u2b00-\u2bff\U0001f300-\U0001faff]\ufe0f?(?=[{HAN}A-Za-z])"
    r"|[Vv薇]\s*[❤♥💗💕]",
    "full-width": "[Ａ-Ｚａ-ｚ０-９]{2,}",
    "enclosed": "[\u2460-\u24ff\u2776-\u2793\U0001f100-\U0001f1ff]",
    "mixed scripts": "[A-Za-z][\u0370-\u04ff\u1d00-\u1d2b]|[\u0370-\u04ff\u1d00-\u1d2b][A-Za-z0-9]",
    "upside down": "[ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ]",
    "split characters": rf"[亻讠氵忄衤扌钅纟][{HAN}]|贝者|王求|君羊|采彡",
    "sound-alikes": "薇信|葳信|徽信|溦信|威信|[薇微威葳徽]芯|[加十➕+]\\s*[薇葳徽溦威伽]|伽[Vv微薇威]|珈[Vv微薇威]"
    "|扣扣|蔻蔻|秋秋|扣裙|[Qq]裙|裙号|菠菜|博采|菠采|[⑥6六][合盒荷]|[盒合]采|时时采|纸飞机|果聊|倮聊|(?:开|代开)發漂|发漂|做正|办正",
    "initials": "(?<![A-Za-z])(?:[VvWw][Xx]|[Vv]信|[Qq]{2}|[Tt][Gg]|[Yy][Pp]|[Bb][Cc])(?![A-Za-z])",
    "readings": rf"[{HAN}][(（](?:[a-zāáǎàēéěèīíǐìōóǒòūúǔùüǖǘǚǜ]{{1,6}}|[{HAN}])[)）]",
}
"""Name of each trick, and what gives it away in the original text."""
SIGNS: Final = {
    "invisible": "\u00ad\u200b-\u200f\u2060-\u2064\ufeff",
    "apart": f"^{PLAIN}",
    "pictures": "\u2300-\u27bf\u2b00-\u2bff\U0001f300-\U0001faff",
    "full-width": "Ａ-Ｚａ-ｚ０-９",
    "enclosed": "\u2460-\u24ff\u2776-\u2793\U0001f100-\U0001f1ff",
    "mixed scripts": "\u0370-\u04ff\u1d00-\u1d2b",
    "upside down": "ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ",
    "split characters": "亻讠氵忄衤扌钅纟贝求羊彡",
    "sound-alikes": "薇葳徽溦威芯伽珈扣蔻秋裙菠博合盒荷采纸聊漂正",
    "initials": "VvWwQqTtYyBb",
    "readings": "(（",
}
"""Characters of which every match of a pattern holds at least one; most pieces have none of most."""
TRICKS: Final = tuple(PATTERNS)
COMPILED: Final = tuple(
    (1 << n, re.compile(f"[{SIGNS[name]}]"), re.compile(PATTERNS[name])) for n, name in enumerate(TRICKS)
)
SIGN: Final = re.compile(f"[{''.join(signs for signs in SIGNS.values() if signs[0] != '^')}]|[^{PLAIN}]")
LONGEST: Final = 2000
"""Characters of a piece that are looked at: a kit that plays a trick plays it early and often."""


def find_tricks(text: str) -> tuple[str, ...]:
    """The names of the tricks in a piece of spam, in the order of PATTERNS.

    >>> find_tricks("加 薇 信①③⑧")
    ('apart', 'enclosed', 'sound-alikes')
    """
    return trick_names(trick_bits(text))


def trick_bits(text: str) -> int:
    """The same, a bit for each."""
    part = text[:LONGEST]
    signs = "".join(set(SIGN.findall(part)))
    return sum(bit for bit, sign, pattern in COMPILED if sign.search(signs) and pattern.search(part)) if signs else 0


@cache
def trick_names(bits: int) -> tuple[str, ...]:
    """The names of the bits."""
    return tuple(name for n, name in enumerate(TRICKS) if bits >> n & 1)
