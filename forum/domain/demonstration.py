"""The demonstration content as nouns: people, bodies, seats, papers, discussions, consultations.

`forum.domain.demonstration_files.load_demonstration()` reads them from `forum/demonstration/` and has them
checked; whoever loads them into a database finds everything consistent. What a loader has to know:

- **Keys.** `Person.key`, `Organisation.key`, `Group.slug` name things across files; `Paper.key`,
  `Discussion.key` and `Consultation.key` are unique in their group, `Post.key` in its discussion. They never
  change, so that `group/discussion/post` can serve as the id of an imported record. A person's key is also
  the handle by which posts mention them (`@iris-sample`).
- **Times** are days before the demonstration is loaded (`days_ago = 12.5`), so it is always fresh.
  `closes_in_days` counts forward: negative where a consultation has closed.
- **Speaking for.** `speaking_for` is the key of an organisation of which the author holds a mandate, or
  empty where they speak in their own capacity.
- **Versions** are whole texts here (in the files all but the first are written as replacements).
- **Status.** `pending` carries `held_because` (the charter's holding rule); `rejected` and `hidden` end in a
  decision with its reason; `withdrawn` shows a stub; a `draft` version is the last of its paper and is read
  by its authors alone. Decisions and flags of a published thing stay on record (`keep`, `approve` …).
- **Labels.** `tlp` is never wider than the group allows; texts without one of their own got the charter's.
"""

from __future__ import annotations

from dataclasses import dataclass

from forum.domain.accounts import PlatformRole
from forum.domain.attribution import ShownAs
from forum.domain.consultations import AnswersVisible
from forum.domain.demonstration_assessments import AssessmentOf
from forum.domain.demonstration_questionnaires import QuestionnaireOf
from forum.domain.groups import GroupRole, SeatKind
from forum.domain.labels import Status, Tlp
from forum.domain.moderation import Action, FlagReason
from forum.domain.organisations import OrganisationSize, StakeholderType
from forum.domain.papers import Purpose
from forum.domain.signatures import SigningAnswer
from forum.domain.threads import ThreadKind


@dataclass(frozen=True)
class FormerName:
    """A name that a body had until so many days ago."""

    name: str
    until_days_ago: float


@dataclass(frozen=True)
class Organisation:
    """A fictitious body. `member_of` names the umbrellas that it belongs to.

    `scope` (international, national, regional, local) and `level` (parliament, authority, agency) are empty
    except for public authorities; `latin_name` is empty where the name is in Latin script.
    """

    key: str
    name: str
    latin_name: str
    type: StakeholderType
    country: str
    size: OrganisationSize | None
    scope: str
    level: str
    register_id: str
    description: str
    represents_survivors: bool
    former_names: tuple[FormerName, ...]
    member_of: tuple[str, ...]


@dataclass(frozen=True)
class Mandate:
    """The right to speak for an organisation; `until_days_ago` is None while it lasts."""

    organisation: str
    title: str
    since_days_ago: float
    until_days_ago: float | None
    may_publish: bool


@dataclass(frozen=True)
class Person:
    """A fictitious person.

    `demo_role` is empty, or names the kind of user whose sign-in is printed at the start (`member-industry`,
    `moderator` …), with `demo_description` saying in one sentence what they find. `personal_type` is what
    they count as when they speak in their own capacity.
    """

    key: str
    name: str
    latin_name: str
    email: str
    country: str
    language: str
    about: str
    name_is_public: bool
    platform_role: PlatformRole
    personal_type: StakeholderType
    mandates: tuple[Mandate, ...]
    demo_role: str
    demo_description: str


@dataclass(frozen=True)
class Seat:
    """A place in a group. Exactly one of the four holders is set, as `kind` says.

    `title` names the common interest; the representative of a personal seat is the person who holds it.
    Observers attend and do not write.
    """

    kind: SeatKind
    organisation: str
    country: str
    title: str
    representative: str
    alternates: tuple[str, ...]
    is_observer: bool
    since_days_ago: float


@dataclass(frozen=True)
class RoleHolder:
    """A person with a role in a group, besides or without a seat."""

    person: str
    role: GroupRole
    since_days_ago: float


@dataclass(frozen=True)
class Flag:
    """A reader asked the moderators to look."""

    by: str
    reason: FlagReason
    explanation: str
    days_ago: float


@dataclass(frozen=True)
class Decision:
    """What a moderator decided, under which rule of the charter (empty: none), and why."""

    action: Action
    by: str
    rule: str
    reason: str
    days_ago: float


