"""Joint positions, translations and contributions from beginning to end, on SQLite and on PostgreSQL."""

from forum.domain.labels import Ceiling
from forum.domain.papers import Paper, Purpose, TranslationKind
from forum.domain.signatures import SigningAnswer, Standing
from forum.services import drafts, signatories, signatures
from forum.services.contributions import list_contributions
from forum.services.paper_choices import PaperChoices
from forum.services.papers import get_paper, list_papers
from forum.services.signature_reminders import list_recipients
from forum.services.translations import load_translations
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.services.conftest import Sessions
from tests.services.paper_writing import PaperWriter, text


def test_every_query_runs_on_both_databases(real_sessions: Sessions, clock: StoppedClock) -> None:
    """Ask, remind, answer, send, translate, and find it all under My contributions."""
    with real_sessions() as session:
        build = Builder(session, clock)
        papers = PaperWriter(session, build)
        group = build.group(Ceiling.PUBLIC, languages=["en", "fr"])
        writer, signer = build.member(group), build.account()
        coordinating, signing = build.organisation(), build.organisation()
        build.mandate(writer, coordinating)
        build.mandate(signer, signing)
        choices = PaperChoices(purpose=Purpose.JOINT_POSITION, speaking_for=coordinating.slug)
        draft = papers.start(writer, group, "What we say.", choices=choices)
        signatories.invite_body(session, draft.paper, draft.version, signing.slug, now=clock())
        session.commit()
        asked = {"now": clock(), "sealing_secret": SEALING}
        assert len(list_recipients(session, draft.paper, draft.version, **asked)) == 1  # type: ignore[arg-type]
        assert len(signatures.list_to_sign(session, build.actor(signer))) == 1
        reply = signatures.Reply(signing.slug, SigningAnswer.AGREE, signatories.hash_of(draft.version))
        signatures.answer_signing(session, build.actor(signer), draft.paper.public_id, reply, now=clock())
        (line,) = signatories.list_board(session, draft.version, now=clock())
        assert line.standing is Standing.AGREED
        version = papers.send(writer, draft).version
        papers.publish(writer, group, f"As /papers/{draft.paper.public_id}/v/1 says.")
        translation = drafts.start_translation(
            session,
            build.actor(writer),
            group.slug,
            draft.paper.public_id,
            text("Ce que nous disons.", title="En français"),
            number=1,
            language="fr",
            kind=TranslationKind.AUTHOR,
            now=clock(),
        )
        papers.send(writer, translation)
        head = get_paper(session, build.actor(None), group.slug, draft.paper.public_id)
        languages = load_translations(session, build.actor(None), head).lines
        assert [one.language for one in languages] == ["en", "fr"]
        assert [one.last for one in signatures.list_signatories(session, version.id, {version.id: 1})] == [1]
        lines = list_papers(session, build.actor(None), organisation_id=signing.id).lines
        assert [one.public_id for one in lines] == [session.get_one(Paper, version.paper_id).public_id]
        found = list_contributions(session, build.actor(writer), sealing_secret=SEALING, now=clock())
        echoes = {one.public_id: one.echo for one in found.contributions}
        assert len(echoes[version.public_id].cited) == 1
        signed = list_contributions(session, build.actor(signer), sealing_secret=SEALING, now=clock())
        assert [one.signed_for for one in signed.contributions] == [signing.name]
