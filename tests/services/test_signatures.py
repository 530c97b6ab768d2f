"""Joint positions: who is asked, what they answer about which text, and who signed which version."""

from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import Attribution
from forum.domain.consultations import AnswersVisible
from forum.domain.groups import Group
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.organisations import Organisation
from forum.domain.papers import Paper, PaperVersion, Purpose
from forum.domain.signatures import Signatory, SignatoryAnswer, Signature, SigningAnswer, Standing
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Action, can
from forum.services import drafts, signatories, signatures
from forum.services.drafts import Draft
from forum.services.figures import load_figures
from forum.services.paper_choices import PaperChoices
from forum.services.signature_reminders import list_recipients
from forum.services.signatures import Reply
from forum.services.subjects import subject_of
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.services.consulting import consultation
from tests.services.paper_writing import PaperWriter, text
from tests.support import body_of, count_statements, deliver

AGREE, IF_CHANGED, DECLINE = SigningAnswer


@dataclass
class Joint:
    """A joint position in a closed group, and a body outside of it that is asked to sign."""

    build: Builder
    papers: PaperWriter
    group: Group
    coordinator: Account
    body: Organisation
    """The coordinator's."""
    draft: Draft
    outside: Organisation
    outsider: Account
    """Speaks for the outside body."""

    @property
    def session(self) -> Session:
        return self.build.session

    @property
    def version(self) -> PaperVersion:
        return self.draft.version

    def ask(self, organisation: Organisation) -> Signatory:
        row = signatories.invite_body(
            self.session, self.draft.paper, self.version, organisation.slug, now=self.build.clock()
        )
        self.session.commit()
        return row

    def another(self) -> tuple[Organisation, Account]:
        """One more body outside that is asked, with somebody who speaks for it."""
        organisation, person = self.build.organisation(), self.build.account()
        self.build.mandate(person, organisation)
        self.ask(organisation)
        return organisation, person

    def reply(
        self, person: Account, organisation: Organisation, answer: SigningAnswer = AGREE, **fields: str
    ) -> SignatoryAnswer:
        fields = {"text_hash": signatories.hash_of(self.version)} | fields
        given = signatures.answer_signing(
            self.session,
            self.build.actor(person),
            self.draft.paper.public_id,
            Reply(body=organisation.slug, answer=answer, **fields),
            now=self.build.clock(),
        )
        self.session.commit()
        return given

    def standings(self) -> dict[str, Standing]:
        lines = signatories.list_board(self.session, self.version, now=self.build.clock())
        return {line.organisation.slug: line.standing for line in lines}

    def save(self, body: str, **fields: object) -> None:
        drafts.save_draft(
            self.session,
            self.build.actor(self.coordinator),
            self.version.public_id,
            text(body, **fields),  # type: ignore[arg-type]
            lock_version=self.version.lock_version,
            now=self.build.clock(),
        )
        self.session.commit()


@pytest.fixture
def joint(build: Builder, session: Session) -> Joint:
    papers = PaperWriter(session, build)
    group = build.group(Ceiling.MEMBERS)
    coordinator, body = build.member(group), build.organisation("Example Coordinator")
    build.mandate(coordinator, body)
    choices = PaperChoices(purpose=Purpose.JOINT_POSITION, speaking_for=body.slug)
    draft = papers.start(coordinator, group, "What we say together.", choices=choices)
    outside, outsider = build.organisation("Example Outside"), build.account()
    build.mandate(outsider, outside)
    made = Joint(build, papers, group, coordinator, body, draft, outside, outsider)
    made.ask(outside)
    return made


def test_only_bodies_that_agreed_to_this_very_text_are_listed(joint: Joint) -> None:
    """Of an agreement, a wish, a refusal and silence only the agreement signs."""
    (wishing, wisher), (refusing, refuser), (silent, _) = (joint.another() for _ in range(3))
    joint.reply(joint.outsider, joint.outside)
    joint.reply(wisher, wishing, IF_CHANGED, passage="1", wording="What we say.")
    joint.reply(refuser, refusing, DECLINE, note="Not our field.")
    assert joint.standings() == {
        joint.outside.slug: Standing.AGREED,
        wishing.slug: Standing.WANTS_CHANGES,
        refusing.slug: Standing.DECLINED,
        silent.slug: Standing.MISSING,
    }
    sent = joint.papers.send(joint.coordinator, joint.draft)
    assert sent.version.status is Status.PUBLISHED
    signed = joint.session.scalars(sa.select(Signature.organisation_id)).all()
    assert signed == [joint.outside.id]


