"""Each rule by what it asks: who, of what, in which state. Nothing is in a database here."""

from dataclasses import replace
from typing import Any

import pytest

from forum.domain.accounts import PlatformRole
from forum.domain.answers import Answer
from forum.domain.attribution import SubjectKind
from forum.domain.consultations import Consultation
from forum.domain.directive import ArticleStatus
from forum.domain.groups import Group, GroupRole, WhoMayWrite
from forum.domain.labels import Status, Tlp
from forum.domain.organisations import Organisation, StakeholderType
from forum.domain.papers import Paper, PaperVersion, Purpose
from forum.domain.threads import Post, Thread
from forum.errors import NotAllowed, NotFound
from forum.policy import ANONYMOUS, Action, Actor, can, require
from forum.policy.actor import SpokenFor
from forum.policy.rules import RULES, title_may_leave
from forum.policy.subjects import (
    AnswerRights,
    AppealRights,
    AssessmentRights,
    CommentRights,
    EntryRights,
    PaperRights,
    RegisterRights,
    Subject,
    TopicRights,
)

INSIDE, OUTSIDE = "group:1", "group:2"
BODY = Organisation(id=5, slug="body", name="A body")
ROLES = {role: frozenset({role}) for role in GroupRole}


def person(*roles: GroupRole, **columns: Any) -> Actor:
    """Somebody who reads group 1, with roles there; their own key is account:7."""
    columns = {
        "account_id": 7,
        "clearances": frozenset({"public", "community", INSIDE}),
        "writer_keys": frozenset({"account:7"}),
        "group_roles": {1: frozenset(roles)} if roles else {},
    } | columns
    return Actor(**columns)


def spokesman(*roles: GroupRole, may_publish: bool = False, **columns: Any) -> Actor:
    """The same person with a mandate of body 5."""
    held = SpokenFor(5, "body", "A body", next(iter(StakeholderType)), None, may_publish)
    return person(*roles, mandates=(held,), **columns)


def group(**columns: Any) -> Group:
    """Group 1, closed."""
    columns = {"audience": INSIDE, "is_listed": False, "who_may_write": WhoMayWrite.MEMBERS} | columns
    return Group(id=1, **columns)


def row(model: Any, status: Status = Status.PUBLISHED, **columns: Any) -> Any:
    return model(**({"id": 3, "status": status, "audience": INSIDE, "own": INSIDE} | columns))


def post(status: Status = Status.PUBLISHED, keys: str = "account:8", **columns: Any) -> Subject:
    """Somebody else's post, unless another key is given."""
    thread = columns.pop("thread", Thread(id=4, locked_at=None))
    where = columns.pop("group", None) or group()
    return Subject(SubjectKind.POST, row(Post, status, **columns), where, frozenset({keys}), thread)


def paper(
    purpose: Purpose = Purpose.POSITION, keys: str = "account:8", *, takes: bool = False
) -> PaperRights:
    return PaperRights(group(), Paper(id=9, purpose=purpose, takes_suggestions=takes), frozenset({keys}))


def version(status: Status, purpose: Purpose = Purpose.POSITION, *, with_paper: bool = True) -> Subject:
    found = Paper(id=9, purpose=purpose) if with_paper else None
    return Subject(SubjectKind.VERSION, row(PaperVersion, status), group(), frozenset(), None, found)


def answer(status: Status, *, is_testimony: bool = False) -> Subject:
    found = row(Answer, status, is_testimony=is_testimony)
    return Subject(SubjectKind.ANSWER, found, group(), frozenset({"account:7"}))


def entry(status: Status = Status.PUBLISHED, owner: str = "account:8", **columns: Any) -> EntryRights:
    subject = Subject(SubjectKind.ENTRY, row(Post, status, **columns), group())
    return EntryRights(subject, ROLES[GroupRole.RAPPORTEUR], frozenset({owner}))


def proposed(status: Status = Status.RECEIVED, contact: int = 7, **columns: Any) -> Subject:
    found = row(ArticleStatus, status, contact_id=contact, **columns)
    return Subject(SubjectKind.ARTICLE_STATUS, found, group())


