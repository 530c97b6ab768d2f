"""The words of moderation and notices: why something waits, what was decided, what a person is told."""

from flask_babel import gettext, lazy_gettext

from forum.blueprints.support import now
from forum.domain.appeals import AppealState, Side
from forum.domain.attribution import SubjectKind
from forum.domain.moderation import UNDO_SPAN, Action, FlagReason, ModerationDecision, Why
from forum.domain.notices import NoticeKind
from forum.domain.statements import SourceType
from forum.domain.unsealing import UnsealingState
from forum.domain.working_days import Bucket

_BUTTONS = {
    Action.APPROVE: lazy_gettext("Publish"),
    Action.REJECT: lazy_gettext("Reject"),
    Action.HIDE: lazy_gettext("Remove from view"),
    Action.RESTORE: lazy_gettext("Restore"),
    Action.KEEP: lazy_gettext("Keep as it is"),
    Action.ASK_CHANGE: lazy_gettext("Ask for a change"),
    Action.LABEL: lazy_gettext("Give it a narrower label"),
    Action.LOCK: lazy_gettext("Close the discussion to replies"),
    Action.UNLOCK: lazy_gettext("Open the discussion again"),
    Action.MOVE: lazy_gettext("Move the discussion to another group"),
    Action.SPLIT: lazy_gettext("Make it a discussion of its own"),
    Action.MERGE: lazy_gettext("Put it into another discussion"),
    Action.WARN: lazy_gettext("Warn the author"),
    Action.SUSPEND: lazy_gettext("Suspend the author"),
    Action.LIFT: lazy_gettext("Lift the suspension"),
}
_DONE = {
    Action.APPROVE: lazy_gettext("Published"),
    Action.REJECT: lazy_gettext("Rejected"),
    Action.HIDE: lazy_gettext("Removed from view"),
    Action.RESTORE: lazy_gettext("Restored"),
    Action.KEEP: lazy_gettext("Kept as it is"),
    Action.ASK_CHANGE: lazy_gettext("Change asked for"),
    Action.LABEL: lazy_gettext("Given a narrower label"),
    Action.LOCK: lazy_gettext("Closed to replies"),
    Action.UNLOCK: lazy_gettext("Open to replies again"),
    Action.MOVE: lazy_gettext("Moved to another group"),
    Action.SPLIT: lazy_gettext("Made a discussion of its own"),
    Action.MERGE: lazy_gettext("Put into another discussion"),
    Action.WARN: lazy_gettext("Author warned"),
    Action.SUSPEND: lazy_gettext("Author suspended"),
    Action.LIFT: lazy_gettext("Suspension lifted"),
    Action.OVERTURN: lazy_gettext("Overturned on appeal"),
    Action.UNDO: lazy_gettext("Decision taken back"),
}
_TO_THE_AUTHOR = {
    Action.APPROVE: lazy_gettext("Your contribution was published."),
    Action.REJECT: lazy_gettext("Your contribution was not published."),
    Action.HIDE: lazy_gettext("Your contribution was removed from view."),
    Action.RESTORE: lazy_gettext("Your contribution was restored."),
    Action.KEEP: lazy_gettext("Your contribution stays as it is."),
    Action.ASK_CHANGE: lazy_gettext("A moderator asks you to change your contribution."),
    Action.LABEL: lazy_gettext("Your contribution was given a narrower label: fewer people read it."),
    Action.LOCK: lazy_gettext("The discussion that you opened was closed to replies."),
    Action.UNLOCK: lazy_gettext("The discussion that you opened can be replied to again."),
    Action.MOVE: lazy_gettext("Your discussion was moved to another group."),
    Action.SPLIT: lazy_gettext("Your reply was made a discussion of its own."),
    Action.MERGE: lazy_gettext("Your discussion was put into another one."),
    Action.WARN: lazy_gettext("A moderator warns you because of your contribution."),
    Action.SUSPEND: lazy_gettext("You were suspended because of your contribution."),
    Action.LIFT: lazy_gettext("Your suspension was lifted."),
    Action.OVERTURN: lazy_gettext("The decision about your contribution was overturned on appeal."),
    Action.UNDO: lazy_gettext("The decision was taken back."),
}
_FLAGS = {
    FlagReason.OFF_TOPIC: lazy_gettext("Does not belong to this discussion"),
    FlagReason.UNCIVIL: lazy_gettext("Attacks a person or a body"),
    FlagReason.CONFIDENTIAL: lazy_gettext("Shares what is confidential or narrower labelled"),
    FlagReason.PERSONAL_DATA: lazy_gettext("Contains personal data"),
    FlagReason.SPAM: lazy_gettext("Advertises, or says the same again and again"),
    FlagReason.SUSPECTED: lazy_gettext("May be abuse material: it is locked at once, and nobody looks at it"),
    FlagReason.VICTIM: lazy_gettext("May identify a victim: it is locked at once, and nobody looks at it"),
    FlagReason.ILLEGAL: lazy_gettext("Is illegal"),
    FlagReason.OTHER: lazy_gettext("Something else"),
}
_WHY = {
    Why.HELD: lazy_gettext("Held"),
    Why.FLAGGED: lazy_gettext("Flagged"),
    Why.ILLEGAL: lazy_gettext("Flagged as illegal"),
    Why.APPEALED: lazy_gettext("Appealed against"),
}
_HELD = {
    "everything": lazy_gettext("In this group moderators read every contribution first."),
    "removed": lazy_gettext("A moderator had taken it away; it was sent again."),
    "newcomer": lazy_gettext("It is the author's first contribution to this group."),
    "links": lazy_gettext("It leads to a site outside the references of this group."),
    "hashes": lazy_gettext("It lists several hash values."),
    "contacts": lazy_gettext("It holds an e-mail address or a telephone number."),
    "words": lazy_gettext("It holds a word that moderators look for."),
    "too_fast": lazy_gettext("The author has sent a great deal within an hour."),
    "too_similar": lazy_gettext("It says almost the same as something sent lately."),
    "protected": lazy_gettext("It may identify somebody who must be protected."),
    "released": lazy_gettext("It was locked, and has been released to be read."),
}
_KINDS = {
    SubjectKind.POST: lazy_gettext("Post"),
    SubjectKind.VERSION: lazy_gettext("Paper"),
    SubjectKind.THREAD: lazy_gettext("Discussion"),
    SubjectKind.ATTACHMENT: lazy_gettext("Attachment"),
    SubjectKind.CONSULTATION: lazy_gettext("Consultation"),
    SubjectKind.ACCOUNT: lazy_gettext("Account"),
    SubjectKind.ANSWER: lazy_gettext("Answer to a consultation"),
    SubjectKind.ASSESSMENT: lazy_gettext("Assessment of a seat"),
    SubjectKind.ENTRY: lazy_gettext("Entry of a register"),
    SubjectKind.MEETING: lazy_gettext("Meeting"),
    SubjectKind.BALLOT: lazy_gettext("Decision of the group"),
    SubjectKind.ARTICLE_STATUS: lazy_gettext("Status of an article in a State"),
}
_UNSEALINGS = {
    UnsealingState.ASKED: lazy_gettext("Waits for a second person"),
    UnsealingState.APPROVED: lazy_gettext("Approved"),
    UnsealingState.REFUSED: lazy_gettext("Refused"),
    UnsealingState.LAPSED: lazy_gettext("Lapsed"),
}
_BUCKETS = {
    Bucket.OVERDUE: lazy_gettext("Overdue"),
    Bucket.TODAY: lazy_gettext("Due today"),
    Bucket.LATER: lazy_gettext("Later"),
}
_NOTICES = {
    NoticeKind.HELD: lazy_gettext("Your contribution waits for a moderator"),
    NoticeKind.DECIDED: lazy_gettext("A moderator decided about your contribution"),
    NoticeKind.REPLIED: lazy_gettext("Somebody replied to you"),
    NoticeKind.MENTIONED: lazy_gettext("Somebody mentioned you"),
    NoticeKind.INVITED: lazy_gettext("You were invited"),
    NoticeKind.FLAG_ANSWERED: lazy_gettext("A moderator looked at what you flagged"),
    NoticeKind.APPEAL_FILED: lazy_gettext("An appeal waits for you to decide it"),
    NoticeKind.APPEAL_ANSWERED: lazy_gettext("An appeal that concerns you was decided"),
    NoticeKind.QUESTION_ANSWERED: lazy_gettext("Your question was answered"),
    NoticeKind.COMMENT_ANSWERED: lazy_gettext("Your comment on a paper was answered"),
    NoticeKind.UNSEALED: lazy_gettext("Two people looked up who wrote something of yours"),
    NoticeKind.SIGNATURE_ASKED: lazy_gettext("A joint position waits for your answer"),
    NoticeKind.SIGNATURE_ANSWERED: lazy_gettext("A body answered about your joint position"),
    NoticeKind.SAVED_SEARCH: lazy_gettext("Something new for a search that you saved"),
    NoticeKind.RECEIVED: lazy_gettext("Your answer was received"),
    NoticeKind.REMINDED: lazy_gettext("A consultation waits for your answer"),
    NoticeKind.LATE_DECIDED: lazy_gettext("The chair decided whether your answer is taken late"),
    NoticeKind.STAGE_OPENED: lazy_gettext("A group's procedure went on to its next stage"),
    NoticeKind.SEAT_REMINDED: lazy_gettext("A stage waits for your seat"),
    NoticeKind.ENTRY_GIVEN: lazy_gettext("An entry of a register was given to you"),
    NoticeKind.ENTRY_MOVED: lazy_gettext("The status of an entry of yours changed"),
    NoticeKind.MEETING_CONVENED: lazy_gettext("A meeting is convened"),
    NoticeKind.MEETING_CHANGED: lazy_gettext("A meeting has changed"),
    NoticeKind.MEETING_CANCELLED: lazy_gettext("A meeting is cancelled"),
    NoticeKind.MINUTES: lazy_gettext("The minutes of a meeting are there"),
    NoticeKind.BALLOT_OPENED: lazy_gettext("A decision waits for the vote of your seat"),
    NoticeKind.BALLOT_CLOSED: lazy_gettext("A decision was taken"),
    NoticeKind.DECLARATION_ASKED: lazy_gettext("Your declaration of interests is missing or due again"),
    NoticeKind.SEAT_DECIDED: lazy_gettext("Your application for a seat was decided"),
    NoticeKind.STATUS_PROPOSED: lazy_gettext("A proposed status waits for your State's remark"),
    NoticeKind.STATUS_REMARKED: lazy_gettext("A State has written its remark on a proposed status"),
    NoticeKind.STATUS_PUBLISHED: lazy_gettext("A status that you had a part in was published"),
}
_MAILS = {
    NoticeKind.HELD: lazy_gettext("What I sent waits for a moderator"),
    NoticeKind.DECIDED: lazy_gettext("A moderator has decided about what I wrote"),
    NoticeKind.REPLIED: lazy_gettext("Somebody replies to me"),
    NoticeKind.MENTIONED: lazy_gettext("Somebody mentions me"),
    NoticeKind.INVITED: lazy_gettext("Somebody invites me"),
    NoticeKind.FLAG_ANSWERED: lazy_gettext("A moderator has looked at what I flagged"),
    NoticeKind.APPEAL_FILED: lazy_gettext("An appeal waits for me to decide it"),
    NoticeKind.APPEAL_ANSWERED: lazy_gettext("An appeal that concerns me is decided"),
    NoticeKind.QUESTION_ANSWERED: lazy_gettext("My question to the unit is answered"),
    NoticeKind.COMMENT_ANSWERED: lazy_gettext("My comment on a paper is answered"),
    NoticeKind.UNSEALED: lazy_gettext("Two people look up who wrote something of mine"),
    NoticeKind.SIGNATURE_ASKED: lazy_gettext("A joint position waits for the answer of a body I speak for"),
    NoticeKind.SIGNATURE_ANSWERED: lazy_gettext("A body has answered about a joint position I write"),
    NoticeKind.SAVED_SEARCH: lazy_gettext("There is something new for a search that I saved"),
    NoticeKind.RECEIVED: lazy_gettext("An answer that I sent to a consultation is received"),
    NoticeKind.REMINDED: lazy_gettext("A consultation that asks me closes soon"),
    NoticeKind.LATE_DECIDED: lazy_gettext("The chair has decided about my late answer"),
    NoticeKind.STAGE_OPENED: lazy_gettext("A group I belong to goes on to the next stage of its procedure"),
    NoticeKind.SEAT_REMINDED: lazy_gettext("A stage waits for the seat I hold"),
    NoticeKind.ENTRY_GIVEN: lazy_gettext("An entry of a register is given to me"),
    NoticeKind.ENTRY_MOVED: lazy_gettext("Somebody takes an entry of mine to another status"),
    NoticeKind.MEETING_CONVENED: lazy_gettext("A meeting of my group is convened"),
    NoticeKind.MEETING_CHANGED: lazy_gettext("A meeting of my group changes"),
    NoticeKind.MEETING_CANCELLED: lazy_gettext("A meeting of my group is cancelled"),
    NoticeKind.MINUTES: lazy_gettext("Minutes of my group are circulated or adopted"),
    NoticeKind.BALLOT_OPENED: lazy_gettext("A decision waits for the vote of my seat"),
    NoticeKind.BALLOT_CLOSED: lazy_gettext("A decision of my group is taken"),
    NoticeKind.DECLARATION_ASKED: lazy_gettext("My declaration of interests is missing or due again"),
    NoticeKind.SEAT_DECIDED: lazy_gettext("My application for a seat is decided"),
    NoticeKind.STATUS_PROPOSED: lazy_gettext("A status of the State that I am the contact of is proposed"),
    NoticeKind.STATUS_REMARKED: lazy_gettext("A State remarks on a status that I proposed"),
    NoticeKind.STATUS_PUBLISHED: lazy_gettext("A status that I had a part in is published"),
}
_APPEALS = {
    AppealState.FILED: lazy_gettext("Waits to be taken"),
    AppealState.TAKEN: lazy_gettext("Somebody looks at it"),
    AppealState.UPHELD: lazy_gettext("Upheld: what the decision did is undone"),
    AppealState.REJECTED: lazy_gettext("Rejected: the decision stands"),
    AppealState.WITHDRAWN: lazy_gettext("Withdrawn by whoever made it"),
}
_SIDES = {
    Side.AUTHOR: lazy_gettext("by the author"),
    Side.FLAGGER: lazy_gettext("by a reader who had flagged it"),
}


