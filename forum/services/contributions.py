"""My contributions: what a person wrote, or a body they speak for, and what became of it.

One's own text is given as a copy, even from a group that one has left, where no link leads into it.
What colleagues wrote for a body is listed only as far as it can be read in place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session

from forum.domain.answers import Answer
from forum.domain.appeals import APPEALABLE, Side
from forum.domain.assessments import Assessment
from forum.domain.attribution import Attribution, Authorship, SubjectKind
from forum.domain.citations import Cited
from forum.domain.consultations import Consultation
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.moderation import MODERATED, UNDO_SPAN, ModerationDecision
from forum.domain.moderation import Action as Decision
from forum.domain.organisations import Organisation
from forum.domain.papers import Paper, PaperVersion
from forum.domain.register_entries import RegisterEntry
from forum.domain.signatures import Signature
from forum.domain.statements import Statement
from forum.domain.threads import Post, Thread
from forum.policy import Action, Actor, can, visible_to
from forum.policy.sql import MODEL_OF
from forum.richtext import render_plain, to_markup
from forum.services.addresses import (
    answer_path,
    assessment_link,
    entry_path,
    paper_path,
    post_path,
    signing_path,
    version_path,
)
from forum.services.contribution_echoes import NOTHING, Echo, load_echoes
from forum.services.decisions import was_undone
from forum.services.groups import rule_text
from forum.services.sealing import account_key, organisation_key, sealed_key

PAGE_SIZE = 25
ME = "me"
_UNTOLD = (Decision.KEEP, Decision.UNDO)
"""Decisions that the author is not told of."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a moderator decided, and why."""

    action: Decision
    rule: str | None
    reason: str
    decided_at: datetime
    statement: str | None = None
    """The public id of its statement of reasons."""
    appealable: str | None = None
    """The public id of the decision, where there is an appeal against its like."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """One contribution as its writer sees it; None where they may not know it (any more)."""

    kind: SubjectKind
    public_id: str
    title: str | None
    group: str | None
    status: Status
    held_because: str | None
    created_at: datetime
    is_sealed: bool
    is_mine: bool
    """Written by this person, rather than by a colleague for the same body."""
    language: str
    html: Markup | None
    """The copy of one's own text."""
    path: str | None
    """Where it stands, if the writer reads it there."""
    outcome: Outcome | None
    target: Cited | None = None
    """As what others cite it."""
    echo: Echo = NOTHING
    """What came back to it."""
    signed_for: str | None = None
    """The bodies for which it was signed: then it is a joint position of others."""


@dataclass(frozen=True, slots=True)
class ContributionPage:
    """A page of contributions, newest first."""

    contributions: Sequence[Contribution]
    page: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class _Asker:
    """Whose contributions are asked for: the person's own keys apart from those of their bodies."""

    actor: Actor
    own_keys: frozenset[str]
    sealing_secret: bytes
    now: datetime


SIGNATURE = "signature"
"""Beside the kinds of contribution: what one's bodies signed and others wrote."""


@dataclass(frozen=True, slots=True)
class ContributionFilter:
    """Which contributions to list; what is empty or unknown narrows nothing."""

    kind: str = ""
    """A SubjectKind, or `signature`."""
    status: Status | None = None
    whose: str = ""
    """`me`, or the slug of a body that the actor speaks for."""


