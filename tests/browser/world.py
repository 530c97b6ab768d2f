"""The small world that the browser visits: people, groups and one of each thing that has a page."""

from dataclasses import dataclass

from forum.domain.accounts import Account, InvitationPurpose, PlatformRole
from forum.domain.consultations import Consultation, ConsultationState
from forum.domain.groups import Group, GroupRole, Stage
from forum.domain.labels import Ceiling, Status
from forum.domain.organisations import StakeholderType
from forum.domain.saved_searches import Frequency, Watched
from forum.policy.labels import narrowest_tlp
from forum.search.query import Filters
from forum.services.access_requests import ask_for_account, ask_for_seat
from forum.services.erasures import ask_erasure
from forum.services.invitations import invitation_token, invite
from forum.services.labels import relabel
from forum.services.saved_searches import save_search
from tests.browser.appeals import build_appeals
from tests.browser.discussions import build_discussions
from tests.browser.moderation import build_moderation
from tests.browser.world_comments import add_comments
from tests.browser.world_consultations import add_consultations
from tests.browser.world_meetings import add_meetings
from tests.browser.world_papers import add_joint_positions, add_papers
from tests.browser.world_procedures import add_procedures
from tests.browser.world_registers import add_board, add_registers
from tests.browser.world_topics import add_topics
from tests.builders import Builder

LONG = (
    "We support the aim and have three remarks about how it is put into practice. First, the deadlines "
    "should begin when a report is complete, not when it arrives. Second, small services need one form for "
    "all authorities. Third, what is published about the effect should be comparable from year to year."
)


@dataclass(frozen=True)
class World:
    """Personas by name, and the words that paths of page states may use in braces."""

    people: dict[str, Account]
    words: dict[str, str]


def build_world(build: Builder) -> World:
    """Build everything; add what a new page needs, and its public id to `words`."""
    people = {
        "member": build.account("Mara Example", handle="mara"),
        "moderator": build.account("Tomas Example", handle="tomas"),
        "chair": build.account("Ilse Example", handle="ilse"),
        "secretariat": build.account("Sanna Example", platform_role=PlatformRole.SECRETARIAT),
        "administrator": build.account("Ado Example", platform_role=PlatformRole.ADMINISTRATOR),
        "outsider": build.account("Otto Example"),
        "signer": build.account("Sigrid Example"),
    }
    company = build.organisation("Example Messenger", slug="example-messenger")
    charity = build.organisation(
        "Example Child Helpline", slug="example-helpline", type=StakeholderType.NGO, country="FR"
    )
    build.mandate(people["member"], charity)
    public = build.group(
        Ceiling.PUBLIC,
        slug="prevention",
        title="Prevention network for people who work with children",
        short_title="Prevention network",
        initiative=5,
        summary="Collects what works in prevention, and says what is known about it.",
        mandate_source="The group **compares** programmes.",
        mandate_html="<p>The group <strong>compares</strong> programmes and writes down what is known.</p>",
        contact="prevention@secretariat.example",
        rules=[
            {"key": "civil", "text": "Argue with the point, not with the person."},
            {"key": "sources", "text": "Say what a claim rests on."},
        ],
    )
    closed = build.group(
        Ceiling.MEMBERS,
        slug="experts",
        title="Expert process on encryption",
        short_title="Expert process",
        initiative=7,
        summary="Compares technical solutions criterion by criterion.",
        mandate_html="<p>The group compares solutions.</p>",
    )
    for group in (public, closed):
        build.member(group, people["member"], seat=build.seat(group, charity))
        build.member(group, people["moderator"], GroupRole.MODERATOR)
        build.member(group, people["chair"], GroupRole.CHAIR)
        build.member(group, people["secretariat"], GroupRole.SECRETARIAT)
    writer = build.member(public, build.account("Wim Example"), seat=build.seat(public, company))
    thread = build.thread(
        public, writer, title="When does a deadline begin?", text=LONG, organisation=company
    )
    first = build.post(thread, people["member"], text=LONG, organisation=charity)
    build.post(thread, writer, text="A short answer.", parent=first, organisation=company)
    build.post(thread, people["member"], text="Waiting text.", status=Status.PENDING, organisation=charity)
    version = build.paper(
        public, writer, title="Position on reporting duties", text=LONG, organisation=company
    )
    build.paper(public, people["member"], title="A draft", status=Status.DRAFT, organisation=charity)
    words = build_discussions(build, public, people, writer, {"company": company, "charity": charity})
    _stages_and_consultation(build, public.id)
    moderated = build_moderation(build, public, thread, people, charity)
    moderated |= build_appeals(build, public, thread, people)
    build.mandate(writer, company)
    return World(
        people,
        _who_comes(build, people, public)
        | {
            "group": public.slug,
            "closed": closed.slug,
            "thread": thread.public_id,
            "post": first.public_id,
            "paper": str(version.paper_id),
            "organisation": company.slug,
            "saved": _saved_search(build, people["member"]),
            **add_topics(build, public, first, people["secretariat"]),
            **moderated,
            **words,
            **add_procedures(build, people),
            **add_meetings(build, people),
            **add_registers(build, public, people["chair"], first),
            **add_board(build, people["chair"], people["member"]),
            **add_consultations(build, public, people["member"], writer),
            **add_comments(build, public, people["chair"], people["member"]),
            **add_papers(build, public, writer, people["member"], company.slug),
            **add_joint_positions(build, public, people["member"], people["signer"], charity.slug),
        },
    )


