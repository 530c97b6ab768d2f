"""Consultations with questions for the browser to visit: being prepared, open, closed with its synopsis."""

from datetime import timedelta

from forum.domain.accounts import Account
from forum.domain.consultations import AnswersVisible, ConsultationState
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.services.answer_drafts import Written
from tests.builders import Builder
from tests.services.answering import VALUES, asking, asking_for_a_file, save, send

_WHOLE = VALUES | {"q3": ["o1", "o3"], "q4": 4, "q5": {"r1": "o1", "r2": "o2"}}


def add_consultations(build: Builder, group: Group, member: Account, writer: Account) -> dict[str, str]:
    """Build everything and give the words that paths may use."""
    later = build.clock() + timedelta(days=9)
    preparing = asking(
        build, group, state=ConsultationState.DRAFT, status=Status.DRAFT, title="Being prepared"
    )
    row = asking_for_a_file(
        build, group, title="What should be counted?", closes_at=later, reminder_days=[7, 1]
    )
    mine = send(build, member, group, row, _WHOLE).answer
    save(build, member, group, row, {"q1": Written("Count complete reports, and say so.", 1)})
    done = asking(
        build,
        group,
        title="What was counted?",
        answers_visible=AnswersVisible.AT_ONCE,
        synopsis_html="<p>Both want <strong>complete</strong> reports to be counted.</p>",
        outcome_html="<p>They are.</p>",
    )
    answer = send(build, writer, group, done, _WHOLE).answer
    send(build, member, group, done)
    done.state, done.closed_at = ConsultationState.CLOSED, build.clock()
    build.session.commit()
    return {
        "preparing": preparing.public_id,
        "asking": row.public_id,
        "my_answer": mine.public_id,
        "answered": done.public_id,
        "answer_page": answer.public_id,
    }
