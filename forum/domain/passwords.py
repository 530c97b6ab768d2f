"""What a password must be: long, and not one that everybody thinks of. No rules of composition."""

import re
import unicodedata

from forum.errors import Invalid

MIN_LENGTH = 15
MAX_LENGTH = 256

_LOOKALIKES = str.maketrans("013457@$!", "oieastasi")

# What long passwords that are tried first are made of; a password of these alone is refused.
_WORDS = """
abc administrator admin alphabet andrew angel apple arsenal azerty banana baseball basketball batman
battery because bestfriend birthday bismillah butterfly changeme charlie cheese chelsea chocolate
computer consultation correct daniel default demo discovery donald dragon elephant email everybody
everything example fighter flower football forever forum freedom friends fuckyou galaxy george golfer
google guest hallo hannah hello hellothere helloworld hockey horse house hunter iloveyou incorrect
internet jennifer jesus jordan keyboard killer letmein letmeinplease liverpool login london longpassword
love lovely loveyou manchester master matrix michael microsoft minecraft mississippi monday money monkey
mustang mypassword newpassword nopassword ninja passphrase password passwort passw passwd pepper please
pokemon princess qazwsx qazwsxedc qwerty qwertz rainbow ranger samsung secret secretary secure service
shadow soccer software spring staple starwars strong summer autumn winter sunday sunshine superman
teacher temppassword test testing thisis thisisa thisismy thomas thunder tigger today trustno trustnoone
united user username verysecret welcome welcometo whatever whoami windows work world yankees yellow
yesterday zaqwsx zxcvbn zxcvbnm a i my is it me you the this that in on one two three for and to not your
our
"""
_COMMON_WORDS = tuple(sorted(_WORDS.split(), key=len, reverse=True))
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
    "01234567890123456789",
)
_RUNS = tuple(row for line in _ROWS for row in (line, line[::-1]))
_LEFT_OVER = 5
"""So many characters beside common words make a password no stronger."""


def check_password(password: str, *, known: tuple[str, ...] = (), field: str = "password") -> None:
    """Raise Invalid unless the password will do; `known` is what a stranger knows: address, names, site."""
    length = len(unicodedata.normalize("NFC", password))
    if length < MIN_LENGTH:
        raise Invalid(
            "Use at least %(least)d characters: four or five words that do not belong together do well.",
            field=field,
            least=MIN_LENGTH,
        )
    if length > MAX_LENGTH:
        raise Invalid("Use at most %(most)d characters.", field=field, most=MAX_LENGTH)
    if is_common(password, known):
        raise Invalid(
            "That password is easy to guess: it is made of very common words, a row of keys, a repetition, "
            "or of your own name or address. Choose words that do not belong together.",
            field=field,
        )


def is_common(password: str, known: tuple[str, ...] = ()) -> bool:
    """Whether the password is a repetition, a row of keys, or common and known words with little beside."""
    plain = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", password).casefold())
    if len(set(plain)) < 5 or _is_repetition(plain):
        return True
    pieces = {
        piece
        for word in known
        for piece in re.split(r"[\W_]+", unicodedata.normalize("NFKC", word).casefold())
        if len(piece) > 2
    }
    words = (*sorted(pieces, key=len, reverse=True), *_COMMON_WORDS)
    return any(len(_without(text, words)) <= _LEFT_OVER for text in (plain, plain.translate(_LOOKALIKES)))


def _is_repetition(text: str) -> bool:
    """Whether the text is one piece over and over, the last time perhaps cut short."""
    return any(
        (text[:size] * (len(text) // size + 1))[: len(text)] == text for size in range(1, len(text) // 2 + 1)
    )


def _without(text: str, words: tuple[str, ...]) -> str:
    """Take runs of keys and common words out of a text, longest first."""
    rest = []
    position = 0
    while position < len(text):
        run = _run_at(text, position)
        word = next((word for word in words if text.startswith(word, position)), "")
        step = max(run, len(word))
        if step == 0:
            rest.append(text[position])
            step = 1
        position += step
    return "".join(rest)


def _run_at(text: str, position: int) -> int:
    """Give the length of the row of keys that begins here; 0 for less than three."""
    for size in range(min(len(text) - position, 26), 2, -1):
        if any(text[position : position + size] in row for row in _RUNS):
            return size
    return 0
