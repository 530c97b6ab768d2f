"""Import records: one JSON object a line, checked and brought into our words. No queries here."""

import hashlib
import heapq
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from babel.core import get_global

from forum.domain.attribution import ShownAs
from forum.domain.labels import Tlp
from forum.domain.organisations import OrganisationSize, StakeholderType
from forum.errors import Invalid

FIELDS = (
    "id", "group", "thread", "parent", "author", "organisation", "org_type", "country", "lang", "date",
    "title", "text", "version", "kind",
)  # fmt: skip
"""The fields of the contract, in its order."""

_USED = frozenset(FIELDS) | {
    "label", "shown_as", "capacity", "publication", "org_size", "tr_number", "scope", "governance_level",
    "change_note", "translation_of",
}  # fmt: skip

_FOLDED = (
    "org_type", "country", "kind", "publication", "shown_as", "org_size", "date", "version",
    "tr_number", "scope", "governance_level",
)  # fmt: skip
"""Fields that we fold or keep elsewhere: what was written is kept beside, so that it can be given back."""

MAX_TEXT = 1_000_000
"""Bytes of a paper's text, as everywhere; an attachment's extracted text may have ten times that."""

_TYPES = {kind.value: kind for kind in StakeholderType} | {
    "academic": StakeholderType.ACADEMIC,
    "academic_or_research_institution": StakeholderType.ACADEMIC,
    "business": StakeholderType.COMPANY,
    "company_or_business": StakeholderType.COMPANY,
    "company_business": StakeholderType.COMPANY,
    "non_governmental_organisation": StakeholderType.NGO,
    "non_governmental_organisation_ngo": StakeholderType.NGO,
    "non_governmental_organization": StakeholderType.NGO,
    "authority": StakeholderType.PUBLIC_AUTHORITY,
    "consumer": StakeholderType.CONSUMER,
    "environmental": StakeholderType.ENVIRONMENTAL,
    "citizen": StakeholderType.EU_CITIZEN,
}
_SHOWN_AS = {choice.value: choice for choice in ShownAs} | {
    "type": ShownAs.STAKEHOLDER_TYPE,
    "name_and_organisation": ShownAs.NAME,
    "anonymous": ShownAs.ORGANISATION,
    "withinfo": ShownAs.NAME,
    "with_name": ShownAs.NAME,
}


@dataclass(frozen=True, slots=True)
class Record:
    """A checked record; `line` is where it stands in its file, from 1."""

    line: int
    id: str
    kind: str
    """paper, document-version, attachment or post."""
    group: str
    thread: str
    parent: str | None
    author: str | None
    organisation: str | None
    type: StakeholderType | None
    country: str | None
    language: str
    date: datetime
    title: str
    text: str
    version: int
    label: Tlp | None
    shown_as: ShownAs
    is_personal: bool
    size: OrganisationSize | None
    register_id: str | None
    scope: str | None
    governance_level: str | None
    change_note: str
    translation_of: str | None
    extra: dict[str, Any] = field(hash=False)
    digest: str

    @property
    def opens(self) -> bool:
        """Whether it begins something: a paper, or a discussion."""
        return self.parent is None

    @property
    def answers_consultation(self) -> bool:
        """A paper whose thread is not its own id answers the consultation of that id."""
        return self.kind == "paper" and self.opens and self.thread != self.id


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was not taken, and why."""

    line: int
    reason: str


def read_records(lines: Iterable[bytes]) -> Iterator[Record | BadLine]:
    """Give each line as a record or as what is wrong with it; empty lines are passed over."""
    seen: dict[str, int] = {}
    for number, raw in enumerate(lines, 1):
        if not raw.strip():
            continue
        try:
            record = parse_record(raw, number)
        except Invalid as error:
            yield BadLine(number, str(error))
            continue
        if record.id in seen:
            yield BadLine(number, f"the id {record.id!r} stands in line {seen[record.id]} already")
            continue
        seen[record.id] = number
        yield record


def parse_record(raw: bytes, line: int) -> Record:
    """Give the record of one line, or raise Invalid with a sentence that says what to mend."""
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        raise Invalid("this is no JSON object on one line (is the file cut off here?)") from None
    if not isinstance(data, dict):
        raise Invalid("a JSON object is needed, with the fields of the import record")
    kind = _text(data, "kind") or "post"
    if kind not in {"paper", "document-version", "attachment"}:
        kind = "post"
    source_id = _text(data, "id", required=True)
    parent = _text(data, "parent") or None
    body = data.get("text")
    if body is not None and not isinstance(body, str):
        raise Invalid("'text' must be text")
    body = body or ""
    limit = MAX_TEXT * (10 if kind == "attachment" else 1)
    if len(body.encode("utf-8", "replace")) > limit:
        raise Invalid(f"'text' has more than {limit:,} bytes")
    title = " ".join(_text(data, "title").split())
    if parent is None and not title and not body.strip():
        raise Invalid("neither 'title' nor 'text' says anything")
    if kind == "paper" and parent is not None:
        raise Invalid("a record of kind 'paper' has no 'parent'; a later version is a 'document-version'")
    return Record(
        line=line,
        id=source_id,
        kind=kind,
        group=_text(data, "group"),
        thread=_text(data, "thread") or source_id,
        parent=parent,
        author=_text(data, "author") or None,
        organisation=_text(data, "organisation") or None,
        type=_stakeholder_type(_text(data, "org_type")),
        country=parse_country(_text(data, "country")),
        language=_language(_text(data, "lang")),
        date=_date(data.get("date")),
        title=title[:300],
        text=body,
        version=_version(data.get("version")),
        label=_label(_text(data, "label")),
        shown_as=_shown_as(_text(data, "shown_as") or _text(data, "publication")),
        is_personal=_text(data, "capacity").casefold() in {"personal", "own", "own capacity"},
        size=_choice(OrganisationSize, _text(data, "org_size")),
        register_id=_text(data, "tr_number")[:32] or None,
        scope=_text(data, "scope").casefold()[:32] or None,
        governance_level=_text(data, "governance_level").casefold()[:32] or None,
        change_note=_text(data, "change_note")[:2000],
        translation_of=_text(data, "translation_of") or None,
        extra=_kept(data, kind),
        digest=hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest(),
    )


def _kept(data: dict[str, Any], kind: str) -> dict[str, Any]:
    """Fields without a place of their own are kept; so is what was written where we fold it."""
    extra = {key: value for key, value in data.items() if key not in _USED}
    kept = [*_FOLDED]
    if data.get("parent") is not None:
        kept.append("title")  # "Re: …": an answer has no title of its own here
    if kind in {"attachment", "document-version"}:
        kept.append("thread")  # the parent says where it belongs; this may be a name of its own
    for key in kept:
        if data.get(key) is not None and not (key == "kind" and data[key] == kind):
            extra[key] = data[key]
    return extra


def _text(data: dict[str, Any], key: str, *, required: bool = False) -> str:
    value = data.get(key)
    if value is None or value == "":
        if required:
            raise Invalid(f"'{key}' is missing")
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Invalid(f"'{key}' must be text")
    text = str(value).replace("\x00", "").strip()
    if len(text) > 2000:
        raise Invalid(f"'{key}' has {len(text):,} characters: that cannot be one")
    return text


def _stakeholder_type(text: str) -> StakeholderType | None:
    return find_stakeholder_type(text) or StakeholderType.OTHER if text else None


def find_stakeholder_type(text: str) -> StakeholderType | None:
    """Give the respondent type that a code or its words mean, if any."""
    folded = "_".join(
        text.casefold().replace("/", " ").replace("-", " ").replace("(", "").replace(")", "").split()
    )
    return _TYPES.get(folded)


def parse_country(text: str) -> str | None:
    """Give ISO's two letters for two or three; Greece and the United Kingdom also as EU bodies write them."""
    code = text.upper()
    if not code:
        return None
    if code in {"EL", "UK"}:
        return {"EL": "GR", "UK": "GB"}[code]
    if len(code) == 2 and code.isascii() and code.isalpha():
        return code
    if len(code) == 3:
        found = get_global("territory_aliases").get(code)
        if found and len(found[0]) == 2:
            return str(found[0])
    raise Invalid(f"'country' is {text!r}: an ISO code of two or three letters is needed")


