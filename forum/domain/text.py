"""Plain strings that people type: normal form, slugs, titles, excerpts, counting and likeness."""

import hashlib
import re
import unicodedata

from forum.errors import Invalid

TITLE_LENGTH = 300
# UAX 15 calls text with at most 30 combining marks in a row "stream-safe"; putting longer runs into
# canonical order takes quadratic time (half a million marks: minutes).
MARKS_IN_A_ROW = 30

# Dropped: C0 and C1 controls but tab and line feed, DEL; bidirectional embeddings, overrides and isolates
# (they can make a sentence read as another one; the plain marks LRM, RLM and ALM stay); the byte order
# mark, interlinear annotation, invisible tag characters and noncharacters.
_DROPPED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb"
    "\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e007f"
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 17))
    + "]"
)
_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\w+(?:['’\-]\w+)*")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")

# Enough of ISO 843 and of the streamlined Bulgarian, Ukrainian and Russian systems to find a name again.
_LATIN = (
    "αa βv γg δd εe ζz ηi θth ιi κk λl μm νn ξx οo πp ρr σs ςs τt υy φf χch ψps ωo "
    "аa бb вv гg дd еe жzh зz иi йy кk лl мm нn оo пp рr сs тt уu фf хh цts чch шsh щsht ъa ыy ь эe юyu яya "
    "ёyo єye іi їyi ґg ђdj јj љlj њnj ћc џdz ѓg ќk ѕdz ўu "
    "ßss æae œoe øo đd ðd þth łl ħh ıi"
)
_LETTERS = str.maketrans({pair[0]: pair[1:] for pair in _LATIN.split()})


def without_controls(text: str) -> str:
    """Return text without the controls and other invisible characters that are never stored."""
    # The few characters that a text is made of are looked at first: that is ten times quicker.
    return _DROPPED.sub("", text) if _DROPPED.search("".join(set(text))) else text


def normalise(text: str) -> str:
    """Return text in the form that is stored and hashed.

    Line ends become LF, half surrogate pairs become U+FFFD, controls and bidirectional overrides go,
    runs of combining marks are cut at 30, and the rest is in Unicode normal form C.
    """
    text = without_controls(_LINE_ENDS.sub("\n", text))
    if text.isascii():
        return text
    text = _SURROGATES.sub("\ufffd", text)
    marks = "".join(re.escape(character) for character in set(text) if unicodedata.combining(character))
    if marks:
        text = re.sub(f"([{marks}]{{{MARKS_IN_A_ROW}}})[{marks}]+", r"\1", text)
    return unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """Return normalised text with every run of white space as one space, none at the ends."""
    return _SPACE.sub(" ", normalise(text)).strip()


def checked_title(text: str, *, field: str = "title") -> str:
    """Return a title on one line, or raise Invalid if it is empty or longer than 300 characters."""
    title = one_line(text) if len(text) <= 10 * TITLE_LENGTH else text
    if not title:
        raise Invalid("Give it a title.", field=field)
    if len(title) > TITLE_LENGTH:
        raise Invalid(
            "The title may have up to %(limit)d characters; this one has %(length)d. Shorten it.",
            field=field,
            limit=TITLE_LENGTH,
            length=len(title),
        )
    return title


def latin(text: str) -> str:
    """Return text with Greek and Cyrillic letters in Latin ones and without accents, for finding names."""
    lowered = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    bare = "".join(character for character in lowered if not unicodedata.combining(character))
    return bare.translate(_LETTERS)


def slugify(text: str, *, limit: int = 60, fallback: str = "untitled") -> str:
    """Return lower-case ASCII words joined by hyphens, at most ``limit`` characters, never empty."""
    slug = _NOT_SLUG.sub("-", latin(text[:1000])).strip("-")
    if len(slug) > limit:
        slug = slug[: limit + 1].rpartition("-")[0] or slug[:limit]
    return slug or fallback


def count_words(text: str) -> int:
    """Return how many words a person would count."""
    return sum(1 for _ in _WORD.finditer(text))


def excerpt(text: str, length: int = 240) -> str:
    """Return the beginning of text on one line, at most ``length`` characters, cut between words."""
    line = _SPACE.sub(" ", text[: length * 4]).strip()
    if len(line) <= length:
        return line if len(text) <= length * 4 else f"{line[: length - 1].rstrip()}…"
    cut = line[:length].rpartition(" ")[0] or line[: length - 1]
    return f"{cut.rstrip(' ,;:.–—-')}…"


def likeness(text: str) -> str:
    """Return a hash that is equal for texts that differ only in case, accents, spacing or punctuation."""
    words = " ".join(_WORD.findall(latin(text)))
    return hashlib.blake2b(words.encode(), digest_size=16).hexdigest()
