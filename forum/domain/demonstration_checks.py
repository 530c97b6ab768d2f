"""What must hold together in the demonstration content, beyond the shape of each file.

`check()` yields a sentence for each fault, naming the group and the thing. The rules are those of the
product: who may write where, who may decide on what, and that time runs forward.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from forum.domain.charters import Charter
from forum.domain.demonstration import (
    Decision,
    Demonstration,
    Discussion,
    Group,
    Organisation,
    Paper,
    Person,
    Post,
    Seat,
    Version,
)
from forum.domain.groups import GroupRole, SeatKind, WhoMayWrite
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.moderation import TRANSITIONS, Action
from forum.domain.papers import Purpose
from forum.domain.threads import ThreadKind

FICTITIOUS = re.compile(r"[a-z0-9.-]+@[a-z0-9.-]+\.(?:example|test)|[a-z0-9.-]+@example\.org")
_MENTION = re.compile(r"(?<![\w@])@([a-z0-9-]+)")
_WIDTH = {Ceiling.PUBLIC: 3, Ceiling.COMMUNITY: 2, Ceiling.ORGANISATIONS: 1, Ceiling.MEMBERS: 0}
_TLP_WIDTH = {Tlp.CLEAR: 3, Tlp.GREEN: 2, Tlp.AMBER: 1, Tlp.AMBER_STRICT: 1, Tlp.RED: 0}
MAX_DEPTH = 4


def check(demonstration: Demonstration, charters: Mapping[str, Charter]) -> Iterator[str]:
    """Yields one sentence for each fault; nothing when all is well."""
    organisations = {organisation.key: organisation for organisation in demonstration.organisations}
    people = {person.key: person for person in demonstration.people}
    yield from _check_organisations(organisations)
    yield from _check_people(people, organisations)
    for group in demonstration.groups:
        for fault in _GroupCheck(group, charters[group.slug], people, organisations).faults():
            yield f"{group.slug}.toml: {fault}"


def _check_organisations(organisations: dict[str, Organisation]) -> Iterator[str]:
    for organisation in organisations.values():
        if not re.fullmatch(r"[A-Z]{2}", organisation.country):
            yield f"organisations.toml: {organisation.key}: '{organisation.country}' is no ISO code"
        for umbrella in organisation.member_of:
            if umbrella not in organisations or umbrella == organisation.key:
                yield f"organisations.toml: {organisation.key}: no umbrella '{umbrella}'"


def _check_people(people: dict[str, Person], organisations: dict[str, Organisation]) -> Iterator[str]:
    for person in people.values():
        where = f"people.toml: {person.key}"
        if not FICTITIOUS.fullmatch(person.email):
            yield f"{where}: '{person.email}' is not at a domain kept for examples"
        if not re.fullmatch(r"[A-Z]{2}", person.country):
            yield f"{where}: '{person.country}' is no ISO code"
        if bool(person.demo_role) != bool(person.demo_description):
            yield f"{where}: a demo role and its description go together"
        for mandate in person.mandates:
            if mandate.organisation not in organisations:
                yield f"{where}: no organisation '{mandate.organisation}'"


class _GroupCheck:
    """The checks of one group, with what they look things up in."""

    def __init__(
        self,
        group: Group,
        charter: Charter,
        people: dict[str, Person],
        organisations: dict[str, Organisation],
    ) -> None:
        self.group = group
        self.charter = charter
        self.people = people
        self.organisations = organisations
        self.stages = {"", *(stage.key for stage in charter.stages)}
        self.open_to_all = charter.who_may_write is WhoMayWrite.COMMUNITY
        self.writers = group.writers()
        self.deciders = group.holders(GroupRole.MODERATOR)

    def faults(self) -> Iterator[str]:
        if self.group.current_stage not in self.stages:
            yield f"there is no stage '{self.group.current_stage}'"
        for person in sorted(self.group.people()):
            if person not in self.people:
                yield f"there is no person '{person}'"
        for seat in self.group.seats:
            yield from self._seat(seat)
        for consultation in self.group.consultations:
            where = f"consultation {consultation.key}"
            if consultation.by not in self.writers or consultation.stage not in self.stages:
                yield f"{where}: neither its author nor its stage may be unknown to the group"
            yield from self._label(where, consultation.tlp)
            if consultation.closes_in_days <= -consultation.opened_days_ago:
                yield f"{where}: closed before it opened"
            for answer in consultation.questionnaire.answers:
                if answer.by not in self.writers:
                    yield f"{where}: {answer.by} has no seat or role to answer from"
                elif answer.speaking_for and answer.speaking_for not in self._bodies(answer.by):
                    yield f"{where}: {answer.by} does not speak for {answer.speaking_for}"
                if (
                    not -min(consultation.closes_in_days, 0)
                    <= answer.days_ago
                    <= consultation.opened_days_ago
                ):
                    yield f"{where}: {answer.by} answered while it was not open"
        for paper in self.group.papers:
            yield from self._paper(paper)
        for discussion in self.group.discussions:
            yield from self._discussion(discussion)

    def _label(self, where: str, tlp: Tlp) -> Iterator[str]:
        if _TLP_WIDTH[tlp] > _WIDTH[self.charter.ceiling]:
            yield f"{where}: {tlp} is wider than the group"

    def _seat(self, seat: Seat) -> Iterator[str]:
        where = f"seat of {seat.representative}"
        holders = {
            SeatKind.ORGANISATION: seat.organisation in self.organisations and not seat.country,
            SeatKind.PUBLIC_ENTITY: seat.organisation in self.organisations and not seat.country,
            SeatKind.MEMBER_STATE: bool(re.fullmatch(r"[A-Z]{2}", seat.country)),
            SeatKind.COMMON_INTEREST: bool(seat.title) and not seat.organisation,
            SeatKind.PERSONAL: not (seat.organisation or seat.country or seat.alternates),
        }
        if not holders[seat.kind]:
            yield f"{where}: a seat of kind {seat.kind} does not have this holder"
        if seat.kind in (SeatKind.ORGANISATION, SeatKind.PUBLIC_ENTITY):
            for key in (seat.representative, *seat.alternates):
                if key in self.people and seat.organisation not in self._bodies(key):
                    yield f"{where}: {key} has no mandate of {seat.organisation}"

    def _bodies(self, person: str) -> set[str]:
        return {mandate.organisation for mandate in self.people[person].mandates}

    def _author(self, where: str, person: str) -> Iterator[str]:
        if person not in self.people:
            yield f"{where}: there is no person '{person}'"
        elif person not in self.writers and not self.open_to_all:
            yield f"{where}: {person} may not write in this group"

    def _paper(self, paper: Paper) -> Iterator[str]:
        where = f"paper {paper.key}"
        yield from self._label(where, paper.tlp)
        for author in {*paper.authors, *(version.by for version in paper.versions)}:
            yield from self._author(where, author)
        if (paper.purpose is Purpose.GROUP_DRAFT) == bool(paper.owners):
            yield f"{where}: positions have owners, group drafts have none"
        for owner in paper.owners:
            if owner not in self.organisations:
                yield f"{where}: there is no organisation '{owner}'"
        keys = {other.key for other in self.group.papers}
        if paper.translation_of and paper.translation_of not in keys:
            yield f"{where}: there is no paper '{paper.translation_of}' to translate"
        if paper.consultation not in {"", *(c.key for c in self.group.consultations)}:
            yield f"{where}: there is no consultation '{paper.consultation}'"
        yield from self._signatories(where, paper)
        previous: Version | None = None
        for version in paper.versions:
            here = f"{where}: version {version.number}"
            if previous is not None and version.days_ago >= previous.days_ago:
                yield f"{here}: is older than the one before it"
            if version.status is Status.DRAFT and version is not paper.versions[-1]:
                yield f"{here}: a draft must be the last"
            bodies = {
                body for author in paper.authors if author in self.people for body in self._bodies(author)
            }
            yield from self._decided(here, version.status, version.held_because, version.decisions)
            yield from self._deciders(here, version.by, bodies, version.days_ago, version.decisions)
            previous = version

    def _signatories(self, where: str, paper: Paper) -> Iterator[str]:
        is_joint = paper.purpose is Purpose.JOINT_POSITION
        if is_joint != bool(paper.signatories):
            yield f"{where}: joint positions have signatories, and nothing else does"
        numbers = {v.number for v in paper.versions if v.status is not Status.DRAFT}
        for body in paper.signatories:
            here = f"{where}: signatory {body.organisation}"
            if body.organisation not in self.organisations or body.organisation in paper.owners:
                yield f"{here}: is no organisation, or the one that coordinates"
            if body.by not in self.people or body.organisation not in self._bodies(body.by):
                yield f"{here}: {body.by} does not speak for it"
            if not set(body.signed) <= numbers:
                yield f"{here}: signed a version that was not sent"
            if body.answer is not None and paper.versions[-1].status is not Status.DRAFT:
                yield f"{here}: answers about a draft that there is not"
        for number in numbers if is_joint else ():
            if not any(number in body.signed for body in paper.signatories):
                yield f"{where}: nobody signed version {number}"

    def _discussion(self, discussion: Discussion) -> Iterator[str]:
        where = f"discussion {discussion.key}"
        yield from self._label(where, discussion.tlp)
        if discussion.stage not in self.stages:
            yield f"{where}: there is no stage '{discussion.stage}'"
        if (discussion.kind is ThreadKind.COMMENT) != bool(discussion.paper):
            yield f"{where}: a comment is about a paper, and nothing else is"
        if (discussion.kind is ThreadKind.QUESTION) != bool(discussion.initiative):
            yield f"{where}: a question belongs to an initiative, and nothing else does"
        if discussion.paper:
            yield from self._passage(where, discussion)
        depth: dict[str, int] = {}
        times: dict[str, float] = {}
        for post in discussion.posts:
            here = f"{where}: post {post.key}"
            if bool(depth) != bool(post.reply_to) or (post.reply_to and post.reply_to not in depth):
                yield f"{here}: replies to nothing above it"
            elif post.reply_to and post.days_ago >= times[post.reply_to]:
                yield f"{here}: is older than what it answers"
            depth[post.key] = depth.get(post.reply_to, -1) + 1
            times[post.key] = post.days_ago
            if depth[post.key] > MAX_DEPTH:
                yield f"{here}: is nested more than {MAX_DEPTH} deep"
            yield from self._post(here, post)

    def _passage(self, where: str, discussion: Discussion) -> Iterator[str]:
        papers = [paper for paper in self.group.papers if paper.key == discussion.paper]
        if not papers:
            yield f"{where}: there is no paper '{discussion.paper}'"
            return
        blocks = papers[0].current.text.split("\n\n")
        if discussion.quotation and not 0 < discussion.paragraph <= len(blocks):
            yield f"{where}: there is no paragraph {discussion.paragraph}"
        elif discussion.quotation and discussion.quotation not in blocks[discussion.paragraph - 1]:
            yield f"{where}: paragraph {discussion.paragraph} does not say '{discussion.quotation}'"

    def _post(self, where: str, post: Post) -> Iterator[str]:
        yield from self._author(where, post.author)
        if post.author not in self.people:
            return
        if post.speaking_for and post.speaking_for not in self._bodies(post.author):
            yield f"{where}: {post.author} has no mandate of '{post.speaking_for}'"
        if post.shown_as not in self.charter.shown_as_choices:
            yield f"{where}: the charter does not offer '{post.shown_as}'"
        for handle in _MENTION.findall(post.text):
            if handle not in self.people:
                yield f"{where}: mentions '{handle}', whom nobody knows"
        for days_ago in (*(edit.days_ago for edit in post.edits), *(flag.days_ago for flag in post.flags)):
            if days_ago >= post.days_ago:
                yield f"{where}: was edited or flagged before it was written"
        for flag in post.flags:
            if flag.by not in self.people or flag.by == post.author:
                yield f"{where}: '{flag.by}' cannot flag it"
        body = {post.speaking_for} - {""}
        yield from self._decided(where, post.status, post.held_because, post.decisions)
        yield from self._deciders(where, post.author, body, post.days_ago, post.decisions)

    def _decided(
        self, where: str, status: Status, held: str, decisions: tuple[Decision, ...]
    ) -> Iterator[str]:
        """The decisions lead from how the thing began to the status that it has."""
        if (status is Status.PENDING) and not held:
            yield f"{where}: is pending and does not say why"
        if status in (Status.DRAFT, Status.WITHDRAWN, Status.RECEIVED):
            return
        now = Status.PENDING if held else Status.PUBLISHED
        for decision in decisions:
            reached = TRANSITIONS.get((now, decision.action))
            if reached is None:
                yield f"{where}: cannot {decision.action} what is {now}"
                return
            now = reached
        if now is not status:
            yield f"{where}: is {status}, but its decisions leave it {now}"

    def _deciders(
        self, where: str, author: str, bodies: set[str], written: float, decisions: tuple[Decision, ...]
    ) -> Iterator[str]:
        """Moderators of the group decide, never on their own or their organisation's things."""
        rules = {"", *(rule.key for rule in self.charter.rules)}
        before = written
        for decision in decisions:
            if decision.by not in self.deciders:
                yield f"{where}: {decision.by} is no moderator of this group"
            elif decision.by == author or bodies & self._bodies(decision.by):
                yield f"{where}: {decision.by} decides on their own or their organisation's"
            if decision.rule not in rules:
                yield f"{where}: the charter has no rule '{decision.rule}'"
            if decision.action in (Action.REJECT, Action.HIDE) and not decision.rule:
                yield f"{where}: a decision against a text names a rule"
            if decision.days_ago >= before:
                yield f"{where}: was decided before it could be"
            before = decision.days_ago
