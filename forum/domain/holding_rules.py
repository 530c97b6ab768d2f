"""What a group's moderators have held before anyone reads it: settings, and what each rule looks for.

Every function here looks at the text alone; services/holding.py asks them in order and adds what only the
database knows (a newcomer, too fast, too similar).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self
from urllib.parse import urlsplit

from forum.domain.personal_data import PersonalData, find_personal_data
from forum.domain.text import latin
from forum.errors import Invalid

MAX_ENTRIES = 200
MAX_ENTRY = 80
MAX_PER_HOUR = 100

SIMILAR_SPAN = timedelta(days=7)
"""How far back near-duplicates are looked for."""
SIMILAR_AT = 90
"""From which likeness (0 to 100, by characters) two texts are near-duplicates."""
SIMILAR_LEAST = 80
"""Shorter texts, such as an agreement in a sentence, are alike by chance."""
SIMILAR_LENGTH = 4000
"""As much of a text as is compared, in characters."""
HASHES_IN_A_LIST = 4
"""Experts quote a hash or two, and a citation of ours holds one."""

_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}")
_HREF = re.compile(r'href="(https?://[^"\s]{1,2000})"')
_BARE = re.compile(r"(?:https?://|www\.)[^\s<>\"'()\[\]]{1,2000}", re.IGNORECASE)
_HASH = re.compile(r"(?<![0-9a-z])(?:[0-9a-f]{128}|[0-9a-f]{96}|[0-9a-f]{64}|[0-9a-f]{56}|[0-9a-f]{40}"
                   r"|[0-9a-f]{32})(?![0-9a-z])", re.IGNORECASE)  # fmt: skip
_OUR_CITATION = re.compile(r"SHA-?256(?: of the text)?:?\s{0,3}[0-9a-f]{16,64}", re.IGNORECASE)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class HoldingRules:
    """The settings of one group; nothing set holds nothing."""

    outside_links: bool = False
    reference_domains: tuple[str, ...] = ()
    """Domains whose links are never held, with what is below them."""
    hash_lists: bool = False
    contacts: bool = False
    """E-mail addresses and telephone numbers."""
    words: tuple[str, ...] = ()
    per_hour: int = 0
    """How many contributions a person may send in an hour; 0 is as many as they like."""
    similar: bool = False
    protected_words: tuple[str, ...] = ()
    """Words that could identify a victim: what has one is locked, unread."""

    @classmethod
    def from_data(cls, data: Mapping[str, Any] | None) -> Self:
        """Give the settings that are stored with a group."""
        data = data or {}
        lists = {name: tuple(data.get(name, ())) for name in _LISTS}
        return cls(
            outside_links=bool(data.get("outside_links")),
            hash_lists=bool(data.get("hash_lists")),
            contacts=bool(data.get("contacts")),
            similar=bool(data.get("similar")),
            per_hour=int(data.get("per_hour", 0)),
            **lists,
        )

    def to_data(self) -> dict[str, Any]:
        """Give what is stored: only what is set."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: list(value) if name in _LISTS else value for name, value in values.items() if value}

    @property
    def asks_recent(self) -> bool:
        """Whether a rule looks at what was sent lately."""
        return bool(self.per_hour or self.similar)


_LISTS = ("reference_domains", "words", "protected_words")


@dataclass(frozen=True, slots=True)
class Recent:
    """What else was sent to the group lately."""

    mine_in_hour: int = 0
    texts: tuple[str, ...] = ()
    """Beginnings of texts that the writer can read."""


def checked_rules(rules: HoldingRules) -> HoldingRules:
    """Give the settings as they are stored; Invalid for what is no domain, no word, or too much."""
    domains = tuple(
        _checked_domain(entry) for entry in _entries(rules.reference_domains, "reference_domains")
    )
    words = {name: _checked_words(getattr(rules, name), name) for name in ("words", "protected_words")}
    if not 0 <= rules.per_hour <= MAX_PER_HOUR:
        raise Invalid(
            "Choose a number up to %(limit)d; 0 holds nothing.", field="per_hour", limit=MAX_PER_HOUR
        )
    return HoldingRules(
        outside_links=rules.outside_links,
        reference_domains=tuple(dict.fromkeys(domains)),
        hash_lists=rules.hash_lists,
        contacts=rules.contacts,
        per_hour=rules.per_hour,
        similar=rules.similar,
        **words,
    )


