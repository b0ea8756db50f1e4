"""Words that sentences of European languages are held together by, and menus hardly have."""

from typing import Final

import numpy as np

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