def asked(key: str = "account:7", status: Status = Status.PUBLISHED, **columns: Any) -> AnswerRights:
    return AnswerRights(group(), row(Consultation, status, **columns), frozenset({key}))


def appeal(where: Group | None = None, decider: int = 8, **columns: Any) -> AppealRights:
    return AppealRights(where, decider, **columns)


def away(**columns: Any) -> Group:
    """A group that the person does not read."""
    return group(audience=OUTSIDE, **columns)


MEMBER, CHAIR, MODERATOR, OBSERVER, SECRETARIAT, RAPPORTEUR = (
    person(role)
    for role in (
        GroupRole.MEMBER,
        GroupRole.CHAIR,
        GroupRole.MODERATOR,
        GroupRole.OBSERVER,
        GroupRole.SECRETARIAT,
        GroupRole.RAPPORTEUR,
    )
)
READER = person()
SUSPENDED = {role: person(role, is_suspended=True) for role in GroupRole}
PAUSED = {role: person(role, suspended_in=frozenset({1})) for role in GroupRole}
DRAFTER = person(GroupRole.MEMBER, clearances=frozenset({INSIDE, "writers:paper:9"}))
DESK = person(platform_role=PlatformRole.SECRETARIAT)
ADMINISTRATOR = person(platform_role=PlatformRole.ADMINISTRATOR)
LOCKED_THREAD = Thread(id=4, locked_at=object())
COMMENT = CommentRights(post(), paper())
REGISTER = RegisterRights(group(), ROLES[GroupRole.MEMBER])

