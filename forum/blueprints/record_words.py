"""The words of a person's own log: what happened, and by whom, without naming anybody."""

from flask_babel import gettext, lazy_gettext

from forum.blueprints import moderation_words as words
from forum.blueprints import wording
from forum.domain.audit import AuditAction
from forum.domain.moderation import Action
from forum.services.own_record import RecordLine

_HAPPENED = {
    AuditAction.MEMBER_ADDED: lazy_gettext("You got a role in a group"),
    AuditAction.MEMBER_ENDED: lazy_gettext("A role of yours in a group ended"),
    AuditAction.INVITATION_ACCEPTED: lazy_gettext("An invitation was accepted"),
    AuditAction.MANDATE_GRANTED: lazy_gettext("You may speak for an organisation"),
    AuditAction.MANDATE_ENDED: lazy_gettext("Your mandate of an organisation was ended"),
    AuditAction.MANDATE_RAN_OUT: lazy_gettext("Your mandate of an organisation ran out"),
    AuditAction.REQUEST_GRANTED: lazy_gettext("Your request was granted"),
    AuditAction.REQUEST_REFUSED: lazy_gettext("Your request was refused"),
    AuditAction.ACCOUNT_ADDED: lazy_gettext("Your account was made"),
    AuditAction.ACCOUNT_DISABLED: lazy_gettext("Your account was switched off"),
    AuditAction.ACCOUNT_ENABLED: lazy_gettext("Your account was switched on"),
    AuditAction.SESSIONS_ENDED: lazy_gettext("Your sessions were ended"),
    AuditAction.ROLE_CHANGED: lazy_gettext("Your role over the platform changed"),
    AuditAction.PASSWORD_CHANGED: lazy_gettext("Your password was changed"),
    AuditAction.FACTOR_ADDED: lazy_gettext("A second factor was added to your account"),
    AuditAction.FACTOR_REMOVED: lazy_gettext("A second factor of your account was removed"),
    AuditAction.RECOVERY_CODES_MADE: lazy_gettext("New recovery codes were made for you"),
    AuditAction.RECOVERY_CODE_USED: lazy_gettext("A recovery code of yours was used"),
    AuditAction.EMAIL_CHANGED: lazy_gettext("The address of your account was changed"),
    AuditAction.IDENTITY_LINKED: lazy_gettext("Sign-in with your organisation was added to your account"),
    AuditAction.IDENTITY_UNLINKED: lazy_gettext("Sign-in with your organisation was taken off your account"),
    AuditAction.TOKEN_MADE: lazy_gettext("An access token was made for you"),
    AuditAction.TOKEN_REVOKED: lazy_gettext("An access token of yours was revoked"),
    AuditAction.APPEALED: lazy_gettext("You appealed against a decision"),
    AuditAction.APPEAL_TAKEN: lazy_gettext("Somebody looks at your appeal"),
    AuditAction.APPEAL_GIVEN_BACK: lazy_gettext("Your appeal waits for somebody else"),
    AuditAction.APPEAL_WITHDRAWN: lazy_gettext("You withdrew an appeal"),
    AuditAction.APPEAL_DECIDED: lazy_gettext("Your appeal was decided"),
    AuditAction.COAUTHOR_ADDED: lazy_gettext("You became an author of a paper"),
    AuditAction.OUTBOX_RETRIED: lazy_gettext("What the worker had given up got another round"),
    AuditAction.OWN_DATA_EXPORTED: lazy_gettext("You took all that is stored about you"),
    AuditAction.ERASURE_ASKED: lazy_gettext("Your erasure was asked for"),
    AuditAction.ERASURE_TAKEN_BACK: lazy_gettext("The request for your erasure was taken back"),
    AuditAction.ERASURE_REFUSED: lazy_gettext("The request for your erasure was refused"),
    AuditAction.COAUTHOR_REMOVED: lazy_gettext("You are an author of a paper no more"),
}


def happened(line: RecordLine) -> str:
    """Give what happened in a few words; an action without words of its own shows its key."""
    decided = str(line.facts.get("decided", ""))
    if decided in {action.value for action in Action}:
        return words.to_the_author(Action(decided)).rstrip(".")
    known = {action.value: text for action, text in _HAPPENED.items()}
    return str(known[line.action]) if line.action in known else line.action.replace("_", " ")


def by_whom(line: RecordLine) -> str:
    """Give who did it, by role."""
    if line.is_own_doing:
        return gettext("you")
    if not line.has_actor:
        return gettext("the forum or its operator")
    if line.action.startswith(("moderation.", "appeal", "statement")):
        return gettext("a moderator")
    return gettext("somebody with the right to")


def role(line: RecordLine) -> str:
    """Give the role that an entry is about, in a group or over the platform."""
    value = str(line.facts.get("role", ""))
    name = wording.role_name if line.group_slug or line.action.startswith("member.") else None
    return str((name or wording.platform_role_name)(value))