def _entries(entries: Iterable[str], field: str) -> list[str]:
    found = [" ".join(entry.split()) for entry in entries]
    found = list(dict.fromkeys(entry for entry in found if entry))
    if len(found) > MAX_ENTRIES:
        raise Invalid("Keep the list to %(limit)d lines.", field=field, limit=MAX_ENTRIES)
    if any(len(entry) > MAX_ENTRY for entry in found):
        raise Invalid("Keep each line under %(limit)d characters.", field=field, limit=MAX_ENTRY)
    return found


def _checked_domain(entry: str) -> str:
    domain = entry.lower().removeprefix("https://").removeprefix("http://").strip("/ ").removeprefix("www.")
    if not _DOMAIN.fullmatch(domain):
        raise Invalid("“%(entry)s” is no domain, such as europa.eu.", field="reference_domains", entry=entry)
    return domain


def _checked_words(entries: Iterable[str], field: str) -> tuple[str, ...]:
    words = _entries(entries, field)
    for word in words:
        if len(fold(word)) < 2:
            raise Invalid("“%(entry)s” is too short to be looked for.", field=field, entry=word)
    return tuple(words)


def fold(text: str) -> str:
    """Give the words of a text without case, accents and punctuation, a space between each."""
    return " ".join(_WORD.findall(latin(unicodedata.normalize("NFKC", text))))


def has_outside_links(html: str, text: str, domains: Iterable[str]) -> bool:
    """Whether a text leads to a site that is neither one of the domains nor below one."""
    known = tuple(domains)
    return any(not _is_known(host, known) for host in _hosts(html, text))


def _hosts(html: str, text: str) -> set[str]:
    found = [*_HREF.findall(html), *_BARE.findall(text)]
    return {_host(address) for address in found}


def _host(address: str) -> str:
    address = address if "://" in address else f"https://{address}"
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""  # no address that leads anywhere we know


def _is_known(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def has_hash_list(text: str) -> bool:
    """Whether a text lists hashes: several different ones, beside those of this forum's own citations."""
    bare = _OUR_CITATION.sub("", text)
    return len({found.lower() for found in _HASH.findall(bare)}) >= HASHES_IN_A_LIST


def has_contacts(text: str) -> bool:
    """Whether a text holds an e-mail address or a telephone number; a handle is how people are mentioned."""
    return find_personal_data(text) in {PersonalData.EMAIL, PersonalData.PHONE}


def has_word(text: str, words: Iterable[str]) -> bool:
    """Whether one of the words stands in a text as a whole word, whatever its case and accents."""
    wanted = [fold(word) for word in words]
    if not wanted:
        return False
    folded = f" {fold(text)} "
    return any(f" {word} " in folded for word in wanted)


def is_similar(text: str, others: Iterable[str]) -> bool:
    """Whether a text is a near-duplicate of one of the others."""
    from rapidfuzz import fuzz, process

    text = text[:SIMILAR_LENGTH]
    if len(text) < SIMILAR_LEAST:
        return False
    near = [other for other in others if _is_as_long(text, other)]
    return process.extractOne(text, near, scorer=fuzz.ratio, score_cutoff=SIMILAR_AT) is not None


def similar_lengths(length: int) -> tuple[int, int]:
    """Give the shortest and the longest text that could be a near-duplicate of one of this length."""
    length = min(length, SIMILAR_LENGTH)
    share = SIMILAR_AT / (200 - SIMILAR_AT)  # ratio = 2 * shorter / both, at best
    return int(length * share), int(length / share) + 1


def _is_as_long(text: str, other: str) -> bool:
    least, most = similar_lengths(len(text))
    return least <= len(other) <= most
