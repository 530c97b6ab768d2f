"""Documents of meetings and consultations: written by address, and shown to whom each may be shown."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attachments import Attachment
from forum.domain.consultations import MAX_DOCUMENTS
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.meetings import MAX_MEETING_DOCUMENTS
from forum.domain.papers import Paper, PaperVersion
from forum.errors import Invalid
from forum.richtext import render
from forum.services.addresses import attachment_path, paper_path, version_path
from forum.services.consultations import ConsultationText, create_consultation
from forum.services.linked_documents import (
    OF_CONSULTATIONS,
    OF_MEETINGS,
    LinkedDocument,
    Links,
    documents_text,
    list_documents,
    write_documents,
)
from forum.services.meetings import MeetingText, prepare_meeting
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.paper_writing import PaperWriter
from tests.services.sending_files import attach
from tests.support import count_statements, deliver

NOTHING = render("", profile="post")


class House:
    """A group with its chair, and a meeting and a consultation that the chair prepares."""

    def __init__(self, session: Session, build: Builder) -> None:
        self.session, self.build = session, build
        self.group: Group = build.group(Ceiling.PUBLIC)
        self.chair = build.member(self.group, role=GroupRole.CHAIR)
        self.member = build.member(self.group)
        actor, now = build.actor(self.chair), build.clock()
        text = MeetingText("Spring", NOTHING, now, now + timedelta(hours=1), "UTC", "Welcome\nLamps")
        meeting = prepare_meeting(session, actor, self.group.slug, text, now=now)
        asked = ConsultationText(title="What counts?", rendered=render("Say it.", profile="post"))
        consultation = create_consultation(session, actor, self.group.slug, asked, now=now)
        session.commit()
        self.owners = {OF_MEETINGS: meeting.id, OF_CONSULTATIONS: consultation.id}

    def write(self, *lines: str, links: Links = OF_MEETINGS, person: Account | None = None) -> None:
        """Somebody, the chair unless told otherwise, writes the documents."""
        actor, now = self.build.actor(person or self.chair), self.build.clock()
        write_documents(self.session, actor, links, self.owners[links], "\n".join(lines), now=now)
        self.session.commit()

    def seen(self, person: Account | None, links: Links = OF_MEETINGS) -> list[LinkedDocument]:
        """What somebody finds."""
        return list_documents(self.session, self.build.actor(person), links, self.owners[links])

    def titles(self, person: Account | None, links: Links = OF_MEETINGS) -> list[str]:
        """The titles of what somebody finds."""
        return [one.title for one in self.seen(person, links)]

    def text(self, links: Links = OF_MEETINGS) -> str:
        """The documents as the form shows them."""
        return documents_text(self.session, links, self.owners[links])

    def address(self, version: PaperVersion) -> str:
        """The address of a paper, whatever its version."""
        paper = self.session.get_one(Paper, version.paper_id)
        return paper_path(self.group.slug, paper.public_id)

    def fixed(self, version: PaperVersion) -> str:
        """The address of one version of a paper."""
        assert version.number is not None
        return version_path(self.session.get_one(Paper, version.paper_id).public_id, version.number)


@pytest.fixture
def house(session: Session, build: Builder) -> House:
    return House(session, build)


@pytest.fixture
def file(app: Flask, house: House, papers: PaperWriter, clock: StoppedClock) -> Attachment:
    """A checked file of a published paper."""
    draft = papers.start(house.member, house.group)
    made = attach(app, house.session, house.build, house.member, draft, b"Words.", "notes.txt")
    deliver(app, clock)
    papers.send(house.member, draft)
    house.session.refresh(made)
    assert made.status is Status.PUBLISHED
    return made


@pytest.mark.parametrize("links", [OF_MEETINGS, OF_CONSULTATIONS], ids=["meeting", "consultation"])
def test_what_is_written_is_shown_in_its_order_and_stands_in_the_form_again(
    house: House, build: Builder, links: Links
) -> None:
    """By address or by whole URL; blank lines are dropped, and an empty text leaves none."""
    first, second = (build.paper(house.group, title=title) for title in ("First", "Second"))
    house.write(f"https://forum.example{house.address(second)}", "", house.fixed(first), links=links)
    found = house.seen(None, links)
    assert [(one.title, one.path, one.number, one.is_fixed) for one in found] == [
        ("Second", house.address(second), 1, False),
        ("First", house.fixed(first), 1, True),
    ]
    assert house.text(links) == f"{house.address(second)}\n{house.fixed(first)}"
    house.write(links=links)
    assert (house.seen(None, links), house.text(links)) == ([], "")


def test_each_reader_is_shown_what_they_may_read(house: House, build: Builder) -> None:
    """The order is kept without what is left out; the form of its makers has all of them."""
    shown = [build.paper(house.group, title=title, tlp=tlp) for title, tlp in (("A", Tlp.AMBER), ("C", None))]
    house.write(*(house.address(one) for one in shown))
    assert (house.titles(house.member), house.titles(None)) == (["A", "C"], ["C"])
    assert house.text().count("\n") == 1


def test_a_paper_is_shown_in_the_newest_version_that_the_reader_may_read(
    house: House, papers: PaperWriter
) -> None:
    """One that was named with its version stays in that."""
    first = papers.publish(house.member, house.group, title="Draft opinion")
    paper = house.session.get_one(Paper, first.paper_id)
    second = papers.send(
        house.member,
        papers.next(
            house.member, paper, house.group, "Other words.", based_on=1, title="Opinion", tlp=Tlp.AMBER
        ),
    ).version
    house.write(house.address(first), house.fixed(first), house.fixed(second))
    inside = [(one.title, one.number) for one in house.seen(house.member)]
    assert inside == [("Opinion", 2), ("Draft opinion", 1), ("Opinion", 2)]
    outside = [(one.title, one.number) for one in house.seen(None)]
    assert outside == [("Draft opinion", 1), ("Draft opinion", 1)]


def test_what_the_writer_may_not_read_is_refused_as_if_it_were_not_there(
    house: House, build: Builder
) -> None:
    """A paper of a closed group, a draft, a version that there is not, words that are no address."""
    closed = build.paper(build.group(Ceiling.MEMBERS), title="Closed")
    draft = build.paper(house.group, house.member, status=Status.DRAFT)
    known = build.paper(house.group)
    bad = (
        house.address(closed),
        house.address(draft),
        house.fixed(known).replace("/1", "/2"),
        "/papers/aaaaaaaaaaaaa",
        "the paper of March",
    )
    for line in bad:
        with pytest.raises(Invalid, match="no document that you may read") as caught:
            house.write(house.address(known), line)
        assert caught.value.field == "documents"
        house.session.rollback()
    assert house.seen(house.chair) == []


def test_a_withdrawn_paper_is_shown_no_more(house: House, build: Builder) -> None:
    version = build.paper(house.group)
    house.write(house.address(version))
    version.status = Status.WITHDRAWN
    house.session.commit()
    assert house.seen(house.member) == []


@pytest.mark.parametrize(
    ("links", "most"),
    [(OF_MEETINGS, MAX_MEETING_DOCUMENTS), (OF_CONSULTATIONS, MAX_DOCUMENTS)],
    ids=["meeting", "consultation"],
)
def test_there_is_a_most_of_them(house: House, build: Builder, links: Links, most: int) -> None:
    line = house.address(build.paper(house.group))
    house.write(*[line] * most, links=links)
    with pytest.raises(Invalid, match="At most") as caught:
        house.write(*[line] * (most + 1), links=links)
    assert caught.value.parameters == {"limit": most}


def test_a_document_of_a_meeting_belongs_to_a_point(house: House, build: Builder, file: Attachment) -> None:
    """Its number follows after a blank; files are named as papers are."""
    path = attachment_path(file.public_id)
    paper = house.address(build.paper(house.group, title="Opinion"))
    house.write(f"{path}  2", paper)
    found = [(one.title, one.point, one.number, one.is_fixed) for one in house.seen(None)]
    assert found == [("notes.txt", 2, None, True), ("Opinion", None, 1, False)]
    assert house.text() == f"{path} 2\n{paper}"


def test_a_file_that_is_not_published_is_not_linked_and_not_shown(house: House, file: Attachment) -> None:
    path = attachment_path(file.public_id)
    house.write(path)
    file.status = Status.WITHDRAWN
    house.session.commit()
    assert house.seen(house.member) == []
    with pytest.raises(Invalid, match="no document that you may read"):
        house.write(path)


def test_a_consultation_takes_papers_alone(house: House, file: Attachment) -> None:
    with pytest.raises(Invalid, match="no document that you may read"):
        house.write(attachment_path(file.public_id), links=OF_CONSULTATIONS)


def test_a_document_keeps_the_moment_at_which_it_came(
    house: House, build: Builder, clock: StoppedClock
) -> None:
    """Lead times go by that: another place or point changes nothing, another version is another document."""
    first, second = (build.paper(house.group, title=title) for title in ("First", "Second"))
    house.write(house.address(first), house.address(second))
    began = clock()

    def added() -> dict[str, datetime | None]:
        return {one.title: one.added_at for one in house.seen(house.chair)}

    clock.advance(days=3)
    house.write(f"{house.address(second)} 2", house.address(first))
    assert added() == {"First": began, "Second": began}
    house.write(house.address(second), house.fixed(first))
    assert added() == {"First": clock(), "Second": began}


def test_listing_costs_two_statements_for_a_meeting_and_one_for_a_consultation(
    house: House, build: Builder
) -> None:
    """However many documents there are."""
    lines = [house.address(build.paper(house.group)) for _ in range(4)]
    for links, statements in ((OF_MEETINGS, 2), (OF_CONSULTATIONS, 1)):
        house.write(*lines, links=links)
        actor = build.actor(house.member)
        with count_statements(house.session.get_bind()) as seen:  # type: ignore[arg-type]
            assert len(list_documents(house.session, actor, links, house.owners[links])) == 4
        assert len(seen) == statements
