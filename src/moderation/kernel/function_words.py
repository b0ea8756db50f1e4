"""Words that sentences of European languages are held together by, and menus hardly have."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

TEXT: Final = """
a about after al all also am an and ao are as at au auch auf avec be been but by can ce che com como
con could da dans das de del dem den der des di did die do dos du ein eine el elle em en er es est
et for from had has have he her his how i if il im in into is ist it its just la las le les lo los
mas mit more my na nel nicht no non not nous o of on one only or os our out over par para pas per
por pour que qui said se she si sich sie so some sono sont su sur than that the their then there
they this to um uma un una und une up von vous was we were what when which who wie will wir with
would y you your zu
"""
"""Of English, French, German, Italian, Portuguese and Spanish; at most five letters a-z each."""


def pack_word(word: str) -> int:
    """At most five letters a-z as a number, five bits each."""
    value = 0
    for letter in word:
        value = value << 5 | (ord(letter) - 96)
    return value


FUNCTION_WORDS = np.array(sorted(map(pack_word, TEXT.split())), np.uint32)
"""Packed, ascending."""
SLOT_BITS: Final = 12


def slots() -> tuple[np.uint32, NDArray[np.uint32]]:
    """The first odd multiplier that gives every word a slot of its own in the upper bits, and the words in their slots.

    One look-up that no branch hangs on: where a search takes its turns, no processor foresees. 0 is no word.
    """
    multiplier = np.uint32(0x9E3779B1)
    shift = np.uint32(32 - SLOT_BITS)
    while np.unique(FUNCTION_WORDS * multiplier >> shift).size < FUNCTION_WORDS.size:
        multiplier += np.uint32(2)
    words = np.zeros(1 << SLOT_BITS, np.uint32)
    words[FUNCTION_WORDS * multiplier >> shift] = FUNCTION_WORDS
    return multiplier, words


MULTIPLIER, WORD_AT = slots()
