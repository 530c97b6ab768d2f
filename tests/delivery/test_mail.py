"""What mail says, to whom it still goes, and that nothing closed leaves by it."""

import re
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.delivery.mail import one_line
from forum.domain.accounts import Account, AccountStatus, InvitationPurpose
from forum.domain.attribution import Attribution, Authorship, SubjectKind
from forum.domain.groups import Group, GroupRole, Membership
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.moderation import Action, FlagReason
from forum.domain.notices import MailPreference, Notice, NoticeKind
from forum.domain.outbox import Topic
from forum.domain.threads import Post
from forum.services.flags import flag
from forum.services.invitations import get_offer, invite
from forum.services.moderation import decide
from forum.services.outbox import enqueue, enqueue_notice
from forum.services.sealing import account_key, sealed_key
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.support import body_of, deliver

REASON = "This names a private individual."
RULES = [{"key": "privacy", "text": "Name no private individuals."}]
Replied = Callable[..., Post]


@pytest.fixture
def replied(build: Builder, session: Session, clock: StoppedClock) -> Replied:
    """Build a reply to somebody and the event of it; nothing is delivered yet."""

    def run(group: Group, asker: Account, **columns: object) -> Post:
        thread = build.thread(group, asker, **columns)  # type: ignore[arg-type]
        post = build.post(thread, build.member(group), text="A closed sentence.")
        enqueue_notice(
            session, NoticeKind.REPLIED, now=clock(), subject_kind=SubjectKind.POST, subject_id=post.id
        )
        session.commit()
        return post

    return run


def only(mails: list[EmailMessage]) -> EmailMessage:
    assert len(mails) == 1
    return mails[0]


