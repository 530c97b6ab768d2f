"""Writing papers through the pages."""

from collections.abc import Mapping

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.consultations import AnswersVisible
from forum.domain.groups import Group, GroupRole, HoldingRule
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.papers import Paper, PaperAuthor, PaperVersion
from forum.services import coauthors
from tests.blueprints.papers_pages import ClientOf
from tests.builders import Builder
from tests.services.consulting import consultation
from tests.services.paper_writing import PaperWriter
from tests.support import errors_in, look_again, submit


@pytest.fixture
def papers(session: Session, build: Builder) -> PaperWriter:
    return PaperWriter(session, build)


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


@pytest.fixture
def author(build: Builder, group: Group) -> Account:
    return build.member(group)


FIELDS = {
    "title": "On deadlines",
    "abstract": "In short.",
    "body": "# Scope\n\nWhat we **say**.",
    "label": "CLEAR",
    "purpose": "position",
    "speaking_for": "",
    "shown_as": "name",
    "language": "en",
}


def versions_of(session: Session) -> list[PaperVersion]:
    look_again(session)
    return list(session.scalars(sa.select(PaperVersion).order_by(PaperVersion.id)))


def fields(version: PaperVersion, **changed: object) -> dict[str, object]:
    """What the draft's page would send."""
    return FIELDS | {"lock_version": version.lock_version, "change_summary": "Shorter."} | changed