def appeal_state(value: AppealState) -> str:
    """Give where an appeal is."""
    return str(_APPEALS[value])


def appeal_side(value: Side) -> str:
    """Give whose appeal it is, without a name."""
    return str(_SIDES[value])


_SOURCES = {
    SourceType.ARTICLE_16: lazy_gettext("A reader flagged it as illegal"),
    SourceType.TRUSTED_FLAGGER: lazy_gettext("A trusted flagger flagged it"),
    SourceType.OTHER_NOTIFICATION: lazy_gettext("A reader flagged it"),
    SourceType.VOLUNTARY: lazy_gettext("Moderators looked at it themselves"),
}


def undo_left(decision: ModerationDecision) -> int:
    """Give the seconds that are left to take a decision back."""
    return max(0, round((decision.decided_at + UNDO_SPAN - now()).total_seconds()))


def source(code: str) -> str:
    """Give what led to a decision."""
    return str(_SOURCES[SourceType(code)])


def button(value: Action) -> str:
    """Give what the button of a decision says."""
    return str(_BUTTONS[value])


def done(value: Action) -> str:
    """Give what was decided, as the log says it."""
    return str(_DONE[value])


def to_the_author(value: Action) -> str:
    """Give the first sentence of the letter to the author."""
    return str(_TO_THE_AUTHOR[value])


def flag_reason(value: FlagReason) -> str:
    """Give the reason of a flag in words."""
    return str(_FLAGS[value])


def why(value: Why) -> str:
    """Give why something is in the queue."""
    return str(_WHY[value])


def held_because(rule: str | None) -> str:
    """Give the sentence about the rule that held something."""
    return str(_HELD[rule]) if rule in _HELD else gettext("A rule of this group held it.")


def kind(value: SubjectKind) -> str:
    """Give what kind of contribution it is."""
    return str(_KINDS[value])


def bucket(value: Bucket) -> str:
    """Give how urgent something is."""
    return str(_BUCKETS[value])


def unsealing_state(value: UnsealingState) -> str:
    """Give where a request to unseal is."""
    return str(_UNSEALINGS[value])


def notice(value: NoticeKind) -> str:
    """Give what a person is told, without a full stop."""
    return str(_NOTICES[value])


def mail(value: NoticeKind) -> str:
    """Give what a kind of mail is about, as its reader would say it."""
    return str(_MAILS[value])
