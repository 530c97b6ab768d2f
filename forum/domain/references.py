"""Numbers of acts and documents: CELEX, COM, Ares and their kin, read, checked, and found in texts.

A reference has a key for addresses and comparison, so that "COM(2020) 607 final" and "com/2020/607" are one.
"""

import enum
import re
from dataclasses import dataclass

from forum.domain.text import one_line
from forum.errors import Invalid

MAX_LENGTH = 60
"""Characters of a reference."""
_FIRST_YEAR, _LAST_YEAR = 1951, 2099


class ReferenceKind(enum.StrEnum):
    """The families of numbers."""

    CELEX = "celex"
    COMMISSION = "commission"
    """COM, C, SWD, JOIN and SEC documents."""
    ARES = "ares"
    ACT = "act"
    PROCEDURE = "procedure"
    COUNCIL = "council"


@dataclass(frozen=True, slots=True)
class Reference:
    """A number as it is written, and the key that it has in addresses."""

    kind: ReferenceKind
    text: str
    key: str


_CELEX = re.compile(r"([0-9CE])([0-9]{4})([A-Z]{1,2})([0-9]{4})(?:\(([0-9]{2})\))?", re.IGNORECASE)
_COMMISSION = re.compile(
    r"(COM|C|SWD|JOIN|SEC) ?[(/] ?([0-9]{4}) ?[)/] ?([0-9]{1,5})(?: ?final)?", re.IGNORECASE
)
_ARES = re.compile(r"Ares ?\( ?([0-9]{4}) ?\) ?([0-9]{1,8})", re.IGNORECASE)
_ACT = re.compile(
    r"(Directive|Regulation|Decision) ?(?:\((EU|EC)\) ?)?(?:No ?)?([0-9]{4})/([0-9]{1,4})(?:/(EU|EC|JHA))?",
    re.IGNORECASE,
)
_PROCEDURE = re.compile(r"([0-9]{4})/([0-9]{4}) ?\(([A-Z]{3})\)", re.IGNORECASE)
_COUNCIL = re.compile(r"st ?([0-9]{1,5})/([0-9]{2})", re.IGNORECASE)

_KEYS = {
    ReferenceKind.CELEX: re.compile(r"celex-([0-9ce])([0-9]{4})([a-z]{1,2})([0-9]{4})(?:-([0-9]{2}))?"),
    ReferenceKind.COMMISSION: re.compile(r"(com|c|swd|join|sec)-([0-9]{4})-([0-9]{1,5})"),
    ReferenceKind.ARES: re.compile(r"ares-([0-9]{4})-([0-9]{1,8})"),
    ReferenceKind.ACT: re.compile(r"(directive|regulation|decision)-([0-9]{4})-([0-9]{1,4})"),
    ReferenceKind.PROCEDURE: re.compile(r"procedure-([0-9]{4})-([0-9]{4})-([a-z]{3})"),
    ReferenceKind.COUNCIL: re.compile(r"st-([0-9]{1,5})-([0-9]{2})"),
}

CITED = re.compile(r"\[\[([^\[\]<>&\n]{3,60})\]\]")
"""A reference in double brackets, in a text: [[COM(2020) 607]]."""


def parse_reference(text: str) -> Reference | None:
    """Give the reference that a text is, and nothing else; None where it is none."""
    if len(text) > 2 * MAX_LENGTH:
        return None
    text = one_line(text)
    for parse in (_celex, _commission, _ares, _act, _procedure, _council):
        found = parse(text)
        if found is not None:
            return found
    return None


def _is_year(text: str) -> bool:
    return _FIRST_YEAR <= int(text) <= _LAST_YEAR


def _celex(text: str) -> Reference | None:
    found = _CELEX.fullmatch(text.removeprefix("CELEX:").strip())
    if found is None or not text.isascii() or not _is_year(found[2]):
        return None
    sector, year, kind, number, part = found.groups()
    words = f"{sector}{year}{kind}{number}".upper() + (f"({part})" if part else "")
    key = f"celex-{sector}{year}{kind}{number}".lower() + (f"-{part}" if part else "")
    return Reference(ReferenceKind.CELEX, words, key)


def _commission(text: str) -> Reference | None:
    found = _COMMISSION.fullmatch(text)
    if found is None or not text.isascii() or not _is_year(found[2]) or not int(found[3]):
        return None
    series, year, number = found[1].upper(), found[2], int(found[3])
    key = f"{series.lower()}-{year}-{number}"
    return Reference(ReferenceKind.COMMISSION, f"{series}({year}) {number}", key)


