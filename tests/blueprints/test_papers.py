"""The pages of papers: what each reader meets, and how much the database is asked."""

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.attachments import Attachment, AttachmentPage, AttachmentState
from forum.domain.attribution import Attribution
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.organisations import StakeholderType
from forum.domain.papers import Paper, PaperVersion
from forum.extensions import db
from forum.services.labels import relabel
from forum.services.paper_choices import PaperChoices
from tests.blueprints.papers_pages import CLOSED_TEXT, OPEN_TEXT, ClientOf, World, two_versions
from tests.builders import Builder
from tests.services.paper_writing import PaperWriter
from tests.support import count_statements


@pytest.fixture
def papers(session: Session, build: Builder) -> PaperWriter:
    return PaperWriter(session, build)


@pytest.fixture
def world(build: Builder, papers: PaperWriter) -> World:
    """Version 1 is CLEAR, version 2 RED."""
    group = build.group(Ceiling.PUBLIC)
    return two_versions(papers, group, build.member(group), second=Tlp.RED)


def comment(build: Builder, world: World, version: PaperVersion, title: str, **columns: object) -> str:
    thread = build.thread(
        world.group,
        world.author,
        title=title,
        tlp=version.tlp,
        paper_id=world.paper.id,
        version_id=version.id,
        **columns,  # type: ignore[arg-type]
    )
    return thread.public_id


def routes(world: World) -> list[str]:
    """Every page that could tell of a version."""
    short = f"/papers/{world.paper.public_id}"
    return [
        f"/groups/{world.group.slug}/papers/",
        world.path,
        f"{world.path}versions/",
        f"{world.path}versions/1",
        f"{world.path}versions/1/cite/p2",
        f"{world.path}compare",
        f"{world.path}compare?from=1&to=1",
        short,
        f"{short}/v/1",
    ]


def test_a_narrower_version_leaves_no_trace(
    build: Builder, world: World, client_of: ClientOf, session: Session
) -> None:
    """An outsider meets no text, number, summary, comment or attachment of it on any page."""
    comment(build, world, world.second, "Comment on the closed one", anchor_paragraph="p4")
    session.add(_attachment(session, world, world.second))
    session.commit()
    traces = ("secretword", "version 2", "closed one", "later.txt")
    outsider = client_of(build.account())
    for path in routes(world):
        answer = outsider.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        for trace in (*traces, "Version 2", "versions/2", "Reworded"):
            assert trace not in answer.text, (path, trace)
    member = client_of(world.author).get(world.path).text
    for trace in traces:
        assert trace in member


def _attachment(session: Session, world: World, version: PaperVersion) -> Attachment:
    attachment = Attachment(
        paper_id=world.paper.id,
        version_id=version.id,
        group_id=world.group.id,
        filename="later.txt",
        state=AttachmentState.TEXT_ONLY,
        status=version.status,
        tlp=version.tlp,
        audience="",
        own="",
        created_at=version.created_at,
    )
    session.add(attachment)
    session.flush()
    relabel(session, world.group, attachment, now=version.created_at)
    return attachment


@pytest.mark.parametrize(
    "tail",
    [
        "versions/2",
        "versions/2/cite/p2",
        "compare?from=1&to=2",
        "compare?from=2&to=1",
        "compare?from=1&to=two",
        "compare?to=99999999999",
        "versions/3",
        "versions/1/cite/p99",
    ],
)
def test_what_may_not_be_read_and_what_is_not_there_answer_alike(
    world: World, client: FlaskClient, tail: str
) -> None:
    """A version that is closed to the visitor is as absent as one that does not exist."""
    assert client.get(world.path + tail).status_code == 404


def test_a_paper_is_not_found_under_another_group(build: Builder, world: World, client_of: ClientOf) -> None:
    """Group ids swapped in the address lead nowhere, even for who reads both."""
    other = build.group(Ceiling.PUBLIC)
    build.member(other, world.author)
    client = client_of(world.author)
    for tail in ("", "versions/", "versions/1", "compare", "edit", "versions/1/withdraw"):
        path = f"/groups/{other.slug}/papers/{world.paper.public_id}/{tail}"
        assert client.get(path).status_code == 404, path


