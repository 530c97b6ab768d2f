"""One rule an action. A rule reads only the actor, the thing, and what was loaded with the thing."""

from collections.abc import Callable
from typing import Any

from forum.domain.accounts import PlatformRole
from forum.domain.attribution import SubjectKind
from forum.domain.groups import WRITING_ROLES, Group, GroupRole, WhoMayWrite
from forum.domain.labels import WRITER_READS, Status, Tlp
from forum.domain.organisations import Organisation
from forum.domain.papers import Purpose
from forum.domain.threads import Thread
from forum.errors import NotAllowed, NotFound
from forum.policy.actions import Action
from forum.policy.actor import Actor
from forum.policy.labels import writers_label
from forum.policy.subjects import (
    AnswerRights,
    AppealRights,
    AssessmentRights,
    CommentRights,
    EntryRights,
    PaperRights,
    Readable,
    RegisterRights,
    Subject,
    TopicRights,
)

UNSEALING_ROLES = frozenset({GroupRole.CHAIR, GroupRole.SECRETARIAT, GroupRole.MODERATOR})
"""The group roles with the right to be one of the two who unseal."""
_EDITORS = frozenset({GroupRole.RAPPORTEUR, GroupRole.CHAIR, GroupRole.SECRETARIAT})
"""Who writes what the group itself owns."""
_MANAGERS = frozenset({GroupRole.CHAIR, GroupRole.SECRETARIAT})
_STAFF = frozenset({GroupRole.MODERATOR, GroupRole.SECRETARIAT})
_TENDERS = _MANAGERS | _STAFF


def can_read(actor: Actor, row: Readable, writer_keys: frozenset[str] = frozenset()) -> bool:
    """READ of a labelled row; the twin of sql.visible_to()."""
    if row.audience in actor.clearances:
        return True
    return (
        row.status in WRITER_READS
        and row.own in actor.clearances
        and not actor.writer_keys.isdisjoint(writer_keys)
    )


def is_writer(actor: Actor, subject: Subject) -> bool:
    """Whether the actor, or a body they speak for today, wrote it."""
    return not actor.writer_keys.isdisjoint(subject.writer_keys)


def _read(actor: Actor, thing: Any) -> bool:
    if isinstance(thing, Group):
        return thing.audience in actor.clearances
    if isinstance(thing, RegisterRights):
        return _read(actor, thing.group)
    if isinstance(thing, EntryRights):
        return _read(actor, thing.entry)
    if isinstance(thing, Subject):
        return can_read(actor, thing.row, thing.writer_keys)
    return can_read(actor, thing)


def _see_listing(actor: Actor, group: Group) -> bool:
    return group.is_listed or _read(actor, group)


def _write(actor: Actor, thing: Group | Subject) -> bool:
    """In a group: open a discussion or a paper. On a thread: reply."""
    group = thing if isinstance(thing, Group) else thing.group
    if not actor.is_signed_in or actor.is_suspended or not _read(actor, group):
        return False
    if group.id in actor.suspended_in:
        return False
    roles = actor.roles_in(group.id)
    if not roles & WRITING_ROLES and group.who_may_write is not WhoMayWrite.COMMUNITY:
        return False
    if isinstance(thing, Group):
        return True
    if not _read(actor, thing) or thing.status is not Status.PUBLISHED:
        return False
    return not _is_locked(thing.thread) or GroupRole.MODERATOR in roles


def _write_group_draft(actor: Actor, group: Group) -> bool:
    return _write(actor, group) and bool(actor.roles_in(group.id) & _EDITORS)


def _new_version(actor: Actor, paper: PaperRights) -> bool:
    """Its co-authors, whoever speaks today for a body that wrote it, and a group draft's editors."""
    if not _write(actor, paper.group):
        return False
    if writers_label(paper.paper.id) in actor.clearances or not actor.writer_keys.isdisjoint(
        paper.writer_keys
    ):
        return True
    return paper.paper.purpose is Purpose.GROUP_DRAFT and _write_group_draft(actor, paper.group)


def _suggest(actor: Actor, paper: PaperRights) -> bool:
    """On a group draft; on a position where its owner has switched it on."""
    takes = paper.paper.purpose is Purpose.GROUP_DRAFT or paper.paper.takes_suggestions
    return takes and _write(actor, paper.group)


def _place_comment(actor: Actor, thing: CommentRights) -> bool:
    """Its author, who answers for the paper, and the group's moderators; whoever of them reads it."""
    if not actor.is_signed_in or actor.is_suspended or not _read(actor, thing.comment):
        return False
    if thing.comment.status is not Status.PUBLISHED:
        return False
    return (
        is_writer(actor, thing.comment)
        or GroupRole.MODERATOR in actor.roles_in(thing.paper.group.id)
        or _new_version(actor, thing.paper)
    )


