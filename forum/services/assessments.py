"""A seat's assessment: the draft that its holders share, and submitting it, which nobody else is told of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.assessments import Assessment, AssessmentDraft, Catalogue, StageSeat, Unit
from forum.domain.attribution import ShownAs, SubjectKind
from forum.domain.catalogues import Cell, cells_of
from forum.domain.groups import Group, Seat, SeatKind, Stage
from forum.domain.labels import Status, Tlp
from forum.domain.organisations import Organisation, StakeholderType
from forum.domain.ratings import find_fault, read_entry
from forum.domain.stages import Act, check_act
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, require
from forum.policy.subjects import AssessmentRights
from forum.richtext import Rendered
from forum.services.assessment_values import entries_of, fingerprint, text_of, values_of
from forum.services.catalogues import Assessed, get_assessed
from forum.services.chatham import is_sealed
from forum.services.labels import relabel
from forum.services.respondents import stored_key
from forum.services.sealing import seat_key
from forum.services.stage_seats import list_own_seats
from forum.services.subjects import record_authorship
from forum.services.threads import default_tlp, tlp_choices

LATE = "The deadline passed on the way: assessments are no longer taken. What you wrote is kept as a draft."


@dataclass(frozen=True, slots=True)
class SeatDesk:
    """What a seat writes on: its draft, and what it has submitted."""

    assessed: Assessed
    seat: Seat
    body: Organisation | None
    seats: Sequence[Seat]
    """All seats of the group that the actor holds."""
    key: str
    """The seat's key as it is stored."""
    number: int
    """The round; 0 where countries are described."""
    stage: Stage | None
    country: str
    draft: AssessmentDraft | None
    sent: Assessment | None
    earlier: Assessment | None
    """Of the round before: where a second round begins from."""

    @property
    def catalogue(self) -> Catalogue:
        """What is assessed."""
        return self.assessed.catalogue

    @property
    def group(self) -> Group:
        """In which group."""
        return self.assessed.group

    @property
    def seat_name(self) -> str:
        """The seat as its holders know it."""
        return self.body.name if self.body else self.seat.title or self.seat.country or ""

    @property
    def must_rate(self) -> bool:
        """Whether no cell may be left out."""
        return self.catalogue.unit is Unit.SEAT

    @property
    def entries(self) -> dict[str, dict[str, str]]:
        """What the form shows: the draft, else what was submitted, else what the round before had."""
        if self.draft is not None:
            return dict(self.draft.entries)
        return entries_of(self.sent or self.earlier)

    @property
    def based_on(self) -> int:
        """What a submission replaces: 0 for nothing."""
        return self.sent.lock_version if self.sent is not None else 0

    @property
    def is_unsent(self) -> bool:
        """Whether the draft holds what was not submitted."""
        return self.draft is not None and self.draft.entries != entries_of(self.sent)

    def find_faults(self) -> list[Invalid]:
        """Give what keeps it from being submitted, cell by cell."""
        entries = self.entries
        found = (
            find_fault(cell, entries.get(cell.key, {}), must_rate=self.must_rate)
            for cell in cells_of(self.catalogue)
        )
        faults = [fault for fault in found if fault is not None]
        if not faults and not any(one.get("rating") for one in entries.values()):
            return [Invalid("Rate at least one line.")]
        return faults


def get_desk(
    session: Session,
    actor: Actor,
    slug: str,
    key: str,
    *,
    seat_id: str | None,
    country: str,
    sealing_secret: bytes,
) -> SeatDesk:
    """Give the desk of a seat that the actor holds: the one named, or their first.

    NotAllowed for whoever holds none; Invalid, with the sentence of the table of acts, where no round is
    open. A successor or an alternate finds the draft of whoever wrote before.
    """
    assessed = get_assessed(session, actor, slug, key)
    group, catalogue = assessed.group, assessed.catalogue
    seats = list_own_seats(session, actor.account_id, group) if actor.account_id is not None else ()
    seat = next((one for one in seats if seat_id in (None, "", one.public_id)), None)
    if seat is None:
        raise NotAllowed("Seats assess here: you hold none, or not that one.")
    require(actor, Action.ASSESS, AssessmentRights(group, seat_key(seat.id)))
    number, stage = _open(assessed)
    stored = stored_key(group, seat_key(seat.id), sealing_secret)
    return SeatDesk(
        assessed=assessed,
        seat=seat,
        body=session.get(Organisation, seat.organisation_id) if seat.organisation_id is not None else None,
        seats=seats,
        key=stored,
        number=number,
        stage=stage,
        country=country,
        draft=_find_draft(session, catalogue, number, stored, country),
        sent=_find_newest(session, catalogue, number, stored, country),
        earlier=_find_newest(session, catalogue, number - 1, stored, "") if number > 1 else None,
    )