def test_a_banner_leads_to_the_newest_version(world: World, client_of: ClientOf) -> None:
    """Who reads an older version is told of the newer one that they may read."""
    page = client_of(world.author).get(f"{world.path}versions/1").text
    assert "Read the newer version 2" in page
    assert "Read the newer version" not in client_of(world.author).get(world.path).text


def test_paragraphs_have_lasting_addresses(world: World, client: FlaskClient) -> None:
    """Each has its number, an id, a citation with version, date and hash; the short address leads there."""
    page = client.get(world.path).text
    assert 'id="p2"' in page
    assert f"{world.path}versions/1/cite/p2" in page
    cited = client.get(f"{world.path}versions/1/cite/p2").text
    hash_ = world.first.paragraphs[1][5]
    assert f"/papers/{world.paper.public_id}/v/1#p2" in cited
    assert "version 1 of 2 Mar 2026" in cited
    assert hash_[:16] in cited
    answer = client.get(f"/papers/{world.paper.public_id}/v/1")
    assert (answer.status_code, answer.location) == (303, f"{world.path}versions/1")


def test_a_citation_says_whether_it_still_stands(world: World, client_of: ClientOf, build: Builder) -> None:
    """Word for word the same in the newest version, or changed since, on its own page and in its place."""
    client = client_of(world.author)
    assert "word for word" in client.get(f"{world.path}versions/1/cite/p2").text
    assert "has changed since" in client.get(f"{world.path}versions/1/cite/p4").text
    cited = client.get(f"/papers/{world.paper.public_id}/v/1", follow_redirects=True).text
    assert (
        cited.index('id="p4"') < cited.index("Changed since: read it in version 2") < cited.index('id="p5"')
    )
    assert f'href="{world.path}versions/2#p2">The same in version 2' in cited
    assert "Changed since" not in client.get(f"{world.path}versions/2").text
    outsider = client_of(build.account())
    assert "since" not in outsider.get(f"{world.path}versions/1").text
    assert "notice-box" not in client.get(f"{world.path}versions/2/cite/p4").text


def test_contents_come_from_the_headings(world: World, client: FlaskClient) -> None:
    """The list of contents links to the headings' paragraphs."""
    page = client.get(world.path).text
    assert '<a href="#p3">Terms</a>' in page


def test_comments_stand_at_their_paragraphs(build: Builder, world: World, client_of: ClientOf) -> None:
    """At the same words in a later version; what has no place there is listed, nothing disappears."""
    comment(build, world, world.first, "About scope", anchor_paragraph="p2")
    comment(build, world, world.first, "About the second", anchor_paragraph="p4")
    comment(build, world, world.first, "About everything")
    build.thread(world.group, title="About something else")
    page = client_of(world.author).get(world.path).text
    start, whole, lost = (
        page.index('id="p2"'),
        page.index("Discussion of the whole"),
        page.index("Comments whose passage is not in this version"),
    )
    assert start < page.index("About scope") < whole
    assert whole < page.index("About everything") < lost < page.index("About the second")
    assert "About something else" not in page
    first = client_of(world.author).get(f"{world.path}versions/1").text
    assert first.index('id="p4"') < first.index("About the second") < first.index("Discussion of the whole")


def test_members_may_comment_where_they_read(build: Builder, world: World, client_of: ClientOf) -> None:
    """Every paragraph offers it to who may write in the group, to nobody else."""
    link = f"{world.path}comments/new?version=2&amp;paragraph=p4"
    assert link in client_of(world.author).get(world.path).text
    assert "comments/new" not in client_of(build.account()).get(world.path).text


def test_the_list_shows_one_line_a_paper(
    build: Builder, papers: PaperWriter, world: World, client_of: ClientOf
) -> None:
    """The newest readable version, with byline, number and label; filters choose."""
    body = build.organisation("Example Union", type=StakeholderType.TRADE_UNION)
    other = build.member(world.group)
    build.mandate(other, body)
    papers.publish(other, world.group, title="Union title", choices=PaperChoices(speaking_for=body.slug))
    client = client_of(build.account())
    path = f"/groups/{world.group.slug}/papers/"
    page = client.get(path).text
    assert page.count("line-title") == 2
    assert "Example Union" in page
    filtered = client.get(path + "?type=trade_union&purpose=position").text
    assert "Union title" in filtered
    assert "Open title" not in filtered
    assert "No paper fits" in client.get(path + "?purpose=group_draft").text
    assert client.get(path + "?type=nonsense&page=-3&purpose=x").status_code == 200