def _is_locked(thread: Thread | None) -> bool:
    return thread is not None and thread.locked_at is not None


def _edit(actor: Actor, subject: Subject) -> bool:
    if not _write(actor, subject.group):
        return False
    if subject.kind is SubjectKind.VERSION:
        return (
            subject.status is Status.DRAFT
            and subject.paper is not None
            and writers_label(subject.paper.id) in actor.clearances
        )
    return (
        is_writer(actor, subject)
        and _read(actor, subject)
        and subject.status in {Status.PUBLISHED, Status.PENDING}
        and not _is_locked(subject.thread)
    )


def _sign(actor: Actor, subject: Subject) -> bool:
    """Answer about the draft of a joint position; which bodies were asked, the service looks up."""
    return (
        not actor.is_suspended
        and bool(actor.mandates)
        and subject.status is Status.DRAFT
        and subject.paper is not None
        and subject.paper.purpose is Purpose.JOINT_POSITION
        and _read(actor, subject)
    )


def _withdraw(actor: Actor, subject: Subject) -> bool:
    return (
        actor.is_signed_in
        and not actor.is_suspended
        and is_writer(actor, subject)
        and _read(actor, subject)
        and subject.status
        in _WITHDRAWABLE[subject.kind is SubjectKind.ANSWER and not subject.row.is_testimony]
    )


_WITHDRAWABLE = {
    False: frozenset({Status.PUBLISHED, Status.PENDING, Status.RECEIVED}),
    True: frozenset({Status.PENDING, Status.RECEIVED}),
}
"""By whether publication fixes it: a published answer stands, unless it is first-person testimony."""


def _answer(actor: Actor, rights: AnswerRights) -> bool:
    """Who reads the consultation and is asked: in person, or as a body or seat that they write for today."""
    return (
        actor.is_signed_in
        and not actor.is_suspended
        and rights.group.id not in actor.suspended_in
        and rights.consultation.status is Status.PUBLISHED
        and can_read(actor, rights.consultation)
        and not actor.writer_keys.isdisjoint(rights.asked_keys)
    )


def _assess(actor: Actor, rights: AssessmentRights) -> bool:
    """Whoever holds the seat today, as its representative or alternate, and may write in the group."""
    return (
        actor.is_signed_in
        and not actor.is_suspended
        and rights.group.id not in actor.suspended_in
        and bool(actor.roles_in(rights.group.id) & WRITING_ROLES)
        and _read(actor, rights.group)
        and rights.seat_key in actor.writer_keys
    )


def _edit_catalogue(actor: Actor, group: Group) -> bool:
    """Who writes what the group owns."""
    return not actor.is_suspended and bool(actor.roles_in(group.id) & _EDITORS)


def _admit_late(actor: Actor, group: Group) -> bool:
    return not actor.is_suspended and GroupRole.CHAIR in actor.roles_in(group.id)


def _publish(actor: Actor, subject: Subject) -> bool:
    """Send a draft: takes a co-author; the service checks the mandate of the owning body."""
    return _edit(actor, subject)


def _flag(actor: Actor, subject: Subject) -> bool:
    return (
        actor.is_signed_in
        and not actor.is_suspended
        and subject.status is Status.PUBLISHED
        and _read(actor, subject)
        and not is_writer(actor, subject)
    )


def _moderate(actor: Actor, thing: Group | Subject) -> bool:
    """Of a contribution: not one's own, nor one of an organisation one speaks for."""
    group = thing if isinstance(thing, Group) else thing.group
    if actor.is_suspended or GroupRole.MODERATOR not in actor.roles_in(group.id):
        return False
    if isinstance(thing, Group):
        return True
    return _read(actor, thing) and not is_writer(actor, thing)


def _raise_entry(actor: Actor, rights: RegisterRights) -> bool:
    return _write(actor, rights.group) and bool(actor.roles_in(rights.group.id) & rights.raised_by)


def _follow_entry(actor: Actor, rights: EntryRights) -> bool:
    """Its owner, who reads it, and whoever tends the register in its group; not what was taken out."""
    entry = rights.entry
    if entry.status is not Status.PUBLISHED or not actor.is_signed_in or not _read(actor, entry):
        return False
    if actor.is_suspended or entry.group.id in actor.suspended_in:
        return False
    is_owner = not actor.writer_keys.isdisjoint(rights.owner_keys)
    return is_owner or bool(actor.roles_in(entry.group.id) & rights.tended_by)


