"""Find out in which encoding a text file is written, by looking at its bytes."""

from __future__ import annotations

import codecs
import re
from collections import Counter

_SAMPLE = 1 << 20
_MARKS = [(codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")]

# Letters beyond ASCII of languages that are written in each 8-bit encoding: bytes that make sense as one of them are the evidence.
_WESTERN = ["äöüß", "éèêëàâçùûîïôœæ", "áéíóúñü", "ãõáéíóúâêôç", "àèéìòù", "åäöé", "åæøé", "ëïéóü", "áéíóúýþæöð"]
_CENTRAL = ["áčďéěíňóřšťúůýž", "ąćęłńóśźż", "áéíóöőúüű", "čćđšž", "áäčďéíĺľňóôŕšťúýž", "ăâîşţșț"]
_SIGNS = "€“”„‘’‚–—…«»°§£·×²³½®©\u00a0"
_CANDIDATES = [("cp1252", _WESTERN), ("cp1250", _CENTRAL), ("iso8859-2", _CENTRAL)]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _utf16_without_mark(head: bytes) -> str | None:
    """Recognise UTF-16 by its zero bytes: ASCII letters leave every second byte zero."""
    pairs = max(len(head) // 2, 1)
    even, odd = head[0::2].count(0) / pairs, head[1::2].count(0) / pairs
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    if even > 0.4 and odd < 0.05:
        return "utf-16-be"
    return None


def _language_score(words: Counter[str], languages: list[str]) -> float:
    """Return the share of special letters that belong to the language which explains most of them."""
    letters: Counter[str] = Counter()
    for word, count in words.items():
        for letter in word:
            if ord(letter) > 127 and letter not in _SIGNS:
                letters[letter.lower()] += count
    total = sum(letters.values())
    if not total:
        return 1.0
    return max(sum(count for letter, count in letters.items() if letter in language) for language in languages) / total


def _shape_bonus(words: Counter[str], encoding: str) -> float:
    """Break ties between è and č, ø and ř, ì and ě: Western words rarely begin with a grave letter, Italian ones end with it."""
    begins = sum(count for word, count in words.items() if len(word) > 2 and word[0].lower() in "èìòùčěřňů")
    ends = sum(count for word, count in words.items() if len(word) > 2 and word[-1].lower() in "èàìòùčŕěňů")
    central = begins > ends
    return 0.02 if central == (encoding != "cp1252") and begins != ends else 0.0


def _eight_bit(data: bytes) -> str:
    # Words with a special letter, from the whole file's evidence but at most a sample of it.
    chunks = Counter(re.findall(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*", data[: 8 * _SAMPLE])).most_common(5000)
    scores: dict[str, float] = {}
    for encoding, languages in _CANDIDATES:
        words: Counter[str] = Counter()
        unreadable = 0
        for raw, count in chunks:
            word = raw.decode(encoding, errors="replace")
            unreadable += count * sum(letter == "\ufffd" or "\x80" <= letter < "\xa0" for letter in word)
            words[word] += count
        scores[encoding] = _language_score(words, languages) + _shape_bonus(words, encoding) - unreadable / max(sum(words.values()), 1)
    best = max(scores, key=lambda key: scores[key])  # a tie goes to the first, the most common one
    if best == "cp1252" and re.search(rb"[\x81\x8d\x8f\x90\x9d]", data):
        return "latin-1"  # these five bytes do not exist in cp1252
    return best


def find_encoding(data: bytes) -> tuple[str, str]:
    r"""Return the encoding of `data` and the evidence as a sentence.

    Args:
        data: The whole file: UTF-8 is believed only if every byte of it fits.

    Example:
        >>> find_encoding("a,b\nGrün,Ö".encode("latin-1"))[0]
        'cp1252'
        >>> find_encoding("Příliš žluťoučký kůň".encode("cp1250"))[0]
        'cp1250'
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name, "The file begins with this encoding's byte order mark."
    wide = _utf16_without_mark(data[:4096])
    if wide:
        return wide, "Every second byte at the beginning is zero."
    if _is_utf8(data):
        plain = data.isascii()
        return "utf-8", "All bytes are ASCII." if plain else "Every byte sequence is valid UTF-8."
    name = _eight_bit(data)
    special = len(re.findall(rb"[\x80-\xff]", data[:_SAMPLE]))
    return name, f"It is not valid UTF-8, and this 8-bit encoding explains the letters beyond ASCII best ({special} in the first megabyte)."