@dataclass(frozen=True)
class Version:
    """One text of a paper, whole. `number` counts from 1; a draft has the number it would get."""

    number: int
    by: str
    days_ago: float
    summary: str
    text: str
    status: Status
    held_because: str
    decisions: tuple[Decision, ...]


@dataclass(frozen=True)
class Signatory:
    """A body asked to sign a joint position: the versions it signed, and its answer about the draft."""

    organisation: str
    by: str
    signed: tuple[int, ...]
    answer: SigningAnswer | None
    days_ago: float
    passage: str
    wording: str
    note: str


@dataclass(frozen=True)
class Paper:
    """A position of its owners or a draft of the group, in versions.

    `owners` are organisations and empty for a group draft; `authors` are people, the first of them the one
    who sent it; `consultation` is the key of the consultation that it answers; `translation_of` the key of
    the paper that it translates.
    """

    key: str
    title: str
    abstract: str
    purpose: Purpose
    language: str
    owners: tuple[str, ...]
    authors: tuple[str, ...]
    tlp: Tlp
    shown_as: ShownAs
    consultation: str
    translation_of: str
    takes_suggestions: bool
    versions: tuple[Version, ...]
    signatories: tuple[Signatory, ...] = ()

    @property
    def current(self) -> Version:
        """The newest version that is published, or the newest of all where none is."""
        published = [version for version in self.versions if version.status is Status.PUBLISHED]
        return (published or list(self.versions))[-1]


@dataclass(frozen=True)
class Edit:
    """What a post said before an edit, and when it was replaced."""

    text: str
    days_ago: float


@dataclass(frozen=True)
class Post:
    """One contribution to a discussion. `reply_to` is empty for the opening post alone."""

    key: str
    reply_to: str
    author: str
    speaking_for: str
    shown_as: ShownAs
    days_ago: float
    language: str
    text: str
    status: Status
    held_because: str
    is_answer: bool
    edits: tuple[Edit, ...]
    flags: tuple[Flag, ...]
    decisions: tuple[Decision, ...]
    withdrawn_days_ago: float | None


@dataclass(frozen=True)
class Discussion:
    """A discussion, a comment on a paper (`paper` set) or on one of its paragraphs, or a question.

    `paragraph` counts top-level blocks of the paper's current version from 1 and is 0 for the whole paper;
    `quotation` is found in that paragraph word by word. `initiative` is set for questions to the unit.
    `stage` is the key of a stage of the charter, or empty.
    """

    key: str
    title: str
    kind: ThreadKind
    language: str
    tlp: Tlp
    stage: str
    initiative: int | None
    paper: str
    paragraph: int
    quotation: str
    is_pinned: bool
    locked_days_ago: float | None
    outcome: str
    posts: tuple[Post, ...]


@dataclass(frozen=True)
class Consultation:
    """A request with a deadline; papers say that they answer it, and its questions have answers."""

    key: str
    title: str
    stage: str
    by: str
    tlp: Tlp
    why: str
    what_happens: str
    answers_visible: AnswersVisible
    opened_days_ago: float
    closes_in_days: float
    questionnaire: QuestionnaireOf

    @property
    def is_open(self) -> bool:
        """Whether answers can still be sent when the demonstration is loaded."""
        return self.closes_in_days > 0


@dataclass(frozen=True)
class Group:
    """What fills one group of the charters."""

    slug: str
    current_stage: str
    seats: tuple[Seat, ...]
    roles: tuple[RoleHolder, ...]
    consultations: tuple[Consultation, ...]
    papers: tuple[Paper, ...]
    discussions: tuple[Discussion, ...]
    assessments: tuple[AssessmentOf, ...] = ()
    stage_closes_in_days: float | None = None
    """The deadline of the current stage."""

    def people(self) -> frozenset[str]:
        """Everybody with a seat or a role."""
        seated = {person for seat in self.seats for person in (seat.representative, *seat.alternates)}
        return frozenset(seated | {holder.person for holder in self.roles})

    def writers(self) -> frozenset[str]:
        """Everybody with a seat or a role that lets them write: all but observers."""
        seated = {
            person
            for seat in self.seats
            if not seat.is_observer
            for person in (seat.representative, *seat.alternates)
        }
        return frozenset(seated | {h.person for h in self.roles if h.role is not GroupRole.OBSERVER})

    def holders(self, role: GroupRole) -> frozenset[str]:
        """Everybody with that role."""
        return frozenset(holder.person for holder in self.roles if holder.role is role)


@dataclass(frozen=True)
class Demonstration:
    """All of it."""

    organisations: tuple[Organisation, ...]
    people: tuple[Person, ...]
    groups: tuple[Group, ...]