def _language(text: str) -> str:
    code = text.casefold().replace("_", "-").split("-")[0] or "en"
    if not (2 <= len(code) <= 3 and code.isascii() and code.isalpha()):
        raise Invalid(f"'lang' is {text!r}: an ISO 639 code such as 'en' is needed")
    return code


def _date(value: object) -> datetime:
    if isinstance(value, str):
        try:
            if len(value) == 10:
                day = date.fromisoformat(value)
                return datetime(day.year, day.month, day.day, tzinfo=UTC)
            moment = datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise Invalid(f"'date' is {value!r}: a date such as 2025-03-19 or 2025-03-19T14:55:45Z is needed")


def _version(value: object) -> int:
    if value is None:
        return 1
    try:
        number = int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError):
        raise Invalid(f"'version' is {value!r}: a whole number is needed") from None
    if not 0 < number < 1_000_000:
        raise Invalid(f"'version' is {number}: it counts from 1")
    return int(number)


def _label(text: str) -> Tlp | None:
    if not text:
        return None
    try:
        return Tlp(text.upper().removeprefix("TLP:").replace("_", "+").replace(" ", "+"))
    except ValueError:
        raise Invalid(f"'label' is {text!r}: use CLEAR, GREEN, AMBER, AMBER+STRICT or RED") from None


def _shown_as(text: str) -> ShownAs:
    if not text:
        return ShownAs.NAME
    found = _SHOWN_AS.get(text.casefold().replace(" ", "_").replace("-", "_"))
    if found is None:
        raise Invalid(f"'shown_as' is {text!r}: use name, organisation or stakeholder_type")
    return found


def _choice(kind: type[OrganisationSize], text: str) -> OrganisationSize | None:
    try:
        return kind(text.casefold()) if text else None
    except ValueError:
        return None


def in_order(records: Iterable[Record], known: Iterable[str] = ()) -> tuple[list[Record], list[BadLine]]:
    """Put every record after the one it answers, whatever the order in the file, oldest first.

    `known` are ids that are in the database already. Records whose parent is nowhere, or that answer
    each other in a circle, come back as bad lines.
    """
    waiting: dict[str, list[Record]] = {}
    placed = set(known)
    ready: list[tuple[datetime, int, Record]] = []
    for record in records:
        if record.parent is None or record.parent in placed:
            ready.append((record.date, record.line, record))
        else:
            waiting.setdefault(record.parent, []).append(record)
    heapq.heapify(ready)
    ordered: list[Record] = []
    while ready:
        record = heapq.heappop(ready)[2]
        ordered.append(record)
        for follower in waiting.pop(record.id, ()):
            heapq.heappush(ready, (follower.date, follower.line, follower))
    bad = [
        BadLine(record.line, f"its parent {record.parent!r} is neither in the file nor imported before")
        for left in waiting.values()
        for record in left
    ]
    return ordered, sorted(bad, key=lambda b: b.line)
