"""A group that meets, decides, declares and looks for members, for the browser to visit."""

from datetime import timedelta

from forum.domain.accounts import Account
from forum.domain.ballots import Ballot, Choice
from forum.domain.groups import Group, GroupRole, Seat, SeatKind
from forum.domain.labels import Ceiling
from forum.domain.meetings import Meeting, MinutesRemark, RemarkAnswer
from forum.domain.organisations import StakeholderType
from forum.domain.papers import Paper
from forum.richtext import render
from forum.services import (
    attendance,
    ballots,
    declarations,
    meetings,
    minutes,
    minutes_remarks,
    seat_calls,
    votes,
)
from forum.services.ballots import BallotText
from forum.services.meetings import MeetingText
from forum.services.seat_calls import Application, CallText
from tests.builders import Builder

SLUG = "meeting-room"
LONG_WHY = "The measures leave out **small services**, which cannot pay for a second review in one year."


def add_meetings(build: Builder, people: dict[str, Account]) -> dict[str, str]:
    """Build everything and give the words that paths may use."""
    group = build.group(
        Ceiling.PUBLIC,
        slug=SLUG,
        title="Experts who meet",
        short_title="Meeting room",
        practice={"invitation_days": 30, "document_days": 14},
    )
    chair = build.member(group, people["chair"], GroupRole.CHAIR)
    build.member(group, people["signer"], GroupRole.OBSERVER)
    seats = [
        build.seat(group, build.organisation(name, type=kind))
        for name, kind in (
            ("Example Readers of Lamps", StakeholderType.NGO),
            ("Example Makers of Lamps", StakeholderType.COMPANY),
            ("Example Sellers of Lamps", StakeholderType.COMPANY),
        )
    ]
    members = [build.member(group, people["member"], seat=seats[0])]
    members += [build.member(group, seat=seat) for seat in seats[1:]]
    house = _House(build, group, chair, members, seats)
    version = build.paper(group, members[0], title="Opinion on safe lamps", text="A lamp is tested twice.")
    return {
        "room": f"/groups/{SLUG}/",
        **house.meetings(),
        **house.decisions(version.paper_id),
        **house.calls(people["outsider"]),
        "declared": house.declared(),
    }