YES: dict[str, tuple[Actor, Action, Any]] = {
    "a member reads the group": (MEMBER, Action.READ, group()),
    "a member reads a register of it": (MEMBER, Action.READ, REGISTER),
    "a member reads an entry": (MEMBER, Action.READ, entry()),
    "a member reads a contribution": (MEMBER, Action.READ, post()),
    "a row alone is read by its label": (MEMBER, Action.READ, row(Post)),
    "a writer reads what of theirs is held": (
        MEMBER, Action.READ, post(Status.PENDING, "account:7", audience="group:1:moderators")
    ),
    "a listed group is seen from outside": (ANONYMOUS, Action.SEE_LISTING, away(is_listed=True)),
    "an unlisted group is seen from inside": (MEMBER, Action.SEE_LISTING, group()),
    "a member opens a discussion": (MEMBER, Action.WRITE, group()),
    "a member replies": (MEMBER, Action.WRITE, post()),
    "a participant writes where everybody may": (
        READER, Action.WRITE, group(who_may_write=WhoMayWrite.COMMUNITY)
    ),
    "a moderator writes below a locked discussion": (MODERATOR, Action.WRITE, post(thread=LOCKED_THREAD)),
    "what is in no discussion is not locked": (MEMBER, Action.WRITE, post(thread=None)),
    "a rapporteur begins a group draft": (RAPPORTEUR, Action.WRITE_GROUP_DRAFT, group()),
    "a co-author goes on with a paper": (DRAFTER, Action.NEW_VERSION, paper()),
    "so does who speaks for a body that wrote it": (MEMBER, Action.NEW_VERSION, paper(keys="account:7")),
    "a rapporteur goes on with a group draft": (RAPPORTEUR, Action.NEW_VERSION, paper(Purpose.GROUP_DRAFT)),
    "a member suggests on a group draft": (MEMBER, Action.COMMENT_SUGGEST, paper(Purpose.GROUP_DRAFT)),
    "and on a position whose owner takes suggestions": (MEMBER, Action.COMMENT_SUGGEST, paper(takes=True)),
    "a comment is placed by its author": (
        MEMBER, Action.COMMENT_PLACE, CommentRights(post(keys="account:7"), paper())
    ),
    "a comment is placed by a moderator": (MODERATOR, Action.COMMENT_PLACE, COMMENT),
    "a comment is placed by who answers for the paper": (DRAFTER, Action.COMMENT_PLACE, COMMENT),
    "a co-author edits a draft": (DRAFTER, Action.EDIT, version(Status.DRAFT)),
    "and sends it": (DRAFTER, Action.PUBLISH, version(Status.DRAFT)),
    "an author edits a post": (MEMBER, Action.EDIT, post(keys="account:7")),
    "who speaks for a body signs a joint position": (
        spokesman(), Action.SIGN, version(Status.DRAFT, Purpose.JOINT_POSITION)
    ),
    "an author withdraws a post": (MEMBER, Action.WITHDRAW, post(keys="account:7")),
    "an answer is withdrawn before publication": (MEMBER, Action.WITHDRAW, answer(Status.RECEIVED)),
    "testimony is withdrawn at any time": (
        MEMBER, Action.WITHDRAW, answer(Status.PUBLISHED, is_testimony=True)
    ),
    "who is asked answers": (READER, Action.ANSWER, asked()),
    "who holds a seat assesses": (
        person(GroupRole.MEMBER, writer_keys=frozenset({"seat:2"})),
        Action.ASSESS,
        AssessmentRights(group(), "seat:2"),
    ),
    "a rapporteur edits the catalogue": (RAPPORTEUR, Action.EDIT_CATALOGUE, group()),
    "a chair lets somebody come late": (CHAIR, Action.ADMIT_LATE, group()),
    "a reader flags": (READER, Action.FLAG, post()),
    "a moderator decides on what is not theirs": (MODERATOR, Action.MODERATE, post()),
    "a moderator moderates the group": (MODERATOR, Action.MODERATE, group()),
    "a member raises an entry": (MEMBER, Action.RAISE_ENTRY, REGISTER),
    "an owner follows an entry up": (MEMBER, Action.FOLLOW_ENTRY, entry(owner="account:7")),
    "so does who tends the register": (RAPPORTEUR, Action.FOLLOW_ENTRY, entry()),
    "who tends it takes an entry out": (RAPPORTEUR, Action.TEND_ENTRY, entry()),
    "who wrote it, while it waits for a moderator": (
        MEMBER, Action.TEND_ENTRY, EntryRights(post(Status.PENDING, "account:7"), frozenset())
    ),
    "a moderator puts it back": (MODERATOR, Action.TEND_ENTRY, entry(Status.HIDDEN)),
    "a State's contact remarks": (MEMBER, Action.REMARK, proposed()),
    "a chair unseals": (CHAIR, Action.UNSEAL, post(audience=OUTSIDE)),
    "a secretariat has the right to, in the group": (SECRETARIAT, Action.UNSEAL, group()),
    "another moderator decides an appeal": (MODERATOR, Action.DECIDE_APPEAL, appeal(group())),
    "the group's secretariat where no moderator is left": (
        SECRETARIAT, Action.DECIDE_APPEAL, appeal(group()).for_secretariat(is_needed=True)
    ),
    "people managers decide appeals of accounts": (DESK, Action.DECIDE_APPEAL, appeal()),
    "a chair tends a discussion": (CHAIR, Action.TEND, post()),
    "a moderator notes": (MODERATOR, Action.NOTE, post()),
    "a chair marks what answers a question": (CHAIR, Action.ANSWER_QUESTION, post()),
    "a chair manages the group": (CHAIR, Action.MANAGE_GROUP, group()),
    "a rapporteur writes minutes": (RAPPORTEUR, Action.WRITE_MINUTES, group()),
    "a member votes": (MEMBER, Action.VOTE, post()),
    "an observer declares": (OBSERVER, Action.DECLARE, group()),
    "the platform's secretariat manages people": (DESK, Action.MANAGE_PEOPLE, None),
    "administrators administer": (ADMINISTRATOR, Action.ADMINISTER, None),
    "the platform's secretariat has a desk": (DESK, Action.SEE_SECRETARIAT_DESK, None),
    "so has a group's": (SECRETARIAT, Action.SEE_SECRETARIAT_DESK, None),
    "every secretariat sees positions on the platform's topics": (
        SECRETARIAT, Action.SEE_POSITIONS, TopicRights()
    ),
    "the platform's works on them": (DESK, Action.WORK_ON_TOPIC, TopicRights()),
    "a group's works on its own": (SECRETARIAT, Action.WORK_ON_TOPIC, TopicRights(group())),
    "and sees them": (SECRETARIAT, Action.SEE_POSITIONS, TopicRights(group())),
    "administrators read the record": (ADMINISTRATOR, Action.SEE_AUDIT, None),
    "moderators see the queue": (MODERATOR, Action.SEE_MODERATION, None),
    "who holds a mandate speaks for the body": (spokesman(), Action.SPEAK_FOR, BODY),
    "who may publish for it says who else may": (
        spokesman(may_publish=True), Action.CHOOSE_PUBLISHERS, BODY
    ),
    "so do people managers": (DESK, Action.CHOOSE_PUBLISHERS, BODY),
}  # fmt: skip