def _open(assessed: Assessed) -> tuple[int, Stage | None]:
    """The round that is open; Invalid where none is."""
    if assessed.catalogue.unit is Unit.COUNTRY:
        return 0, None
    found = assessed.open_round
    if found is None:
        if not assessed.rounds:
            raise NotFound
        last = (assessed.ended or assessed.rounds)[-1]
        check_act(last.stage, Act.ASSESS)
        raise NotFound
    return found.number, found.stage


def _find_draft(
    session: Session, catalogue: Catalogue, number: int, stored: str, country: str
) -> AssessmentDraft | None:
    return session.scalars(
        sa.select(AssessmentDraft).where(
            AssessmentDraft.catalogue_id == catalogue.id,
            AssessmentDraft.round == number,
            AssessmentDraft.writer_key == stored,
            AssessmentDraft.described_country == country,
        )
    ).first()


def _find_newest(
    session: Session, catalogue: Catalogue, number: int, stored: str, country: str
) -> Assessment | None:
    return session.scalars(
        sa.select(Assessment)
        .where(
            Assessment.catalogue_id == catalogue.id,
            Assessment.round == number,
            Assessment.writer_key == stored,
            Assessment.described_country == country,
        )
        .order_by(Assessment.number.desc())
    ).first()


@dataclass(frozen=True, slots=True)
class Saved:
    """What saving came to: `theirs` is what a colleague saved meanwhile; then nothing was saved."""

    theirs: Mapping[str, Mapping[str, str]] | None = None


def save_page(
    session: Session,
    actor: Actor,
    slug: str,
    key: str,
    cells: Sequence[Cell],
    typed: Mapping[str, Mapping[str, str]],
    *,
    seen: str,
    seat_id: str | None,
    country: str,
    received_at: datetime,
    now: datetime,
    sealing_secret: bytes,
) -> Saved:
    """Save a page of the seat's draft, unless another holder of the seat changed it since `seen`."""
    desk = get_desk(
        session, actor, slug, key, seat_id=seat_id, country=country, sealing_secret=sealing_secret
    )
    _check_time(desk, received_at)
    entries = desk.entries
    held = {cell.key: entries.get(cell.key, {}) for cell in cells}
    steps = len(desk.catalogue.scale)
    new = {cell.key: read_entry(typed.get(cell.key, {}), steps) for cell in cells}
    if new == held:
        return Saved()
    if fingerprint(held) != seen:
        return Saved(theirs=held)
    entries.update(new)
    draft = desk.draft or AssessmentDraft(
        catalogue_id=desk.catalogue.id,
        round=desk.number,
        writer_key=desk.key,
        described_country=country,
    )
    draft.entries = {name: entry for name, entry in entries.items() if entry}
    draft.edited_at = _day_of(desk) or now
    session.add(draft)
    session.flush()
    return Saved()


def _day_of(desk: SeatDesk) -> datetime | None:
    """Under the Chatham House Rule the moment the stage began, in place of every other."""
    return desk.stage.started_at if is_sealed(desk.group) and desk.stage is not None else None


def _check_time(desk: SeatDesk, received_at: datetime) -> None:
    """By when the request arrived, as for answers: waiting for a lock makes nothing late."""
    stage = desk.stage
    if stage is not None and stage.closes_at is not None and received_at > stage.closes_at:
        raise Invalid(LATE)