@pytest.mark.parametrize(
    "changed",
    [
        {"body": "What we say together, now."},
        {"title": "Another title"},
        {"abstract": "A summary."},
        {"tlp": Tlp.RED},
    ],
    ids=lambda value: next(iter(value)),
)
def test_a_change_asks_again(build: Builder, session: Session, changed: dict[str, object]) -> None:
    """Text, title, summary or readers: what a body agreed to before counts no more, and nothing is sent."""
    papers = PaperWriter(session, build)
    group = build.group(Ceiling.PUBLIC)
    coordinator, body = build.member(group), build.organisation()
    build.mandate(coordinator, body)
    choices = PaperChoices(purpose=Purpose.JOINT_POSITION, speaking_for=body.slug)
    draft = papers.start(coordinator, group, "What we say together.", choices=choices)
    other, person = build.organisation(), build.account()
    build.mandate(person, other)
    joint = Joint(build, papers, group, coordinator, body, draft, other, person)
    joint.ask(other)
    joint.reply(person, other)
    joint.save(**({"body": "What we say together."} | changed))  # type: ignore[arg-type]
    assert joint.standings() == {other.slug: Standing.AGREED_EARLIER}
    with pytest.raises(Invalid):
        papers.send(coordinator, draft)
    session.rollback()
    assert session.get_one(PaperVersion, draft.version.id).status is Status.DRAFT


def test_the_same_text_saved_again_keeps_its_agreements(joint: Joint) -> None:
    """A save that changes nothing asks nobody."""
    joint.reply(joint.outsider, joint.outside)
    joint.save("What we say together.")
    assert joint.standings() == {joint.outside.slug: Standing.AGREED}


def test_an_answer_is_about_the_text_that_was_read(joint: Joint) -> None:
    """Where it changed meanwhile nothing is recorded, and the body is told."""
    read = signatories.hash_of(joint.version)
    joint.save("What we say together, now.")
    with pytest.raises(Conflict):
        joint.reply(joint.outsider, joint.outside, text_hash=read)
    joint.session.rollback()
    assert joint.standings() == {joint.outside.slug: Standing.MISSING}


@pytest.mark.parametrize(
    ("answer", "fields", "field"),
    [
        (IF_CHANGED, {"wording": "What we say."}, "passage"),
        (IF_CHANGED, {"passage": "1"}, "wording"),
        (AGREE, {"note": "x" * 2_001}, "note"),
        (IF_CHANGED, {"passage": "x" * 1_001, "wording": "x"}, "passage"),
        (IF_CHANGED, {"passage": "1", "wording": "x" * 5_001}, "wording"),
    ],
)
def test_an_answer_that_cannot_be_names_its_field(
    joint: Joint, answer: SigningAnswer, fields: dict[str, str], field: str
) -> None:
    """A wish names the passage and the wording; all are of some length."""
    with pytest.raises(Invalid) as caught:
        joint.reply(joint.outsider, joint.outside, answer, **fields)
    assert caught.value.field == field


def test_answering_takes_the_mandate(joint: Joint) -> None:
    """Colleagues without the right to publish read; people of other bodies do not even that."""
    colleague, stranger, other = joint.build.account(), joint.build.account(), joint.build.organisation()
    joint.build.mandate(colleague, joint.outside, may_publish=False)
    joint.build.mandate(stranger, other)
    with pytest.raises(NotAllowed):
        joint.reply(colleague, joint.outside)
    for person in (stranger, joint.build.member(joint.group)):
        with pytest.raises(NotFound):
            joint.reply(person, joint.outside)
    with pytest.raises(Invalid):
        joint.reply(joint.outsider, other)


