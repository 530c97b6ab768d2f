"""Reading the demonstration content from its folder; `forum.domain.demonstration` has the nouns.

The folder holds `organisations.toml`, `people.toml` and one file a group in `groups/`, whose name is the slug
of the group. A second version of a paper is written as replacements on the one before it, so that what
changed can be read in the file.
"""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TypeVar

from forum.domain.accounts import PlatformRole
from forum.domain.attribution import ShownAs
from forum.domain.charters import Charter
from forum.domain.consultations import AnswersVisible
from forum.domain.datafile import DataFileError, Table, open_table, refuse_twice
from forum.domain.demonstration import (
    Consultation,
    Decision,
    Demonstration,
    Discussion,
    Edit,
    Flag,
    FormerName,
    Group,
    Mandate,
    Organisation,
    Paper,
    Person,
    Post,
    RoleHolder,
    Seat,
    Signatory,
    Version,
)
from forum.domain.demonstration_assessments import read_assessments
from forum.domain.demonstration_checks import check
from forum.domain.demonstration_questionnaires import read_questionnaire
from forum.domain.groups import GroupRole, SeatKind
from forum.domain.labels import Status, Tlp
from forum.domain.languages import LANGUAGES
from forum.domain.moderation import Action, FlagReason
from forum.domain.organisations import OrganisationSize, StakeholderType
from forum.domain.papers import Purpose
from forum.domain.signatures import SigningAnswer
from forum.domain.threads import ThreadKind

Word = TypeVar("Word", bound=enum.StrEnum)

SCOPES = ("international", "national", "regional", "local")
LEVELS = ("parliament", "authority", "agency")


def load_demonstration(folder: Path, charters: tuple[Charter, ...]) -> Demonstration:
    """Reads and checks the whole folder, groups in the order of their charters.

    DataFileError names the file, the place and the key that is wrong.
    """
    with open_table(folder / "organisations.toml") as top:
        tables = top.tables("organisations", "key", required=True)
        organisations = tuple(_organisation(table) for table in tables)
        refuse_twice(tables, "key", [organisation.key for organisation in organisations])
    with open_table(folder / "people.toml") as top:
        tables = top.tables("people", "key", required=True)
        people = tuple(_person(table) for table in tables)
        refuse_twice(tables, "key", [person.key for person in people])
        refuse_twice(tables, "email", [person.email for person in people])
    mandates = {p.key: p.mandates[0].organisation if p.mandates else "" for p in people}
    files = ((folder / "groups" / f"{charter.slug}.toml", charter) for charter in charters)
    # A group without a file is a group that starts empty.
    groups = tuple(_group(path, charter, mandates) for path, charter in files if path.exists())
    demonstration = Demonstration(organisations, people, groups)
    for fault in check(demonstration, {charter.slug: charter for charter in charters}):
        raise DataFileError(fault)
    return demonstration


def _word(table: Table, key: str, kind: type[Word], default: Word | None = None) -> Word:
    return kind(table.choice(key, [member.value for member in kind], default))


def _organisation(table: Table) -> Organisation:
    former = []
    for row in table.tables("former_names", "name"):
        former.append(FormerName(row.text("name"), row.number("until_days_ago")))
        row.finish()
    organisation = Organisation(
        key=table.slug("key"),
        name=table.text("name"),
        latin_name=table.text("latin_name", ""),
        type=_word(table, "type", StakeholderType),
        country=table.text("country"),
        size=_word(table, "size", OrganisationSize) if "size" in table else None,
        scope=table.choice("scope", ("", *SCOPES), ""),
        level=table.choice("level", ("", *LEVELS), ""),
        register_id=table.text("register_id", ""),
        description=table.text("description"),
        represents_survivors=table.flag("represents_survivors", False),
        former_names=tuple(former),
        member_of=table.texts("member_of"),
    )
    table.finish()
    return organisation


def _mandate(table: Table) -> Mandate:
    mandate = Mandate(
        organisation=table.slug("organisation"),
        title=table.text("title"),
        since_days_ago=table.number("since_days_ago"),
        until_days_ago=table.number("until_days_ago") if "until_days_ago" in table else None,
        may_publish=table.flag("may_publish", True),
    )
    table.finish()
    return mandate