def test_the_chatham_house_rule_holds_in_list_and_filter(
    build: Builder, papers: PaperWriter, client_of: ClientOf
) -> None:
    """No type is filtered by, only the alias and the day are shown."""
    group = build.group(attribution=Attribution.CHATHAM_HOUSE)
    author = build.member(group, build.account("Somebody Known"))
    body = build.organisation("Known Body", type=StakeholderType.NGO)
    build.mandate(author, body)
    version = papers.publish(author, group, title="Quiet", choices=PaperChoices(speaking_for=body.slug))
    reader = client_of(build.member(group))
    paper = papers.session.get_one(Paper, version.paper_id)
    for path in ("", "?type=ngo", f"{paper.public_id}/", f"{paper.public_id}/versions/"):
        page = reader.get(f"/groups/{group.slug}/papers/{path}").text
        assert "Known" not in page
        assert "10:00" not in page
    assert "Quiet" in reader.get(f"/groups/{group.slug}/papers/?type=ngo").text
    assert "Participant" in reader.get(f"/groups/{group.slug}/papers/{paper.public_id}/").text


def test_pages_are_read_in_a_constant_number_of_statements(
    build: Builder, papers: PaperWriter, world: World, client_of: ClientOf
) -> None:
    """Papers, versions and comments add none."""
    pages = {
        f"/groups/{world.group.slug}/papers/": 7,
        world.path: 14,
        f"{world.path}versions/": 6,
        f"{world.path}versions/1": 14,
        f"{world.path}compare?from=1&to=2": 9,
    }
    member = client_of(world.author)
    before = {path: _statements(member, path) for path in pages}
    version = world.second
    for number in range(3, 6):
        version = papers.publish_next(
            world.author, version, f"{CLOSED_TEXT}\n\nMore {number}.", tlp=Tlp.CLEAR
        )
    for number in range(12):
        comment(build, world, world.first, f"Comment {number}", anchor_paragraph="p2")
        papers.publish(world.author, world.group, f"Text {number}.")
    after = {path: _statements(member, path) for path in pages}
    assert {path: count for path, count in after.items() if count > pages[path]} == {}
    # Comments on other versions than the one shown take one statement for their paragraphs.
    assert {path for path in pages if after[path] > before[path] + 1} == set()


def _statements(client: FlaskClient, path: str) -> int:
    client.get(path)
    with count_statements(db.engine) as seen:
        assert client.get(path).status_code == 200
    return len(seen)


def test_the_comparison_shows_words_and_can_leave_out_the_rest(world: World, client_of: ClientOf) -> None:
    """Changed words are marked, the author's summary stands above; unchanged paragraphs can be left out."""
    client = client_of(world.author)
    page = client.get(f"{world.path}compare?from=1&to=2").text
    assert "<del>" in page
    assert "secretword" in page
    assert "Reworded." in page
    assert "Third open." in page
    assert "Third open." not in client.get(f"{world.path}compare?from=1&to=2&only=changed").text
    assert "No word differs" in client.get(f"{world.path}compare?from=2&to=2").text