def _tend_entry(actor: Actor, rights: EntryRights) -> bool:
    """Whoever tends the register in its group, and while it waits for a moderator whoever wrote it.

    A moderator puts back what was taken out.
    """
    entry = rights.entry
    if actor.is_suspended or entry.group.id in actor.suspended_in or not _read(actor, entry):
        return False
    if entry.status is Status.PENDING and is_writer(actor, entry):
        return True
    roles = actor.roles_in(entry.group.id)
    return bool(roles & (rights.tended_by | {GroupRole.MODERATOR}))


def _remark(actor: Actor, status: Subject) -> bool:
    """The contact to whom a proposed status went, as long as they read it and it waits."""
    return (
        actor.is_signed_in
        and not actor.is_suspended
        and status.status is Status.RECEIVED
        and status.row.contact_id == actor.account_id
        and _read(actor, status)
    )


def _unseal(actor: Actor, thing: Group | Subject) -> bool:
    """Who keeps order or manages the group, and neither wrote it nor speaks for a body that did.

    Of a held text the second person sees the alias and the reason alone: it does not take reading it.
    """
    group = thing if isinstance(thing, Group) else thing.group
    if actor.is_suspended or not actor.roles_in(group.id) & UNSEALING_ROLES:
        return False
    return _read(actor, group) and (isinstance(thing, Group) or not is_writer(actor, thing))


def _decide_appeal(actor: Actor, appeal: AppealRights) -> bool:
    if actor.is_suspended or actor.account_id is None or actor.account_id == appeal.decider_id:
        return False
    if not actor.organisation_ids.isdisjoint(appeal.decider_bodies):
        return False
    if not actor.writer_keys.isdisjoint(appeal.party_keys):
        return False
    if appeal.group is None:
        return _manage_people(actor, None)
    roles = actor.roles_in(appeal.group.id)
    return GroupRole.MODERATOR in roles or (appeal.is_secretariat_needed and GroupRole.SECRETARIAT in roles)


def _tend(actor: Actor, subject: Subject) -> bool:
    return (
        not actor.is_suspended and bool(actor.roles_in(subject.group.id) & _TENDERS) and _read(actor, subject)
    )


def _note(actor: Actor, subject: Subject) -> bool:
    return (
        not actor.is_suspended and bool(actor.roles_in(subject.group.id) & _STAFF) and _read(actor, subject)
    )


def _answer_question(actor: Actor, subject: Subject) -> bool:
    return _write(actor, subject) and bool(actor.roles_in(subject.group.id) & _MANAGERS)


def _manage_group(actor: Actor, group: Group) -> bool:
    return not actor.is_suspended and bool(actor.roles_in(group.id) & _MANAGERS)


def _write_minutes(actor: Actor, group: Group) -> bool:
    return not actor.is_suspended and bool(actor.roles_in(group.id) & _EDITORS)


def _vote(actor: Actor, subject: Subject) -> bool:
    """Whoever sits in the group and not as an observer; whoever is suspended in it watches only."""
    return (
        not actor.is_suspended
        and bool(actor.roles_in(subject.group.id) & WRITING_ROLES)
        and _read(actor, subject)
    )


def _declare(actor: Actor, group: Group) -> bool:
    return not actor.is_suspended and bool(actor.roles_in(group.id)) and _read(actor, group)


def _manage_people(actor: Actor, _thing: object) -> bool:
    return not actor.is_suspended and actor.platform_role in {
        PlatformRole.SECRETARIAT,
        PlatformRole.ADMINISTRATOR,
    }


def _administer(actor: Actor, _thing: object) -> bool:
    return not actor.is_suspended and actor.platform_role is PlatformRole.ADMINISTRATOR


def _see_secretariat_desk(actor: Actor, _thing: object) -> bool:
    return not actor.is_suspended and (
        actor.platform_role is PlatformRole.SECRETARIAT or bool(actor.groups_with(GroupRole.SECRETARIAT))
    )


def _see_positions(actor: Actor, topic: TopicRights) -> bool:
    """Those who work on it; of the platform's topics every secretariat, each over what it reads."""
    return _work_on_topic(actor, topic) or (topic.group is None and _see_secretariat_desk(actor, None))


def _work_on_topic(actor: Actor, topic: TopicRights) -> bool:
    if actor.is_suspended:
        return False
    if topic.group is None:
        return actor.platform_role is PlatformRole.SECRETARIAT
    return GroupRole.SECRETARIAT in actor.roles_in(topic.group.id) and _read(actor, topic.group)


def _see_audit(actor: Actor, _thing: object) -> bool:
    """The platform's secretariat and administrators; a group's role is not enough, for it spans groups."""
    return not actor.is_suspended and actor.platform_role in {
        PlatformRole.SECRETARIAT,
        PlatformRole.ADMINISTRATOR,
    }


