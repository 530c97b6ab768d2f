"""Charters: loaded from configuration into groups, and edited on the web, where the web wins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import Attribution, ShownAs
from forum.domain.audit import AuditAction
from forum.domain.charters import Charter
from forum.domain.groups import Group, HoldingRule, MembersVisible, Stage, WhoMayWrite
from forum.domain.labels import Ceiling, Tlp
from forum.errors import Conflict, Invalid
from forum.policy import Action, Actor
from forum.policy.labels import effective_ceiling, narrowest_tlp
from forum.services.audit import record
from forum.services.catalogues import load_catalogues
from forum.services.groups import get_group
from forum.services.labels import relabel_all, relabel_group
from forum.services.recording import record_group

_WIDEST_FIRST = tuple(Ceiling)
_MOST_FIRST = tuple(MembersVisible)


def load_charters(
    session: Session, charters: Sequence[Charter], *, html_of: Callable[[str], str], now: datetime
) -> list[str]:
    """Bring groups and stages to what the charters say; give one line for each thing that changed.

    Fields that were edited on the web stay as they are. `html_of` renders a mandate's Markdown.
    """
    changes: list[str] = []
    for charter in charters:
        group = session.scalars(sa.select(Group).where(Group.slug == charter.slug)).first()
        if group is None:
            group = _add_group(session, charter, html_of, now)
            changes.append(f"{charter.slug}: added")
            _load_stages(session, group, charter)
            load_catalogues(session, group, charter, now=now)
            continue
        fields = _load_fields(session, group, charter, html_of, now)
        fields += _load_stages(session, group, charter)
        fields += load_catalogues(session, group, charter, now=now)
        if fields:
            changes.append(f"{charter.slug}: changed {', '.join(fields)}")
    return changes


def _columns(charter: Charter) -> dict[str, Any]:
    """The columns of a group as a charter sets them."""
    return {
        "title": charter.title,
        "short_title": charter.short_title,
        "initiative": charter.initiative,
        "summary": charter.summary,
        "mandate_source": charter.mandate,
        "contact": charter.contact,
        "ceiling": charter.ceiling,
        "is_listed": charter.listed,
        "in_directory": charter.in_directory,
        "default_tlp": charter.default_tlp,
        "attribution": charter.attribution,
        "shown_as_choices": [choice.value for choice in charter.shown_as_choices],
        "holding_rule": charter.holding_rule,
        "promised_days": charter.promised_days,
        "retention_days": charter.retention_days,
        "former_texts": charter.former_texts,
        "members_visible": charter.members_visible,
        "who_may_write": charter.who_may_write,
        "languages": list(charter.languages),
        "rules": [{"key": rule.key, "text": rule.text} for rule in charter.rules],
        "practice": charter.practice.to_json(),
    }


def _add_group(session: Session, charter: Charter, html_of: Callable[[str], str], now: datetime) -> Group:
    group = Group(
        slug=charter.slug,
        mandate_html=html_of(charter.mandate),
        audience="",
        created_at=now,
        **_columns(charter),
    )
    session.add(group)
    session.flush()
    relabel_group(group)
    session.flush()
    record_group(session, None, group, now)
    return group


def _load_fields(
    session: Session, group: Group, charter: Charter, html_of: Callable[[str], str], now: datetime
) -> list[str]:
    changed = []
    for name, value in _columns(charter).items():
        if name in group.edited_fields or getattr(group, name) == value:
            continue
        setattr(group, name, value)
        changed.append(name)
        if name == "mandate_source":
            group.mandate_html = html_of(charter.mandate)
    if "ceiling" in changed:
        relabel_all(session, group, now=now)
    if changed:
        _put_on_record(session, None, group, changed, now)
    return changed


def _load_stages(session: Session, group: Group, charter: Charter) -> list[str]:
    """Add and change stages by key; one that the charter no longer has stays, since things may hang on it."""
    held = {row.key: row for row in session.scalars(sa.select(Stage).where(Stage.group_id == group.id))}
    changed: list[str] = []
    for position, wanted in enumerate(charter.stages, 1):
        stage = held.get(wanted.key)
        values = {
            "position": position,
            "title": wanted.title,
            "kind": wanted.kind.value,
            "summary": wanted.summary,
            "catalogue_key": wanted.catalogue,
        }
        if stage is None:
            stage = Stage(group_id=group.id, key=wanted.key, **values)
            session.add(stage)
            changed.append(f"stage {wanted.key}")
        elif any(getattr(stage, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(stage, name, value)
            changed.append(f"stage {wanted.key}")
    session.flush()
    return changed


@dataclass(frozen=True, slots=True)
class CharterFields:
    """What a chair or a group's secretariat may change, as the form gives it; `mandate_html` is rendered."""

    title: str
    short_title: str
    summary: str
    mandate_source: str
    mandate_html: str
    contact: str
    ceiling: Ceiling
    is_listed: bool
    default_tlp: Tlp
    attribution: Attribution
    shown_as_choices: list[str]
    holding_rule: HoldingRule
    promised_days: int
    members_visible: MembersVisible
    who_may_write: WhoMayWrite
    languages: list[str]
    rules: list[Any]


