"""Charters from configuration, and the web that wins over them."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

import config
from forum.domain.charters import Charter
from forum.domain.charters import load_charters as read_charters
from forum.domain.groups import Group, GroupRole, MembersVisible, Stage, WhoMayWrite
from forum.domain.labels import Ceiling, Tlp
from forum.domain.threads import Thread
from forum.errors import Conflict, Invalid, NotAllowed
from forum.policy import Actor
from forum.services.charters import EDITABLE, CharterFields, edit_charter, load_charters
from tests.builders import Builder
from tests.conftest import StoppedClock


@pytest.fixture(scope="module")
def charters() -> tuple[Charter, ...]:
    return read_charters(Path(config.CONFIG_DIR) / "groups.toml")


def load(session: Session, charters: tuple[Charter, ...], clock: StoppedClock) -> list[str]:
    changes = load_charters(session, charters, html_of=lambda source: f"<p>{len(source)}</p>", now=clock())
    session.commit()
    return changes


def fields_of(group: Group, **changed: object) -> CharterFields:
    values = {name: getattr(group, name) for name in EDITABLE} | {"mandate_html": group.mandate_html}
    return CharterFields(**(values | changed))  # type: ignore[arg-type]


def test_the_configured_charters_load_once(
    session: Session, clock: StoppedClock, charters: tuple[Charter, ...]
) -> None:
    """Every charter becomes a group with its stages; a second time nothing changes."""
    assert load(session, charters, clock) == [f"{charter.slug}: added" for charter in charters]
    assert load(session, charters, clock) == []
    groups = {group.slug: group for group in session.scalars(sa.select(Group))}
    assert len(groups) == len(charters)
    for charter in charters:
        group = groups[charter.slug]
        assert (group.title, group.ceiling, group.rules[0]["key"]) == (
            charter.title,
            charter.ceiling,
            charter.rules[0].key,
        )
        assert group.audience
        keys = session.scalars(
            sa.select(Stage.key).where(Stage.group_id == group.id).order_by(Stage.position)
        )
        assert list(keys) == [stage.key for stage in charter.stages]


def test_a_changed_charter_changes_its_group(
    session: Session, build: Builder, clock: StoppedClock, charters: tuple[Charter, ...]
) -> None:
    """Only what differs is written, and a narrower ceiling relabels what is there."""
    charter = next(charter for charter in charters if charter.ceiling is Ceiling.PUBLIC)
    load(session, (charter,), clock)
    group = session.scalars(sa.select(Group)).one()
    thread = build.thread(group, tlp=Tlp.CLEAR)
    narrower = replace(
        charter, summary="Another.", ceiling=Ceiling.MEMBERS, mandate="New.", stages=charter.stages[:0]
    )
    assert load(session, (narrower,), clock) == [f"{charter.slug}: changed summary, mandate_source, ceiling"]
    assert group.mandate_html == "<p>4</p>"
    session.refresh(thread)
    assert thread.audience == f"group:{group.id}"


def edit(
    session: Session,
    actor: Actor,
    group: Group,
    clock: StoppedClock,
    is_confirmed: bool = False,
    **changed: object,
) -> None:
    edit_charter(
        session,
        actor,
        group.slug,
        fields_of(group, **changed),
        based_on=group.lock_version,
        is_confirmed=is_confirmed,
        now=clock(),
    )
    session.commit()


def test_what_the_chair_changed_stays(
    session: Session, build: Builder, clock: StoppedClock, charters: tuple[Charter, ...]
) -> None:
    """A later load leaves the fields alone that were edited on the web, and changes the others."""
    charter = charters[0]
    load(session, (charter,), clock)
    group = session.scalars(sa.select(Group)).one()
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    edit(session, chair, group, clock, title="Ours", mandate_source="Ours.", mandate_html="<p>Ours.</p>")
    assert group.edited_fields == ["mandate_source", "title"]
    changed = replace(charter, title="Theirs", mandate="Theirs.", summary="Theirs.")
    assert load(session, (changed,), clock) == [f"{charter.slug}: changed summary"]
    assert (group.title, group.mandate_html, group.summary) == ("Ours", "<p>Ours.</p>", "Theirs.")


def test_widening_is_confirmed_and_relabels(session: Session, build: Builder, clock: StoppedClock) -> None:
    """More people see more only after a second look; then every label follows in the same step."""
    group = build.group(Ceiling.MEMBERS, members_visible=MembersVisible.NUMBERS)
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    thread = build.thread(group, tlp=Tlp.CLEAR)
    for wider in (
        {"ceiling": Ceiling.PUBLIC, "default_tlp": Tlp.CLEAR},
        {"members_visible": MembersVisible.NAMES},
    ):
        with pytest.raises(Invalid) as caught:
            edit(session, chair, group, clock, **wider)
        assert caught.value.field == "confirm"
    edit(session, chair, group, clock, is_confirmed=True, ceiling=Ceiling.COMMUNITY, default_tlp=Tlp.GREEN)
    session.refresh(thread)
    assert (group.audience, thread.audience) == ("community", "community")
    edit(session, chair, group, clock, ceiling=Ceiling.MEMBERS, default_tlp=Tlp.RED)
    session.refresh(thread)
    assert thread.audience == f"group:{group.id}"
    assert session.get_one(Thread, thread.id).tlp is Tlp.CLEAR


def test_settings_that_contradict_each_other_are_refused(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """What a charter file may not say, the form may not either."""
    group = build.group(Ceiling.MEMBERS)
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    for field, changed in (
        ("default_tlp", {"default_tlp": Tlp.CLEAR}),
        ("who_may_write", {"who_may_write": WhoMayWrite.COMMUNITY}),
        ("shown_as_choices", {"attribution": "organisation"}),
        ("shown_as_choices", {"shown_as_choices": []}),
        ("languages", {"languages": []}),
        ("title", {"title": " "}),
        ("is_listed", {"is_listed": False, "ceiling": Ceiling.ORGANISATIONS, "default_tlp": Tlp.AMBER}),
    ):
        with pytest.raises(Invalid) as caught:
            edit(session, chair, group, clock, **changed)
        assert caught.value.field == field


def test_the_slower_of_two_is_told(session: Session, build: Builder, clock: StoppedClock) -> None:
    """Who began from an older version changes nothing."""
    group = build.group()
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    before = group.lock_version
    edit(session, chair, group, clock, title="First")
    with pytest.raises(Conflict):
        edit_charter(
            session,
            chair,
            group.slug,
            fields_of(group, title="Second"),
            based_on=before,
            is_confirmed=True,
            now=clock(),
        )
    assert group.title == "First"


def test_only_chair_and_secretariat_edit(session: Session, build: Builder, clock: StoppedClock) -> None:
    """A moderator, a member and an administrator of the platform do not."""
    group = build.group(Ceiling.PUBLIC)
    for actor in (
        build.actor(build.member(group, role=GroupRole.MODERATOR)),
        build.actor(build.member(group)),
        build.actor(build.account(platform_role="administrator")),
    ):
        with pytest.raises(NotAllowed):
            edit(session, actor, group, clock, title="Mine")
    edit(session, build.actor(build.member(group, role=GroupRole.SECRETARIAT)), group, clock, title="Ours")
