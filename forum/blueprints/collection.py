"""The notice at each point at which personal data are collected: who uses them, for what, under which law.

A form that takes something of or about a person shows it by the macro `collected(purpose)`;
tests/templates/test_collection.py refuses a form for which nobody has decided.
"""

from flask import current_app
from flask_babel import gettext, lazy_gettext

LAWS = {"gdpr": "Regulation (EU) 2016/679", "eu-institutions": "Regulation (EU) 2018/1725"}
"""LEGAL_REGIME -> the law, short."""

PURPOSES = {
    "account": lazy_gettext("to decide on your request and to answer you"),
    "joining": lazy_gettext("to give you an account and to show for whom you speak"),
    "profile": lazy_gettext("for your account, and shows them as you choose here"),
    "invitation": lazy_gettext("to invite this person, who can read about it before accepting"),
    "seat": lazy_gettext("to decide who gets a seat, and keeps the decision on record"),
    "writing": lazy_gettext("to publish your contribution as said above, as part of the record"),
    "draft": lazy_gettext("to keep your draft for its authors, and to publish it once you send it"),
    "answer": lazy_gettext("to evaluate what is answered, and to publish it as its preview shows"),
    "late": lazy_gettext("to decide whether your answer is taken late, which is recorded"),
    "flag": lazy_gettext("so that a moderator can decide, and you hear the outcome"),
    "appeal": lazy_gettext("to have your appeal decided, and keeps it with the decision"),
    "declaration": lazy_gettext("to show the interests of members to those whom the terms of the group name"),
    "attendance": lazy_gettext("to record who was there and whether there was a quorum"),
    "vote": lazy_gettext("to count the vote of your seat and to publish it with the result"),
    "assessment": lazy_gettext("to publish your seat's assessment once the stage has ended"),
    "signature": lazy_gettext("to record the answer of the organisation you speak for"),
    "search": lazy_gettext("to keep this search for you alone, and to tell you what is new"),
}
"""What each form says it is for: the end of one sentence."""


def sentence(purpose: str) -> str:
    """Give the sentence for a purpose, from the settings CONTROLLER and LEGAL_REGIME."""
    settings = current_app.config
    controller = str(settings["CONTROLLER"] or settings["OWNER"])
    return gettext(
        "%(controller)s uses what you enter here %(purpose)s (%(law)s).",
        controller=controller[:1].upper() + controller[1:],
        purpose=PURPOSES[purpose],
        law=LAWS[settings["LEGAL_REGIME"]],
    )