def _see_moderation(actor: Actor, _thing: object) -> bool:
    return not actor.is_suspended and bool(actor.groups_with(GroupRole.MODERATOR))


def _speak_for(actor: Actor, organisation: Organisation) -> bool:
    return not actor.is_suspended and organisation.id in actor.organisation_ids


def _choose_publishers(actor: Actor, organisation: Organisation) -> bool:
    """Who may publish for it themselves, and the people who manage mandates."""
    holds = any(
        mandate.organisation_id == organisation.id and mandate.may_publish for mandate in actor.mandates
    )
    return (holds and not actor.is_suspended) or _manage_people(actor, organisation)


RULES: dict[Action, Callable[[Actor, Any], bool]] = {
    Action.READ: _read,
    Action.SEE_LISTING: _see_listing,
    Action.WRITE: _write,
    Action.WRITE_GROUP_DRAFT: _write_group_draft,
    Action.NEW_VERSION: _new_version,
    Action.EDIT: _edit,
    Action.WITHDRAW: _withdraw,
    Action.PUBLISH: _publish,
    Action.SIGN: _sign,
    Action.FLAG: _flag,
    Action.MODERATE: _moderate,
    Action.TEND: _tend,
    Action.NOTE: _note,
    Action.COMMENT_ANSWER: _new_version,
    Action.COMMENT_SUGGEST: _suggest,
    Action.COMMENT_PLACE: _place_comment,
    Action.DECIDE_APPEAL: _decide_appeal,
    Action.ANSWER_QUESTION: _answer_question,
    Action.MANAGE_GROUP: _manage_group,
    Action.INVITE: _manage_group,
    Action.MANAGE_CONSULTATIONS: _manage_group,
    Action.RUN_PROCEDURE: _manage_group,
    Action.EDIT_CATALOGUE: _edit_catalogue,
    Action.ASSESS: _assess,
    Action.MANAGE_MEETINGS: _manage_group,
    Action.WRITE_MINUTES: _write_minutes,
    Action.VOTE: _vote,
    Action.DECLARE: _declare,
    Action.ANSWER: _answer,
    Action.ADMIT_LATE: _admit_late,
    Action.MANAGE_PEOPLE: _manage_people,
    Action.ADMINISTER: _administer,
    Action.UNSEAL: _unseal,
    Action.SEE_MODERATION: _see_moderation,
    Action.SUSPEND_ACCOUNT: _manage_people,
    Action.EXPORT_STATEMENTS: _see_audit,
    Action.SEE_AUDIT: _see_audit,
    Action.SEE_SECRETARIAT_DESK: _see_secretariat_desk,
    Action.SEE_POSITIONS: _see_positions,
    Action.WORK_ON_TOPIC: _work_on_topic,
    Action.SPEAK_FOR: _speak_for,
    Action.RAISE_ENTRY: _raise_entry,
    Action.FOLLOW_ENTRY: _follow_entry,
    Action.TEND_ENTRY: _tend_entry,
    Action.KEEP_BOARD: _manage_group,
    Action.REMARK: _remark,
    Action.KEEP_LIBRARY: _see_secretariat_desk,
    Action.CHOOSE_PUBLISHERS: _choose_publishers,
}


def can(actor: Actor, action: Action, thing: Any = None) -> bool:
    """Whether the actor may do this to the thing (a Group, a Subject, a labelled row, or nothing)."""
    return RULES[action](actor, thing)


def require(actor: Actor, action: Action, thing: Any = None) -> None:
    """Raise unless the actor may: NotFound where they may not even read it, else NotAllowed."""
    if can(actor, action, thing):
        return
    if action in {Action.READ, Action.SEE_LISTING} or not _knows_of(actor, thing):
        raise NotFound
    raise NotAllowed("You may read this, but your role does not allow this step.")


def _knows_of(actor: Actor, thing: Any) -> bool:
    """Whether a refusal may say that the thing is there; what has no label goes by what it belongs to."""
    if isinstance(thing, CommentRights):
        thing = thing.comment
    elif isinstance(thing, AnswerRights):
        thing = thing.consultation
    elif isinstance(thing, PaperRights | AssessmentRights | TopicRights | AppealRights):
        thing = thing.group
    return thing is None or isinstance(thing, Organisation) or _read(actor, thing)


def title_may_leave(tlp: Tlp, named_list_id: int | None, *, is_of_survivors: bool) -> bool:
    """Whether a mail or a feed may carry the title of a text that its reader may read.

    Nothing that is RED, for named people, or written for a body of victims and survivors.
    """
    return tlp is not Tlp.RED and named_list_id is None and not is_of_survivors