NO: dict[str, tuple[Actor, Action, Any]] = {
    "what is held is not read by others": (
        MEMBER, Action.READ, post(Status.PENDING, audience="group:1:moderators")
    ),
    "nor by its writer once out of the group": (
        person(clearances=frozenset({"public"})),
        Action.READ,
        post(Status.PENDING, "account:7", audience="group:1:moderators"),
    ),
    "an unlisted group is not seen from outside": (ANONYMOUS, Action.SEE_LISTING, away()),
    "a visitor writes nothing": (ANONYMOUS, Action.WRITE, group(audience="public")),
    "nobody writes where they do not read": (MEMBER, Action.WRITE, away()),
    "who is suspended does not write": (SUSPENDED[GroupRole.MEMBER], Action.WRITE, group()),
    "nor who is suspended in the group": (PAUSED[GroupRole.MEMBER], Action.WRITE, group()),
    "an observer does not write": (OBSERVER, Action.WRITE, group()),
    "nobody replies to what is not published": (MEMBER, Action.WRITE, post(Status.WITHDRAWN)),
    "nor to what they do not read": (MEMBER, Action.WRITE, post(audience=OUTSIDE)),
    "nor below a locked discussion": (MEMBER, Action.WRITE, post(thread=LOCKED_THREAD)),
    "a member begins no group draft": (MEMBER, Action.WRITE_GROUP_DRAFT, group()),
    "an observer goes on with no paper": (OBSERVER, Action.NEW_VERSION, paper(keys="account:7")),
    "another member goes on with no position": (MEMBER, Action.NEW_VERSION, paper()),
    "nor with a group draft": (MEMBER, Action.NEW_VERSION, paper(Purpose.GROUP_DRAFT)),
    "a position takes no suggestions by itself": (MEMBER, Action.COMMENT_SUGGEST, paper()),
    "a visitor places no comment": (ANONYMOUS, Action.COMMENT_PLACE, COMMENT),
    "a held comment is not placed": (
        MODERATOR, Action.COMMENT_PLACE, CommentRights(post(Status.PENDING), paper())
    ),
    "another member places no comment": (MEMBER, Action.COMMENT_PLACE, COMMENT),
    "an observer edits nothing": (OBSERVER, Action.EDIT, post(keys="account:7")),
    "nobody edits a draft of others": (MEMBER, Action.EDIT, version(Status.DRAFT)),
    "a version that was sent is never edited": (DRAFTER, Action.EDIT, version(Status.PUBLISHED)),
    "a version without its paper is not edited": (
        DRAFTER, Action.EDIT, version(Status.DRAFT, with_paper=False)
    ),
    "nobody edits the posts of others": (MEMBER, Action.EDIT, post()),
    "nobody signs without a mandate": (
        MEMBER, Action.SIGN, version(Status.DRAFT, Purpose.JOINT_POSITION)
    ),
    "nobody signs what is no joint position": (spokesman(), Action.SIGN, version(Status.DRAFT)),
    "nobody withdraws the posts of others": (MEMBER, Action.WITHDRAW, post()),
    "a published answer stands": (MEMBER, Action.WITHDRAW, answer(Status.PUBLISHED)),
    "who is not asked does not answer": (READER, Action.ANSWER, asked("account:8")),
    "nobody answers what is being prepared": (READER, Action.ANSWER, asked(status=Status.DRAFT)),
    "nobody assesses for the seat of others": (MEMBER, Action.ASSESS, AssessmentRights(group(), "seat:2")),
    "a member does not edit the catalogue": (MEMBER, Action.EDIT_CATALOGUE, group()),
    "a secretariat lets nobody come late": (SECRETARIAT, Action.ADMIT_LATE, group()),
    "nobody flags their own": (MEMBER, Action.FLAG, post(keys="account:7")),
    "no visitor flags": (ANONYMOUS, Action.FLAG, post(audience="public")),
    "a member does not moderate": (MEMBER, Action.MODERATE, post()),
    "a moderator does not decide on their own": (MODERATOR, Action.MODERATE, post(keys="account:7")),
    "nor on what they do not read": (MODERATOR, Action.MODERATE, post(audience=OUTSIDE)),
    "an observer raises nothing": (OBSERVER, Action.RAISE_ENTRY, REGISTER),
    "another member follows nothing up": (MEMBER, Action.FOLLOW_ENTRY, entry()),
    "what was taken out is not followed up": (RAPPORTEUR, Action.FOLLOW_ENTRY, entry(Status.HIDDEN)),
    "nor by who is suspended in the group": (
        PAUSED[GroupRole.RAPPORTEUR], Action.FOLLOW_ENTRY, entry(owner="account:7")
    ),
    "who is suspended in the group tends no entry": (
        PAUSED[GroupRole.RAPPORTEUR], Action.TEND_ENTRY, entry()
    ),
    "a member tends no entry": (MEMBER, Action.TEND_ENTRY, entry()),
    "nobody remarks in another contact's place": (MEMBER, Action.REMARK, proposed(contact=8)),
    "nobody remarks once it is published": (MEMBER, Action.REMARK, proposed(Status.PUBLISHED)),
    "a member unseals nothing": (MEMBER, Action.UNSEAL, post()),
    "nobody unseals their own": (CHAIR, Action.UNSEAL, post(keys="account:7")),
    "nor in a group that they do not read": (CHAIR, Action.UNSEAL, away()),
    "who decided first decides no appeal": (MODERATOR, Action.DECIDE_APPEAL, appeal(group(), 7)),
    "nor a colleague of theirs": (
        spokesman(GroupRole.MODERATOR),
        Action.DECIDE_APPEAL,
        appeal(group(), decider_bodies=frozenset({5})),
    ),
    "nor a party of it": (
        MODERATOR, Action.DECIDE_APPEAL, appeal(group(), party_keys=frozenset({"account:7"}))
    ),
    "nor a secretariat while a moderator is left": (SECRETARIAT, Action.DECIDE_APPEAL, appeal(group())),
    "a moderator decides on no account": (MODERATOR, Action.DECIDE_APPEAL, appeal()),
    "a member tends no discussion": (MEMBER, Action.TEND, post()),
    "a chair does not read the moderators' notes": (CHAIR, Action.NOTE, post()),
    "a member marks no answer": (MEMBER, Action.ANSWER_QUESTION, post()),
    "a moderator does not manage the group": (MODERATOR, Action.MANAGE_GROUP, group()),
    "an observer does not vote": (OBSERVER, Action.VOTE, post()),
    "a member writes no minutes": (MEMBER, Action.WRITE_MINUTES, group()),
    "who has no role declares nothing": (READER, Action.DECLARE, group()),
    "administrators have no desk": (ADMINISTRATOR, Action.SEE_SECRETARIAT_DESK, None),
    "a secretariat of people does not administer": (DESK, Action.ADMINISTER, None),
    "a group's secretariat does not work on the platform's topics": (
        SECRETARIAT, Action.WORK_ON_TOPIC, TopicRights()
    ),
    "the platform's does not see a group's": (DESK, Action.SEE_POSITIONS, TopicRights(group())),
    "a group's secretariat does not read the record": (SECRETARIAT, Action.SEE_AUDIT, None),
    "members see no queue": (MEMBER, Action.SEE_MODERATION, None),
    "a mandate is of one body": (spokesman(), Action.SPEAK_FOR, Organisation(id=6)),
    "a mandate without publishing chooses nobody": (spokesman(), Action.CHOOSE_PUBLISHERS, BODY),
}  # fmt: skip


