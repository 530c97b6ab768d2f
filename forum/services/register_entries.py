"""Writing registers: raising an entry, moving it on, saying whose it is, editing it, taking it out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.groups import Group, Membership, Seat
from forum.domain.holding_rules import HoldingRules
from forum.domain.labels import Status, Tlp
from forum.domain.moderation import ModerationDecision
from forum.domain.notices import NoticeKind
from forum.domain.organisations import Organisation
from forum.domain.references import checked_reference
from forum.domain.register_entries import (
    EntryChange,
    RegisterEntry,
    RegisterEvent,
    RegisterEvidence,
    RegisterValue,
)
from forum.domain.registers import Link, OwnerKind, Register, checked_article, checked_reason, read_value
from forum.domain.strategy import Strategy
from forum.domain.text import checked_title
from forum.errors import Conflict, Invalid, NotAllowed
from forum.policy import Action, Actor, require
from forum.policy.subjects import RegisterRights, Subject
from forum.richtext import Rendered
from forum.services.audit import record
from forum.services.chatham import is_sealed
from forum.services.citations import record_citations
from forum.services.groups import get_group
from forum.services.holding import (
    HELD_BECAUSE,
    PROTECTED,
    Hold,
    Sending,
    Written,
    find_held,
    find_hold,
)
from forum.services.labels import relabel
from forum.services.outbox import enqueue_notice
from forum.services.register_evidence import add_evidence, read_addresses
from forum.services.registers import get_entry, owner_keys
from forum.services.signing import account_keys
from forum.services.subjects import record_authorship
from forum.services.threads import default_tlp, tlp_choices


@dataclass(frozen=True, slots=True)
class EntryText:
    """What the form of an entry holds."""

    title: str
    rendered: Rendered
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What was typed, by field of the register."""
    tlp: Tlp | None = None
    initiative: int | None = None
    act: str = ""
    article: str = ""
    country: str = ""
    due_on: date | None = None


def raise_entry(
    session: Session,
    actor: Actor,
    register: Register,
    slug: str,
    text: EntryText,
    *,
    strategy: Strategy,
    evidence: str = "",
    owner: str = "",
    sealing_secret: bytes,
    now: datetime,
) -> RegisterEntry:
    """Raise an entry in a group.

    `evidence` are addresses, one a line; `owner` is as choose_owner() takes it.
    """
    group = get_group(session, actor, slug)
    if not register.is_for(group.slug):
        raise Invalid("%(title)s is not a register of this group.", field="group", title=register.title)
    require(actor, Action.RAISE_ENTRY, RegisterRights(group, register.raised_by))
    passages = read_addresses(session, actor, evidence)
    entry = RegisterEntry(
        group_id=group.id,
        register=register.key,
        state=register.first.key,
        status=Status.PUBLISHED,
        language=group.languages[0] if group.languages else "en",
        audience="",
        own="",
        created_at=now,
        edited_at=now,
        changed_at=now,
    )
    _write(register, group, entry, text, strategy)
    hold = _find_hold(session, actor, register, group, text, sealing_secret)
    _hold(entry, hold, now)
    session.add(entry)
    session.flush()
    record_authorship(session, SubjectKind.ENTRY, entry.id, [_writer_key(actor, group, sealing_secret)])
    _write_values(session, register, entry, text.values)
    add_evidence(session, entry.id, passages, now=now)
    record_citations(session, SubjectKind.ENTRY, entry.id, _cited(entry))
    _note(session, entry, EntryChange.RAISED, "", now)
    relabel(session, group, entry, now=now)
    _record(session, actor, AuditAction.ENTRY_RAISED, group, entry, now)
    if owner:
        _give(session, actor, register, group, entry, owner, now)
    if hold is not None:
        _tell_held(session, actor, group, entry, now)
    return entry