def test_a_mail_says_why_it_came_and_how_to_stop_it(
    app: Flask, build: Builder, clock: StoppedClock, replied: Replied
) -> None:
    """Text and HTML, links from the configured address, one click to stop, and none of the text."""
    group = build.group(Ceiling.COMMUNITY)
    asker = build.member(group, build.account("Ana Example", email="ana@members.example"))
    post = replied(group, asker, title="Hash lists")
    mail = only(deliver(app, clock))
    assert mail["To"] == "Ana Example <ana@members.example>"
    assert mail["From"] == f"{app.config['SITE_NAME']} <{app.config['MAIL_FROM']}>"
    assert mail["Subject"] == "There is a reply to you: Hash lists"
    assert mail["List-Unsubscribe"].startswith("<http://localhost/mail/stop/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    for part in mail.iter_parts():
        text = part.get_content()
        assert f"http://localhost/posts/{post.public_id}" in text
        assert "You get this mail because somebody replied to what you wrote." in text
        assert mail["List-Unsubscribe"].strip("<>") in text
        assert "closed sentence" not in text


def test_a_mail_goes_out_once(
    app: Flask, build: Builder, session: Session, clock: StoppedClock, replied: Replied
) -> None:
    """The same entry again sends nothing; the notice remembers when."""
    group = build.group()
    replied(group, build.member(group))
    deliver(app, clock)
    notice = session.scalars(sa.select(Notice)).one()
    assert notice.mailed_at == clock()
    enqueue(session, Topic.MAIL, {"mail": "notice", "notice_id": notice.id}, now=clock())
    session.commit()
    for path in (Path(app.config["INSTANCE"]) / "mail").iterdir():
        path.unlink()
    assert deliver(app, clock) == []


@pytest.mark.parametrize("change", ["left", "stopped", "disabled", "suspended", "hidden", "read"])
def test_rights_are_checked_again_when_it_is_sent(
    app: Flask, build: Builder, session: Session, clock: StoppedClock, change: str
) -> None:
    """What became unreadable, unwanted or known between the notice and its mail is not mailed."""
    group = build.group()
    asker = build.member(group)
    post = build.post(build.thread(group, asker), build.member(group))
    notice = Notice(
        account_id=asker.id,
        kind=NoticeKind.REPLIED,
        group_id=group.id,
        subject_kind=SubjectKind.POST,
        subject_id=post.id,
        key="test",
        created_at=clock(),
    )
    session.add(notice)
    session.flush()
    enqueue(session, Topic.MAIL, {"mail": "notice", "notice_id": notice.id}, now=clock())
    match change:
        case "left":
            session.execute(
                sa.update(Membership).where(Membership.account_id == asker.id).values(ended_at=clock())
            )
        case "stopped":
            session.add(MailPreference(account_id=asker.id, kind=NoticeKind.REPLIED, is_wanted=False))
        case "disabled":
            asker.status = AccountStatus.DISABLED
        case "suspended":
            asker.suspended_until = clock().replace(year=2030)
        case "hidden":
            moderator = build.actor(build.member(group, role=GroupRole.MODERATOR))
            decide(
                session, moderator, kind=SubjectKind.POST, public_id=post.public_id,
                action=Action.HIDE, reason=REASON, now=clock(),
            )  # fmt: skip
        case "read":
            notice.read_at = clock()
    session.commit()
    assert deliver(app, clock) == []


@pytest.mark.parametrize("case", ["red", "named", "survivors"])
def test_the_title_of_a_closed_or_first_person_text_stays_out(
    app: Flask, build: Builder, clock: StoppedClock, session: Session, case: str
) -> None:
    """RED, named and first-person text: 'something new' in the group, and no more."""
    group = build.group(short_title="The lab")
    asker = build.member(group)
    columns: dict[str, object] = {"title": "A telling title", "tlp": Tlp.AMBER}
    if case == "red":
        columns["tlp"] = Tlp.RED
    writer = build.member(group)
    named = build.named_list(group, [asker, writer]) if case == "named" else None
    body = build.organisation(represents_survivors=True) if case == "survivors" else None
    thread = build.thread(group, asker, named_list=named, **columns)  # type: ignore[arg-type]
    post = build.post(thread, writer, organisation=body)
    enqueue_notice(
        session, NoticeKind.REPLIED, now=clock(), subject_kind=SubjectKind.POST, subject_id=post.id
    )
    session.commit()
    mail = only(deliver(app, clock))
    assert mail["Subject"] == "Something new in The lab"
    assert "telling" not in mail.as_string() + body_of(mail)


def test_headers_cannot_be_injected(
    app: Flask, build: Builder, clock: StoppedClock, replied: Replied
) -> None:
    """Line breaks in names and titles become spaces, in every spelling."""
    group = build.group(Ceiling.COMMUNITY)
    name = "Ana\r\nBcc: all@members.example"
    asker = build.member(group, build.account(name, email="ana@members.example"))
    replied(group, asker, title="Hello\nBcc: all@members.example\x0b\u2028\x85<b>you</b>")
    mail = only(deliver(app, clock))
    assert mail["Bcc"] is None
    assert mail["Subject"] == "There is a reply to you: Hello Bcc: all@members.example <b>you</b>"
    assert [address.addr_spec for address in mail["To"].addresses] == ["ana@members.example"]
    assert "<b>you</b>" not in mail.get_body(("html",)).get_content()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\r\nb", "a b"), ("a\x00b\tc", "a b c"), ("x" * 200, "x" * 149 + "…"), (" ü ", "ü")],
    ids=["line break", "control characters", "too long", "letters stay"],
)
def test_one_line(text: str, line: str) -> None:
    """A header holds one printable line."""
    assert one_line(text) == line


@pytest.mark.parametrize(("ceiling", "is_said"), [(Ceiling.PUBLIC, True), (Ceiling.COMMUNITY, False)])
def test_a_letter_about_a_decision(
    app: Flask, build: Builder, session: Session, clock: StoppedClock, ceiling: Ceiling, is_said: bool
) -> None:
    """The author hears what and where; rule and reason are in the mail only for a public text."""
    group = build.group(ceiling, rules=RULES)
    author = build.member(group)
    moderator = build.actor(build.member(group, build.account("Mona Moderator"), role=GroupRole.MODERATOR))
    post = build.post(build.thread(group, build.member(group)), author)
    decide(
        session, moderator, kind=SubjectKind.POST, public_id=post.public_id,
        action=Action.HIDE, rule="privacy", reason=REASON, now=clock(),
    )  # fmt: skip
    session.commit()
    clock.advance(seconds=60)
    mail = only(deliver(app, clock))
    text = body_of(mail)
    assert mail["Subject"] == "Your contribution was removed from view: A question of scope"
    assert "http://localhost/moderation/statements/" in text
    assert "you can appeal within six months" in text
    assert (REASON in text, RULES[0]["text"] in text) == (is_said, is_said)
    assert "Mona" not in mail.as_string() + text


