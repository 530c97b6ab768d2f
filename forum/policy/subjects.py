"""What the rules look at: a labelled row with its group and its authorships, loaded together."""

from dataclasses import dataclass, replace
from typing import Any, Protocol

from forum.domain.answers import Answer
from forum.domain.attribution import SubjectKind
from forum.domain.consultations import Consultation
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Status
from forum.domain.papers import Paper
from forum.domain.threads import Thread


class Readable(Protocol):
    """The three columns that READ compares."""

    status: Any
    audience: Any
    own: Any


@dataclass(frozen=True, slots=True)
class Subject:
    """A post, version, thread, attachment or consultation as the policy sees it."""

    kind: SubjectKind
    row: Any
    """The labelled row itself."""
    group: Group
    writer_keys: frozenset[str] = frozenset()
    thread: Thread | None = None
    """The discussion a post belongs to, or the thread itself."""
    paper: Paper | None = None
    """The paper a version or its attachment belongs to, or that a comment is about."""
    consultation: Consultation | None = None
    """The consultation that an answer, or the answer of a file, was sent to."""
    answer: Answer | None = None
    """The answer itself, or the one that a file came with."""

    @property
    def status(self) -> Status:
        """The status of the row."""
        return Status(self.row.status)


@dataclass(frozen=True, slots=True)
class PaperRights:
    """A paper, which has no label of its own, with who wrote any of its versions."""

    group: Group
    paper: Paper
    writer_keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CommentRights:
    """A comment on a paper, with the paper it is about."""

    comment: Subject
    paper: PaperRights


@dataclass(frozen=True, slots=True)
class AnswerRights:
    """A consultation with the writer keys, of those the actor holds, that are asked to answer it."""

    group: Group
    consultation: Consultation
    asked_keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AssessmentRights:
    """A group with the seat for which somebody wants to assess, or to annex a statement."""

    group: Group
    seat_key: str


@dataclass(frozen=True, slots=True)
class RegisterRights:
    """A register in a group: who may raise an entry in it."""

    group: Group
    raised_by: frozenset[GroupRole]


@dataclass(frozen=True, slots=True)
class EntryRights:
    """An entry of a register with the roles that tend the register, and the writer keys of its owner."""

    entry: Subject
    tended_by: frozenset[GroupRole]
    owner_keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TopicRights:
    """Whose a topic is: a group's secretariat's, or without a group the platform's."""

    group: Group | None = None


@dataclass(frozen=True, slots=True)
class AppealRights:
    """An appeal: who decided first and for which bodies they speak, and the keys of its parties."""

    group: Group | None
    """None where the platform decided about an account."""
    decider_id: int
    decider_bodies: frozenset[int] = frozenset()
    party_keys: frozenset[str] = frozenset()
    """Of the author, of whoever flagged, and of whoever appeals."""
    is_secretariat_needed: bool = False
    """No moderator of the group is left who may decide."""

    def for_secretariat(self, *, is_needed: bool) -> "AppealRights":
        """Give the same with what was found out about the moderators."""
        return replace(self, is_secretariat_needed=is_needed)
