"""Loading the demonstration's consultations, papers and discussions, with what moderators did to them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain import demonstration as demo
from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.groups import Group, Stage
from forum.domain.labels import Status
from forum.domain.moderation import TRANSITIONS, Action, Flag, ModerationDecision
from forum.domain.organisations import Organisation, StakeholderType
from forum.domain.papers import (
    AuthorRole,
    Paper,
    PaperAuthor,
    PaperOwner,
    PaperVersion,
    Purpose,
    TranslationKind,
)
from forum.domain.signatures import Signatory, SignatoryAnswer, Signature
from forum.domain.threads import Post, PostRevision, Thread, ThreadKind, order_key
from forum.services.chatham import alias_for, type_name
from forum.services.demonstration import Places
from forum.services.demonstration_assessments import assessment_sources, load_assessments
from forum.services.demonstration_consultations import load_consultation
from forum.services.intake import (
    Row,
    count_posts,
    enqueue_many,
    insert_authorships,
    insert_rows,
    post_row,
    thread_row,
    version_row,
)
from forum.services.sealing import account_key, organisation_key, sealed_key
from forum.services.signatories import hash_of


def sources(content: demo.Demonstration) -> Iterator[tuple[str, str]]:
    """Give every (profile, source) that has to be rendered before the transaction."""
    for group in content.groups:
        yield from assessment_sources(group.assessments)
        for consultation in group.consultations:
            yield "post", consultation.why
            yield "post", consultation.questionnaire.synopsis
            yield "post", consultation.questionnaire.outcome
        for paper in group.papers:
            for version in paper.versions:
                yield "paper", version.text
        for discussion in group.discussions:
            if discussion.outcome:
                yield "post", discussion.outcome
            for post in discussion.posts:
                yield "post", post.text
                for edit in post.edits:
                    yield "post", edit.text


class GroupTexts:
    """Writes the texts of one group."""

    def __init__(
        self, session: Session, group: Group, content: demo.Group, places: Places, *, scale: int = 1
    ) -> None:
        self.session = session
        self.group = group
        self.content = content
        self.places = places
        self.scale = scale
        self.authorships: list[tuple[SubjectKind, int, str]] = []
        self.index: dict[SubjectKind, list[int]] = {}
        self.consultations: dict[str, int] = {}
        self.papers: dict[str, tuple[int, int]] = {}
        """Key -> (paper, its current version)."""
        self.stages = {
            stage.key: stage.id
            for stage in session.scalars(sa.select(Stage).where(Stage.group_id == group.id))
        }

    def load(self) -> None:
        """Write everything, in the order in which it refers to each other."""
        for consultation in self.content.consultations:
            self._consultation(consultation)
        for paper in self.content.papers:
            self._paper(paper)
        for discussion in self.content.discussions:
            for _ in range(self.scale):
                self._discussion(discussion)
        load_assessments(self.session, self.group, self.content.assessments, self.places)
        insert_authorships(self.session, dict.fromkeys(self.authorships))
        enqueue_many(self.session, self.index, now=self.places.now)

    def _consultation(self, content: demo.Consultation) -> None:
        row = load_consultation(self.session, self.group, content, self.places, self.stages)
        self.consultations[content.key] = row.id
        self._note(SubjectKind.CONSULTATION, row.id, Status.PUBLISHED)

    def _paper(self, content: demo.Paper) -> None:
        owners = [self.places.organisations[key] for key in content.owners]
        owner = owners[0] if owners else None
        paper = Paper(
            group_id=self.group.id,
            purpose=content.purpose,
            consultation_id=self.consultations.get(content.consultation),
            language=content.language,
            translation_of=self._set_of(content),
            translation_kind=TranslationKind.AUTHOR if content.translation_of else None,
            takes_suggestions=content.takes_suggestions,
            created_at=self.places.ago(content.versions[0].days_ago),
            shown_as=content.shown_as,
            **self._signed(content, owner),
        )
        self.session.add(paper)
        self.session.flush()
        is_named = self.group.attribution is not Attribution.CHATHAM_HOUSE or any(
            version.status is Status.DRAFT for version in content.versions
        )
        if is_named:
            self.session.add_all(PaperOwner(paper_id=paper.id, organisation_id=owner.id) for owner in owners)
        for key in content.authors if is_named else ():
            self.session.add(
                PaperAuthor(
                    paper_id=paper.id,
                    account_id=self.places.people[key].id,
                    role=AuthorRole.COORDINATOR if content.signatories else AuthorRole.AUTHOR,
                    added_at=paper.created_at,
                )
            )
        current = 0
        based_on: int | None = None
        for version in content.versions:
            version_id = self._version(content, version, paper.id, based_on, owners)
            if version.status is not Status.DRAFT:
                based_on = version.number
            if version is content.current:
                current = version_id
        self.papers[content.key] = (paper.id, current)
        for body in content.signatories:
            self._signatory(paper.id, body)

    def _signed(self, content: demo.Paper, owner: Organisation | None) -> Row:
        """The author's columns: sealed under the Chatham House Rule, as drafts are when they are sent."""
        if self.group.attribution is Attribution.CHATHAM_HOUSE:
            sealed = self._sealed([organisation_key(owner.id)])[0] if owner else None
            alias = type_name(self.session, self.group, owner.type if owner else None)
            return {"alias": alias, "sealed_owner": sealed}
        # A group draft is the group's: whoever wrote it down counts as nobody's stakeholder.
        is_groups = content.purpose is Purpose.GROUP_DRAFT
        spoken_for: Row = {} if is_groups else self._spoken_for(content.authors[0], owner)
        return {"author_id": self.places.people[content.authors[0]].id, **spoken_for}

    def _sealed(self, keys: list[str]) -> list[str]:
        """The keys as authorships hold them: under the Chatham House Rule their sealed forms."""
        if self.group.attribution is not Attribution.CHATHAM_HOUSE:
            return keys
        return [sealed_key(self.places.sealing_secret, key) for key in keys]

    def _set_of(self, content: demo.Paper) -> str | None:
        """The key of the set of translations that a paper is in; None for a paper in one language."""
        if content.translation_of:
            return content.translation_of
        return content.key if any(one.translation_of == content.key for one in self.content.papers) else None

    def _translated_number(self, content: demo.Paper) -> int | None:
        """The number of the version that a translation renders: the newest that is published."""
        return next(
            (one.current.number for one in self.content.papers if one.key == content.translation_of), None
        )

    def _signatory(self, paper_id: int, content: demo.Signatory) -> None:
        at = self.places.ago(content.days_ago)
        body, person = self.places.organisations[content.organisation], self.places.people[content.by]
        row = Signatory(paper_id=paper_id, organisation_id=body.id, invited_at=at, asked_at=at)
        self.session.add(row)
        self.session.flush()
        versions = self.session.scalars(sa.select(PaperVersion).where(PaperVersion.paper_id == paper_id))
        for version in versions:
            if version.number in content.signed:
                at = version.published_at or version.created_at
                self.session.add(
                    Signature(
                        version_id=version.id,
                        organisation_id=body.id,
                        answered_by_id=person.id,
                        signed_at=at,
                    )
                )
            elif version.status is Status.DRAFT and content.answer is not None:
                self.session.add(
                    SignatoryAnswer(
                        signatory_id=row.id,
                        version_id=version.id,
                        text_hash=hash_of(version),
                        answer=content.answer,
                        passage=content.passage,
                        wording=content.wording,
                        note=content.note,
                        answered_by_id=person.id,
                        answered_at=self.places.ago(content.days_ago),
                    )
                )

    def _version(
        self,
        paper: demo.Paper,
        content: demo.Version,
        paper_id: int,
        based_on: int | None,
        owners: Sequence[Organisation],
    ) -> int:
        author = self.places.people[content.by]
        row = version_row(
            self.group,
            paper_id=paper_id,
            number=None if content.status is Status.DRAFT else content.number,
            based_on=based_on,
            title=paper.title,
            rendered=self.places.rendered["paper", content.text],
            status=content.status,
            tlp=paper.tlp,
            created_at=self.places.ago(content.days_ago),
            abstract=paper.abstract,
            change_summary=content.summary,
            held_because=content.held_because or None,
            translates=self._translated_number(paper),
            created_by_id=None if self.group.attribution is Attribution.CHATHAM_HOUSE else author.id,
        )
        (version_id,) = insert_rows(self.session, PaperVersion, [row])
        keys = self._sealed([account_key(author.id), *(organisation_key(owner.id) for owner in owners)])
        self.authorships += [(SubjectKind.VERSION, version_id, key) for key in keys]
        self._note(SubjectKind.VERSION, version_id, content.status)
        self._decisions(SubjectKind.VERSION, version_id, content.status, content.decisions)
        return version_id

    def _discussion(self, content: demo.Discussion) -> None:
        opening = content.posts[0]
        columns: Row = {
            "kind": content.kind,
            "language": content.language,
            "initiative": content.initiative,
            "stage_id": self.stages.get(content.stage),
            "is_pinned": content.is_pinned,
            "locked_at": None
            if content.locked_days_ago is None
            else self.places.ago(content.locked_days_ago),
            **self._anchor(content),
        }
        if content.outcome:
            outcome = self.places.rendered["post", content.outcome]
            columns |= {"outcome_source": outcome.source, "outcome_html": outcome.html}
        answers = [self.places.ago(post.days_ago) for post in content.posts if post.is_answer]
        if content.kind is ThreadKind.QUESTION and answers:
            columns["answered_at"] = min(answers)
        row = thread_row(
            self.group,
            title=content.title,
            status=opening.status,
            tlp=content.tlp,
            created_at=self._moment(opening.days_ago),
            **columns,
        )
        (thread_id,) = insert_rows(self.session, Thread, [row])
        self.authorships += [(SubjectKind.THREAD, thread_id, key) for key in self._keys(opening)]
        places: dict[str, tuple[int, str, int]] = {}
        for number, post in enumerate(content.posts, 1):
            places[post.key] = self._post(content, post, thread_id, number, places.get(post.reply_to))
        count_posts(self.session, [thread_id])

    def _anchor(self, content: demo.Discussion) -> Row:
        """Point a comment at its paper, and at the quotation in the numbered paragraph where it has one."""
        if not content.paper:
            return {}
        paper_id, version_id = self.papers[content.paper]
        anchor: Row = {"paper_id": paper_id, "version_id": version_id}
        if not content.paragraph:
            return anchor
        version = self.session.get_one(PaperVersion, version_id)
        _number, name, _kind, start, end, _hash = version.paragraphs[content.paragraph - 1]
        exact = content.quotation or version.text[start:end]
        at = version.text.index(exact, start, end)
        return anchor | {
            "anchor_paragraph": name,
            "anchor_exact": exact,
            "anchor_prefix": version.text[max(0, at - 32) : at],
            "anchor_suffix": version.text[at + len(exact) : at + len(exact) + 32],
            "anchor_start": at,
            "anchor_end": at + len(exact),
        }

    def _post(
        self,
        discussion: demo.Discussion,
        content: demo.Post,
        thread_id: int,
        number: int,
        parent: tuple[int, str, int] | None,
    ) -> tuple[int, str, int]:
        rendered = self.places.rendered["post", content.text]
        key = order_key(parent[1] if parent else None, number)
        depth = parent[2] + 1 if parent else 0
        withdrawn = content.withdrawn_days_ago
        row = post_row(
            self.group,
            thread_id=thread_id,
            number=number,
            order_key=key,
            depth=depth,
            parent_id=parent[0] if parent else None,
            rendered=rendered,
            status=content.status,
            tlp=discussion.tlp,
            created_at=self._moment(content.days_ago),
            language=content.language,
            held_because=content.held_because or None,
            is_answer=content.is_answer,
            edited_at=self.places.ago(content.edits[-1].days_ago) if content.edits else None,
            withdrawn_at=None if withdrawn is None else self.places.ago(withdrawn),
            **self._author(content, thread_id),
        )
        (post_id,) = insert_rows(self.session, Post, [row])
        self.authorships += [(SubjectKind.POST, post_id, writer) for writer in self._keys(content)]
        for revision, edit in enumerate(content.edits, 1):
            before = self.places.rendered["post", edit.text]
            self.session.add(
                PostRevision(
                    post_id=post_id,
                    number=revision,
                    source=before.source,
                    html=before.html,
                    replaced_at=self.places.ago(edit.days_ago),
                )
            )
        self._note(SubjectKind.POST, post_id, content.status)
        by_action = self._decisions(SubjectKind.POST, post_id, content.status, content.decisions)
        self._flags(post_id, content.flags, by_action)
        return post_id, key, depth

    def _author(self, content: demo.Post, thread_id: int) -> Row:
        organisation = self.places.organisations[content.speaking_for] if content.speaking_for else None
        if self.group.attribution is Attribution.CHATHAM_HOUSE:
            kind = organisation.type if organisation else self.places.personal[content.author].personal_type
            alias = alias_for(
                self.session, self.group, thread_id, writer_key=self._keys(content)[0], stakeholder_type=kind
            )
            return {"alias": alias, "shown_as": content.shown_as}
        return {
            "author_id": self.places.people[content.author].id,
            "shown_as": content.shown_as,
            **self._spoken_for(content.author, organisation),
        }

    def _spoken_for(self, person: str, organisation: Organisation | None) -> Row:
        personal = self.places.personal[person]
        kind: StakeholderType = organisation.type if organisation else personal.personal_type
        return {
            "organisation_id": organisation.id if organisation else None,
            "stakeholder_type": kind,
            "country": organisation.country if organisation else (personal.country or None),
        }

    def _keys(self, content: demo.Post) -> list[str]:
        keys = [account_key(self.places.people[content.author].id)]
        if content.speaking_for:
            keys.append(organisation_key(self.places.organisations[content.speaking_for].id))
        return self._sealed(keys)

    def _moment(self, days_ago: float) -> datetime:
        """Under the Chatham House Rule times are days."""
        moment = self.places.ago(days_ago)
        if self.group.attribution is Attribution.CHATHAM_HOUSE:
            return moment.replace(hour=0, minute=0, second=0)
        return moment

    def _note(self, kind: SubjectKind, subject_id: int, status: Status) -> None:
        if status in {Status.PUBLISHED, Status.RECEIVED}:
            self.index.setdefault(kind, []).append(subject_id)

    def _decisions(
        self, kind: SubjectKind, subject_id: int, status: Status, decisions: Sequence[demo.Decision]
    ) -> dict[Action, ModerationDecision]:
        """Write the decisions; the statuses between them follow from the transitions, backwards."""
        after = status
        rows: dict[Action, ModerationDecision] = {}
        for decision in reversed(decisions):
            before = next(
                (
                    b
                    for (b, action), result in TRANSITIONS.items()
                    if action is decision.action and result is after
                ),
                Status.PENDING,
            )
            row = ModerationDecision(
                group_id=self.group.id,
                subject_kind=kind,
                subject_id=subject_id,
                action=decision.action,
                status_before=before,
                status_after=after,
                rule=decision.rule or None,
                reason=decision.reason,
                decided_by_id=self.places.people[decision.by].id,
                decided_at=self.places.ago(decision.days_ago),
            )
            self.session.add(row)
            rows[decision.action] = row
            after = before
        self.session.flush()
        return rows

    def _flags(
        self, post_id: int, flags: Sequence[demo.Flag], decisions: dict[Action, ModerationDecision]
    ) -> None:
        """A flag raised before a decision on it was closed by that decision; the others are open."""
        for flag in flags:
            raised = self.places.ago(flag.days_ago)
            closing = next(
                (
                    d
                    for action, d in decisions.items()
                    if action in {Action.KEEP, Action.HIDE} and d.decided_at > raised - timedelta(seconds=1)
                ),
                None,
            )
            self.session.add(
                Flag(
                    group_id=self.group.id,
                    subject_kind=SubjectKind.POST,
                    subject_id=post_id,
                    reporter_id=self.places.people[flag.by].id,
                    reason=flag.reason,
                    explanation=flag.explanation,
                    created_at=raised,
                    closed_at=closing.decided_at if closing else None,
                    decision_id=closing.id if closing else None,
                )
            )
