"""Papers in several languages."""

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.papers import Paper, PaperVersion
from forum.domain.threads import ThreadKind
from forum.services.statuses import change_status
from forum.services.subjects import subject_of
from tests.blueprints.papers_pages import ClientOf
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.paper_writing import PaperWriter
from tests.services.test_translation_hook import Shouting
from tests.support import deliver, errors_in, look_again, submit


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC, languages=["fr", "en", "de"])


@pytest.fixture
def author(build: Builder, group: Group) -> Account:
    return build.member(group)


@pytest.fixture
def first(build: Builder, session: Session, group: Group, author: Account) -> PaperVersion:
    return PaperWriter(session, build).publish(author, group, "# Scope\n\nWhat we say.", title="On deadlines")


def path_of(session: Session, group: Group, version: PaperVersion) -> str:
    return f"/groups/{group.slug}/papers/{session.get_one(Paper, version.paper_id).public_id}/"


def translate(
    client_of: ClientOf,
    person: Account,
    path: str,
    session: Session,
    *,
    kind: str = "author",
    body: str = "# Champ\n\nCe que nous disons.",
) -> PaperVersion:
    """Add a French translation through its pages, and send it."""
    client = client_of(person)
    begun = submit(client, f"{path}translations/new", {"language": "fr", "kind": kind})
    assert begun.status_code == 303, errors_in(begun)
    look_again(session)
    draft = session.scalars(
        sa.select(PaperVersion).where(PaperVersion.public_id == str(begun.location).rpartition("/")[2])
    ).one()
    page = client.get(str(begun.location)).text
    assert "The authentic text" in page
    sent = submit(
        client,
        str(begun.location),
        {
            "title": "Des délais",
            "body": body,
            "label": "RED",
            "lock_version": draft.lock_version,
            "step": "publish",
        },
    )
    assert sent.status_code == 303, errors_in(sent)
    look_again(session)
    return session.get_one(PaperVersion, draft.id)


