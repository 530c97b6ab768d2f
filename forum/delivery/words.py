"""What a mail about a notice says: subject, sentences, the button, and why it came."""

from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_datetime, get_timezone
from babel.support import NullTranslations

from forum.domain.accounts import InvitationPurpose
from forum.domain.moderation import Action
from forum.domain.notices import NoticeKind
from forum.services.letters import InvitationLetter, Letter, ReceiptFacts

_ABOUT_GROUP = frozenset({NoticeKind.DECLARATION_ASKED, NoticeKind.SEAT_DECIDED})
"""Told about one's own standing in a group that one sees listed: no text of it is named."""


@dataclass(frozen=True, slots=True)
class Words:
    """The parts of a letter, translated."""

    subject: str
    sentence: str
    button: str
    why: str


def words_of(letter: Letter, translations: NullTranslations) -> Words:
    """Give the words of a letter in the language of the translations."""
    _ = translations.gettext
    title, group = letter.title, letter.group
    if letter.kind is NoticeKind.DECIDED and letter.decision is not None:
        head = _decided(letter.decision, translations)
    else:
        head = _happened(letter.kind, translations)
    if title is not None:
        subject = _("%(what)s: %(title)s") % {"what": head, "title": title}
        sentence = _("%(what)s, in “%(title)s”.") % {"what": head, "title": title}
        if group is not None:
            sentence = _("%(what)s, in “%(title)s” (%(group)s).") % {
                "what": head,
                "title": title,
                "group": group,
            }
    elif group is not None:
        subject = _("Something new in %(group)s") % {"group": group}
        sentence = _("There is something new for you in %(group)s.") % {"group": group}
        if letter.kind is NoticeKind.INVITED:
            subject = _("You were invited to %(group)s") % {"group": group}
            sentence = subject + "."
        elif letter.kind in {NoticeKind.STAGE_OPENED, NoticeKind.SEAT_REMINDED}:
            subject = _("%(what)s: %(title)s") % {"what": head, "title": group}
            sentence = _("%(what)s, in %(group)s.") % {"what": head, "group": group}
            if letter.closes_at is not None:
                sentence += " " + _("It takes assessments and answers until %(moment)s.") % {
                    "moment": _moment(letter.closes_at, letter)
                }
    else:
        subject = sentence = _("There is something new for you")
        sentence += "."
    if letter.kind is NoticeKind.REMINDED and letter.closes_at is not None:
        sentence += " " + _("It closes on %(moment)s. Your answer has not been sent yet.") % {
            "moment": _moment(letter.closes_at, letter)
        }
    if letter.meets_at is not None:
        sentence += " " + _("It is set for %(moment)s.") % {"moment": _moment(letter.meets_at, letter)}
    if letter.kind is NoticeKind.BALLOT_OPENED and letter.closes_at is not None:
        sentence += " " + _("It closes on %(moment)s.") % {"moment": _moment(letter.closes_at, letter)}
    if letter.kind in _ABOUT_GROUP and group is not None:
        subject = f"{head}: {group}"
        sentence = _("%(what)s (%(group)s).") % {"what": head, "group": group}
        if letter.is_granted is not None:
            sentence += " " + (_("You have a seat.") if letter.is_granted else _("You were not selected."))
        if letter.reason:
            sentence += " " + _("The reason: %(reason)s") % {"reason": letter.reason}
    if letter.receipt is not None:
        sentence += " " + _receipt(letter.receipt, letter, translations)
    return Words(subject, sentence, _button(letter, translations), _why(letter.kind, translations))


def _moment(at: datetime, letter: Letter) -> str:
    """Give a moment with its time zone, as the reader's language writes it."""
    zone = get_timezone(letter.time_zone)
    words = format_datetime(at, "d MMMM y, HH:mm", tzinfo=zone, locale=letter.language)
    return f"{words} ({letter.time_zone.replace('_', ' ')})"