def test_a_flagger_hears_nothing_of_what_was_removed(
    app: Flask, build: Builder, session: Session, clock: StoppedClock
) -> None:
    """The outcome without title, rule or reason: the text can no longer be read."""
    group = build.group(Ceiling.PUBLIC, rules=RULES)
    reader = build.member(group)
    moderator = build.actor(build.member(group, role=GroupRole.MODERATOR))
    post = build.post(build.thread(group, title="A telling title"))
    about = {"kind": SubjectKind.POST, "public_id": post.public_id}
    flag(session, build.actor(reader), **about, reason=FlagReason.UNCIVIL, now=clock())  # type: ignore[arg-type]
    decide(session, moderator, **about, action=Action.HIDE, rule="privacy", reason=REASON, now=clock())  # type: ignore[arg-type]
    session.commit()
    clock.advance(seconds=60)
    text = body_of(only(deliver(app, clock)))
    assert "telling" not in text
    assert REASON not in text
    assert "/outcome" in text


def test_nothing_of_a_sealed_author_is_in_a_mail(
    app: Flask, build: Builder, session: Session, clock: StoppedClock
) -> None:
    """Under the Chatham House Rule: the group, and neither alias, title, address nor moment."""
    group = build.group(attribution=Attribution.CHATHAM_HOUSE, short_title="The process")
    author = build.member(group)
    thread = build.thread(group, title="A telling title", tlp=Tlp.AMBER)
    post = build.post(thread, status=Status.PENDING, alias="Company A")
    key = sealed_key(SEALING, account_key(author.id))
    session.add(Authorship(subject_kind=SubjectKind.POST, subject_id=post.id, writer_key=key))
    enqueue_notice(session, NoticeKind.HELD, now=clock(), subject_kind=SubjectKind.POST, subject_id=post.id)
    session.commit()
    mail = only(deliver(app, clock))
    whole = mail.as_string() + body_of(mail)
    assert mail["Subject"] == "Something new in The process"
    for secret in ("Company A", "telling", post.public_id, thread.public_id):
        assert secret not in whole
    assert session.scalars(sa.select(Notice)).one().mailed_at == clock().replace(hour=0)


def test_mail_of_an_unknown_kind_is_put_off_and_reported(
    app: Flask, session: Session, clock: StoppedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """A newer release may have enqueued it: it waits, and the line says which entry."""
    enqueue(session, Topic.MAIL, {"mail": "carrier pigeon"}, now=clock())
    session.commit()
    assert deliver(app, clock) == []
    assert "mail: entry 1 put off after attempt 1 (KeyError" in capsys.readouterr().err


@pytest.mark.parametrize("purpose", list(InvitationPurpose))
def test_an_invitation_is_mailed_with_its_link(
    app: Flask, build: Builder, session: Session, clock: StoppedClock, purpose: InvitationPurpose
) -> None:
    """Who invites, to what, until when, and a link that opens the offer; nothing to stop."""
    group = build.group(title="The lab")
    chair = build.member(group, build.account("Cleo Chair"), role=GroupRole.CHAIR)
    secret = app.config["SECRET_KEY"].encode()
    is_account = purpose is InvitationPurpose.ACCOUNT
    carried: dict[str, object] = {"group": group, "role": GroupRole.MEMBER} if is_account else {}
    invite(
        session, build.actor(chair) if is_account else None, email="new@members.example", purpose=purpose,
        name="Noa New", secret=secret, now=clock(), days=14, **carried,  # type: ignore[arg-type]
    )  # fmt: skip
    session.commit()
    mail = only(deliver(app, clock))
    assert mail["To"] == "Noa New <new@members.example>"
    assert mail["List-Unsubscribe"] is None
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    (link,) = re.findall(r"http://localhost/accounts/invitations/(\S+)", text)
    assert get_offer(session, link, secret=secret, now=clock()).invitation.email == "new@members.example"
    assert ("Cleo Chair" in text, "The lab" in text) == (is_account, is_account)
    assert "until Mar 16, 2026" in text


def test_an_invitation_that_was_withdrawn_is_not_mailed(
    app: Flask, session: Session, clock: StoppedClock
) -> None:
    """Nor one that expired while the mail server was away."""
    for number in range(2):
        invitation = invite(
            session, None, email=f"new-{number}@members.example",
            secret=app.config["SECRET_KEY"].encode(), now=clock(), days=14,
        )  # fmt: skip
        if number:
            invitation.revoked_at = clock()
    session.commit()
    clock.advance(days=15)
    assert deliver(app, clock) == []