def test_a_translation_is_added_and_says_what_it_is(
    first: PaperVersion, group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """The authentic text leads to it and it leads back; it has the label of what it translates."""
    path = path_of(session, group, first)
    assert "Add a translation" in client_of(author).get(path).text
    version = translate(client_of, author, path, session)
    assert (version.status, version.translates, version.tlp) == (Status.PUBLISHED, 1, Tlp.CLEAR)
    visitor = client_of(None)
    there = path_of(session, group, version)
    authentic = visitor.get(path).text
    assert f'href="{there}" hreflang="fr"' in authentic
    assert "author&#39;s translation of version 1" in authentic.replace("The a", "a")
    page = visitor.get(there).text
    assert "The authentic text is English:" in page
    assert "This is the text of its version 1." in page
    listed = visitor.get(f"/groups/{group.slug}/papers/").text
    assert "On deadlines" in listed
    assert "Des délais" not in listed


def test_an_older_translation_says_so(
    build: Builder, first: PaperVersion, group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """Once the authentic text has a newer version."""
    version = translate(client_of, author, path_of(session, group, first), session)
    PaperWriter(session, build).publish_next(author, session.get_one(PaperVersion, first.id), "Newer words.")
    page = client_of(None).get(path_of(session, group, version)).text
    assert "This is the text of version 1; the authentic text has a version 2." in page


def test_comments_stay_on_their_language_and_list_together(
    build: Builder, first: PaperVersion, group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """Each page lists its own in place, and those on the other languages under their own heading."""
    version = translate(client_of, author, path_of(session, group, first), session)
    for one, title in ((first, "Why so short?"), (version, "Pourquoi ?")):
        build.thread(
            group, author, title=title, kind=ThreadKind.COMMENT, paper_id=one.paper_id, version_id=one.id
        )
    for one, other in ((first, "Pourquoi ?"), (version, "Why so short?")):
        page = client_of(None).get(path_of(session, group, one)).text
        assert page.index(other) > page.index("Comments on the text in other languages")


@pytest.mark.parametrize(
    ("who", "kinds"),
    [
        ("visitor", None),
        ("stranger", None),
        ("member", None),
        ("chair", {"official"}),
        ("author", {"author"}),
    ],
)
def test_who_adds_which_translation(
    build: Builder,
    first: PaperVersion,
    group: Group,
    author: Account,
    client_of: ClientOf,
    session: Session,
    who: str,
    kinds: set[str] | None,
) -> None:
    """Authors their own, who manages the group official ones; a machine's only where there is a machine."""
    person = {
        "visitor": None,
        "stranger": build.account(),
        "member": build.member(group),
        "chair": build.member(group, role=GroupRole.CHAIR),
        "author": author,
    }[who]
    path = path_of(session, group, first)
    client = client_of(person)
    assert ("translations/new" in client.get(path).text) is (kinds is not None)
    page = client.get(f"{path}translations/new")
    if kinds is None:
        assert page.status_code in {302, 403}
        return
    offered = {kind for kind in ("author", "official", "machine") if f'value="{kind}"' in page.text}
    assert offered == kinds
    wrong = {"author", "official", "machine"} - kinds
    for kind in wrong:
        assert submit(client, f"{path}translations/new", {"language": "fr", "kind": kind}).status_code == 422


def test_each_language_once(
    first: PaperVersion, group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """Neither the authentic one nor one that is there is added again; a translation has no translations."""
    path = path_of(session, group, first)
    version = translate(client_of, author, path, session)
    for language in ("en", "fr", "xx"):
        answer = submit(
            client_of(author), f"{path}translations/new", {"language": language, "kind": "author"}
        )
        assert answer.status_code == 422
    there = path_of(session, group, version)
    assert client_of(author).get(f"{there}translations/new").status_code == 403


def test_a_machine_translation_is_marked_wherever_it_is_read(
    first: PaperVersion,
    group: Group,
    author: Account,
    client_of: ClientOf,
    session: Session,
    app: Flask,
    clock: StoppedClock,
) -> None:
    """On its page, in the switcher, and among the results of a search."""
    app.extensions["forum_translator"] = Shouting()
    path = path_of(session, group, first)
    client = client_of(author)
    assert "Example Translator" in client.get(f"{path}translations/new").text
    begun = submit(client, f"{path}translations/new", {"language": "fr", "kind": "machine"})
    assert "FR: # SCOPE" in client.get(str(begun.location)).text.upper()
    version = translate(client_of, author, path, session, kind="author") if begun.status_code != 303 else None
    assert version is None
    look_again(session)
    draft = session.scalars(sa.select(PaperVersion).where(PaperVersion.status == Status.DRAFT)).one()
    sent = submit(
        client,
        str(begun.location),
        {
            "title": "Des délais",
            "body": "Ce que nous disons.",
            "label": "CLEAR",
            "lock_version": draft.lock_version,
            "step": "publish",
        },
    )
    assert sent.status_code == 303, errors_in(sent)
    deliver(app, clock)
    visitor = client_of(None)
    assert "A machine translated this" in visitor.get(str(sent.location)).text
    assert "Machine translation" in visitor.get(path).text
    assert "Machine translation" in visitor.get("/search?q=disons").text


def test_closed_texts_go_to_no_machine(
    build: Builder, session: Session, client_of: ClientOf, app: Flask
) -> None:
    """The label forbids it, whatever translator there is."""
    app.extensions["forum_translator"] = Shouting()
    group = build.group(Ceiling.MEMBERS)
    author = build.member(group)
    version = PaperWriter(session, build).publish(author, group)
    path = path_of(session, group, version)
    answer = submit(client_of(author), f"{path}translations/new", {"language": "fr", "kind": "machine"})
    assert answer.status_code == 422
    assert "label" in errors_in(answer)


@pytest.mark.parametrize("how", ["withdrawn", "hidden"])
def test_what_is_gone_is_gone_in_every_language(
    first: PaperVersion,
    group: Group,
    author: Account,
    client_of: ClientOf,
    session: Session,
    clock: StoppedClock,
    how: str,
) -> None:
    """A version that is withdrawn or removed from view is not read in its translation."""
    path = path_of(session, group, first)
    version = translate(client_of, author, path, session)
    there = path_of(session, group, version)
    if how == "withdrawn":
        assert submit(client_of(author), f"{path}versions/1/withdraw").status_code == 303
    else:
        subject = subject_of(session, session.get_one(PaperVersion, first.id))
        change_status(session, subject, Status.HIDDEN, now=clock())
        session.commit()
    answer = client_of(None).get(there)
    assert "Ce que nous disons" not in answer.text


def test_readers_without_the_right_learn_of_no_translation(
    build: Builder, session: Session, client_of: ClientOf
) -> None:
    """A closed group's translation is as closed as its text."""
    group = build.group(Ceiling.MEMBERS, languages=["fr", "en"])
    author = build.member(group)
    first = PaperWriter(session, build).publish(author, group, "Closed words.")
    version = translate(client_of, author, path_of(session, group, first), session, body="Mots fermés.")
    assert version.tlp is Tlp.RED
    there = path_of(session, group, version)
    for person in (None, build.account()):
        assert client_of(person).get(there).status_code == 404
    assert client_of(build.member(group)).get(there).status_code == 200


def test_a_summary_in_another_language(
    group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """Stands beside the author's summary, in its own language; one without the other is refused."""
    client = client_of(author)
    data = {
        "title": "On deadlines",
        "body": "What we say.",
        "abstract": "In short.",
        "label": "CLEAR",
        "purpose": "position",
        "speaking_for": "",
        "shown_as": "name",
        "language": "en",
    }
    path = f"/groups/{group.slug}/papers/new"
    half = submit(client, path, data | {"other_abstract": "En bref."})
    assert half.status_code == 422
    begun = submit(client, path, data | {"other_language": "fr", "other_abstract": "En bref."})
    draft = session.scalars(sa.select(PaperVersion)).one()
    again = data | {"other_language": "fr", "other_abstract": "En bref.", "lock_version": draft.lock_version}
    sent = submit(client, str(begun.location), again | {"step": "publish"})
    page = client_of(None).get(str(sent.location)).text
    assert "Summary by the author, in French" in page
    assert '<div class="prose" lang="fr"><p>En bref.</p></div>' in page