@pytest.mark.parametrize("how", ["mandate over", "asked no longer", "draft thrown away"])
def test_who_is_asked_no_longer_loses_the_draft_at_once(joint: Joint, how: str) -> None:
    """The next request already finds nothing."""
    actor = joint.build.actor(joint.outsider)
    assert can(actor, Action.READ, subject_of(joint.session, joint.version))
    if how == "mandate over":
        for mandate in joint.session.scalars(sa.select(signatories.Mandate)):
            mandate.ends_on = joint.build.clock().replace(year=2026, month=1).date()
    elif how == "asked no longer":
        row = joint.session.scalars(sa.select(Signatory)).one()
        signatories.end_signatory(joint.session, joint.draft.paper, row.public_id, now=joint.build.clock())
    else:
        joint.reply(joint.outsider, joint.outside)
        drafts.delete_draft(
            joint.session,
            joint.build.actor(joint.coordinator),
            joint.version.public_id,
            now=joint.build.clock(),
        )
    joint.session.commit()
    with pytest.raises(NotFound):
        signatures.get_signing(joint.session, joint.build.actor(joint.outsider), joint.draft.paper.public_id)


def test_signatories_read_and_do_not_write(joint: Joint) -> None:
    """Not even where they are members of the group: a draft is its authors' to change."""
    joint.build.member(joint.group, joint.outsider)
    actor = joint.build.actor(joint.outsider)
    subject = subject_of(joint.session, joint.version)
    assert can(actor, Action.READ, subject)
    assert not can(actor, Action.EDIT, subject)
    assert not can(actor, Action.PUBLISH, subject)
    with pytest.raises(NotAllowed):
        drafts.get_draft(joint.session, actor, joint.version.public_id)


def test_a_new_version_asks_again_and_shows_who_has_not_followed(
    joint: Joint, app: Flask, clock: StoppedClock
) -> None:
    """Who signed version 1 is told that the next one has begun; without an answer they stay with 1."""
    staying, stayer = joint.another()
    joint.reply(joint.outsider, joint.outside)
    joint.reply(stayer, staying)
    deliver(app, clock)
    first = joint.papers.send(joint.coordinator, joint.draft).version
    joint.draft = joint.papers.next(
        joint.coordinator, joint.draft.paper, joint.group, "What we say, better.", based_on=1
    )
    assert joint.standings() == {joint.outside.slug: Standing.MISSING, staying.slug: Standing.MISSING}
    told = [mail["To"] for mail in deliver(app, clock)]
    joint.session.commit()
    assert sum(joint.outsider.name in str(to) for to in told) == 2
    joint.reply(joint.outsider, joint.outside)
    second = joint.papers.send(joint.coordinator, joint.draft).version
    numbers = {first.id: 1, second.id: 2}
    lines = {line.slug: line for line in signatures.list_signatories(joint.session, second.id, numbers)}
    assert lines[joint.outside.slug].signed_at is not None
    assert (lines[staying.slug].signed_at, lines[staying.slug].last) == (None, 1)


def test_readers_of_an_older_version_learn_nothing_of_a_newer_one(joint: Joint) -> None:
    """Signatures are told of the versions that a reader may read."""
    joint.reply(joint.outsider, joint.outside)
    first = joint.papers.send(joint.coordinator, joint.draft).version
    joint.draft = joint.papers.next(
        joint.coordinator, joint.draft.paper, joint.group, "What we say, better.", based_on=1
    )
    late, person = joint.another()
    joint.reply(person, late)
    joint.papers.send(joint.coordinator, joint.draft)
    lines = signatures.list_signatories(joint.session, first.id, {first.id: 1})
    assert [line.slug for line in lines] == [joint.outside.slug]


def test_a_body_keeps_a_copy_of_what_it_signed(joint: Joint) -> None:
    """Outside the group it does not read the paper in place; those who refused keep nothing."""
    refusing, refuser = joint.another()
    joint.reply(refuser, refusing, DECLINE)
    joint.reply(joint.outsider, joint.outside)
    sent = joint.papers.send(joint.coordinator, joint.draft)
    actor = joint.build.actor(joint.outsider)
    assert not can(actor, Action.READ, subject_of(joint.session, sent.version))
    signing = signatures.get_signing(joint.session, actor, sent.paper.public_id)
    assert [(copy.number, "What we say together." in str(copy.html)) for copy in signing.copies] == [
        (1, True)
    ]
    with pytest.raises(NotFound):
        signatures.get_signing(joint.session, joint.build.actor(refuser), sent.paper.public_id)