def _receipt(receipt: ReceiptFacts, letter: Letter, translations: NullTranslations) -> str:
    """Give version, time and hash of what was received."""
    _ = translations.gettext
    late = _("It was taken after the closing.") + " " if receipt.is_late else ""
    return late + _("Version %(number)d, received on %(moment)s. SHA-256: %(hash)s") % {
        "number": receipt.number,
        "moment": _moment(receipt.received_at, letter),
        "hash": receipt.content_hash,
    }


def invitation_subject(letter: InvitationLetter, site_name: str, translations: NullTranslations) -> str:
    """Give the subject of the mail that carries an invitation."""
    _ = translations.gettext
    if letter.purpose is InvitationPurpose.PASSWORD:
        return _("Set a new password for %(site)s") % {"site": site_name}
    if letter.group is not None:
        return _("You were invited to %(group)s") % {"group": letter.group}
    return _("You were invited to %(site)s") % {"site": site_name}


def _happened(kind: NoticeKind, translations: NullTranslations) -> str:
    _ = translations.gettext
    return {
        NoticeKind.HELD: _("Your contribution waits for a moderator"),
        NoticeKind.DECIDED: _("A moderator decided about your contribution"),
        NoticeKind.REPLIED: _("There is a reply to you"),
        NoticeKind.MENTIONED: _("You were mentioned"),
        NoticeKind.INVITED: _("You were invited"),
        NoticeKind.FLAG_ANSWERED: _("A moderator looked at what you flagged"),
        NoticeKind.APPEAL_FILED: _("An appeal waits for you to decide it"),
        NoticeKind.APPEAL_ANSWERED: _("An appeal that concerns you was decided"),
        NoticeKind.QUESTION_ANSWERED: _("Your question was answered"),
        NoticeKind.COMMENT_ANSWERED: _("Your comment was answered"),
        NoticeKind.UNSEALED: _("It was looked up who wrote something of yours"),
        NoticeKind.SIGNATURE_ASKED: _("A joint position waits for your answer"),
        NoticeKind.SIGNATURE_ANSWERED: _("A body answered about your joint position"),
        NoticeKind.SAVED_SEARCH: _("Something new for a search that you saved"),
        NoticeKind.RECEIVED: _("Your answer was received"),
        NoticeKind.REMINDED: _("A consultation waits for your answer"),
        NoticeKind.LATE_DECIDED: _("The chair decided whether your answer is taken late"),
        NoticeKind.STAGE_OPENED: _("The procedure went on to its next stage"),
        NoticeKind.SEAT_REMINDED: _("A stage of the procedure waits for your seat"),
        NoticeKind.ENTRY_GIVEN: _("An entry of a register was given to you"),
        NoticeKind.ENTRY_MOVED: _("The status of an entry of yours changed"),
        NoticeKind.MEETING_CONVENED: _("A meeting is convened"),
        NoticeKind.MEETING_CHANGED: _("A meeting has changed"),
        NoticeKind.MEETING_CANCELLED: _("A meeting is cancelled"),
        NoticeKind.MINUTES: _("The minutes of a meeting are there"),
        NoticeKind.BALLOT_OPENED: _("A decision waits for the vote of your seat"),
        NoticeKind.BALLOT_CLOSED: _("A decision was taken"),
        NoticeKind.DECLARATION_ASKED: _("Your declaration of interests is missing or due again"),
        NoticeKind.SEAT_DECIDED: _("Your application for a seat was decided"),
        NoticeKind.STATUS_PROPOSED: _("A proposed status waits for your State's remark"),
        NoticeKind.STATUS_REMARKED: _("A State has written its remark on a proposed status"),
        NoticeKind.STATUS_PUBLISHED: _("A status that you had a part in was published"),
    }[kind]


