"""Papers, a consultation with answers and an attachment for the browser to visit."""

import io

from forum.domain.accounts import Account
from forum.domain.attachments import Attachment, AttachmentPage, AttachmentState
from forum.domain.consultations import AnswersVisible, Consultation
from forum.domain.groups import Group
from forum.domain.papers import Paper, PaperVersion, Purpose, TranslationKind
from forum.domain.signatures import SigningAnswer
from forum.domain.uploads import FileKind, Refusal
from forum.extensions import storage
from forum.services.drafts import start_translation
from forum.services.labels import relabel
from forum.services.paper_choices import PaperChoices
from forum.services.signatories import hash_of, invite_body
from forum.services.signatures import Reply, answer_signing
from forum.services.uploads import Upload, attach_upload, note_origin
from forum.services.versions import withdraw_version
from tests.builders import Builder
from tests.services.consulting import consultation
from tests.services.paper_writing import PaperWriter, text

FIRST = """
# What we propose

Duties to report should begin when a report is *complete*, and not when it arrives in a mailbox that nobody
reads at the weekend. Small services cannot keep a desk open at night.[^1]

# Deadlines

Deadlines should be counted in working hours. A service with fewer than fifty people should have two working
days, every other service one.

- a report is complete when it names the place, the time and the reason;
- a report that lacks one of these is answered with a question;
- the clock stands still until the answer comes.

| Size of the service | Time to answer | Desk at night |
|---|---|---|
| fewer than 50 people | two working days | no |
| 50 to 250 people | one working day | no |
| more | four hours | yes |

# What should be published

> Figures that cannot be compared help nobody.

Every year each service should publish how many reports it received, how many were complete, and how long
the answer took.

[^1]: The survey of the network counted desks in nineteen countries.
"""

SECOND = (
    FIRST.replace(
        "two working\ndays, every other service one", "three working\ndays, every other service one"
    )
    .replace("how long\nthe answer took", "how long\nthe answer took, by month")
    .replace("- the clock stands still until the answer comes.\n", "")
) + "\nFigures should be checked by somebody who does not work for the service.\n"


def add_papers(build: Builder, group: Group, writer: Account, member: Account, body: str) -> dict[str, str]:
    """Build everything and give the words that paths may use."""
    papers = PaperWriter(build.session, build)
    choices = PaperChoices(speaking_for=body)
    fields = {"title": "Reporting duties that small services can meet", "abstract": "Count working hours."}
    first = papers.publish(writer, group, FIRST, choices=choices, **fields)
    paper = build.session.get_one(Paper, first.paper_id)
    summary = "Three days for small services; figures by month, checked from outside."
    draft = papers.next(writer, paper, group, SECOND, based_on=1, change_summary=summary, **fields)
    second = papers.send(writer, draft).version
    place = {"paper_id": paper.id, "version_id": second.id}
    thread = build.thread(group, member, title="Why three days?", anchor_paragraph="p4", **place)
    build.post(thread, writer, text="Because of the weekend.")
    build.thread(group, member, title="Who checks the figures?", **place)
    build.thread(
        group,
        member,
        title="The clock should not stand still",
        paper_id=paper.id,
        version_id=first.id,
        anchor_paragraph="p5",
    )
    papers.next(writer, paper, group, SECOND, based_on=2, change_summary="", **fields)
    mine = papers.start(member, group, "# Our draft\n\nWords of a draft.", title="A draft of ours")
    gone = papers.publish(writer, group, "To be withdrawn.", title="Withdrawn")
    gone_paper = build.session.get_one(Paper, gone.paper_id)
    withdraw_version(
        build.session, build.actor(writer), group.slug, gone_paper.public_id, 1, now=build.clock()
    )
    asked = _consultation(build, group, papers, writer)
    attachment = _attachment(build, group, paper)
    from_file = _draft_from_file(build, papers, group, member)
    build.session.commit()
    return {
        "versioned": paper.public_id,
        "withdrawn": gone_paper.public_id,
        "draft": mine.version.public_id,
        "draft_from_file": from_file,
        "consultation": asked.public_id,
        "attachment": attachment.public_id,
    }