EDITABLE = tuple(name for name in CharterFields.__dataclass_fields__ if name != "mandate_html")


def edit_charter(
    session: Session,
    actor: Actor,
    slug: str,
    fields: CharterFields,
    *,
    based_on: int,
    is_confirmed: bool,
    now: datetime,
) -> Group:
    """Change a group's charter; what changed is the web's from now on.

    Conflict where somebody changed it since `based_on` (its lock_version); Invalid at `confirm` where more
    people would see more and that was not confirmed.
    """
    group = get_group(session, actor, slug, Action.MANAGE_GROUP)
    if group.lock_version != based_on:
        raise Conflict("Somebody else changed these terms while you wrote. Both are shown below.")
    check_charter(fields)
    wider = what_widens(group, fields)
    if wider and not is_confirmed:
        raise Invalid(
            "This shows more to more people: %(what)s. Confirm below that the group agrees.",
            field="confirm",
            what="; ".join(wider),
        )
    changed = [name for name in EDITABLE if getattr(group, name) != getattr(fields, name)]
    for name in changed:
        setattr(group, name, getattr(fields, name))
    if "mandate_source" in changed:
        group.mandate_html = fields.mandate_html
    if changed:
        group.edited_fields = sorted({*group.edited_fields, *changed})
        session.flush()
    if "ceiling" in changed:
        relabel_all(session, group, now=now)
        session.flush()
    if changed:
        _put_on_record(session, actor, group, changed, now)
    return group


def _put_on_record(
    session: Session, by: Actor | None, group: Group, changed: list[str], now: datetime
) -> None:
    """Name the terms that changed; a new ceiling, which changes who reads what, has an entry of its own."""
    subject: dict[str, Any] = {"subject_kind": "group", "subject": group.public_id, "group": group}
    record(session, by, AuditAction.CHARTER_CHANGED, now=now, terms=changed, **subject)
    if "ceiling" in changed:
        ceiling = group.ceiling.value
        record(session, by, AuditAction.GROUP_RELABELLED, now=now, ceiling=ceiling, **subject)


def check_charter(fields: CharterFields) -> None:
    """Raise Invalid where two settings, each allowed alone, contradict each other."""
    if not fields.title.strip():
        raise Invalid("Write a title.", field="title")
    if not fields.shown_as_choices:
        raise Invalid("Choose at least one.", field="shown_as_choices")
    if not fields.languages:
        raise Invalid("Choose at least one language.", field="languages")
    if effective_ceiling(fields.ceiling, fields.default_tlp) != effective_ceiling(
        Ceiling.PUBLIC, fields.default_tlp
    ):
        raise Invalid(
            "The default label is wider than what may be read at most: choose TLP:%(tlp)s or a narrower one.",
            field="default_tlp",
            tlp=narrowest_tlp(fields.ceiling).value,
        )
    open_ceilings = {Ceiling.PUBLIC, Ceiling.COMMUNITY}
    if fields.who_may_write is WhoMayWrite.COMMUNITY and fields.ceiling not in open_ceilings:
        raise Invalid("People cannot write where they cannot read.", field="who_may_write")
    if fields.attribution is not Attribution.NAMED and ShownAs.NAME.value in fields.shown_as_choices:
        raise Invalid("In this group no names are shown: take “name” out.", field="shown_as_choices")
    if not fields.is_listed and fields.ceiling is not Ceiling.MEMBERS:
        raise Invalid("Only a closed group can be unlisted.", field="is_listed")


def what_widens(group: Group, fields: CharterFields) -> list[str]:
    """Give what more people would see, as words; empty where nothing widens."""
    wider = []
    if _WIDEST_FIRST.index(fields.ceiling) < _WIDEST_FIRST.index(group.ceiling):
        wider.append("contributions whose label allows it")
    if fields.is_listed and not group.is_listed:
        wider.append("that this group exists")
    if _MOST_FIRST.index(fields.members_visible) < _MOST_FIRST.index(group.members_visible):
        wider.append("who its members are")
    return wider
