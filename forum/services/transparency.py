"""The transparency report: figures drawn from decisions, never typed, and the same for everybody.

It counts what everybody finds in the public log and nothing else: no closed group, no closed text, no flag
that nobody has decided on. So no figure moves when something happens behind a door.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.appeals import Appeal, AppealState, Side
from forum.domain.averages import median
from forum.domain.groups import Group, GroupRole, Membership
from forum.domain.labels import Ceiling, Status
from forum.domain.moderation import NOT_CHOSEN, RESTRICTIONS, Flag, FlagReason, ModerationDecision
from forum.domain.moderation import Action as Decision
from forum.domain.shown_years import FIRST_YEAR, LAST_YEAR, is_shown
from forum.domain.statements import AccountRestriction, Category, Provision, SourceType, Statement, Visibility
from forum.errors import Invalid
from forum.services.decisions import was_overturned, was_undone
from forum.services.groups import rule_text
from forum.services.moderation_log import is_public_decision, select_decisions
from forum.services.statement_rules import statement_rules

Restriction = Visibility | Provision | AccountRestriction

LONGEST = timedelta(days=3 * 366)
"""The longest period of one report."""


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both counted, in UTC."""

    first: date
    last: date

    @property
    def begins_at(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def ends_at(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last + timedelta(days=1), time(), UTC)

    def months(self) -> list[str]:
        """Give its months, as 2026-03."""
        found, day = [], self.first.replace(day=1)
        while day <= self.last:
            found.append(day.strftime("%Y-%m"))
            day = (day + timedelta(days=32)).replace(day=1)
        return found


def checked_period(first: date | None, last: date | None, *, today: date) -> Period:
    """Give a period, twelve months until today if none is named; Invalid if upside down or too long."""
    last = last or today
    if not is_shown(last) or (first is not None and not is_shown(first)):
        raise Invalid(
            "Write a year from %(first)d to %(last)d.", field="first", first=FIRST_YEAR, last=LAST_YEAR
        )
    first = first or _twelve_months_until(last)
    if first > last:
        raise Invalid("The first day is after the last.", field="first")
    if last - first > LONGEST:
        raise Invalid("A report covers three years at most.", field="first")
    return Period(first, last)


def _twelve_months_until(last: date) -> date:
    """Give the first day of the eleventh month before: with that of the last day they are twelve."""
    months = last.year * 12 + last.month - 12
    return date(months // 12, months % 12 + 1, 1)


@dataclass
class Measures:
    """What was restricted, on whose initiative, by what it was about and by what was done."""

    count: int = 0
    by_category: Counter[Category] = field(default_factory=Counter)
    by_restriction: Counter[Restriction] = field(default_factory=Counter)
    """One measure can restrict in more than one way."""
    on_law: int = 0
    """Whose ground is a law; the rest are on the group's own rules."""
    hours: list[float] = field(default_factory=list)
    """From sending to the decision; on notice: from the first notice."""

    @property
    def median_hours(self) -> float | None:
        """The median time; None where nothing was measured."""
        return median(self.hours) if self.hours else None


@dataclass
class Notices:
    """What readers flagged, as far as it was decided on in the period."""

    by_reason: Counter[FlagReason] = field(default_factory=Counter)
    restricted: Counter[FlagReason] = field(default_factory=Counter)
    """Of these, where the decision restricted something."""
    hours: list[float] = field(default_factory=list)

    @property
    def count(self) -> int:
        """All notices."""
        return self.by_reason.total()

    @property
    def median_hours(self) -> float | None:
        """The median time from notice to decision."""
        return median(self.hours) if self.hours else None


@dataclass
class Held:
    """What the holding rules kept back, the forum's only automated means; people decided every time."""

    published: int = 0
    rejected: int = 0
    hours: list[float] = field(default_factory=list)

    @property
    def count(self) -> int:
        """All that was held and decided on."""
        return self.published + self.rejected

    @property
    def share_published(self) -> float | None:
        """What was held in vain, from 0 to 1: the rules' rate of error."""
        return self.published / self.count if self.count else None

    @property
    def median_hours(self) -> float | None:
        """The median wait."""
        return median(self.hours) if self.hours else None


@dataclass
class Complaints:
    """Appeals that were decided in the period, by whose they were."""

    upheld: Counter[Side] = field(default_factory=Counter)
    rejected: Counter[Side] = field(default_factory=Counter)
    hours: list[float] = field(default_factory=list)

    @property
    def count(self) -> int:
        """All that were decided."""
        return self.upheld.total() + self.rejected.total()

    @property
    def median_hours(self) -> float | None:
        """The median time from the appeal to its decision."""
        return median(self.hours) if self.hours else None


@dataclass
class Report:
    """Everything that a period's report says."""

    period: Period
    own_initiative: Measures = field(default_factory=Measures)
    on_notice: Measures = field(default_factory=Measures)
    notices: Notices = field(default_factory=Notices)
    held: Held = field(default_factory=Held)
    complaints: Complaints = field(default_factory=Complaints)
    suspensions: int = 0
    warnings: int = 0
    moderators: int = 0
    """People who moderated a public group at any time of the period."""
    by_rule: Counter[str] = field(default_factory=Counter)
    """Restrictions by the words of the rule that they rested on."""
    by_month: dict[str, Counter[Decision]] = field(default_factory=dict)

    @property
    def decisions(self) -> int:
        """All decisions that stand."""
        return sum(counter.total() for counter in self.by_month.values())


def draw_report(session: Session, period: Period) -> Report:
    """Draw the report of a period from the decisions that everybody finds in the public log."""
    report = Report(period, by_month={month: Counter() for month in period.months()})
    flags = _flags(session, period)
    for row in session.execute(_decided_in(period)):
        _count(report, row, flags.get(row.ModerationDecision.id, ()))
    _count_complaints(session, report)
    report.moderators = _count_moderators(session, period)
    return report


def _decided_in(period: Period) -> sa.Select[*tuple[Any, ...]]:
    """The decisions of a period that were not taken back, with their statements."""
    return (
        select_decisions()
        .add_columns(Statement.fields, was_overturned(ModerationDecision.id).label("is_overturned"))
        .outerjoin(Statement, Statement.decision_id == ModerationDecision.id)
        .where(
            is_public_decision(),
            ModerationDecision.decided_at >= period.begins_at,
            ModerationDecision.decided_at < period.ends_at,
            ModerationDecision.action != Decision.UNDO,
            ~was_undone(ModerationDecision.id),
        )
        .order_by(ModerationDecision.id)
    )


def _flags(session: Session, period: Period) -> dict[int, list[Flag]]:
    """The flags that each decision of a period answered."""
    answered = session.scalars(
        sa.select(Flag)
        .join(ModerationDecision, ModerationDecision.id == Flag.decision_id)
        .where(
            ModerationDecision.decided_at >= period.begins_at, ModerationDecision.decided_at < period.ends_at
        )
        .order_by(Flag.created_at)
    )
    found: dict[int, list[Flag]] = {}
    for flag in answered:
        if flag.decision_id is not None:
            found.setdefault(flag.decision_id, []).append(flag)
    return found


def _count(report: Report, row: Any, flags: Sequence[Flag]) -> None:
    decision = row.ModerationDecision
    if decision.action not in NOT_CHOSEN:
        report.by_month[decision.decided_at.strftime("%Y-%m")][decision.action] += 1
    if decision.action is Decision.SUSPEND:
        report.suspensions += 1
    if decision.action is Decision.WARN:
        report.warnings += 1
    if decision.status_before is Status.PENDING and decision.action in {Decision.APPROVE, Decision.REJECT}:
        _count_held(report.held, decision, row.sent_at)
    for flag in flags:
        report.notices.by_reason[flag.reason] += 1
        report.notices.hours.append(_hours(flag.created_at, decision.decided_at))
        if decision.action in RESTRICTIONS:
            report.notices.restricted[flag.reason] += 1
    if decision.action in RESTRICTIONS:
        _count_measure(report, decision, row, flags)


def _count_held(held: Held, decision: ModerationDecision, sent_at: datetime | None) -> None:
    if decision.action is Decision.APPROVE:
        held.published += 1
    else:
        held.rejected += 1
    if sent_at is not None:
        held.hours.append(_hours(sent_at, decision.decided_at))


def _count_measure(report: Report, decision: ModerationDecision, row: Any, flags: Sequence[Flag]) -> None:
    """A restriction, as its statement of reasons says it; an older one has none, and the mapping says it."""
    fields = row.fields or {}
    is_on_notice = fields.get("source_type") not in {None, SourceType.VOLUNTARY} or bool(flags)
    measures = report.on_notice if is_on_notice else report.own_initiative
    measures.count += 1
    if decision.rule is not None:
        report.by_rule[rule_text(row.Group, decision.rule) or decision.rule] += 1
    category, restrictions = _meaning(decision, fields)
    measures.by_category[category] += 1
    measures.by_restriction.update(restrictions)
    measures.on_law += fields.get("decision_ground") == "DECISION_GROUND_ILLEGAL_CONTENT"
    since = min((flag.created_at for flag in flags), default=row.sent_at)
    if since is not None:
        measures.hours.append(_hours(since, decision.decided_at))


def _meaning(decision: ModerationDecision, fields: dict[str, Any]) -> tuple[Category, Iterable[Restriction]]:
    if not fields:
        rules = statement_rules()
        effect = rules.effect_of(decision.action, is_platform=False, until=None).restrictions
        done = [*sorted(effect.visibility), effect.provision, effect.account]
        return rules.meaning_of(decision.rule).category, [one for one in done if one is not None]
    found: list[Restriction] = [Visibility(value) for value in fields.get("decision_visibility", ())]
    if "decision_provision" in fields:
        found.append(Provision(fields["decision_provision"]))
    if "decision_account" in fields:
        found.append(AccountRestriction(fields["decision_account"]))
    return Category(fields["category"]), found


def _hours(since: datetime, until: datetime) -> float:
    return max((until - since).total_seconds(), 0) / 3600


def _count_complaints(session: Session, report: Report) -> None:
    """Appeals against decisions that everybody finds in the log; an open one is in no figure yet."""
    decided = (
        select_decisions()
        .with_only_columns(Appeal.side, Appeal.state, Appeal.filed_at, Appeal.decided_at)
        .join(Appeal, Appeal.decision_id == ModerationDecision.id)
        .where(
            is_public_decision(),
            Appeal.state.in_([AppealState.UPHELD, AppealState.REJECTED]),
            Appeal.decided_at >= report.period.begins_at,
            Appeal.decided_at < report.period.ends_at,
        )
    )
    complaints = report.complaints
    for side, state, filed_at, decided_at in session.execute(decided):
        counter = complaints.upheld if state is AppealState.UPHELD else complaints.rejected
        counter[side] += 1
        if decided_at is not None:
            complaints.hours.append(_hours(filed_at, decided_at))


def _count_moderators(session: Session, period: Period) -> int:
    statement = (
        sa.select(sa.func.count(sa.distinct(Membership.account_id)))
        .join(Group, Group.id == Membership.group_id)
        .where(
            Group.is_listed,
            Group.ceiling == Ceiling.PUBLIC,
            Membership.role == GroupRole.MODERATOR,
            Membership.started_at < period.ends_at,
            sa.or_(Membership.ended_at.is_(None), Membership.ended_at >= period.begins_at),
        )
    )
    return session.scalar(statement) or 0