def list_contributions(
    session: Session,
    actor: Actor,
    *,
    sealing_secret: bytes,
    now: datetime,
    page: int = 1,
    chosen: ContributionFilter = ContributionFilter(),
) -> ContributionPage:
    """Give a page of what the actor and their bodies wrote or signed; a fixed number of statements."""
    key = account_key(actor.account_id or 0)
    asker = _Asker(actor, frozenset({key, sealed_key(sealing_secret, key)}), sealing_secret, now)
    page = min(max(page, 1), 1000)
    parts = [_written(asker, kind, chosen) for kind in MODERATED if chosen.kind in {"", kind.value}]
    if chosen.kind in {"", SIGNATURE} and actor.mandates:
        parts.append(_signed(asker, chosen))
    if not parts:
        return ContributionPage([], page, False)
    places = sa.union_all(*parts).subquery()
    rows = session.execute(
        sa.select(places.c.kind, places.c.id)
        .order_by(places.c.created_at.desc(), places.c.kind, places.c.id.desc())
        .limit(PAGE_SIZE + 1)
        .offset((page - 1) * PAGE_SIZE)
    ).all()
    shown = [(str(kind), id_) for kind, id_ in rows[:PAGE_SIZE]]
    loaded: dict[tuple[str, int], Contribution] = {}
    written: dict[tuple[SubjectKind, int], Contribution] = {}
    for kind in MODERATED:
        if ids := [id_ for of, id_ in shown if of == kind.value]:
            written |= _load(session, asker, kind, ids)
    for (of, id_), one in _with_echoes(session, actor, written).items():
        loaded[of.value, id_] = one
    if ids := [id_ for of, id_ in shown if of == SIGNATURE]:
        loaded |= _load_signed(session, asker, ids)
    return ContributionPage([loaded[place] for place in shown], page, len(rows) > PAGE_SIZE)


def _wrote(kind: SubjectKind, keys: frozenset[str]) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(Authorship.subject_id).where(
        Authorship.subject_kind == kind, Authorship.writer_key.in_(sorted(keys))
    )


def _written(asker: _Asker, kind: SubjectKind, chosen: ContributionFilter) -> sa.Select[*tuple[Any, ...]]:
    """The ids that are listed: one's own, and of one's bodies and drafts what can be read."""
    model = MODEL_OF[kind]
    own = sa.and_(
        model.id.in_(_wrote(kind, asker.own_keys)), model.status.not_in([Status.DRAFT, Status.LOCKED])
    )
    statement = sa.select(sa.literal(kind.value).label("kind"), model.id, model.created_at).where(
        model.id.in_(_wrote(kind, _keys(asker, chosen))),
        sa.or_(own, visible_to(asker.actor, model)),
    )
    return statement.where(model.status == chosen.status) if chosen.status is not None else statement


def _keys(asker: _Asker, chosen: ContributionFilter) -> frozenset[str]:
    """Whose contributions are listed, as writer keys; a body that is not the asker's narrows nothing."""
    if chosen.whose == ME:
        return asker.own_keys
    for mandate in asker.actor.mandates:
        if mandate.slug == chosen.whose:
            key = organisation_key(mandate.organisation_id)
            return frozenset({key, sealed_key(asker.sealing_secret, key)})
    return asker.own_keys | asker.actor.writer_keys


def _signed(asker: _Asker, chosen: ContributionFilter) -> sa.Select[*tuple[Any, ...]]:
    """The versions that the asker's bodies signed, each once."""
    bodies = {
        mandate.organisation_id
        for mandate in asker.actor.mandates
        if chosen.whose in {"", ME, mandate.slug}
        or chosen.whose not in {one.slug for one in asker.actor.mandates}
    }
    statement = (
        sa.select(
            sa.literal(SIGNATURE).label("kind"),
            PaperVersion.id,
            sa.func.max(Signature.signed_at).label("created_at"),
        )
        .join(Signature, Signature.version_id == PaperVersion.id)
        .where(Signature.organisation_id.in_(sorted(bodies)))
        .group_by(PaperVersion.id)
    )
    if chosen.whose == ME:
        statement = statement.where(Signature.answered_by_id == asker.actor.account_id)
    return statement.where(PaperVersion.status == chosen.status) if chosen.status is not None else statement


