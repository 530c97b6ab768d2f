"""Two authors of one draft at the same moment, on real databases: one wins, the other is told."""

import threading

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.database import writing
from forum.domain.accounts import Account
from forum.domain.papers import PaperVersion
from forum.errors import Conflict
from forum.policy import Actor
from forum.services import coauthors, drafts, versions
from forum.services.actors import load_actor
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.services.conftest import Sessions
from tests.services.paper_writing import PaperWriter, text


def two_authors(real_sessions: Sessions, clock: StoppedClock) -> tuple[str, int, list[int]]:
    """A draft that two people write: its id, its lock, the people."""
    with real_sessions() as session:
        build = Builder(session, clock)
        group = build.group()
        author, other = build.member(group), build.member(group)
        draft = PaperWriter(session, build).start(author, group, "What both began with.")
        coauthors.add_coauthor(session, draft.paper, other.public_id, now=clock())
        session.commit()
        return draft.version.public_id, draft.version.lock_version, [author.id, other.id]


def at_once(real_sessions: Sessions, clock: StoppedClock, people: list[int], work: object) -> list[str]:
    """Run work(session, actor, name) for each person in a thread of their own; give what came of it."""
    barrier = threading.Barrier(len(people))
    outcomes: dict[int, str] = {}

    def run(person: int) -> None:
        with real_sessions() as session:
            session.get_one(Account, person)
            barrier.wait()
            try:
                with writing(session):
                    actor = load_actor(session, person, now=clock(), sealing_secret=SEALING)
                    work(session, actor, f"Words of {person}.")  # type: ignore[operator]
                outcomes[person] = "won"
            except Conflict:
                outcomes[person] = "told"

    threads = [threading.Thread(target=run, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [outcomes.get(person, "broke") for person in people]


def test_two_who_send_at_once(real_sessions: Sessions, clock: StoppedClock) -> None:
    """One version with the winner's text; the other keeps theirs and begins the next draft with it."""
    draft, lock, people = two_authors(real_sessions, clock)

    def save_and_send(session: Session, actor: Actor, words: str) -> None:
        drafts.save_draft(session, actor, draft, text(words), lock_version=lock, now=clock())
        versions.publish_draft(session, actor, draft, now=clock(), sealing_secret=SEALING)

    outcomes = at_once(real_sessions, clock, people, save_and_send)
    assert sorted(outcomes) == ["told", "won"]
    winner = people[outcomes.index("won")]
    with real_sessions() as session:
        (version,) = session.scalars(sa.select(PaperVersion))
        assert (version.number, version.source.strip()) == (1, f"Words of {winner}.")


def test_two_who_save_at_once(real_sessions: Sessions, clock: StoppedClock) -> None:
    """One save counts, the other is a conflict: no text is overwritten unseen."""
    draft, lock, people = two_authors(real_sessions, clock)

    def save(session: Session, actor: Actor, words: str) -> None:
        drafts.save_draft(session, actor, draft, text(words), lock_version=lock, now=clock())

    outcomes = at_once(real_sessions, clock, people, save)
    assert sorted(outcomes) == ["told", "won"]
    with real_sessions() as session:
        (version,) = session.scalars(sa.select(PaperVersion))
        assert version.source.strip() == f"Words of {people[outcomes.index('won')]}."
        assert version.lock_version == lock + 1


def test_two_who_begin_the_next_version_at_once(real_sessions: Sessions, clock: StoppedClock) -> None:
    """There is one draft of it; the other is told that somebody began one."""
    draft, _lock, people = two_authors(real_sessions, clock)
    with real_sessions() as session:
        build = Builder(session, clock)
        author = session.get_one(Account, people[0])
        sent = versions.publish_draft(
            session, build.actor(author), draft, now=clock(), sealing_secret=SEALING
        )
        slug, paper = sent.group.slug, sent.paper.public_id
        session.commit()

    def begin(session: Session, actor: Actor, words: str) -> None:
        drafts.start_version(session, actor, slug, paper, text(words), based_on=1, now=clock())

    assert sorted(at_once(real_sessions, clock, people, begin)) == ["told", "won"]