def edit_entry(
    session: Session,
    actor: Actor,
    register: Register,
    public_id: str,
    text: EntryText,
    *,
    based_on: int,
    strategy: Strategy,
    sealing_secret: bytes,
    now: datetime,
) -> RegisterEntry:
    """Change what an entry says; Conflict where somebody else changed it since the form was opened."""
    subject, _ = get_entry(session, actor, register, public_id, action=Action.TEND_ENTRY)
    entry: RegisterEntry = subject.row
    _check_unchanged(session, entry, based_on)
    _refuse_taken_out(entry)
    before = (entry.title, entry.source)
    _write(register, subject.group, entry, text, strategy)
    hold = None
    if (entry.title, entry.source) != before:
        hold = _find_hold(session, actor, register, subject.group, text, sealing_secret)
        _write_again(session, actor, subject, hold, sealing_secret, now)
    entry.changed_at = now
    session.flush()
    _write_values(session, register, entry, text.values)
    record_citations(session, SubjectKind.ENTRY, entry.id, _cited(entry), is_new=False)
    _note(session, entry, EntryChange.EDITED, "", now)
    relabel(session, subject.group, entry, now=now)
    _record(session, actor, AuditAction.ENTRY_CHANGED, subject.group, entry, now)
    if hold is not None:
        _tell_held(session, actor, subject.group, entry, now)
    return entry


def move_entry(
    session: Session,
    actor: Actor,
    register: Register,
    public_id: str,
    state: str,
    reason: str,
    *,
    based_on: int,
    now: datetime,
) -> RegisterEntry:
    """Take an entry to another status, for a reason; Conflict where somebody else was faster."""
    subject, _ = get_entry(session, actor, register, public_id, action=Action.FOLLOW_ENTRY)
    entry: RegisterEntry = subject.row
    _check_unchanged(session, entry, based_on)
    after = register.check_transition(entry.state, state)
    entry.state, entry.changed_at = after.key, now
    _note(session, entry, EntryChange.STATE, checked_reason(reason), now)
    relabel(session, subject.group, entry, now=now)
    _record(session, actor, AuditAction.ENTRY_MOVED, subject.group, entry, now)
    if entry.owner_id is not None and entry.owner_id != actor.account_id:
        _tell_owner(session, entry, NoticeKind.ENTRY_MOVED, now)
    return entry


def choose_owner(
    session: Session, actor: Actor, register: Register, public_id: str, owner: str, *, now: datetime
) -> RegisterEntry:
    """Say whose an entry is: "person:<id>", "body:<slug>", or "" for nobody."""
    subject, _ = get_entry(session, actor, register, public_id, action=Action.TEND_ENTRY)
    _refuse_taken_out(subject.row)
    _give(session, actor, register, subject.group, subject.row, owner, now)
    return subject.row  # type: ignore[no-any-return]


def rest_on(
    session: Session, actor: Actor, register: Register, public_id: str, evidence: str, *, now: datetime
) -> int:
    """Have an entry rest on further passages; gives how many are new."""
    subject, _ = get_entry(session, actor, register, public_id, action=Action.FOLLOW_ENTRY)
    passages = read_addresses(session, actor, evidence)
    if not passages:
        raise Invalid("Give the address of a passage.", field="evidence")
    added = add_evidence(session, subject.row.id, passages, now=now)
    if added:
        subject.row.changed_at = now
        _note(session, subject.row, EntryChange.EVIDENCE, "", now)
    return added


def drop_evidence(
    session: Session, actor: Actor, register: Register, public_id: str, evidence_id: str, *, now: datetime
) -> None:
    """Have an entry rest on a passage no longer."""
    subject, _ = get_entry(session, actor, register, public_id, action=Action.TEND_ENTRY)
    session.execute(
        sa.delete(RegisterEvidence).where(
            RegisterEvidence.entry_id == subject.row.id, RegisterEvidence.public_id == evidence_id
        )
    )
    subject.row.changed_at = now
    _note(session, subject.row, EntryChange.EVIDENCE, "", now)