@pytest.mark.parametrize(("actor", "action", "thing"), YES.values(), ids=YES)
def test_what_may_be_done(actor: Actor, action: Action, thing: Any) -> None:
    """Each sentence holds, and nothing is raised."""
    assert can(actor, action, thing)
    require(actor, action, thing)


@pytest.mark.parametrize(("actor", "action", "thing"), NO.values(), ids=NO)
def test_what_may_not_be_done(actor: Actor, action: Action, thing: Any) -> None:
    """Each sentence holds, and asking for it raises."""
    assert not can(actor, action, thing)
    with pytest.raises((NotAllowed, NotFound)):
        require(actor, action, thing)


READING = {Action.READ, Action.SEE_LISTING}
ALLOWED = [case for case in YES.values() if case[1] not in READING]


@pytest.mark.parametrize(("actor", "action", "thing"), ALLOWED)
def test_who_is_suspended_does_nothing_but_read(actor: Actor, action: Action, thing: Any) -> None:
    """Whatever else a person may do ends with a suspension."""
    assert not can(replace(actor, is_suspended=True), action, thing)


def test_every_action_is_tried_both_ways() -> None:
    """No rule without a sentence of what it lets through, and hardly one without what it does not."""
    assert {RULES[action] for _, action, _ in YES.values()} == set(RULES.values())
    refused = {RULES[action] for _, action, _ in NO.values()}
    assert {rule.__name__ for rule in set(RULES.values()) - refused} <= {"_publish", "_manage_people"}


