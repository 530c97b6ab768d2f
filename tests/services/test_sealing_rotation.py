"""Another sealing key: everybody keeps what they wrote, and the old key opens nothing."""

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.cli import cli
from forum.domain.attribution import Attribution, Authorship
from forum.domain.audit import AuditEntry
from forum.domain.groups import Group
from forum.domain.labels import Ceiling
from forum.domain.second_factors import OneTimeCode
from forum.domain.tables import metadata
from forum.domain.threads import ThreadAlias
from forum.errors import Invalid
from forum.services.actors import load_actor
from forum.services.sealing_rotation import rotate_sealing_key, sealed_columns
from forum.services.second_factors import begin_codes, confirm_codes, pending_secret, use_code
from forum.services.unsealing import find_identity
from tests.builders import SEALING, Builder
from tests.services.writing import Writer

NEW = b"a-key-of-at-least-thirty-two-characters"


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.MEMBERS, attribution=Attribution.CHATHAM_HOUSE, languages=["en"])


def test_everybody_keeps_what_they_wrote(
    session: Session, build: Builder, group: Group, write: Writer
) -> None:
    """Alias and authorship follow the new key; plain authorships and those of nobody stay."""
    ada, body = build.member(group), build.organisation()
    build.mandate(ada, body)
    thread = write.open(ada, group, speaking_for=body.id)
    write.open(build.member(named := build.group()), named)
    session.add(Authorship(subject_kind="post", subject_id=9999, writer_key="sealed:" + "0" * 64))
    session.commit()
    before = set(
        session.scalars(sa.select(Authorship.writer_key).where(Authorship.writer_key.not_like("sealed:%")))
    )
    done = rotate_sealing_key(session, SEALING, NEW)
    session.commit()
    assert (done.changed, done.left) == (5, 1), "two keys of the discussion, two of its post, and the alias"
    keys = set(session.scalars(sa.select(Authorship.writer_key)))
    assert before <= keys
    old = load_actor(session, ada.id, now=build.clock(), sealing_secret=SEALING)
    new = load_actor(session, ada.id, now=build.clock(), sealing_secret=NEW)
    sealed = {key for key in keys if key.startswith("sealed:")}
    assert not old.writer_keys & sealed
    assert len(new.writer_keys & sealed) == 2
    alias = session.scalars(sa.select(ThreadAlias).where(ThreadAlias.thread_id == thread.id)).one()
    assert alias.writer_key in new.writer_keys
    assert find_identity(session, keys, NEW).organisations == [body.name]
    assert find_identity(session, keys, SEALING).organisations == []


@pytest.mark.parametrize("new", [b"", b"short", SEALING])
def test_a_key_that_is_none_is_refused(session: Session, new: bytes) -> None:
    """Too short, or the one in force."""
    with pytest.raises(Invalid):
        rotate_sealing_key(session, SEALING, new)


def test_the_command_prints_the_new_key_once(
    app: Flask, session: Session, group: Group, write: Writer, build: Builder
) -> None:
    """Or takes one from standard input; it is on record either way, without the key."""
    write.open(build.member(group), group)
    runner = app.test_cli_runner()
    done = runner.invoke(cli, ["sealing", "rotate"])
    assert done.exit_code == 0
    said, key = done.stdout.splitlines()
    assert said == "3 sealed keys are new, 0 belong to nobody who is there."
    assert len(key) == 64
    assert "FORUM_SEALING_KEY" in done.stderr
    app.config["SEALING_KEY"] = key
    given = runner.invoke(cli, ["sealing", "rotate", "--key-stdin"], input=NEW.decode() + "\n")
    assert given.stdout == "3 sealed keys are new, 0 belong to nobody who is there.\n"
    assert runner.invoke(cli, ["sealing", "rotate", "--key-stdin"], input="short\n").exit_code == 1
    rows = session.scalars(sa.select(AuditEntry)).all()
    assert [row.action for row in rows] == ["sealing.key_rotated"] * 2
    assert key not in str([row.facts for row in rows])


def test_no_column_for_writer_keys_is_forgotten() -> None:
    """Writer keys take 80 characters: what else does is named here."""
    others = {
        "organisation.slug", "working_group.slug", "idempotency_key.key", "idempotency_key.digest",
        "topic.slug", "register_entry.act",
    }  # fmt: skip
    long = {
        str(column)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sa.String) and column.type.length == 80
    }
    assert {str(column) for column in sealed_columns()} == long - others


def test_secrets_of_apps_are_sealed_anew(session: Session, build: Builder) -> None:
    """The app goes on showing codes that count, one that is being set up too; the old key opens nothing."""
    ada, bob = build.account(), build.account()
    now = build.clock()
    for person in (ada, bob):
        begin_codes(session, person, sealing_secret=SEALING)
    session.flush()
    device = pyotp.TOTP(pending_secret(session, ada, sealing_secret=SEALING))
    waiting = pending_secret(session, bob, sealing_secret=SEALING)
    confirm_codes(session, build.actor(ada), ada, device.at(now), sealing_secret=SEALING, now=now)
    session.commit()
    before = session.scalars(sa.select(OneTimeCode.secret)).all()
    rotate_sealing_key(session, SEALING, NEW)
    session.commit()
    assert not set(filter(None, before)) & set(session.scalars(sa.select(OneTimeCode.secret)))
    assert pending_secret(session, bob, sealing_secret=NEW) == waiting
    later = build.clock.advance(minutes=1)  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="another key"):
        use_code(session, ada.id, device.at(later), sealing_secret=SEALING, now=later)
    assert use_code(session, ada.id, device.at(later), sealing_secret=NEW, now=later)