def take_out(
    session: Session, actor: Actor, register: Register, public_id: str, reason: str, *, now: datetime
) -> RegisterEntry:
    """Take an entry out of its register, for a reason: then the group's moderators alone read it."""
    subject, _ = get_entry(session, actor, register, public_id, action=Action.TEND_ENTRY)
    _refuse_taken_out(subject.row)
    if subject.status is Status.PENDING:
        raise NotAllowed("A moderator reads this entry first, and decides about it.")
    return _set_status(
        session, actor, subject, Status.HIDDEN, checked_reason(reason), AuditAction.ENTRY_TAKEN_OUT, now
    )


def put_back(
    session: Session, actor: Actor, register: Register, public_id: str, reason: str, *, now: datetime
) -> RegisterEntry:
    """Put back an entry that was taken out; what a moderator removed comes back by a moderator's decision."""
    subject, _ = get_entry(session, actor, register, public_id, action=Action.TEND_ENTRY)
    if subject.row.status is not Status.HIDDEN:
        raise Invalid("This entry is in its register.")
    decided = session.scalar(
        sa.select(ModerationDecision.status_after)
        .where(
            ModerationDecision.subject_kind == SubjectKind.ENTRY,
            ModerationDecision.subject_id == subject.row.id,
            ModerationDecision.status_after != ModerationDecision.status_before,
        )
        .order_by(ModerationDecision.id.desc())
        .limit(1)
    )
    if decided is Status.HIDDEN:
        raise NotAllowed("A moderator removed this from view: whoever wrote it can appeal.")
    return _set_status(
        session, actor, subject, Status.PUBLISHED, checked_reason(reason), AuditAction.ENTRY_PUT_BACK, now
    )


def _set_status(
    session: Session,
    actor: Actor,
    subject: Subject,
    status: Status,
    reason: str,
    action: AuditAction,
    now: datetime,
) -> RegisterEntry:
    entry: RegisterEntry = subject.row
    entry.status, entry.changed_at = status, now
    change = EntryChange.TAKEN_OUT if status is Status.HIDDEN else EntryChange.PUT_BACK
    _note(session, entry, change, reason, now)
    relabel(session, subject.group, entry, now=now)
    _record(session, actor, action, subject.group, entry, now)
    return entry


def _refuse_taken_out(entry: RegisterEntry) -> None:
    if entry.status not in {Status.PUBLISHED, Status.PENDING}:
        raise NotAllowed("This entry was taken out of its register. Put it back first.")


def _check_unchanged(session: Session, entry: RegisterEntry, based_on: int) -> None:
    """Let those who change an entry go one after the other; Conflict for whoever did not see the last."""
    session.refresh(entry, with_for_update=True)
    if entry.lock_version != based_on:
        raise Conflict(
            "Somebody else changed this entry while you wrote. Both are shown: what it says now, and what "
            "you wrote. Bring them together and send it again."
        )


def _write(
    register: Register, group: Group, entry: RegisterEntry, text: EntryText, strategy: Strategy
) -> None:
    tlp = text.tlp or default_tlp(group)
    if tlp not in tlp_choices(group):
        raise Invalid("That label is wider than what this group may be read by.", field="tlp")
    if not text.rendered.text.strip():
        raise Invalid("Say in a few sentences what it is about.", field="body")
    entry.title, entry.tlp = checked_title(text.title), tlp
    entry.source, entry.html, entry.text = text.rendered.source, text.rendered.html, text.rendered.text
    _write_links(register, group, entry, text, strategy)
    entry.due_on = text.due_on if register.due else None


def _write_links(
    register: Register, group: Group, entry: RegisterEntry, text: EntryText, strategy: Strategy
) -> None:
    """Tie an entry to initiative, act, article and State, each checked against what is known of them."""
    links = register.links
    initiative = text.initiative if Link.INITIATIVE in links else None
    if initiative is not None and initiative not in {one.number for one in strategy.initiatives}:
        raise Invalid("The strategy has no initiative %(number)d.", field="initiative", number=initiative)
    entry.initiative = initiative or group.initiative
    act = checked_reference(text.act, field="act") if Link.ACT in links else None
    entry.act, entry.act_key = (act.text, act.key) if act else (None, None)
    entry.article = checked_article(text.article) if Link.ARTICLE in links else None
    entry.country = (text.country or None) if Link.COUNTRY in links else None
    if entry.article and not entry.act:
        raise Invalid("Say of which act this is an article.", field="act")
    if entry.act_key in directive_keys(strategy):
        _check_directive(entry, strategy)