def _person(table: Table) -> Person:
    person = Person(
        key=table.slug("key"),
        name=table.text("name"),
        latin_name=table.text("latin_name", ""),
        email=table.text("email"),
        country=table.text("country"),
        language=table.choice("language", LANGUAGES, "en"),
        about=table.text("about", ""),
        name_is_public=table.flag("name_is_public", False),
        platform_role=_word(table, "platform_role", PlatformRole, PlatformRole.MEMBER),
        personal_type=_word(table, "personal_type", StakeholderType, StakeholderType.EU_CITIZEN),
        mandates=tuple(_mandate(row) for row in table.tables("mandates", "organisation")),
        demo_role=table.slug("demo_role", ""),
        demo_description=table.text("demo_description", ""),
    )
    table.finish()
    return person


def _group(path: Path, charter: Charter, mandates: dict[str, str]) -> Group:
    with open_table(path) as top:
        papers = top.tables("papers", "key")
        discussions = top.tables("discussions", "key")
        group = Group(
            slug=charter.slug,
            current_stage=top.slug("current_stage", ""),
            seats=tuple(_seat(row) for row in top.tables("seats", "representative")),
            roles=tuple(_role(row) for row in top.tables("roles", "person", required=True)),
            consultations=tuple(
                _consultation(row, charter, mandates) for row in top.tables("consultations", "key")
            ),
            papers=tuple(_paper(row, charter) for row in papers),
            discussions=tuple(_discussion(row, charter, mandates) for row in discussions),
            assessments=read_assessments(top, charter),
            stage_closes_in_days=(
                top.number("stage_closes_in_days") if "stage_closes_in_days" in top else None
            ),
        )
        refuse_twice(papers, "key", [paper.key for paper in group.papers])
        refuse_twice(discussions, "key", [discussion.key for discussion in group.discussions])
    return group


def _seat(table: Table) -> Seat:
    seat = Seat(
        kind=_word(table, "kind", SeatKind),
        organisation=table.slug("organisation", ""),
        country=table.text("country", ""),
        title=table.text("title", ""),
        representative=table.slug("representative"),
        alternates=table.texts("alternates"),
        is_observer=table.flag("is_observer", False),
        since_days_ago=table.number("since_days_ago", 200.0),
    )
    table.finish()
    return seat


def _role(table: Table) -> RoleHolder:
    holder = RoleHolder(
        person=table.slug("person"),
        role=_word(table, "role", GroupRole),
        since_days_ago=table.number("since_days_ago", 200.0),
    )
    table.finish()
    return holder


def _consultation(table: Table, charter: Charter, mandates: dict[str, str]) -> Consultation:
    consultation = Consultation(
        key=table.slug("key"),
        title=table.text("title"),
        stage=table.slug("stage", ""),
        by=table.slug("by"),
        tlp=_word(table, "tlp", Tlp, charter.default_tlp),
        why=table.text("why"),
        what_happens=table.text("what_happens"),
        answers_visible=_word(table, "answers_visible", AnswersVisible, AnswersVisible.AT_ONCE),
        opened_days_ago=table.number("opened_days_ago"),
        closes_in_days=table.number("closes_in_days"),
        questionnaire=read_questionnaire(table, charter.shown_as_choices[0], mandates),
    )
    table.finish()
    return consultation


def _decision(table: Table) -> Decision:
    decision = Decision(
        action=_word(table, "action", Action),
        by=table.slug("by"),
        rule=table.slug("rule", ""),
        reason=table.text("reason"),
        days_ago=table.number("days_ago"),
    )
    table.finish()
    return decision


def _paper(table: Table, charter: Charter) -> Paper:
    authors = table.texts("authors", required=True)
    paper = Paper(
        key=table.slug("key"),
        title=table.text("title"),
        abstract=table.text("abstract"),
        purpose=_word(table, "purpose", Purpose),
        language=table.choice("language", LANGUAGES, "en"),
        owners=table.texts("owners"),
        authors=authors,
        tlp=_word(table, "tlp", Tlp, charter.default_tlp),
        shown_as=_word(table, "shown_as", ShownAs, charter.shown_as_choices[0]),
        consultation=table.slug("consultation", ""),
        translation_of=table.slug("translation_of", ""),
        takes_suggestions=table.flag("takes_suggestions", False),
        versions=_versions(table, authors[0]),
        signatories=tuple(_signatory(row) for row in table.tables("signatories", "organisation")),
    )
    table.finish()
    return paper


