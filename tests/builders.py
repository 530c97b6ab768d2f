"""Builders of the things tests are about; plain rows with labels written by relabel()."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.answers import Answer
from forum.domain.attribution import Authorship, NamedList, NamedReader, SubjectKind
from forum.domain.consultations import Consultation
from forum.domain.groups import Group, GroupRole, Membership, Seat, SeatKind
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.organisations import Mandate, Organisation, StakeholderType
from forum.domain.papers import Paper, PaperAuthor, PaperVersion
from forum.domain.threads import Post, Thread, order_key
from forum.policy import Actor
from forum.policy.labels import narrowest_tlp
from forum.services.actors import load_actor
from forum.services.labels import relabel, relabel_group
from forum.services.sealing import account_key, organisation_key

SEALING = b"testing-seal"


class Builder:
    """Each method adds one thing with sensible defaults and commits."""

    def __init__(self, session: Session, clock: Callable[[], datetime]) -> None:
        self.session = session
        self.clock = clock
        self.count = 0

    def _next(self) -> int:
        self.count += 1
        return self.count

    def _add(self, thing: Any) -> Any:
        self.session.add(thing)
        self.session.commit()
        return thing

    def account(self, name: str | None = None, **columns: Any) -> Account:
        """A person who can sign in."""
        n = self._next()
        name = name or f"Person {n}"
        columns = {
            "name": name,
            "handle": f"person-{n}",
            "email": f"person-{n}@members.example",
            "created_at": self.clock(),
        } | columns
        return self._add(Account(**columns))  # type: ignore[no-any-return]

    def organisation(self, name: str | None = None, **columns: Any) -> Organisation:
        """A body; a fictitious company unless told otherwise."""
        n = self._next()
        name = name or f"Example Body {n}"
        columns = {
            "name": name,
            "slug": f"body-{n}",
            "match_key": name.casefold(),
            "type": StakeholderType.COMPANY,
            "country": "BE",
            "created_at": self.clock(),
        } | columns
        return self._add(Organisation(**columns))  # type: ignore[no-any-return]

    def mandate(self, account: Account, organisation: Organisation, **columns: Any) -> Mandate:
        """The account speaks for the organisation, since a year ago."""
        columns = {"starts_on": (self.clock() - timedelta(days=365)).date()} | columns
        return self._add(  # type: ignore[no-any-return]
            Mandate(account_id=account.id, organisation_id=organisation.id, **columns)
        )

    def group(self, ceiling: Ceiling = Ceiling.MEMBERS, **columns: Any) -> Group:
        """A working group whose default label is as wide as its ceiling; nothing is held."""
        n = self._next()
        columns = {
            "slug": f"group-{n}",
            "title": f"Group {n}",
            "short_title": f"Group {n}",
            "ceiling": ceiling,
            "default_tlp": narrowest_tlp(ceiling),
            "holding_rule": "none",
            "shown_as_choices": ["name", "organisation", "stakeholder_type"],
            "languages": ["en"],
            "audience": "",
            "created_at": self.clock(),
        } | columns
        group = Group(**columns)
        self.session.add(group)
        self.session.flush()
        relabel_group(group)
        return self._add(group)  # type: ignore[no-any-return]

    def member(
        self,
        group: Group,
        account: Account | None = None,
        role: GroupRole = GroupRole.MEMBER,
        *,
        seat: Seat | None = None,
        **columns: Any,
    ) -> Account:
        """Give a (new) account a role in the group; gives the account."""
        account = account or self.account()
        self._add(
            Membership(
                group_id=group.id,
                account_id=account.id,
                role=role,
                seat_id=seat.id if seat else None,
                started_at=self.clock(),
                **columns,
            )
        )
        return account

    def seat(self, group: Group, organisation: Organisation | None = None, **columns: Any) -> Seat:
        """A seat, of an organisation unless told otherwise."""
        columns = {
            "kind": SeatKind.ORGANISATION if organisation else SeatKind.PERSONAL,
            "organisation_id": organisation.id if organisation else None,
            "created_at": self.clock(),
        } | columns
        return self._add(Seat(group_id=group.id, **columns))  # type: ignore[no-any-return]

    def named_list(self, group: Group, readers: Sequence[Account]) -> NamedList:
        """The people named as readers of a RED text."""
        named: NamedList = self._add(NamedList(group_id=group.id))
        for reader in readers:
            self._add(NamedReader(list_id=named.id, account_id=reader.id))
        return named

    def thread(
        self,
        group: Group,
        author: Account | None = None,
        *,
        title: str = "A question of scope",
        text: str = "The opening text.",
        status: Status = Status.PUBLISHED,
        tlp: Tlp | None = None,
        organisation: Organisation | None = None,
        named_list: NamedList | None = None,
        **columns: Any,
    ) -> Thread:
        """A discussion with its opening post."""
        now = self.clock()
        thread = Thread(
            group_id=group.id,
            title=title,
            status=status,
            tlp=tlp or group.default_tlp,
            named_list_id=named_list.id if named_list else None,
            audience="",
            own="",
            last_published_at=now,
            created_at=now,
            **columns,
        )
        self.session.add(thread)
        self.session.flush()
        self._authorship(SubjectKind.THREAD, thread.id, author, organisation)
        relabel(self.session, group, thread, now=now)
        self.post(thread, author, text=text, status=status, organisation=organisation)
        return thread

    def post(
        self,
        thread: Thread,
        author: Account | None = None,
        *,
        text: str = "A reply.",
        parent: Post | None = None,
        status: Status = Status.PUBLISHED,
        organisation: Organisation | None = None,
        **columns: Any,
    ) -> Post:
        """A contribution to a discussion."""
        now = self.clock()
        thread.post_count += 1
        was_seen = status in {Status.PUBLISHED, Status.HIDDEN, Status.WITHDRAWN}
        columns = {
            "source": text,
            "html": f"<p>{text}</p>",
            "text": text,
            "render_version": 1,
            "stakeholder_type": organisation.type if organisation else None,
            "country": organisation.country if organisation else None,
            "published_at": now if was_seen else None,
        } | columns
        post = Post(
            thread_id=thread.id,
            group_id=thread.group_id,
            parent_id=parent.id if parent else None,
            number=thread.post_count,
            order_key=order_key(parent.order_key if parent else None, thread.post_count),
            depth=parent.depth + 1 if parent else 0,
            author_id=author.id if author else None,
            organisation_id=organisation.id if organisation else None,
            status=status,
            audience="",
            own="",
            created_at=now,
            **columns,
        )
        self.session.add(post)
        self.session.flush()
        if status is Status.PUBLISHED:
            thread.published_count += 1
            thread.last_published_at = now
        self._authorship(SubjectKind.POST, post.id, author, organisation)
        group = self.session.get_one(Group, thread.group_id)
        relabel(self.session, group, post, now=now)
        return self._add(post)  # type: ignore[no-any-return]

    def paper(
        self,
        group: Group,
        author: Account | None = None,
        *,
        title: str = "A position",
        text: str = "The first paragraph.",
        status: Status = Status.PUBLISHED,
        tlp: Tlp | None = None,
        organisation: Organisation | None = None,
        named_list: NamedList | None = None,
        **columns: Any,
    ) -> PaperVersion:
        """A paper with one version; gives the version."""
        now = self.clock()
        paper = Paper(
            group_id=group.id,
            author_id=author.id if author else None,
            organisation_id=organisation.id if organisation else None,
            created_at=now,
            **columns,
        )
        self.session.add(paper)
        self.session.flush()
        if author is not None:
            self.session.add(PaperAuthor(paper_id=paper.id, account_id=author.id, added_at=now))
        version = PaperVersion(
            paper_id=paper.id,
            group_id=group.id,
            number=None if status is Status.DRAFT else 1,
            title=title,
            source=text,
            html=f"<p>{text}</p>",
            text=text,
            content_hash="0" * 64,
            render_version=1,
            status=status,
            tlp=tlp or group.default_tlp,
            named_list_id=named_list.id if named_list else None,
            audience="",
            own="",
            created_by_id=author.id if author else None,
            created_at=now,
            edited_at=now,
            published_at=now if status is Status.PUBLISHED else None,
        )
        self.session.add(version)
        self.session.flush()
        self._authorship(SubjectKind.VERSION, version.id, author, organisation)
        relabel(self.session, group, version, now=now)
        return self._add(version)  # type: ignore[no-any-return]

    def answer(
        self,
        consultation: Consultation,
        author: Account | None = None,
        *,
        text: str = "An answer.",
        status: Status = Status.PUBLISHED,
        tlp: Tlp | None = None,
        organisation: Organisation | None = None,
        named_list: NamedList | None = None,
        **columns: Any,
    ) -> Answer:
        """An answer to a consultation's first question."""
        now = self.clock()
        was_seen = status in {Status.PUBLISHED, Status.HIDDEN, Status.WITHDRAWN}
        columns = {
            "writer_key": f"account:{self._next() + 100_000}",
            "title": consultation.title,
            "values": {"q1": text},
            "text": f"What?\n{text}",
            "content_hash": "0" * 64,
            "received_at": now,
            "edited_at": now,
            "published_at": now if was_seen else None,
            "stakeholder_type": organisation.type if organisation else None,
            "country": organisation.country if organisation else None,
        } | columns
        answer = Answer(
            consultation_id=consultation.id,
            group_id=consultation.group_id,
            author_id=author.id if author else None,
            organisation_id=organisation.id if organisation else None,
            status=status,
            tlp=tlp or consultation.tlp,
            named_list_id=named_list.id if named_list else None,
            audience="",
            own="",
            created_at=now,
            **columns,
        )
        self.session.add(answer)
        self.session.flush()
        self._authorship(SubjectKind.ANSWER, answer.id, author, organisation)
        group = self.session.get_one(Group, consultation.group_id)
        relabel(self.session, group, answer, now=now)
        return self._add(answer)  # type: ignore[no-any-return]

    def _authorship(
        self, kind: SubjectKind, subject_id: int, author: Account | None, organisation: Organisation | None
    ) -> None:
        keys = [account_key(author.id)] if author else []
        keys += [organisation_key(organisation.id)] if organisation else []
        for key in keys:
            self.session.add(Authorship(subject_kind=kind, subject_id=subject_id, writer_key=key))

    def actor(self, account: Account | None) -> Actor:
        """What the policy sees of somebody now."""
        return load_actor(
            self.session, account.id if account else None, now=self.clock(), sealing_secret=SEALING
        )