def submit_assessment(
    session: Session,
    actor: Actor,
    slug: str,
    key: str,
    *,
    seen: str,
    based_on: int,
    rendered: Mapping[str, tuple[Rendered, Rendered]],
    seat_id: str | None,
    country: str,
    tlp: Tlp | None,
    received_at: datetime,
    now: datetime,
    sealing_secret: bytes,
) -> Assessment:
    """Submit what the preview showed (`seen`): blind until the stage ends, or read at once of a country.

    Until then it can be replaced; `based_on` says what by: Conflict where somebody of the seat was faster.
    `rendered` has reason and evidence of each cell. Invalid where something is missing or it is late.
    """
    # PostgreSQL would let two of them pass.
    held = sa.select(Catalogue.id).join(Group, Group.id == Catalogue.group_id)
    session.execute(held.where(Group.slug == slug, Catalogue.key == key).with_for_update(of=Catalogue)).all()
    desk = get_desk(
        session, actor, slug, key, seat_id=seat_id, country=country, sealing_secret=sealing_secret
    )
    _check_time(desk, received_at)
    if desk.based_on != based_on:
        raise Conflict("Somebody of your seat submitted it just now. Look at what stands, and decide again.")
    if fingerprint(desk.entries) != seen:
        raise Conflict("Somebody of your seat changed it since you looked. Look at it again.")
    for fault in desk.find_faults():
        raise fault
    assessment = _write(session, desk, rendered, tlp, received_at)
    relabel(session, desk.group, assessment, now=now)
    if desk.draft is not None:
        session.delete(desk.draft)
    stage = desk.stage
    if stage is not None and session.get(StageSeat, (stage.id, desk.seat.id)) is None:
        session.add(StageSeat(stage_id=stage.id, seat_id=desk.seat.id))
    session.flush()
    return assessment


def _write(
    session: Session,
    desk: SeatDesk,
    rendered: Mapping[str, tuple[Rendered, Rendered]],
    tlp: Tlp | None,
    received_at: datetime,
) -> Assessment:
    is_blind = desk.catalogue.unit is Unit.SEAT
    assessment = desk.sent if is_blind else None
    if assessment is None:
        assessment = _new(desk, received_at)
    values = values_of(desk.entries, rendered)
    assessment.values = values
    assessment.text = text_of(desk.catalogue, values, rendered)
    assessment.received_at = assessment.edited_at = _day_of(desk) or received_at
    if is_blind:
        assessment.status, assessment.tlp = Status.RECEIVED, default_tlp(desk.group)
    else:
        if tlp is not None and tlp not in tlp_choices(desk.group):
            raise Invalid("This group does not allow that label.", field="label")
        assessment.status, assessment.tlp = Status.PUBLISHED, tlp or default_tlp(desk.group)
        assessment.published_at = received_at
        if desk.sent is not None:
            desk.sent.superseded_at = received_at
    is_new = assessment.id is None
    session.add(assessment)
    session.flush()
    if is_new:
        record_authorship(session, SubjectKind.ASSESSMENT, assessment.id, [desk.key])
    return assessment


def _new(desk: SeatDesk, received_at: datetime) -> Assessment:
    """A row that says whose it is, or under the Chatham House Rule does not."""
    assessment = Assessment(
        catalogue_id=desk.catalogue.id,
        group_id=desk.group.id,
        stage_id=desk.stage.id if desk.stage is not None else None,
        round=desk.number,
        writer_key=desk.key,
        described_country=desk.country,
        number=desk.sent.number + 1 if desk.sent is not None else 1,
        title=desk.catalogue.title,
        created_at=_day_of(desk) or received_at,
        shown_as=ShownAs.ORGANISATION,
        audience="",
        own="",
    )
    if is_sealed(desk.group):
        return assessment
    seat, body = desk.seat, desk.body
    assessment.seat_id = seat.id
    assessment.organisation_id = body.id if body else None
    if body is not None:
        assessment.stakeholder_type, assessment.country = body.type, body.country
    elif seat.kind is SeatKind.MEMBER_STATE:
        assessment.stakeholder_type, assessment.country = StakeholderType.PUBLIC_AUTHORITY, seat.country
    return assessment