def directive_keys(strategy: Strategy) -> frozenset[str]:
    """Give the keys under which the Directive of the board is cited."""
    directive = strategy.directive
    found = (checked_reference(text, field="act") for text in (directive.reference, directive.celex))
    return frozenset(one.key for one in found if one is not None)


def _check_directive(entry: RegisterEntry, strategy: Strategy) -> None:
    directive = strategy.directive
    if entry.country in directive.not_bound:
        raise Invalid(
            "%(country)s is not bound by %(act)s: there is nothing for it to have transposed.",
            field="country",
            country=entry.country,
            act=directive.reference,
        )
    article = (entry.article or "").partition("(")[0]
    if article and article not in {one.number for one in directive.articles}:
        raise Invalid(
            "%(act)s is followed here by its articles %(first)s to %(last)s; %(article)s is none of them.",
            field="article",
            act=directive.reference,
            first=directive.articles[0].number,
            last=directive.articles[-1].number,
            article=article,
        )


def _find_hold(
    session: Session, actor: Actor, register: Register, group: Group, text: EntryText, secret: bytes
) -> Hold | None:
    """Give the rule under which a moderator reads this first.

    That it says the same as the passage that it comes from is no reason. Whoever tends the register answers
    for it where everything, or a first contribution, is read first.
    """
    written = Written(f"{text.title}\n{text.rendered.text}", text.rendered.html)
    if actor.roles_in(group.id) & register.tended_by:
        rules = HoldingRules.from_data(group.holding_rules)
        rule = find_held(Sending(actor, group, has_contributed=True, written=written, rules=rules))
        hold = Hold(rule, HELD_BECAUSE[rule]) if rule is not None else None
    else:
        keys = account_keys(actor, secret)
        hold = find_hold(session, actor, group, account_keys=keys, written=written)
    if hold is not None and hold.rule == PROTECTED:
        raise Invalid(
            "This may identify somebody who must be protected. Take out whatever could tell who a person is.",
            field="body",
        )
    return hold


def _hold(entry: RegisterEntry, hold: Hold | None, now: datetime) -> None:
    """Have a text wait for a moderator, or not; what waits already goes on waiting."""
    entry.edited_at = now
    if hold is not None:
        entry.status, entry.held_because = Status.PENDING, hold.rule
    elif entry.status is Status.PUBLISHED:
        entry.published_at = entry.published_at or now


def _write_again(
    session: Session, actor: Actor, subject: Subject, hold: Hold | None, secret: bytes, now: datetime
) -> None:
    """Whoever wrote an entry anew has written it too, and does not decide about it."""
    _hold(subject.row, hold, now)
    key = _writer_key(actor, subject.group, secret)
    if key not in subject.writer_keys:
        record_authorship(session, SubjectKind.ENTRY, subject.row.id, [key])


def _writer_key(actor: Actor, group: Group, secret: bytes) -> str:
    """Who wrote it, for moderation alone: an entry speaks for its group and shows no author."""
    opened, sealed = account_keys(actor, secret)
    return sealed if is_sealed(group) else opened


def _tell_held(session: Session, actor: Actor, group: Group, entry: RegisterEntry, now: datetime) -> None:
    if is_sealed(group):  # a notice would be a record of who wrote it
        return
    session.flush()
    enqueue_notice(
        session,
        NoticeKind.HELD,
        now=now,
        subject_kind=SubjectKind.ENTRY,
        subject_id=entry.id,
        account_id=actor.account_id,
    )


