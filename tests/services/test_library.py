"""The reference library: what is added under which numbers, who keeps it, and what others find of it."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, PlatformRole
from forum.domain.audit import AuditEntry
from forum.domain.groups import GroupRole
from forum.domain.library import Document, LibraryDocument, LibraryKey, documents_of
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.services import library
from forum.services.library import DocumentFields
from tests.builders import Builder
from tests.services.registering import strategy
from tests.support import count_statements

CONFIGURED = documents_of(strategy())
FIELDS = DocumentFields(
    title="A report nobody has",
    com="COM(2031) 17",
    celex="52031DC0017",
    date="2031-02",
    by="A service",
    source="The register of documents",
    is_verified=True,
    articles="1 Subject matter\n\n2",
)


class Desk:
    """The library with somebody of the secretariat who keeps it."""

    def __init__(self, session: Session, build: Builder) -> None:
        self.session, self.build = session, build
        self.keeper = build.account("secretariat", platform_role=PlatformRole.SECRETARIAT)

    def add(self, person: Account | None = None, **fields: object) -> LibraryDocument:
        """Somebody, the keeper unless told otherwise, adds a document."""
        row = library.add_document(
            self.session,
            self.build.actor(person or self.keeper),
            CONFIGURED,
            replace(FIELDS, **fields),  # type: ignore[arg-type]
            now=self.build.clock(),
        )
        self.session.commit()
        return row

    def edit(self, row: LibraryDocument, *, based_on: int | None = None, **fields: object) -> None:
        """The keeper changes it."""
        library.edit_document(
            self.session,
            self.build.actor(self.keeper),
            CONFIGURED,
            row.slug,
            replace(FIELDS, **fields),  # type: ignore[arg-type]
            based_on=row.lock_version if based_on is None else based_on,
            now=self.build.clock(),
        )
        self.session.commit()

    def find(self, key: str, person: Account | None = None) -> Document:
        """What somebody finds under a number."""
        return library.get_document(self.session, self.build.actor(person), CONFIGURED, key)

    def added(self, person: Account | None) -> list[str]:
        """The added documents that somebody finds in the list."""
        found = library.list_documents(self.session, self.build.actor(person), CONFIGURED)
        return [one.title for one in found if one.is_added]


@pytest.fixture
def desk(session: Session, build: Builder) -> Desk:
    return Desk(session, build)


def test_a_document_is_found_under_each_of_its_numbers(desk: Desk) -> None:
    """With its articles, of which one may have no title."""
    row = desk.add()
    found = desk.find("celex-52031dc0017")
    assert desk.find(row.slug) == found
    assert (found.title, found.date, found.by) == ("A report nobody has", "2031-02", "A service")
    assert [(one.number, one.title) for one in found.articles] == [("1", "Subject matter"), ("2", "")]
    assert found.cite == f"[[{found.numbers[0]}]]"
    assert desk.added(None) == ["A report nobody has"]
    with pytest.raises(NotFound):
        desk.find("celex-52031dc0018")


def test_what_the_data_files_name_is_there_without_anybody_adding_it(desk: Desk, session: Session) -> None:
    known = CONFIGURED[0]
    for key in known.keys:
        assert desk.find(key) is known
    actor = desk.build.actor(None)
    with count_statements(session.get_bind()) as statements:  # type: ignore[arg-type]
        assert len(library.list_documents(session, actor, CONFIGURED)) == len(CONFIGURED)
    assert len(statements) == 1


def test_what_nobody_has_checked_is_there_for_those_who_keep_the_library_alone(
    desk: Desk, build: Builder
) -> None:
    """Until it is checked, which says where."""
    row = desk.add(is_verified=False, source="")
    for person in (None, build.account()):
        assert desk.added(person) == []
        with pytest.raises(NotFound):
            desk.find(row.slug, person)
    assert desk.added(desk.keeper) == ["A report nobody has"]
    assert desk.find(row.slug, desk.keeper).is_verified is False
    with pytest.raises(Invalid, match="where you checked it"):
        desk.edit(row, is_verified=True, source=" ")
    desk.session.rollback()
    desk.edit(row)
    assert desk.find(row.slug).is_verified


def test_others_do_not_keep_it(desk: Desk, build: Builder) -> None:
    """The chair of a group is one of them."""
    person = build.member(build.group(), role=GroupRole.CHAIR)
    row = desk.add()
    with pytest.raises(NotAllowed):
        desk.add(person, com="COM(2031) 18", celex="")
    with pytest.raises(NotAllowed):
        library.get_row(desk.session, build.actor(person), row.slug)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        pytest.param({"com": "", "celex": ""}, "reference", "", id="no number"),
        pytest.param({"celex": "COM(2031) 17"}, "celex", "", id="a number of another kind"),
        pytest.param({"reference": "a report"}, "reference", "", id="words that are no number"),
        pytest.param({"title": " "}, "title", "title", id="no title"),
        pytest.param({"source": ""}, "source", "where you checked it", id="checked nowhere"),
        pytest.param({"date": "2031-13"}, "date", "Write the date", id="a month that there is not"),
        pytest.param({"date": "February"}, "date", "Write the date", id="a date in words"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    desk: Desk, fields: dict[str, str], field: str, words: str
) -> None:
    """Nothing of it is kept."""
    with pytest.raises(Invalid) as caught:
        desk.add(**fields)
    assert caught.value.field == field
    assert words in str(caught.value)
    desk.session.rollback()
    assert desk.session.scalars(sa.select(LibraryDocument)).all() == []


def test_no_number_stands_twice_in_the_library(desk: Desk) -> None:
    """Neither one of an added document nor one of the data files; the sentence names what has it."""
    desk.add()
    with pytest.raises(Invalid, match=r"has COM\(2031\) 17.* already"):
        desk.add(title="Another", com="")
    with pytest.raises(Invalid, match="already"):
        desk.add(title="Another", com="", celex="", reference=CONFIGURED[0].numbers[0])


def test_a_document_that_gets_other_numbers_keeps_its_address(desk: Desk, session: Session) -> None:
    """Under a number that was dropped it is found no more, but for the first, which is its address."""
    row = desk.add()
    slug = row.slug
    desk.edit(row, com="COM(2031) 18", celex="", ares="Ares(2031)1234567")
    assert row.slug == slug
    for key in (slug, *desk.find(slug).keys):
        assert desk.find(key).title == "A report nobody has"
    with pytest.raises(NotFound):
        desk.find("celex-52031dc0017")
    desk.add(title="The other", com="", celex="52031DC0017")
    owners = session.scalars(sa.select(LibraryKey.document_id).where(LibraryKey.key == slug)).all()
    assert owners == [row.id]


def test_two_who_edit_at_once_are_told(desk: Desk) -> None:
    row = desk.add()
    before = row.lock_version
    desk.edit(row, title="Mine")
    with pytest.raises(Conflict, match="changed this document while you wrote"):
        desk.edit(row, based_on=before, title="Theirs")


def test_adding_and_changing_are_on_record_without_words(desk: Desk, session: Session) -> None:
    row = desk.add()
    desk.edit(row, is_verified=False)
    found = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number)).all()
    assert [(one.action, one.read_facts()) for one in found] == [
        ("library.added", {"key": row.slug, "is_verified": True}),
        ("library.changed", {"key": row.slug, "is_verified": False}),
    ]