def _saved_search(build: Builder, person: Account) -> str:
    saved = save_search(
        build.session,
        build.actor(person),
        name="Deadlines of reports",
        text="deadline",
        filters=Filters(),
        frequency=Frequency.DAILY,
        watched=Watched.NEW,
        now=build.clock(),
    )
    build.session.commit()
    return saved.public_id


def _who_comes(build: Builder, people: dict[str, Account], group: Group) -> dict[str, str]:
    """Build an invitation, one that was used, and requests; give the words for their addresses."""
    now, chair = build.clock(), build.actor(people["chair"])
    tokens = []
    for email in ("nova@members.example", "used@members.example"):
        invitation = invite(
            build.session,
            chair,
            email=email,
            purpose=InvitationPurpose.GROUP,
            group=group,
            role=GroupRole.MEMBER,
            secret=b"testing",
            now=now,
            days=14,
        )
        tokens.append(invitation_token(b"testing", invitation))
    invitation.revoked_at = now
    ask_for_account(
        build.session,
        email="new@members.example",
        name="Nova Example",
        organisation_name="Example Body",
        message="I would like to take part in the prevention network.",
        now=now,
    )
    asking = build.actor(build.account("Quirin Example"))
    ask_for_seat(build.session, asking, group, organisation_name="", message="I can help.", now=now)
    erasure = ask_erasure(build.session, asking, now=now)
    build.session.commit()
    return {
        "invitation": tokens[0],
        "spent": tokens[1],
        "person": people["member"].public_id,
        "erasure": erasure.public_id,
    }


def _stages_and_consultation(build: Builder, group_id: int) -> None:
    from forum.domain.groups import Group

    group = build.session.get_one(Group, group_id)
    now = build.clock()
    stages = [
        Stage(
            group_id=group_id,
            position=n,
            key=key,
            title=title,
            kind="consultation",
            summary="What happens in this stage, in one sentence.",
            started_at=now if n < 3 else None,
            ended_at=now if n == 1 else None,
            closes_at=now.replace(month=4) if n == 2 else None,
        )
        for n, (key, title) in enumerate(
            (("list", "List programmes"), ("rate", "Rate"), ("report", "Report")), 1
        )
    ]
    build.session.add_all(stages)
    build.session.flush()
    consultation = Consultation(
        group_id=group_id,
        stage_id=stages[1].id,
        title="Which criteria should a programme meet?",
        html="<p>Which criteria should a programme meet before it is recommended?</p>",
        state=ConsultationState.OPEN,
        opens_at=now,
        closes_at=now.replace(month=4),
        tlp=narrowest_tlp(group.ceiling),
        audience="",
        own="",
        created_at=now,
    )
    build.session.add(consultation)
    build.session.flush()
    relabel(build.session, group, consultation, now=now)
    build.session.commit()
