"""The pages of unsealing, from a case to the look, and what the person finds on their own page."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status
from forum.domain.moderation import Action
from forum.domain.threads import Post
from forum.services.accounts import set_password
from forum.services.memberships import add_membership, remove_person
from forum.services.moderation import decide
from forum.services.sealing import account_key, organisation_key, sealed_key
from forum.services.subjects import record_authorship
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.support import errors_in, submit

ClientOf = Callable[[Account | None], FlaskClient]
REASON = "A threat was made, and the police has to be told by whom."


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.MEMBERS, attribution=Attribution.CHATHAM_HOUSE)


def person(build: Builder, group: Group, name: str, role: GroupRole) -> Account:
    account = build.member(group, build.account(name), role=role)
    build.mandate(account, build.organisation(f"Body of {name}"))
    return account


@pytest.fixture
def people(build: Builder, group: Group) -> dict[str, Account]:
    roles = {"Mona": GroupRole.MODERATOR, "Chris": GroupRole.CHAIR, "Ada": GroupRole.MEMBER}
    return {name: person(build, group, name, role) for name, role in roles.items()}


@pytest.fixture
def post(session: Session, build: Builder, group: Group, people: dict[str, Account]) -> Post:
    post = build.post(build.thread(group), alias="Participant A", status=Status.PENDING)
    body = build.actor(people["Ada"]).mandates[0].organisation_id
    keys = [account_key(people["Ada"].id), organisation_key(body)]
    sealed = [sealed_key(SEALING, key) for key in keys]
    record_authorship(session, SubjectKind.POST, post.id, sealed)
    session.commit()
    return post


def test_from_the_case_to_the_look(
    client_of: ClientOf, people: dict[str, Account], post: Post, clock: StoppedClock
) -> None:
    """A moderator asks, the chair approves, both look; the author finds the reason on their page later."""
    moderator, chair, author = (client_of(people[name]) for name in ("Mona", "Chris", "Ada"))
    ask = f"/moderation/unsealings/ask/post/{post.public_id}"
    assert ask in moderator.get(f"/moderation/cases/post/{post.public_id}").text
    assert "Participant A" in moderator.get(ask).text
    bad = submit(moderator, ask, {"reason": "Because."})
    assert (bad.status_code, "at least one sentence" in errors_in(bad)) == (422, True)
    asked = submit(moderator, ask, {"reason": REASON})
    assert asked.status_code == 303
    again = submit(moderator, ask, {"reason": REASON})
    assert "asked this already" in errors_in(again)
    path = asked.location
    assert REASON in chair.get("/moderation/unsealings/").text
    assert "Approve" not in moderator.get(path).text
    own = submit(moderator, f"{path}/decide", {"decision": "approve"})
    assert (own.status_code, "takes two people" in own.text) == (403, True)
    silent = submit(chair, f"{path}/decide", {"decision": "refuse"})
    assert (silent.status_code, "at least one sentence" in errors_in(silent)) == (422, True)
    assert submit(chair, f"{path}/decide", {"decision": "perhaps"}).status_code == 422
    early = submit(moderator, f"{path}/look")
    assert (early.status_code, "until a second person" in early.text) == (403, True)
    assert submit(chair, f"{path}/decide", {"decision": "approve"}).status_code == 303
    shown = submit(moderator, f"{path}/look")
    assert (shown.status_code, "Ada" in shown.text, "Body of Ada" in shown.text) == (200, True, True)
    assert "Ada" not in moderator.get(path).text
    assert REASON not in author.get("/me/record").text
    clock.advance(days=15)
    page = client_of(people["Ada"]).get("/me/record").text
    assert REASON in page
    assert "Mona" not in page
    assert "Chris" not in page


def test_others_do_not_get_in(
    client_of: ClientOf, build: Builder, people: dict[str, Account], post: Post
) -> None:
    """Members are told so, strangers find nothing, visitors sign in."""
    ask = f"/moderation/unsealings/ask/post/{post.public_id}"
    member = client_of(people["Ada"])
    assert member.get("/moderation/unsealings/").status_code == 403
    assert member.get(ask).status_code == 403
    assert client_of(build.account()).get(ask).status_code == 404
    assert client_of(None).get("/moderation/unsealings/").status_code == 302


def test_the_own_record_names_what_happened_and_nobody(
    session: Session, client_of: ClientOf, build: Builder
) -> None:
    """Roles, decisions with the rule, by role; of a group one may not know of any more not its name."""
    hidden = build.group(Ceiling.MEMBERS, is_listed=False, title="Hidden group", short_title="Hidden group")
    group = build.group(Ceiling.PUBLIC, rules=[{"key": "civil", "text": "Argue with the point."}])
    moderator = build.member(group, build.account("Mona"), role=GroupRole.MODERATOR)
    ada, now = build.account("Ada"), build.clock()
    add_membership(session, group, ada, GroupRole.MEMBER, now=now, by=build.actor(moderator))
    add_membership(session, hidden, ada, GroupRole.MEMBER, now=now)
    remove_person(session, hidden, ada, now=now)
    session.commit()
    post = build.post(build.thread(group), ada, status=Status.PENDING)
    decide(
        session,
        build.actor(moderator),
        kind=SubjectKind.POST,
        public_id=post.public_id,
        action=Action.REJECT,
        rule="civil",
        reason="It speaks about a person, not about the point.",
        now=now,
    )
    set_password(session, ada, "new", now=now, by=build.actor(ada))
    session.commit()
    page = client_of(ada).get("/me/record").text
    for words in (
        "You got a role in a group",
        "A role of yours in a group ended",
        "Your contribution was not published",
        "Argue with the point.",
        "Your password was changed",
        "a moderator",
    ):
        assert words in page
    assert "Mona" not in page
    assert "Hidden group" not in page
    other = client_of(build.account()).get("/me/record").text
    assert "Nothing yet" in other
    assert client_of(None).get("/me/record").status_code == 302