def _signatory(table: Table) -> Signatory:
    signatory = Signatory(
        organisation=table.slug("organisation"),
        by=table.slug("by"),
        signed=tuple(int(number) for number in table.texts("signed", allowed=("1", "2", "3"))),
        answer=_word(table, "answer", SigningAnswer) if table.text("answer", "") else None,
        days_ago=table.number("days_ago"),
        passage=table.text("passage", ""),
        wording=table.text("wording", ""),
        note=table.text("note", ""),
    )
    table.finish()
    return signatory


def _versions(table: Table, author: str) -> tuple[Version, ...]:
    versions: list[Version] = []
    for number, row in enumerate(table.tables("versions", "summary", required=True), 1):
        text = row.text("text") if number == 1 else _replaced(row, versions[-1].text)
        version = Version(
            number=number,
            by=row.slug("by", author),
            days_ago=row.number("days_ago"),
            summary=row.text("summary"),
            text=text,
            status=_word(row, "status", Status, Status.PUBLISHED),
            held_because=row.text("held_because", ""),
            decisions=tuple(_decision(decision) for decision in row.tables("decisions", "action")),
        )
        row.finish()
        versions.append(version)
    return tuple(versions)


def _replaced(table: Table, text: str) -> str:
    """The text of the version before, with each `old` passage, which must occur once, made `new`."""
    for row in table.tables("replacements", "old", required=True):
        old, new = row.text("old"), row.text("new", "")
        if text.count(old) != 1:
            raise row.fault("old", f"occurs {text.count(old)} times in the version before")
        text = text.replace(old, new)
        row.finish()
    # A passage that was struck out whole leaves no gap of two blank lines.
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.strip()


def _discussion(table: Table, charter: Charter, mandates: dict[str, str]) -> Discussion:
    language = table.choice("language", LANGUAGES, "en")
    posts = table.tables("posts", "key", required=True)
    discussion = Discussion(
        key=table.slug("key"),
        title=table.text("title"),
        kind=_word(table, "kind", ThreadKind, ThreadKind.DISCUSSION),
        language=language,
        tlp=_word(table, "tlp", Tlp, charter.default_tlp),
        stage=table.slug("stage", ""),
        initiative=table.whole("initiative", 0) or None,
        paper=table.slug("paper", ""),
        paragraph=table.whole("paragraph", 0),
        quotation=table.text("quotation", ""),
        is_pinned=table.flag("is_pinned", False),
        locked_days_ago=table.number("locked_days_ago") if "locked_days_ago" in table else None,
        outcome=table.text("outcome", ""),
        posts=tuple(_post(row, language, charter, mandates) for row in posts),
    )
    table.finish()
    refuse_twice(posts, "key", [post.key for post in discussion.posts])
    return discussion


def _post(table: Table, language: str, charter: Charter, mandates: dict[str, str]) -> Post:
    author = table.slug("author")
    edits, flags = [], []
    for row in table.tables("edits", "days_ago"):
        edits.append(Edit(row.text("text"), row.number("days_ago")))
        row.finish()
    for row in table.tables("flags", "by"):
        reason = _word(row, "reason", FlagReason)
        flags.append(Flag(row.slug("by"), reason, row.text("explanation"), row.number("days_ago")))
        row.finish()
    withdrawn = table.number("withdrawn_days_ago") if "withdrawn_days_ago" in table else None
    post = Post(
        key=table.slug("key"),
        reply_to=table.slug("reply_to", ""),
        author=author,
        speaking_for=table.slug("speaking_for", mandates.get(author, "")),
        shown_as=_word(table, "shown_as", ShownAs, charter.shown_as_choices[0]),
        days_ago=table.number("days_ago"),
        language=table.choice("language", LANGUAGES, language),
        text=table.text("text"),
        status=_word(table, "status", Status, Status.PUBLISHED if withdrawn is None else Status.WITHDRAWN),
        held_because=table.text("held_because", ""),
        is_answer=table.flag("is_answer", False),
        edits=tuple(edits),
        flags=tuple(flags),
        decisions=tuple(_decision(row) for row in table.tables("decisions", "action")),
        withdrawn_days_ago=withdrawn,
    )
    table.finish()
    return post
