"""A topic with terms in two languages, and a passage that somebody coded."""

from forum.domain.accounts import Account
from forum.domain.groups import Group
from forum.domain.threads import Post
from forum.domain.topics import Stance
from forum.services.stances import set_stance
from tests.builders import Builder
from tests.services.topic_making import make_topic


def add_topics(build: Builder, group: Group, post: Post, secretariat: Account) -> dict[str, str]:
    """Build them; give the words for their addresses."""
    session, actor, now = build.session, build.actor(secretariat), build.clock()
    topic = make_topic(
        session, actor, group, "deadline", "de: Frist", name="Deadlines", text="reports deadlines", now=now
    )
    set_stance(
        session,
        actor,
        topic.public_id,
        f"post:{post.public_id}",
        start=0,
        end=40,
        stance=Stance.CONDITIONS,
        note="The three remarks are the conditions.",
        now=now,
    )
    session.commit()
    return {"topic": topic.public_id, "coded": post.public_id}