def test_drafts_are_absent_by_every_route(build: Builder, papers: PaperWriter, client_of: ClientOf) -> None:
    """A paper that was never sent answers as absent to everyone but its authors, in lists too."""
    group = build.group(Ceiling.PUBLIC)
    author = build.member(group)
    draft = papers.start(author, group, "Draftword here.", title="Draft title")
    base = f"/groups/{group.slug}/papers"
    people = [build.member(group, role=role) for role in GroupRole] + [build.account(), None]
    for person in people:
        client = client_of(person)
        for path in (
            f"{base}/{draft.paper.public_id}/",
            f"{base}/{draft.paper.public_id}/versions/",
            f"{base}/{draft.paper.public_id}/versions/1",
            f"{base}/{draft.paper.public_id}/compare",
            f"/papers/{draft.paper.public_id}",
            f"/papers/{draft.paper.public_id}/v/1",
        ):
            assert client.get(path).status_code == 404, path
        for path in (f"{base}/{draft.paper.public_id}/edit", f"{base}/drafts/{draft.version.public_id}"):
            assert client.get(path).status_code == (404 if person else 302), path
        assert "Draft title" not in client.get(f"{base}/").text
    assert "Draft title" in client_of(author).get(f"{base}/").text
    to_draft = client_of(author).get(f"{base}/{draft.paper.public_id}/")
    assert to_draft.location == f"{base}/drafts/{draft.version.public_id}"


def test_a_withdrawn_version_shows_a_stub(
    build: Builder, papers: PaperWriter, world: World, client_of: ClientOf, session: Session
) -> None:
    """Its address answers without its text; it is in no list and cannot be compared."""
    client = client_of(world.author)
    from tests.support import submit

    assert client.get(f"{world.path}versions/2/withdraw").status_code == 200
    assert submit(client, f"{world.path}versions/2/withdraw").status_code == 303
    page = client.get(f"{world.path}versions/2").text
    assert "was withdrawn" in page
    assert "secretword" not in page
    assert client.get(f"{world.path}compare?from=1&to=2").status_code == 404
    assert "The open paragraph." in client.get(world.path).text
    assert client.get(f"{world.path}versions/2/cite/p2").status_code == 404


def test_a_long_paper_opens_with_few_statements(
    build: Builder, papers: PaperWriter, client_of: ClientOf
) -> None:
    """10,000 words in 200 paragraphs with 200 comments cost no more statements than a short one."""
    group = build.group(Ceiling.PUBLIC)
    author = build.member(group)
    body = "\n\n".join(" ".join(f"word{n}-{m}" for m in range(50)) for n in range(200))
    version = papers.publish(author, group, body)
    paper = papers.session.get_one(Paper, version.paper_id)
    for number in range(200):
        place = {"paper_id": paper.id, "version_id": version.id, "anchor_paragraph": f"p{number + 1}"}
        build.thread(group, author, **place)
    path = f"/groups/{group.slug}/papers/{paper.public_id}/"
    assert _statements(client_of(author), path) <= 13
    assert client_of(author).get(path).text.count("para-number") == 200


def test_attachments_are_listed_and_their_text_read(
    build: Builder, world: World, client: FlaskClient, session: Session
) -> None:
    """An imported one has its text only; each page has its address; beyond the last there is nothing."""
    attachment = _attachment(session, world, world.first)
    session.add_all(
        AttachmentPage(attachment_id=attachment.id, number=n, text=f"Page {n} says it.") for n in (1, 2)
    )
    session.commit()
    assert "later.txt" in client.get(world.path).text
    path = f"/attachments/{attachment.public_id}"
    assert "Page 1 says it." in client.get(path).text
    second = client.get(f"{path}/pages/2").text
    assert "Page 2 says it." in second
    assert f"{path}/pages/1" in second
    for tail in ("/pages/3", "/pages/0"):
        assert client.get(path + tail).status_code == 404


def test_attachments_follow_the_version_they_came_with(
    build: Builder, papers: PaperWriter, world: World, client: FlaskClient, session: Session
) -> None:
    """A closed version's attachment stays closed when an open version follows; a stub's is gone."""
    attachment = _attachment(session, world, world.second)
    first = _attachment(session, world, world.first)
    session.commit()
    papers.publish_next(world.author, world.second, OPEN_TEXT, tlp=Tlp.CLEAR)
    assert client.get(f"/attachments/{attachment.public_id}").status_code == 404
    assert client.get(f"/attachments/{first.public_id}").status_code == 200
    world.first.status = Status.WITHDRAWN
    relabel(session, world.group, world.first, now=build.clock())
    session.commit()
    assert client.get(f"/attachments/{first.public_id}").status_code == 404
    assert session.scalar(sa.select(sa.func.count()).select_from(Attachment)) == 2