class _House:
    def __init__(
        self, build: Builder, group: Group, chair: Account, members: list[Account], seats: list[Seat]
    ) -> None:
        self.build, self.group, self.chair = build, group, chair
        self.members, self.seats = members, seats

    def meetings(self) -> dict[str, str]:
        """One being prepared, one to come, one with circulated and one with adopted minutes."""
        build, actor = self.build, self.build.actor(self.chair)
        circulated, adopted = self._held("Minutes to look at", 20), self._held("First meeting", 60)
        until = build.clock() + timedelta(days=10)
        minutes.circulate_minutes(
            build.session, actor, SLUG, circulated.public_id, remarks_until=until, now=build.clock()
        )
        first, _ = self._remark(circulated), self._remark(circulated)
        minutes_remarks.answer_remark(
            build.session,
            actor,
            SLUG,
            circulated.public_id,
            first.public_id,
            answer=RemarkAnswer.PARTLY,
            rendered=render("The number is corrected; the rest was **not** said.", profile="post"),
            now=build.clock(),
        )
        minutes.adopt_minutes(build.session, actor, SLUG, adopted.public_id, now=build.clock())
        coming = self._meeting("Next meeting", 40)
        meetings.convene_meeting(build.session, actor, SLUG, coming.public_id, now=build.clock())
        prepared = self._meeting("A meeting being prepared", 10)
        build.session.commit()
        return {
            "meeting_prepared": prepared.public_id,
            "meeting_coming": coming.public_id,
            "meeting_circulated": circulated.public_id,
            "meeting_adopted": adopted.public_id,
        }

    def _remark(self, row: Meeting) -> MinutesRemark:
        build = self.build
        return minutes_remarks.give_remark(
            build.session,
            build.actor(self.members[0]),
            SLUG,
            row.public_id,
            point_id=meetings.list_points(build.session, row.id)[1].public_id,
            rendered=render("The members agreed on **three** points.", profile="post"),
            received_at=build.clock(),
            now=build.clock(),
        )

    def _meeting(self, title: str, days: int) -> Meeting:
        build = self.build
        starts_at = build.clock() + timedelta(days=days)
        text = MeetingText(
            title=title,
            rendered=render("Bring your **questions**.", profile="post"),
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=2),
            time_zone="Europe/Athens",
            agenda="Welcome\nThe draft opinion on safe lamps",
            place="Room 3, or by video call",
        )
        return meetings.prepare_meeting(
            build.session, build.actor(self.chair), SLUG, text, now=build.clock() - timedelta(days=90)
        )

    def _held(self, title: str, days_ago: int) -> Meeting:
        build, actor, now = self.build, self.build.actor(self.chair), self.build.clock()
        row = self._meeting(title, -days_ago)
        meetings.convene_meeting(build.session, actor, SLUG, row.public_id, now=now - timedelta(days=90))
        states = ("present", "alternate", "excused")
        attendance.record_attendance(
            build.session,
            actor,
            SLUG,
            row.public_id,
            seats={seat.public_id: state for seat, state in zip(self.seats, states, strict=True)},
            observers=frozenset(),
            now=now,
        )
        texts = {
            point.public_id: render("The members agreed on two points.", profile="post")
            for point in meetings.list_points(build.session, row.id)
        }
        minutes.write_minutes(build.session, actor, SLUG, row.public_id, texts, now=now)
        minutes.circulate_minutes(build.session, actor, SLUG, row.public_id, now=now)
        return row

    def decisions(self, paper_id: int) -> dict[str, str]:
        """One being prepared, one that is open, one that a majority carried against a reasoned dissent."""
        build = self.build
        paper = build.session.get_one(Paper, paper_id).public_id
        version = f"/papers/{paper}/v/1"
        prepared = self._ballot("A decision being prepared", version)
        opened = self._ballot("Publish the opinion?", version)
        closed = self._ballot("Adopt the opinion?", version)
        actor, now = build.actor(self.chair), build.clock()
        for row in (opened, closed):
            ballots.open_ballot(build.session, actor, SLUG, row.public_id, now=now)
        self._vote(opened, 1, Choice.AGREE)
        for number, choice in enumerate((Choice.AGREE, Choice.AGREE, Choice.AGAINST)):
            self._vote(closed, number, choice)
        ballots.end_ballot(build.session, self.group, closed, now=now)
        said = render("The opinion is adopted; see the annex.", profile="post")
        ballots.state_outcome(build.session, actor, SLUG, closed.public_id, said, now=now)
        build.session.commit()
        return {
            "ballot_prepared": prepared.public_id,
            "ballot_open": opened.public_id,
            "ballot_closed": closed.public_id,
            "decided_paper": paper,
        }

    def _ballot(self, title: str, version: str) -> Ballot:
        build = self.build
        text = BallotText(
            title=title,
            rendered=render("Shall it be adopted **as it stands**?", profile="post"),
            closes_at=build.clock() + timedelta(days=7),
            version=version,
        )
        return ballots.prepare_ballot(build.session, build.actor(self.chair), SLUG, text, now=build.clock())

    def _vote(self, row: Ballot, number: int, choice: Choice) -> None:
        build = self.build
        votes.give_vote(
            build.session,
            build.actor(self.members[number]),
            SLUG,
            row.public_id,
            seat_public_id=self.seats[number].public_id,
            choice=choice,
            reason=render(LONG_WHY if choice is Choice.AGAINST else "", profile="post"),
            is_annexed=True,
            received_at=build.clock(),
            now=build.clock(),
        )

    def calls(self, applicant: Account) -> dict[str, str]:
        """A call with one application, and one being prepared."""
        build, actor, now = self.build, self.build.actor(self.chair), self.build.clock()
        text = CallText(
            title="One seat for an expert",
            rendered=render("We look for somebody who has tested lamps.", profile="post"),
            criteria="Experience\nIndependence",
            seat_kinds=(SeatKind.PERSONAL, SeatKind.ORGANISATION),
            needs_register_id=True,
            closes_at=now + timedelta(days=20),
            time_zone="Europe/Brussels",
        )
        prepared = seat_calls.prepare_call(build.session, actor, SLUG, text, now=now)
        call = seat_calls.prepare_call(build.session, actor, SLUG, text, now=now)
        seat_calls.open_call(build.session, actor, SLUG, call.public_id, now=now)
        seat_calls.apply_for_seat(
            build.session,
            build.actor(applicant),
            SLUG,
            call.public_id,
            Application(kind=SeatKind.PERSONAL, motivation="Twelve years of testing lamps."),
            received_at=now,
            now=now,
        )
        build.session.commit()
        return {"call": call.public_id, "call_prepared": prepared.public_id}

    def declared(self) -> str:
        """The first member has declared an interest; gives whose page that is."""
        build = self.build
        declarations.file_declaration(
            build.session,
            build.actor(self.members[0]),
            SLUG,
            has_interests=True,
            rendered=render("I hold **shares** of a maker of lamps.", profile="post"),
            now=build.clock(),
        )
        build.session.commit()
        return self.members[0].public_id
