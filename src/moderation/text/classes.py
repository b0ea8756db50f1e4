"""The classes that characters fall into; the class table and the kernels share these numbers."""

from enum import IntEnum


class CharClass(IntEnum):
    """What kind of character it is, whatever its width or script variant."""

    OTHER = 0
    HAN = 1
    LATIN = 2
    DIGIT = 3
    SPACE = 4
    INVISIBLE = 5
    SENTENCE_END = 6
    COMMA = 7
    COLON = 8
    OPEN = 9
    CLOSE = 10
    SEPARATOR = 11
    QUOTE = 12
    LETTER = 13
    """A letter of another script: kana, hangul, Cyrillic, Arabic."""
    DAMAGE = 14
    """U+FFFD, private use, controls and unassigned code points."""
    SYMBOL = 15