def _load(
    session: Session, asker: _Asker, kind: SubjectKind, ids: list[int]
) -> dict[tuple[SubjectKind, int], Contribution]:
    statement = _STATEMENTS[kind](asker)
    outcomes = _outcomes(session, kind, ids)
    mine = set(session.scalars(_wrote(kind, asker.own_keys).where(Authorship.subject_id.in_(ids))))
    model = MODEL_OF[kind]
    found = {}
    for row in session.execute(statement.where(model.id.in_(ids))):
        group = row.Group
        decided = outcomes.get(row.id)
        is_mine = row.id in mine
        found[kind, row.id] = Contribution(
            kind=kind,
            public_id=row.public_id,
            title=row.title,
            group=group.short_title if can(asker.actor, Action.SEE_LISTING, group) else None,
            status=row.status,
            held_because=row.held_because,
            created_at=row.created_at,
            is_sealed=group.attribution is Attribution.CHATHAM_HOUSE,
            is_mine=is_mine,
            language=row.language,
            html=_copy(kind, row) if is_mine else None,
            path=_path(kind, row) if row.is_readable else None,
            outcome=_outcome(asker, group, *decided) if decided else None,
            target=_target(kind, row),
        )
    return found


def _load_signed(session: Session, asker: _Asker, ids: list[int]) -> dict[tuple[str, int], Contribution]:
    """Versions that bodies of the asker signed; the text is kept for them on the page of the signing."""
    rows = session.execute(
        _version_statement(asker)
        .add_columns(Signature.answered_by_id, Signature.signed_at, Organisation.name.label("body"))
        .join(Signature, Signature.version_id == PaperVersion.id)
        .join(Organisation, Organisation.id == Signature.organisation_id)
        .where(PaperVersion.id.in_(ids), Signature.organisation_id.in_(sorted(asker.actor.organisation_ids)))
        .order_by(PaperVersion.id, Organisation.match_key)
    )
    found: dict[tuple[str, int], Contribution] = {}
    for row in rows:
        before = found.get((SIGNATURE, row.id))
        if before is not None:
            found[SIGNATURE, row.id] = replace(before, signed_for=f"{before.signed_for}, {row.body}")
            continue
        group = row.Group
        found[SIGNATURE, row.id] = Contribution(
            kind=SubjectKind.VERSION,
            public_id=row.public_id,
            title=row.title,
            group=group.short_title if can(asker.actor, Action.SEE_LISTING, group) else None,
            status=row.status,
            held_because=None,
            created_at=row.signed_at,
            is_sealed=False,
            is_mine=row.answered_by_id == asker.actor.account_id,
            language=row.language,
            html=None,
            path=signing_path(row.paper_public_id),
            outcome=None,
            signed_for=row.body,
        )
    return found


def _outcome(asker: _Asker, group: Group, decision: ModerationDecision, statement: str | None) -> Outcome:
    rule = rule_text(group, decision.rule)
    can_be_taken_back = asker.now - decision.decided_at < UNDO_SPAN
    if can_be_taken_back:
        return Outcome(decision.action, rule, decision.reason, decision.decided_at)
    appealable = decision.public_id if decision.action in APPEALABLE[Side.AUTHOR] else None
    return Outcome(decision.action, rule, decision.reason, decision.decided_at, statement, appealable)


def _copy(kind: SubjectKind, row: Any) -> Markup | None:
    """Give one's own text; None where it was withdrawn."""
    if kind in {SubjectKind.ANSWER, SubjectKind.ASSESSMENT}:
        parts = [part.splitlines() for part in row.text.split("\n\n")]
        return render_plain(parts) if row.text else None
    return to_markup(row.html) if row.html else None


def _target(kind: SubjectKind, row: Any) -> Cited | None:
    match kind:
        case SubjectKind.POST:
            return Cited(row.public_id)
        case SubjectKind.VERSION if row.number is not None:
            return Cited(row.paper_public_id, row.number)
        case _:
            return None


