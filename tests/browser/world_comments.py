"""A draft of the group that was commented on, suggested to and answered, for the browser to visit."""

from forum.domain.accounts import Account
from forum.domain.comments import Disposition
from forum.domain.groups import Group
from forum.domain.papers import Paper, Purpose
from forum.services.comment_answers import answer_comment
from forum.services.paper_choices import PaperChoices
from tests.builders import Builder
from tests.services.commenting import FIRST, SECOND, Commenting
from tests.services.paper_writing import PaperWriter

REASON = "The group counts in days from now on: small services asked for it in the survey."


def add_comments(build: Builder, group: Group, chair: Account, member: Account) -> dict[str, str]:
    """Build two versions with comments kept, moved, lost, answered and open; give the words for paths."""
    papers = PaperWriter(build.session, build)
    choices = PaperChoices(purpose=Purpose.GROUP_DRAFT)
    first = papers.publish(chair, group, FIRST, choices=choices, title="Opinion on counting reports")
    world = Commenting(build.session, build, papers, group, chair, first)
    moved = world.suggest("counted in working hours", "counted in working days", by=member)
    world.comment("how many reports it received", by=member)
    lost = world.comment("A desk that is open at night", by=member)
    second = world.next(SECOND)
    world.place()
    wide = world.suggest("by nobody else than the service", "by somebody else than the service", on=second)
    world.suggest("nobody else", "no one else", on=second, by=member)
    world.comment("We say first what we mean.", on=second)
    for thread, disposition in ((moved, Disposition.ACCEPTED), (lost, Disposition.NOTED)):
        answer_comment(
            build.session,
            build.actor(chair),
            group.slug,
            thread.public_id,
            disposition,
            REASON,
            now=build.clock(),
        )
    build.session.commit()
    return {
        "debated": build.session.get_one(Paper, first.paper_id).public_id,
        "lost_comment": lost.public_id,
        "suggestion": wide.public_id,
        "answered_comment": moved.public_id,
    }