def _ares(text: str) -> Reference | None:
    found = _ARES.fullmatch(text)
    if found is None or not text.isascii() or not _is_year(found[1]) or not int(found[2]):
        return None
    number = int(found[2])
    return Reference(ReferenceKind.ARES, f"Ares({found[1]}){number}", f"ares-{found[1]}-{number}")


def _act(text: str) -> Reference | None:
    found = _ACT.fullmatch(text)
    if found is None or not text.isascii() or not _is_year(found[3]) or not int(found[4]):
        return None
    if bool(found[2]) == bool(found[5]):  # "(EU)" stands before the number or "/EU" after it
        return None
    name, year, number = found[1].capitalize(), found[3], int(found[4])
    before = f" ({found[2].upper()})" if found[2] else ""
    after = f"/{found[5].upper()}" if found[5] else ""
    return Reference(
        ReferenceKind.ACT, f"{name}{before} {year}/{number}{after}", f"{name.lower()}-{year}-{number}"
    )


def _procedure(text: str) -> Reference | None:
    found = _PROCEDURE.fullmatch(text)
    if found is None or not text.isascii() or not _is_year(found[1]):
        return None
    year, number, kind = found[1], found[2], found[3].upper()
    return Reference(
        ReferenceKind.PROCEDURE, f"{year}/{number}({kind})", f"procedure-{year}-{number}-{kind.lower()}"
    )


def _council(text: str) -> Reference | None:
    found = _COUNCIL.fullmatch(text)
    if found is None or not text.isascii() or not int(found[1]):
        return None
    number = int(found[1])
    return Reference(ReferenceKind.COUNCIL, f"st{number}/{found[2]}", f"st-{number}-{found[2]}")


def read_key(key: str) -> Reference | None:
    """Give the reference behind a key of an address; None where it is no key."""
    for kind, pattern in _KEYS.items():
        found = pattern.fullmatch(key)
        if found is None:
            continue
        parts = found.groups()
        words = {
            ReferenceKind.CELEX: lambda p=parts: "".join(p[:4]).upper() + (f"({p[4]})" if p[4] else ""),
            ReferenceKind.COMMISSION: lambda p=parts: f"{p[0].upper()}({p[1]}) {p[2]}",
            ReferenceKind.ARES: lambda p=parts: f"Ares({p[0]}){p[1]}",
            ReferenceKind.ACT: lambda p=parts: _act_words(p[0], p[1], p[2]),
            ReferenceKind.PROCEDURE: lambda p=parts: f"{p[0]}/{p[1]}({p[2].upper()})",
            ReferenceKind.COUNCIL: lambda p=parts: f"st{p[0]}/{p[1]}",
        }[kind]()
        reference = parse_reference(words)
        return reference if reference is not None and reference.key == key else None
    return None


def _act_words(name: str, year: str, number: str) -> str:
    """Give an act's usual form: until 2014 a directive had its domain at the end, later in brackets."""
    if int(year) < 2015:
        return f"{name.capitalize()} {year}/{number}/EU"
    return f"{name.capitalize()} (EU) {year}/{number}"


def checked_reference(text: str, *, kind: ReferenceKind | None = None, field: str) -> Reference | None:
    """Give the reference that was typed, None for nothing; Invalid says which form is expected."""
    if not text.strip():
        return None
    reference = parse_reference(text)
    if reference is None or (kind is not None and reference.kind is not kind):
        raise Invalid(EXPECTED[kind], field=field)
    return reference


EXPECTED = {
    None: "Write it as COM(2020) 607, 32011L0093, Ares(2020)1234567, Directive 2011/93/EU, "
    "2022/0155(COD) or st12862/19.",
    ReferenceKind.CELEX: "A CELEX number is written as 32011L0093: sector, year, type and number.",
    ReferenceKind.COMMISSION: "A number of the Commission is written as COM(2020) 607.",
    ReferenceKind.ARES: "An Ares number is written as Ares(2020)1234567.",
    ReferenceKind.ACT: "An act is written as Directive 2011/93/EU or Regulation (EU) 2022/2065.",
    ReferenceKind.PROCEDURE: "A procedure is written as 2022/0155(COD).",
    ReferenceKind.COUNCIL: "A Council document is written as st12862/19.",
}
"""By kind: the sentence that says how it is written; None for any of them."""


def find_references(source: str, limit: int) -> list[Reference]:
    """Give the references that stand in double brackets in a text, each once, in their order."""
    found: dict[str, Reference] = {}
    for match in CITED.finditer(source):
        reference = parse_reference(match[1])
        if reference is not None:
            found.setdefault(reference.key, reference)
        if len(found) == limit:
            break
    return list(found.values())