def _with_echoes(
    session: Session, actor: Actor, found: dict[tuple[SubjectKind, int], Contribution]
) -> dict[tuple[SubjectKind, int], Contribution]:
    targets = {place: one.target for place, one in found.items() if one.target is not None}
    if not targets:
        return found
    echoes = load_echoes(session, actor, targets)
    return {place: replace(one, echo=echoes.get(place, NOTHING)) for place, one in found.items()}


def _path(kind: SubjectKind, row: Any) -> str:
    if kind is SubjectKind.ANSWER:
        return answer_path(row.Group.slug, row.asked, row.public_id)
    if kind is SubjectKind.POST:
        return post_path(row.public_id)
    if kind is SubjectKind.ASSESSMENT:
        return assessment_link(row.public_id)
    if kind is SubjectKind.ENTRY:
        return entry_path(row.register, row.public_id)
    if row.number is None:
        return paper_path(row.Group.slug, row.paper_public_id)
    return version_path(row.paper_public_id, row.number)


def _post_statement(asker: _Asker) -> sa.Select[*tuple[Any, ...]]:
    """A reply shows the title of its discussion only to who reads that."""
    title = sa.case((sa.or_(Post.number == 1, visible_to(asker.actor, Thread)), Thread.title))
    return (
        sa.select(
            *_columns(asker, Post),
            Post.html,
            Post.language,
            title.label("title"),
            Group,
            Post.number,
            Post.created_at,
        )
        .join(Thread, Thread.id == Post.thread_id)
        .join(Group, Group.id == Post.group_id)
    )


def _version_statement(asker: _Asker) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            *_columns(asker, PaperVersion),
            PaperVersion.html,
            PaperVersion.title,
            PaperVersion.number,
            PaperVersion.created_at,
            Paper.language,
            Paper.public_id.label("paper_public_id"),
            Group,
        )
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .join(Group, Group.id == PaperVersion.group_id)
    )


def _answer_statement(asker: _Asker) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            *_columns(asker, Answer),
            Answer.text,
            Answer.title,
            Answer.created_at,
            Answer.language,
            Consultation.public_id.label("asked"),
            Group,
        )
        .join(Consultation, Consultation.id == Answer.consultation_id)
        .join(Group, Group.id == Answer.group_id)
    )


def _assessment_statement(asker: _Asker) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        *_columns(asker, Assessment),
        Assessment.text,
        Assessment.title,
        Assessment.created_at,
        Assessment.language,
        Group,
    ).join(Group, Group.id == Assessment.group_id)


def _entry_statement(asker: _Asker) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        *_columns(asker, RegisterEntry),
        RegisterEntry.html,
        RegisterEntry.title,
        RegisterEntry.created_at,
        RegisterEntry.language,
        RegisterEntry.register,
        Group,
    ).join(Group, Group.id == RegisterEntry.group_id)


_STATEMENTS = {
    SubjectKind.POST: _post_statement,
    SubjectKind.VERSION: _version_statement,
    SubjectKind.ANSWER: _answer_statement,
    SubjectKind.ASSESSMENT: _assessment_statement,
    SubjectKind.ENTRY: _entry_statement,
}


def _columns(asker: _Asker, model: Any) -> tuple[Any, ...]:
    return (
        model.id,
        model.public_id,
        model.status,
        model.held_because,
        visible_to(asker.actor, model).label("is_readable"),
    )


def _outcomes(
    session: Session, kind: SubjectKind, ids: list[int]
) -> dict[int, tuple[ModerationDecision, str | None]]:
    """The newest decision on each that stands and that its author is told of, with its statement."""
    decisions = session.execute(
        sa.select(ModerationDecision, Statement.public_id)
        .outerjoin(Statement, Statement.decision_id == ModerationDecision.id)
        .where(
            ModerationDecision.subject_kind == kind,
            ModerationDecision.subject_id.in_(ids),
            ModerationDecision.action.not_in(_UNTOLD),
            ~was_undone(ModerationDecision.id),
        )
        .order_by(ModerationDecision.id)
    )
    return {decision.subject_id: (decision, statement) for decision, statement in decisions}