def _decided(action: Action, translations: NullTranslations) -> str:
    _ = translations.gettext
    return {
        Action.APPROVE: _("Your contribution was published"),
        Action.REJECT: _("Your contribution was not published"),
        Action.HIDE: _("Your contribution was removed from view"),
        Action.RESTORE: _("Your contribution was restored"),
        Action.KEEP: _("Your contribution stays as it is"),
        Action.ASK_CHANGE: _("You are asked to change your contribution"),
        Action.LABEL: _("Your contribution was given a narrower label"),
        Action.LOCK: _("Your discussion was closed to replies"),
        Action.UNLOCK: _("Your discussion can be replied to again"),
        Action.MOVE: _("Your discussion was moved to another group"),
        Action.SPLIT: _("Your reply was made a discussion of its own"),
        Action.MERGE: _("Your discussion was put into another one"),
        Action.WARN: _("You were warned because of your contribution"),
        Action.SUSPEND: _("You were suspended"),
        Action.LIFT: _("Your suspension was lifted"),
        Action.OVERTURN: _("A decision about your contribution was overturned"),
        Action.UNDO: _("A decision about your contribution was taken back"),
    }[action]


def _button(letter: Letter, translations: NullTranslations) -> str:
    _, kind = translations.gettext, letter.kind
    if letter.may_appeal:
        return _("The decision, and how to appeal")
    if kind in {NoticeKind.HELD, NoticeKind.DECIDED}:
        return _("See it under My contributions")
    return _("Open it in the forum")


def _why(kind: NoticeKind, translations: NullTranslations) -> str:
    _ = translations.gettext
    in_group = _("You get this mail because you are in this group.")
    return {
        NoticeKind.HELD: _("You get this mail because you sent a contribution that is held."),
        NoticeKind.DECIDED: _("You get this mail because you wrote what was decided on."),
        NoticeKind.REPLIED: _("You get this mail because somebody replied to what you wrote."),
        NoticeKind.MENTIONED: _("You get this mail because somebody wrote your handle."),
        NoticeKind.INVITED: _("You get this mail because somebody invited you."),
        NoticeKind.FLAG_ANSWERED: _("You get this mail because you flagged something."),
        NoticeKind.APPEAL_FILED: _("You get this mail because you may decide appeals in this group."),
        NoticeKind.APPEAL_ANSWERED: _("You get this mail because you had a part in what was decided."),
        NoticeKind.QUESTION_ANSWERED: _("You get this mail because you asked a question."),
        NoticeKind.COMMENT_ANSWERED: _("You get this mail because you commented on a paper."),
        NoticeKind.UNSEALED: _("You get this mail because what concerns you was looked up."),
        NoticeKind.SIGNATURE_ASKED: _(
            "You get this mail because a body you speak for is asked to sign a joint position."
        ),
        NoticeKind.SIGNATURE_ANSWERED: _("You get this mail because you write this joint position."),
        NoticeKind.SAVED_SEARCH: _("You get this mail because you saved a search and asked to be told."),
        NoticeKind.RECEIVED: _("You get this mail because you sent an answer: keep it as your receipt."),
        NoticeKind.REMINDED: _(
            "You get this mail because this consultation asks you or a body you speak for."
        ),
        NoticeKind.LATE_DECIDED: _("You get this mail because you asked to answer after the closing."),
        NoticeKind.STAGE_OPENED: _("You get this mail because you are a member of this group."),
        NoticeKind.SEAT_REMINDED: _("You get this mail because you hold a seat that this stage waits for."),
        NoticeKind.ENTRY_GIVEN: _("You get this mail because an entry of a register is yours to see to."),
        NoticeKind.ENTRY_MOVED: _("You get this mail because an entry of a register is yours to see to."),
        NoticeKind.MEETING_CONVENED: in_group,
        NoticeKind.MEETING_CHANGED: in_group,
        NoticeKind.MEETING_CANCELLED: in_group,
        NoticeKind.MINUTES: in_group,
        NoticeKind.BALLOT_OPENED: _("You get this mail because you sit on a seat that has a vote."),
        NoticeKind.BALLOT_CLOSED: in_group,
        NoticeKind.DECLARATION_ASKED: _("You get this mail because members of this group declare interests."),
        NoticeKind.SEAT_DECIDED: _("You get this mail because you applied for a seat."),
        NoticeKind.STATUS_PROPOSED: _("You get this mail because you are the contact of a Member State."),
        NoticeKind.STATUS_REMARKED: _("You get this mail because you proposed this status."),
        NoticeKind.STATUS_PUBLISHED: _(
            "You get this mail because you proposed this status or could remark on it."
        ),
    }[kind]