def _write_values(
    session: Session, register: Register, entry: RegisterEntry, given: Mapping[str, tuple[str, ...]]
) -> None:
    """Write the fields of an entry anew; what the data file has lost meanwhile stays as it is."""
    session.execute(
        sa.delete(RegisterValue).where(
            RegisterValue.entry_id == entry.id, RegisterValue.field.in_([one.key for one in register.fields])
        )
    )
    for one in register.fields:
        for position, value in enumerate(read_value(one, given.get(one.key, ()))):
            session.add(RegisterValue(entry_id=entry.id, field=one.key, position=position, value=value))
    session.flush()


def _cited(entry: RegisterEntry) -> str:
    return f"{entry.source}\n[[{entry.act}]]" if entry.act else entry.source


def _give(
    session: Session,
    actor: Actor,
    register: Register,
    group: Group,
    entry: RegisterEntry,
    owner: str,
    now: datetime,
) -> None:
    before = owner_keys(entry)
    entry.owner_id = entry.owner_body_id = None
    kind, _, name = owner.partition(":")
    if kind == "person" and register.owner in {OwnerKind.PERSON, OwnerKind.EITHER}:
        entry.owner_id = _person(session, group, name)
    elif kind == "body" and register.owner in {OwnerKind.BODY, OwnerKind.EITHER}:
        entry.owner_body_id = _body(session, actor, group, name)
    elif owner:
        raise Invalid("Entries of this register have no owner of that kind.", field="owner")
    if owner_keys(entry) == before:
        return
    entry.changed_at = now
    _note(session, entry, EntryChange.OWNER, "", now)
    session.flush()
    _record(session, actor, AuditAction.ENTRY_GIVEN, group, entry, now)
    is_read = entry.status is Status.PUBLISHED  # of what waits, they are told once it is published
    if is_read and entry.owner_id is not None and entry.owner_id != actor.account_id:
        _tell_owner(session, entry, NoticeKind.ENTRY_GIVEN, now)


def _person(session: Session, group: Group, public_id: str) -> int:
    """Give the account of a member of the group: nobody else reads all that it may rest on."""
    found = session.scalar(
        sa.select(Account.id)
        .join(Membership, Membership.account_id == Account.id)
        .where(Account.public_id == public_id, Membership.group_id == group.id, Membership.ended_at.is_(None))
        .limit(1)
    )
    if found is None:
        raise Invalid("Choose a member of this group.", field="owner")
    return found


def _body(session: Session, actor: Actor, group: Group, slug: str) -> int:
    """Give a body that has a seat in the group, or that the actor speaks for."""
    has_seat = sa.select(Seat.organisation_id).where(Seat.group_id == group.id, Seat.ended_at.is_(None))
    found = session.scalar(
        sa.select(Organisation.id).where(
            Organisation.slug == slug,
            sa.or_(Organisation.id.in_(has_seat), Organisation.id.in_(sorted(actor.organisation_ids))),
        )
    )
    if found is None:
        raise Invalid("Choose a body that has a seat in this group.", field="owner")
    return found


def _tell_owner(session: Session, entry: RegisterEntry, kind: NoticeKind, now: datetime) -> None:
    session.flush()
    enqueue_notice(
        session,
        kind,
        now=now,
        subject_kind=SubjectKind.ENTRY,
        subject_id=entry.id,
        account_id=entry.owner_id,
        occasion=f"change:{now.timestamp():.0f}",
    )


def _note(session: Session, entry: RegisterEntry, change: EntryChange, reason: str, now: datetime) -> None:
    session.flush()
    session.add(RegisterEvent(entry_id=entry.id, change=change, state=entry.state, reason=reason, at=now))


def _record(
    session: Session, by: Actor, action: AuditAction, group: Group, entry: RegisterEntry, now: datetime
) -> None:
    body = session.get(Organisation, entry.owner_body_id) if entry.owner_body_id is not None else None
    record(
        session,
        by,
        action,
        now=now,
        subject_kind="entry",
        subject=entry.public_id,
        group=group,
        register=entry.register,
        state=entry.state,
        tlp=entry.tlp.value,
        body=body.public_id if body else None,
    )