def test_a_reminder_reaches_who_is_missing_and_nobody_else(
    joint: Joint, app: Flask, clock: StoppedClock
) -> None:
    """What the preview shows is what goes out, to the people whom it names."""
    answered, answerer = joint.another()
    colleague = joint.build.account()
    joint.build.mandate(colleague, joint.outside, may_publish=False)
    joint.reply(answerer, answered)
    before = len(deliver(app, clock))
    found = list_recipients(
        joint.session, joint.draft.paper, joint.version, now=clock(), sealing_secret=SEALING
    )
    assert [(one.name, one.bodies) for one in found] == [(joint.outsider.name, (joint.outside.name,))]
    signatories.remind(joint.session, joint.version, now=clock())
    joint.session.commit()
    mails = deliver(app, clock)
    assert len(mails) == before + 1
    reminders = [mail for mail in mails if joint.outsider.name in str(mail["To"])]
    assert len(reminders) == 2
    assert f"/signing/{joint.draft.paper.public_id}/" in body_of(reminders[0])


def test_nobody_is_left_to_remind(joint: Joint) -> None:
    """A button that reaches nobody says so."""
    joint.reply(joint.outsider, joint.outside, DECLINE)
    with pytest.raises(Invalid):
        signatories.remind(joint.session, joint.version, now=joint.build.clock())


@pytest.mark.parametrize("whom", ["the coordinating body", "asked already", "nobody by that name"])
def test_whom_one_cannot_ask(joint: Joint, whom: str) -> None:
    """The complaint stands at the field."""
    name = {
        "the coordinating body": joint.body.name,
        "asked already": joint.outside.name,
        "nobody by that name": "Unknown Body",
    }[whom]
    with pytest.raises(Invalid) as caught:
        signatories.invite_body(
            joint.session, joint.draft.paper, joint.version, name, now=joint.build.clock()
        )
    assert caught.value.field == "body"


@pytest.mark.parametrize("where", ["without a body", "under the Chatham House Rule"])
def test_what_cannot_be_a_joint_position(joint: Joint, where: str) -> None:
    """It names its bodies."""
    build, group = joint.build, joint.group
    choices = PaperChoices(purpose=Purpose.JOINT_POSITION, speaking_for=joint.body.slug)
    if where == "without a body":
        choices = PaperChoices(purpose=Purpose.JOINT_POSITION)
    else:
        group = build.group(attribution=Attribution.CHATHAM_HOUSE)
        build.member(group, joint.coordinator)
    with pytest.raises(Invalid) as caught:
        joint.papers.start(joint.coordinator, group, choices=choices)
    assert caught.value.field == "purpose"


def test_it_stays_a_joint_position_while_bodies_are_asked(joint: Joint) -> None:
    """Another kind of paper has no signatories, and they would still read its drafts."""
    with pytest.raises(Invalid) as caught:
        drafts.save_draft(
            joint.session,
            joint.build.actor(joint.coordinator),
            joint.version.public_id,
            text(),
            lock_version=joint.version.lock_version,
            choices=PaperChoices(speaking_for=joint.body.slug),
            now=joint.build.clock(),
        )
    assert caught.value.field == "purpose"


def test_the_board_costs_the_same_for_any_number_of_bodies(joint: Joint) -> None:
    """One statement."""
    joint.another()
    engine = joint.session.get_bind()
    assert isinstance(engine, sa.Engine)
    counts = []
    for _ in range(2):
        joint.session.expire_all()
        joint.session.get_one(PaperVersion, joint.version.id)
        with count_statements(engine) as seen:
            joint.standings()
        counts.append(len(seen))
        for _ in range(5):
            joint.another()
    assert counts[0] == counts[1]


def test_a_joint_position_counts_once(joint: Joint) -> None:
    """One text and its bodies, in the figures of a consultation: a coalition, not a campaign."""
    build, session = joint.build, joint.session
    asked = consultation(build, joint.group, answers_visible=AnswersVisible.AT_ONCE)
    session.get_one(Paper, joint.draft.paper.id).consultation_id = asked.id
    session.commit()
    other, person = joint.another()
    refusing, refuser = joint.another()
    joint.reply(joint.outsider, joint.outside)
    joint.reply(person, other)
    joint.reply(refuser, refusing, DECLINE)
    joint.papers.send(joint.coordinator, joint.draft)
    figures = load_figures(session, build.actor(joint.coordinator), joint.group, asked)
    assert (figures.papers, figures.paper_bodies) == (1, 3)
    outside = load_figures(session, build.actor(build.account()), joint.group, asked)
    assert (outside.papers, outside.paper_bodies) == (0, 0)