def add_joint_positions(
    build: Builder, group: Group, writer: Account, signer: Account, body: str
) -> dict[str, str]:
    """A joint position that was signed once and is signed again, and a paper in two languages."""
    session, papers = build.session, PaperWriter(build.session, build)
    mine, silent = build.organisation("Example Signers"), build.organisation("Example Silent")
    build.mandate(signer, mine)
    build.mandate(build.account("Sven Example"), silent)
    choices = PaperChoices(purpose=Purpose.JOINT_POSITION, speaking_for=body)
    draft = papers.start(writer, group, FIRST, choices=choices, title="What we ask for together")
    for asked in (mine, silent):
        invite_body(session, draft.paper, draft.version, asked.slug, now=build.clock())
    _agree(build, draft.version, draft.paper, signer, mine.slug)
    sent = papers.send(writer, draft)
    paper = sent.paper
    papers.next(writer, paper, group, SECOND, based_on=1, title="What we ask for together")
    first = papers.publish(writer, group, "# Scope\n\nIn two languages.", title="In two languages")
    original = session.get_one(Paper, first.paper_id)
    translation = start_translation(
        session,
        build.actor(writer),
        group.slug,
        original.public_id,
        text("# Champ\n\nEn deux langues.", title="En deux langues"),
        number=1,
        language="fr",
        kind=TranslationKind.AUTHOR,
        now=build.clock(),
    )
    papers.send(writer, translation)
    session.commit()
    return {"joint": paper.public_id, "original": original.public_id, "french": translation.paper.public_id}


def _agree(build: Builder, version: PaperVersion, paper: Paper, signer: Account, slug: str) -> None:
    reply = Reply(body=slug, answer=SigningAnswer.AGREE, text_hash=hash_of(version))
    answer_signing(build.session, build.actor(signer), paper.public_id, reply, now=build.clock())
    build.session.commit()


def _consultation(build: Builder, group: Group, papers: PaperWriter, writer: Account) -> Consultation:
    asked = consultation(
        build,
        group,
        title="How should reports be counted?",
        html="<p>We ask how reports should be counted, because the figures of two countries differ.</p>",
        what_happens="The answers are summarised in June.",
        answers_visible=AnswersVisible.AT_ONCE,
        closes_at=build.clock().replace(month=5, hour=16),
    )
    papers.publish(
        writer, group, "Count complete reports.", choices=PaperChoices(consultation=asked.public_id)
    )
    return asked


def _attachment(build: Builder, group: Group, paper: Paper) -> Attachment:
    attachment = Attachment(
        paper_id=paper.id,
        group_id=group.id,
        filename="survey.pdf",
        title="Survey of night desks",
        state=AttachmentState.TEXT_ONLY,
        tlp=group.default_tlp,
        audience="",
        own="",
        created_at=build.clock(),
    )
    build.session.add(attachment)
    build.session.flush()
    relabel(build.session, group, attachment, now=build.clock())
    build.session.add_all(
        AttachmentPage(
            attachment_id=attachment.id, number=n, text=f"Part {n}\n\nDesks in nineteen countries."
        )
        for n in (1, 2)
    )
    return attachment


def _draft_from_file(build: Builder, papers: PaperWriter, group: Group, member: Account) -> str:
    """A draft that was begun from an office file, with attachments in every state; gives its public id."""
    draft = papers.start(member, group, "# Desks\n\nWords from a file.", title="Night desks, from a file")
    note_origin(
        build.session,
        draft.version.id,
        "night-desks.docx",
        {"insertions": 3, "deletions": 1, "figures": 2, "heading_numbers": 4, "margins": 1},
    )
    for n, (state, refusal) in enumerate(
        (
            (AttachmentState.CLEAN, None),
            (AttachmentState.QUARANTINED, None),
            (AttachmentState.REFUSED, Refusal.MACROS),
        )
    ):
        upload = Upload(f"night-desks-{n}.docx", FileKind.DOCX, 120_000 * (n + 1) ** 3, "", f"{n:032x}")
        attachment = attach_upload(build.session, draft, upload, now=build.clock())
        attachment.state, attachment.refusal = state, refusal
        if state is AttachmentState.CLEAN:
            storage().put(upload.key, io.BytesIO(b"A file for whoever follows the link."))
            build.session.add(AttachmentPage(attachment_id=attachment.id, number=1, text="Desks."))
    return draft.version.public_id