@pytest.mark.parametrize(
    ("actor", "action", "thing", "error"),
    [
        pytest.param(MEMBER, Action.READ, away(), NotFound, id="what is not read is not there"),
        pytest.param(MEMBER, Action.MANAGE_GROUP, away(), NotFound, id="nor for any other step"),
        pytest.param(MEMBER, Action.MANAGE_GROUP, group(), NotAllowed, id="what is read is refused"),
        pytest.param(MEMBER, Action.SPEAK_FOR, BODY, NotAllowed, id="bodies are known to everybody"),
        pytest.param(MEMBER, Action.ADMINISTER, None, NotAllowed, id="so is the platform"),
        pytest.param(MEMBER, Action.ASSESS, AssessmentRights(group(), "seat:2"), NotAllowed, id="a seat"),
        pytest.param(
            MEMBER, Action.ASSESS, AssessmentRights(away(), "seat:2"), NotFound, id="of a closed group"
        ),
        pytest.param(MEMBER, Action.ANSWER, asked("account:8"), NotAllowed, id="a consultation"),
        pytest.param(MEMBER, Action.ANSWER, asked(audience=OUTSIDE), NotFound, id="one that is not read"),
        pytest.param(ANONYMOUS, Action.COMMENT_PLACE, COMMENT, NotFound, id="a comment that is not read"),
        pytest.param(MEMBER, Action.COMMENT_PLACE, COMMENT, NotAllowed, id="one that is"),
    ],
)
def test_how_it_is_refused(actor: Actor, action: Action, thing: Any, error: type[Exception]) -> None:
    """A refusal never tells that something is there."""
    with pytest.raises(error):
        require(actor, action, thing)


@pytest.mark.parametrize(
    ("tlp", "named_list", "of_survivors", "leaves"),
    [
        (Tlp.AMBER, None, False, True),
        (Tlp.RED, None, False, False),
        (Tlp.CLEAR, 3, False, False),
        (Tlp.CLEAR, None, True, False),
    ],
    ids=["others do", "RED stays", "what is for named people stays", "what survivors wrote stays"],
)
def test_titles_that_leave(tlp: Tlp, named_list: int | None, of_survivors: bool, leaves: bool) -> None:
    """Into a mail or a feed."""
    assert title_may_leave(tlp, named_list, is_of_survivors=of_survivors) is leaves