def test_journey_from_draft_to_comparison(
    build: Builder, group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """Begin, preview, save, send; write the next version, send it, and read what changed."""
    client = client_of(author)
    base = f"/groups/{group.slug}/papers"
    assert "Write a paper" in client.get(f"{base}/").text
    assert client.get(f"{base}/new").status_code == 200
    preview = submit(client, f"{base}/new", FIELDS | {"step": "preview"})
    assert "<strong>say</strong>" in preview.text
    assert versions_of(session) == []
    begun = submit(client, f"{base}/new", FIELDS | {"step": "save"})
    (draft,) = versions_of(session)
    assert begun.location == f"{base}/drafts/{draft.public_id}"
    assert "On deadlines" in client.get(begun.location).text
    sent = submit(client, begun.location, fields(draft, step="publish", body="First text here."))
    paper = session.scalars(sa.select(Paper)).one()
    path = f"{base}/{paper.public_id}/"
    assert sent.location == f"{path}versions/1"
    assert "Version 1 is published" in client.get(sent.location).text
    edit = client.get(f"{path}edit").text
    assert "First text here." in edit
    begun = submit(client, f"{path}edit", fields(draft, based_on=1, body="Second text here."))
    assert client.get(f"{path}edit").location == begun.location
    assert "A draft of the next version" in client.get(path).text
    draft = versions_of(session)[1]
    sent = submit(client, begun.location, fields(draft, step="publish", body="Second text here."))
    assert sent.location == f"{path}versions/2"
    visitor = client_of(None)
    compared = visitor.get(f"{path}compare?from=1&to=2").text
    assert "<del>" in compared
    assert "Shorter." in compared


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "Title"),
        ({"title": "x" * 301}, "Title"),
        ({"body": ""}, "Text"),
        ({"body": " \n"}, "Text"),
        ({"body": "x" * 1_000_001}, "Text"),
        ({"label": "PURPLE"}, "Readable by"),
        ({"speaking_for": "unknown-body"}, "Speaking for"),
        ({"purpose": "group_draft"}, "Kind of paper"),
        ({"purpose": "joint_position"}, "Kind of paper"),
        ({"shown_as": "nobody"}, "Shown as"),
        ({"language": "xx"}, "Language"),
        ({"abstract": "x" * 5_001}, "Summary"),
        ({"consultation": "aaaaaaaaaaaaa"}, "consultation"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_input_says_what_is_wrong_and_keeps_what_was_typed(
    group: Group,
    author: Account,
    client_of: ClientOf,
    session: Session,
    wrong: Mapping[str, str],
    field: str,
) -> None:
    """The complaint names the field; nothing is stored."""
    answer = submit(client_of(author), f"/groups/{group.slug}/papers/new", FIELDS | wrong)
    assert answer.status_code == 422
    assert field in errors_in(answer)
    typed = "What we **say**." if "body" not in wrong else "On deadlines"
    assert typed in answer.text
    assert versions_of(session) == []


def test_a_paper_of_a_megabyte_is_taken_and_more_is_refused(
    group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """The limit of these routes is 4 MB a request; the others keep theirs."""
    client = client_of(author)
    path = f"/groups/{group.slug}/papers/new"
    assert submit(client, path, FIELDS | {"body": "word " * 199_000}).status_code == 303
    assert submit(client, path, FIELDS | {"body": "x" * 5_000_000}).status_code == 413
    assert len(versions_of(session)) == 1


def test_pressing_twice_makes_one_paper(
    group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """The second press leads where the first one led."""
    client = client_of(author)
    data = FIELDS | {"submission": "pressed-once"}
    first, second = (submit(client, f"/groups/{group.slug}/papers/new", data) for _ in range(2))
    assert first.location == second.location
    (draft,) = versions_of(session)
    data = fields(draft, step="publish", submission="sent-once")
    first, second = (submit(client, str(first.location), data) for _ in range(2))
    assert first.location == second.location
    assert [version.number for version in versions_of(session)] == [1]


def two_authors(
    build: Builder, papers: PaperWriter, group: Group, author: Account, client_of: ClientOf
) -> tuple[PaperVersion, FlaskClient, FlaskClient]:
    draft = papers.start(author, group, "The text both began with.")
    other = build.member(group)
    coauthors.add_coauthor(papers.session, draft.paper, other.public_id, now=build.clock())
    papers.session.commit()
    return draft.version, client_of(author), client_of(other)


def test_two_who_save_at_once_see_both_texts(
    build: Builder,
    papers: PaperWriter,
    group: Group,
    author: Account,
    client_of: ClientOf,
    session: Session,
) -> None:
    """The second gets a conflict with both texts; saving again is then a decision."""
    version, first, second = two_authors(build, papers, group, author, client_of)
    path = f"/groups/{group.slug}/papers/drafts/{version.public_id}"
    seen = fields(version)
    assert submit(first, path, seen | {"body": "Words of the first."}).status_code == 303
    answer = submit(second, path, seen | {"body": "Words of the second."})
    assert answer.status_code == 409
    assert "Words of the first." in answer.text
    assert "Words of the second." in answer.text
    (now,) = versions_of(session)
    assert now.source.strip() == "Words of the first."
    assert f'value="{now.lock_version}"' in answer.text
    again = fields(now, body="Words of both.")
    assert submit(second, path, again).status_code == 303


def test_two_who_send_at_once_see_both_texts(
    build: Builder,
    papers: PaperWriter,
    group: Group,
    author: Account,
    client_of: ClientOf,
    session: Session,
) -> None:
    """The second gets a conflict; what they typed can be saved as the draft of the next version."""
    version, first, second = two_authors(build, papers, group, author, client_of)
    path = f"/groups/{group.slug}/papers/drafts/{version.public_id}"
    seen = fields(version, step="publish")
    assert submit(first, path, seen | {"body": "Words of the first."}).status_code == 303
    answer = submit(second, path, seen | {"body": "Words of the second."})
    assert answer.status_code == 409
    assert "Words of the first." in answer.text
    assert "Words of the second." in answer.text
    assert [row.number for row in versions_of(session)] == [1]
    paper = session.scalars(sa.select(Paper)).one()
    edit = f"/groups/{group.slug}/papers/{paper.public_id}/edit"
    assert f'action="{edit}"' in answer.text
    saved = submit(second, edit, fields(version, based_on=1, body="Words of the second."))
    assert saved.status_code == 303
    assert versions_of(session)[1].source.strip() == "Words of the second."


def test_a_next_version_from_an_older_one_is_a_conflict(
    papers: PaperWriter, group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """Somebody sent version 2 meanwhile: both are shown, nothing is stored."""
    first = papers.publish(author, group)
    papers.publish_next(author, first, "Sent meanwhile.")
    paper = session.get_one(Paper, first.paper_id)
    path = f"/groups/{group.slug}/papers/{paper.public_id}/edit"
    answer = submit(client_of(author), path, fields(first, based_on=1, body="Typed meanwhile."))
    assert answer.status_code == 409
    assert "Sent meanwhile." in answer.text
    assert "Typed meanwhile." in answer.text
    assert len(versions_of(session)) == 2


def test_without_the_mandate_the_text_stays_on_the_page(
    build: Builder, group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """Who may not publish for the body is told so; the draft and what was typed are kept."""
    body = build.organisation()
    build.mandate(author, body, may_publish=False)
    client = client_of(author)
    begun = submit(client, f"/groups/{group.slug}/papers/new", FIELDS | {"speaking_for": body.slug})
    (draft,) = versions_of(session)
    page = client.get(str(begun.location)).text
    assert "Save and send" not in page
    sent = submit(
        client,
        str(begun.location),
        fields(draft, step="publish", speaking_for=body.slug, body="Typed words."),
    )
    assert sent.status_code == 403
    assert "Typed words." in sent.text
    assert versions_of(session)[0].status is Status.DRAFT


def test_what_was_sent_cannot_be_edited(
    build: Builder, papers: PaperWriter, group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """By readers not at all; its authors are led to the paper."""
    version = papers.publish(author, group)
    path = f"/groups/{group.slug}/papers/drafts/{version.public_id}"
    reader = client_of(build.member(group))
    assert reader.get(path).status_code == 403
    assert submit(reader, path, fields(version)).status_code == 403
    assert client_of(author).get(path).status_code == 303
    assert submit(client_of(author), path + "/delete").status_code == 409
    assert versions_of(session)[0].source.strip() == "The first paragraph."


def test_drafts_answer_under_their_own_group_alone(
    build: Builder, papers: PaperWriter, group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """Another group's address in front of a draft leads nowhere, and changes nothing."""
    draft = papers.start(author, group)
    other = build.group(Ceiling.PUBLIC)
    build.member(other, author)
    friend = build.member(group)
    client = client_of(author)
    path = f"/groups/{other.slug}/papers/drafts/{draft.version.public_id}"
    assert client.get(path).status_code == 404
    assert submit(client, path, fields(draft.version)).status_code == 404
    assert submit(client, f"{path}/delete").status_code == 404
    assert submit(client, f"{path}/authors", {"person": friend.public_id}).status_code == 404
    assert submit(client, f"{path}/authors/remove", {"person": author.public_id}).status_code == 404
    assert len(versions_of(session)) == 1


def test_authors_are_added_and_removed(
    build: Builder, papers: PaperWriter, group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """A member of the group becomes an author; who leaves the draft is led away from it."""
    draft = papers.start(author, group)
    friend, stranger = build.member(group), build.account()
    client = client_of(author)
    path = f"/groups/{group.slug}/papers/drafts/{draft.version.public_id}"
    assert submit(client, f"{path}/authors", {"person": stranger.public_id}).status_code == 422
    assert submit(client, f"{path}/authors", {"person": friend.public_id}).status_code == 303
    assert client_of(friend).get(path).status_code == 200
    assert client_of(friend).get(f"/groups/{group.slug}/papers/").text.count("drafts/") == 1
    gone = submit(client_of(friend), f"{path}/authors/remove", {"person": friend.public_id})
    assert gone.location == f"/groups/{group.slug}/papers/"
    assert client_of(friend).get(path).status_code == 404
    assert submit(client, f"{path}/authors/remove", {"person": author.public_id}).status_code == 422
    assert session.scalar(sa.select(sa.func.count()).select_from(PaperAuthor)) == 2


def test_a_draft_is_deleted(
    papers: PaperWriter, group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """It is gone, and the list is shown."""
    draft = papers.start(author, group)
    path = f"/groups/{group.slug}/papers/drafts/{draft.version.public_id}"
    answer = submit(client_of(author), f"{path}/delete")
    assert answer.location == f"/groups/{group.slug}/papers/"
    assert versions_of(session) == []


def test_the_page_says_that_it_will_be_held(
    build: Builder, papers: PaperWriter, client_of: ClientOf, session: Session
) -> None:
    """Before it is sent, and after."""
    group = build.group(holding_rule=HoldingRule.EVERYTHING)
    author = build.member(group)
    draft = papers.start(author, group)
    client = client_of(author)
    path = f"/groups/{group.slug}/papers/drafts/{draft.version.public_id}"
    page = client.get(path).text
    assert "It will be held because" in page
    assert "1 person can read this." in page
    sent = submit(client, path, fields(draft.version, step="publish", label="RED"))
    assert "waits for a moderator" in client.get(str(sent.location)).text
    moderator = build.member(group, role=GroupRole.MODERATOR)
    assert client_of(moderator).get(str(sent.location)).status_code == 200
    assert client_of(build.member(group)).get(str(sent.location)).status_code == 404


def test_a_version_that_waits_keeps_the_next_one_waiting(
    build: Builder, papers: PaperWriter, group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """Somebody who speaks for the body but reads an older version only is told to wait, not more."""
    body = build.organisation()
    build.mandate(author, body)
    first = papers.publish(author, group)
    group.holding_rule = HoldingRule.EVERYTHING
    session.commit()
    papers.publish_next(author, first, "Held text.")
    paper = session.get_one(Paper, first.paper_id)
    stranger = client_of(build.member(group))
    assert stranger.get(f"/groups/{group.slug}/papers/{paper.public_id}/edit").status_code == 403
    mine = client_of(author).get(f"/groups/{group.slug}/papers/{paper.public_id}/edit")
    assert "Held text." in mine.text


def test_a_consultation_is_answered(
    build: Builder, group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """The form keeps which consultation it answers; the answer is received."""
    asked = consultation(build, group, answers_visible=AnswersVisible.AFTER_CLOSING)
    client = client_of(author)
    page = client.get(f"/groups/{group.slug}/papers/new?consultation={asked.public_id}").text
    assert f'value="{asked.public_id}"' in page
    begun = submit(client, f"/groups/{group.slug}/papers/new", FIELDS | {"consultation": asked.public_id})
    (draft,) = versions_of(session)
    sent = submit(client, str(begun.location), fields(draft, step="publish", consultation=asked.public_id))
    assert "is received" in client.get(str(sent.location)).text
    assert versions_of(session)[0].status is Status.RECEIVED
    assert client_of(None).get(str(sent.location)).status_code == 404


@pytest.mark.parametrize("who", ["visitor", "outsider", "observer"])
def test_who_may_not_write_finds_no_form(
    build: Builder, group: Group, client_of: ClientOf, session: Session, who: str
) -> None:
    """Visitors are asked to sign in, others told that it is not theirs to do; nothing is stored."""
    person = {
        "visitor": None,
        "outsider": build.account(),
        "observer": build.member(group, role=GroupRole.OBSERVER),
    }[who]
    client = client_of(person)
    path = f"/groups/{group.slug}/papers/new"
    expected = 302 if person is None else 403
    assert client.get(path).status_code == expected
    assert submit(client, path, FIELDS).status_code == expected
    assert "Write a paper" not in client.get(f"/groups/{group.slug}/papers/").text
    assert versions_of(session) == []


def test_an_edit_cannot_loosen_what_creation_refuses(
    build: Builder, papers: PaperWriter, client_of: ClientOf, session: Session
) -> None:
    """A label wider than the group's ceiling is refused in a draft too."""
    group = build.group(Ceiling.MEMBERS)
    author = build.member(group)
    draft = papers.start(author, group)
    path = f"/groups/{group.slug}/papers/drafts/{draft.version.public_id}"
    answer = submit(client_of(author), path, fields(draft.version, label="CLEAR"))
    assert answer.status_code == 422
    assert versions_of(session)[0].tlp is Tlp.RED


def test_two_texts_are_put_together_part_by_part(
    build: Builder,
    papers: PaperWriter,
    group: Group,
    author: Account,
    client_of: ClientOf,
    session: Session,
) -> None:
    """What is chosen of each difference stands in the form afterwards; saving it is a decision."""
    version, first, second = two_authors(build, papers, group, author, client_of)
    path = f"/groups/{group.slug}/papers/drafts/{version.public_id}"
    seen = fields(version)
    theirs = "Opening of the first.\n\nIn both.\n\nEnd of the first."
    mine = "Opening of the second.\n\nIn both.\n\nEnd of the second."
    assert submit(first, path, seen | {"body": theirs}).status_code == 303
    met = submit(second, path, seen | {"body": mine})
    assert "2 parts differ" in met.text
    assert "Put together what is chosen" in met.text
    chosen = {"step": "merge", "other_text": theirs, "part-1": "theirs", "part-2": "both"}
    together = submit(second, path, seen | chosen | {"body": mine})
    assert together.status_code == 409
    (now,) = versions_of(session)
    assert now.source.strip() == theirs
    merged = "Opening of the first.\n\nIn both.\n\nEnd of the first.\n\nEnd of the second.\n"
    assert f"\n{merged}</textarea>" in together.text
    assert f'value="{now.lock_version}"' in together.text
    assert submit(second, path, fields(now, body=merged)).status_code == 303
    assert versions_of(session)[0].source.strip() == merged.strip()


@pytest.mark.parametrize(
    ("colleague_may", "sees_button"), [(False, False), (True, True)], ids=["prepares", "publishes"]
)
def test_only_people_whom_the_body_named_send_in_its_name(
    build: Builder,
    papers: PaperWriter,
    group: Group,
    author: Account,
    client_of: ClientOf,
    session: Session,
    colleague_may: bool,
    sees_button: bool,
) -> None:
    """The body's setting decides who finds the button that sends."""
    body = build.organisation()
    build.mandate(author, body)
    other = build.account()
    build.mandate(other, body)
    named = [other.public_id] + ([author.public_id] if colleague_may else [])
    answer = submit(
        client_of(other),
        f"/me/organisation/publishers?body={body.slug}",
        {"publishers-rule": "named", "publishers-people": named},
    )
    assert answer.status_code == 303
    begun = submit(
        client_of(author), f"/groups/{group.slug}/papers/new", FIELDS | {"speaking_for": body.slug}
    )
    page = client_of(author).get(str(begun.location)).text
    assert ("Save and send" in page) is sees_button
