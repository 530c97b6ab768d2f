"""Every page state that the browser visits. A new page is one line here.

A state is a path, who looks, and the status that is expected. Words in braces come from `world.py`; what a
page needs to be worth looking at is built there. A state that a plain visit does not reach (a form with
errors, an open menu) has a test of its own in this folder and hands the page to `checks.assert_well_made`.
"""

from typing import NamedTuple


class State(NamedTuple):
    """One page as one person sees it."""

    path: str
    who: str = "visitor"
    status: int = 200

    def __str__(self) -> str:
        return f"{self.path}-{self.who}"


STATES = (
    # home
    State("/"),
    State("/", "member"),
    State("/", "moderator"),
    State("/", "secretariat"),
    State("/", "administrator"),
    # groups
    State("/groups/"),
    State("/groups/", "member"),
    State("/groups/{group}/"),
    State("/groups/{group}/", "member"),
    State("/groups/{group}/", "moderator"),
    State("/groups/{group}/rules"),
    State("/groups/{closed}/"),
    State("/groups/{closed}/", "outsider"),
    State("/groups/{closed}/", "member"),
    # accounts
    State("/accounts/sign-in"),
    State("/accounts/request"),
    State("/accounts/settings", "member"),
    State("/accounts/invitations/{invitation}"),
    State("/accounts/invitations/{invitation}", "member"),
    State("/accounts/invitations/{spent}", status=410),
    # api
    State("/api/v1/docs"),
    # flags
    State("/posts/{post}/flag", "chair"),
    State("/posts/{post}/flag", "member", 403),
    # me
    State("/mail/stop/{stop}"),
    State("/me/alerts", "member"),
    State("/me/contributions", "member"),
    State("/me/contributions", "outsider"),
    State("/me/searches/", "member"),
    State("/me/searches/", "outsider"),
    State("/me/searches/new?q=lantern", "member"),
    State("/me/searches/{saved}/", "member"),
    # moderation
    State("/moderation/", "moderator"),
    State("/moderation/?bucket=later&kind=version", "moderator"),
    State("/moderation/cases/post/{held}", "moderator"),
    State("/moderation/cases/post/{flagged}", "moderator"),
    State("/moderation/cases/post/{removed}", "moderator"),
    State("/moderation/cases/version/{held_paper}", "moderator"),
    State("/moderation/log"),
    State("/moderation/unsealings/", "moderator"),
    State("/moderation/unsealings/", "member", 403),
    State("/moderation/unsealings/{unsealing}", "moderator"),
    State("/moderation/unsealings/{unsealing}", "chair"),
    State("/moderation/unsealings/ask/post/{sealed_post}", "chair"),
    State("/me/record", "member"),
    State("/me/record", "outsider"),
    State("/moderation/log?kind=version&action=approve"),
    State("/moderation/transparency"),
    State("/moderation/transparency?first=2001-01-01&last=2001-02-28"),
    State("/moderation/transparency?first=yesterday", status=422),
    # notices
    State("/notifications/", "member"),
    State("/notifications/", "outsider"),
    # administration
    State("/administration/", "administrator"),
    State("/administration/", "secretariat"),
    State("/administration/", "member", 403),
    State("/administration/people/", "administrator"),
    State("/administration/people/?q=nobody", "secretariat"),
    State("/administration/people/invite", "administrator"),
    State("/administration/people/{person}/", "administrator"),
    State("/administration/people/{person}/", "secretariat"),
    State("/administration/requests", "secretariat"),
    State("/administration/organisations/", "secretariat"),
    State("/administration/organisations/new", "secretariat"),
    State("/administration/organisations/{organisation}/", "secretariat"),
    # members
    State("/groups/{group}/members/"),
    State("/groups/{group}/members/", "member"),
    State("/groups/{group}/members/", "chair"),
    State("/groups/{group}/request-seat", "outsider"),
    State("/groups/{group}/settings/", "chair"),
    State("/groups/{closed}/members/", "outsider"),
    # organisations
    State("/organisations/"),
    State("/organisations/?q=nothing", "member"),
    State("/organisations/{organisation}/"),
    State("/organisations/{organisation}/", "secretariat"),
    State("/me/organisation", "member"),
    State("/me/organisation", "outsider"),
    # people
    State("/people/{person}/", "member"),
    State("/people/{person}/", status=404),
    # pages
    State("/accessibility"),
    State("/glossary"),
    State("/help/"),
    State("/help/moderation"),
    State("/privacy"),
    State("/who-can-read-what"),
    # discussions
    State("/groups/{group}/threads/"),
    State("/groups/{group}/threads/", "member"),
    State("/groups/{group}/threads/?kind=question"),
    State("/groups/{group}/threads/new", "member"),
    State("/groups/{group}/threads/new", "outsider", 403),
    State("/groups/{group}/threads/{long_thread}/"),
    State("/groups/{group}/threads/{long_thread}/", "member"),
    State("/groups/{group}/threads/{long_thread}/", "moderator"),
    State("/groups/{group}/threads/{long_thread}/", "chair"),
    State("/groups/{group}/threads/{long_thread}/?type=ngo"),
    State("/groups/{group}/threads/{long_thread}/?mine=1", "outsider"),
    State("/groups/{group}/threads/{closed_thread}/", "member"),
    State("/groups/{group}/threads/{comment}/", "member"),
    State("/groups/{group}/papers/{commented_paper}/comments/"),
    State("/groups/{group}/papers/{commented_paper}/comments/new?paragraph=p1", "member"),
    State("/groups/{unit}/threads/{question}/", "secretariat"),
    State("/groups/{sealed}/threads/", "member"),
    State("/groups/{sealed}/threads/{sealed_thread}/", "member"),
    State("/posts/{my_post}", "member"),
    State("/posts/{my_post}/reply?quote=1", "member"),
    State("/posts/{my_post}/edit", "member"),
    State("/posts/{my_post}/edit", "moderator", 403),
    State("/posts/{my_post}/withdraw", "member"),
    State("/posts/{pending_post}/withdraw", "member"),
    State("/posts/{edited_post}/history"),
    State("/posts/{my_post}/history"),
    State("/posts/{answer}/answer", "secretariat"),
    State("/strategy/3/ask", "member"),
    # search
    State("/search"),
    State("/search?q=deadline+report"),
    State("/search?q=deadline+report", "member"),
    State("/search?q=deadline+kind:paper+-country:be&sort=date&view=containers", "member"),
    State("/search?q=example+messenger&view=organisations"),
    State("/search?q=%22no+such+words%22+kind:attachment"),
    State("/search?q=" + "deadline+" * 30, status=422),
    # strategy
    State("/strategy/"),
    State("/strategy/1"),
    State("/strategy/2", "member"),
    State("/strategy/7"),
    # papers
    State("/groups/{group}/papers/"),
    State("/groups/{group}/papers/", "member"),
    State("/groups/{group}/papers/?purpose=group_draft"),
    State("/groups/{group}/papers/new", "member"),
    State("/groups/{group}/papers/drafts/{draft}", "member"),
    State("/groups/{group}/papers/{versioned}/"),
    State("/groups/{group}/papers/{versioned}/", "member"),
    State("/groups/{group}/papers/{versioned}/versions/"),
    State("/groups/{group}/papers/{versioned}/versions/1", "member"),
    State("/groups/{group}/papers/{versioned}/versions/1/cite/p4"),
    State("/groups/{group}/papers/{versioned}/compare?from=1&to=2"),
    State("/groups/{group}/papers/{versioned}/compare?from=1&to=2&only=changed"),
    State("/groups/{group}/papers/{withdrawn}/"),
    State("/groups/{group}/papers/from-document", "member"),
    State("/groups/{group}/papers/drafts/{draft_from_file}", "member"),
    State("/groups/{group}/papers/drafts/{draft_from_file}/attachments", "member"),
    State("/groups/{group}/papers/drafts/{draft}/attachments", "member"),
    State("/groups/{group}/papers/{versioned}/versions/2/print"),
    # languages
    State("/groups/{group}/papers/{french}/"),
    State("/groups/{group}/papers/{original}/translations/new", "chair"),
    # signing
    State("/groups/{group}/papers/{joint}/"),
    State("/signing/{joint}/", "signer"),
    State("/signing/{joint}/board", "member"),
    State("/signing/{joint}/reminder", "member"),
    State("/me/contributions?kind=signature", "signer"),
    # attachments
    State("/attachments/{attachment}"),
    State("/attachments/{attachment}/pages/2"),
    # consultations
    State("/consultations/"),
    State("/groups/{group}/consultations/", "chair"),
    State("/groups/{group}/consultations/{consultation}/"),
    State("/groups/{group}/consultations/{consultation}/", "chair"),
    State("/groups/{group}/consultations/new", "chair"),
    State("/groups/{group}/consultations/{asking}/", "member"),
    State("/groups/{group}/consultations/{asking}/edit", "chair"),
    State("/groups/{group}/consultations/{asking}/questions/", "chair"),
    State("/groups/{group}/consultations/{preparing}/questions/", "chair"),
    State("/groups/{group}/consultations/{preparing}/questions/q4", "chair"),
    State("/groups/{group}/consultations/{asking}/answer/", "member"),
    State("/groups/{group}/consultations/{asking}/answer/1", "member"),
    State("/groups/{group}/consultations/{asking}/answer/2", "member"),
    State("/groups/{group}/consultations/{asking}/answer/preview", "member"),
    State("/groups/{group}/consultations/{asking}/answer/", "outsider", 403),
    State("/groups/{group}/consultations/{asking}/answers/{my_answer}/receipts/1", "member"),
    State("/groups/{group}/consultations/{asking}/respondents/", "chair"),
    State("/groups/{group}/consultations/{asking}/respondents/reminders", "secretariat"),
    State("/groups/{group}/consultations/{answered}/"),
    State("/groups/{group}/consultations/{answered}/synopsis/", "chair"),
    State("/groups/{group}/consultations/{answered}/respondents/", "chair"),
    State("/groups/{group}/consultations/{answered}/answers/"),
    State("/groups/{group}/consultations/{answered}/answers/figures"),
    State("/groups/{group}/consultations/{answered}/answers/{answer_page}/"),
    State("/groups/{group}/consultations/{answered}/answer/", "moderator", 403),
    State("/answers/{answer_page}/flag", "member"),
    # errors
    State("/nothing-here", status=404),
    State("/nothing-here", "member", 404),
)
