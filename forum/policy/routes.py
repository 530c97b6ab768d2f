"""The policy entry of every route: who may open it at all.

The gate in blueprints/support.py enforces it before a view runs, and refuses a route without an
entry; whether this person may see *this* thing is then asked of `can()` by the service.
"""

import enum


class Entry(enum.StrEnum):
    """Who may open a route."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"
    MODERATORS = "moderators"
    SECRETARIAT = "secretariat"
    PEOPLE_MANAGERS = "people_managers"
    ADMINISTRATORS = "administrators"
    TOKEN = "token"  # noqa: S105
    """API calls: the token decides; anonymous reads are allowed where pages are."""
    MACHINE = "machine"
    """Health and metrics: no person."""


ENTRIES: dict[str, Entry] = {
    "static": Entry.ANYONE,
    "bootstrap.static": Entry.ANYONE,
    # accounts
    "accounts.accept_invitation": Entry.ANYONE,
    "accounts.add_token": Entry.SIGNED_IN,
    "accounts.begin_codes": Entry.SIGNED_IN,
    "accounts.change_password": Entry.SIGNED_IN,
    "accounts.change_address": Entry.SIGNED_IN,
    "accounts.change_profile": Entry.SIGNED_IN,
    "accounts.confirm_address": Entry.SIGNED_IN,
    "accounts.codes": Entry.SIGNED_IN,
    "accounts.factors": Entry.SIGNED_IN,
    "accounts.forgotten": Entry.ANYONE,
    "accounts.new_passkey": Entry.SIGNED_IN,
    "accounts.prove": Entry.SIGNED_IN,
    "accounts.recovery_codes": Entry.SIGNED_IN,
    "accounts.remove_codes": Entry.SIGNED_IN,
    "accounts.remove_passkey": Entry.SIGNED_IN,
    "accounts.request_account": Entry.ANYONE,
    "accounts.second_factor": Entry.ANYONE,
    "accounts.reset_password": Entry.ANYONE,
    "accounts.revoke_session": Entry.SIGNED_IN,
    "accounts.revoke_sessions": Entry.SIGNED_IN,
    "accounts.revoke_token": Entry.SIGNED_IN,
    "accounts.settings": Entry.SIGNED_IN,
    "accounts.sign_in": Entry.ANYONE,
    "accounts.sign_in_passkey": Entry.ANYONE,
    "accounts.sign_out": Entry.ANYONE,
    "accounts.undo_address": Entry.ANYONE,
    # administration
    "administration.add_mandate": Entry.PEOPLE_MANAGERS,
    "administration.add_member_body": Entry.PEOPLE_MANAGERS,
    "administration.change_role": Entry.ADMINISTRATORS,
    "administration.create_organisation": Entry.PEOPLE_MANAGERS,
    "administration.decide_request": Entry.PEOPLE_MANAGERS,
    "administration.disable": Entry.PEOPLE_MANAGERS,
    "administration.enable": Entry.PEOPLE_MANAGERS,
    "administration.end_mandate": Entry.PEOPLE_MANAGERS,
    "administration.index": Entry.PEOPLE_MANAGERS,
    "administration.merge": Entry.PEOPLE_MANAGERS,
    "administration.organisation": Entry.PEOPLE_MANAGERS,
    "administration.organisations": Entry.PEOPLE_MANAGERS,
    "administration.people": Entry.PEOPLE_MANAGERS,
    "administration.person": Entry.PEOPLE_MANAGERS,
    "administration.remove_factors": Entry.PEOPLE_MANAGERS,
    "administration.remove_member_body": Entry.PEOPLE_MANAGERS,
    "administration.requests": Entry.PEOPLE_MANAGERS,
    "administration.lift_suspension": Entry.PEOPLE_MANAGERS,
    "administration.send_invitation": Entry.PEOPLE_MANAGERS,
    "administration.send_link": Entry.PEOPLE_MANAGERS,
    "administration.suspend": Entry.PEOPLE_MANAGERS,
    "administration.withdraw_invitation": Entry.PEOPLE_MANAGERS,
    # answering
    "answering.attach": Entry.SIGNED_IN,
    "answering.detach": Entry.SIGNED_IN,
    "answering.file": Entry.SIGNED_IN,
    "answering.late": Entry.SIGNED_IN,
    "answering.overview": Entry.SIGNED_IN,
    "answering.preview": Entry.SIGNED_IN,
    "answering.section": Entry.SIGNED_IN,
    # answers
    "answers.answer": Entry.ANYONE,
    "answers.canonical": Entry.ANYONE,
    "answers.export": Entry.ANYONE,
    "answers.figures": Entry.ANYONE,
    "answers.index": Entry.ANYONE,
    "answers.receipt": Entry.SIGNED_IN,
    "answers.withdraw": Entry.SIGNED_IN,
    # api
    "api.comments_comment": Entry.TOKEN,
    "api.comments_index": Entry.TOKEN,
    "api.consultations_answers": Entry.TOKEN,
    "api.consultations_index": Entry.TOKEN,
    "api.consultations_show": Entry.TOKEN,
    "api.consultations_submit": Entry.TOKEN,
    "api.audit_index": Entry.TOKEN,
    "api.groups_index": Entry.TOKEN,
    "api.groups_show": Entry.TOKEN,
    "api.me_show": Entry.TOKEN,
    "api.moderation_decide": Entry.TOKEN,
    "api.moderation_queue": Entry.TOKEN,
    "api.papers_index": Entry.TOKEN,
    "api.papers_send": Entry.TOKEN,
    "api.papers_send_version": Entry.TOKEN,
    "api.papers_show": Entry.TOKEN,
    "api.papers_version": Entry.TOKEN,
    "api.papers_versions": Entry.TOKEN,
    "api.posts_edit": Entry.TOKEN,
    "api.posts_flag": Entry.TOKEN,
    "api.posts_withdraw": Entry.TOKEN,
    "api.search_find": Entry.TOKEN,
    "api.statements_index": Entry.TOKEN,
    "api.statements_show": Entry.TOKEN,
    "api.transparency_log": Entry.TOKEN,
    "api.transparency_report": Entry.TOKEN,
    "api.threads_index": Entry.TOKEN,
    "api.threads_open": Entry.TOKEN,
    "api.threads_reply": Entry.TOKEN,
    "api.threads_show": Entry.TOKEN,
    # api_docs
    "api_docs.document": Entry.ANYONE,
    "api_docs.page": Entry.ANYONE,
    # assessing
    "assessing.overview": Entry.SIGNED_IN,
    "assessing.page": Entry.SIGNED_IN,
    "assessing.preview": Entry.SIGNED_IN,
    # assessment_links
    "assessment_links.assessment": Entry.ANYONE,
    # assessments
    "assessments.catalogue": Entry.ANYONE,
    "assessments.country": Entry.ANYONE,
    "assessments.docx": Entry.ANYONE,
    "assessments.edit": Entry.SIGNED_IN,
    "assessments.index": Entry.ANYONE,
    "assessments.matrix": Entry.ANYONE,
    "assessments.pdf": Entry.ANYONE,
    "assessments.reasons": Entry.ANYONE,
    "assessments.recommendation": Entry.SIGNED_IN,
    "assessments.statement": Entry.SIGNED_IN,
    # attachments
    "attachments.attachment": Entry.ANYONE,
    "attachments.page": Entry.ANYONE,
    # autosave
    "autosave.draft": Entry.SIGNED_IN,
    "autosave.edit": Entry.SIGNED_IN,
    "autosave.new": Entry.SIGNED_IN,
    # comment_answers
    "comment_answers.answer": Entry.SIGNED_IN,
    "comment_answers.document": Entry.ANYONE,
    "comment_answers.suggestions": Entry.SIGNED_IN,
    "comment_answers.switch": Entry.SIGNED_IN,
    "comment_answers.table": Entry.ANYONE,
    "comment_answers.workbook": Entry.ANYONE,
    # comments
    "comments.new": Entry.SIGNED_IN,
    "comments.place": Entry.SIGNED_IN,
    # consultations
    "consultations.consultation": Entry.ANYONE,
    "consultations.directory": Entry.ANYONE,
    "consultations.edit": Entry.SIGNED_IN,
    "consultations.index": Entry.ANYONE,
    "consultations.new": Entry.SIGNED_IN,
    "consultations.step": Entry.SIGNED_IN,
    # directive
    "directive.ask": Entry.SIGNED_IN,
    "directive.board": Entry.ANYONE,
    "directive.cell": Entry.ANYONE,
    "directive.contacts": Entry.SIGNED_IN,
    "directive.propose": Entry.SIGNED_IN,
    "directive.settle": Entry.SIGNED_IN,
    "directive.state": Entry.ANYONE,
    "directive.status": Entry.ANYONE,
    "directive.workbook": Entry.ANYONE,
    # documents
    "documents.next_version": Entry.SIGNED_IN,
    "documents.start": Entry.SIGNED_IN,
    # drafts
    "drafts.add_author": Entry.SIGNED_IN,
    "drafts.delete": Entry.SIGNED_IN,
    "drafts.draft": Entry.SIGNED_IN,
    "drafts.edit": Entry.SIGNED_IN,
    "drafts.new": Entry.SIGNED_IN,
    "drafts.remove_author": Entry.SIGNED_IN,
    "drafts.withdraw": Entry.SIGNED_IN,
    # flags
    "flags.answer": Entry.SIGNED_IN,
    "flags.assessment": Entry.SIGNED_IN,
    "flags.post": Entry.SIGNED_IN,
    "flags.version": Entry.SIGNED_IN,
    # group_settings
    "group_settings.edit": Entry.SIGNED_IN,
    "holding.edit": Entry.SIGNED_IN,
    # groups
    "groups.directory": Entry.ANYONE,
    "groups.overview": Entry.ANYONE,
    "groups.rules": Entry.ANYONE,
    # health
    "health.alive": Entry.MACHINE,
    "health.ready": Entry.MACHINE,
    # home
    "home.index": Entry.ANYONE,
    # me
    "me.alerts": Entry.SIGNED_IN,
    "me.confirm_stop": Entry.ANYONE,
    "me.contributions": Entry.SIGNED_IN,
    "me.stop": Entry.ANYONE,
    # meetings
    "meetings.adopt": Entry.SIGNED_IN,
    "meetings.attendance": Entry.SIGNED_IN,
    "meetings.calendar": Entry.ANYONE,
    "meetings.cancel": Entry.SIGNED_IN,
    "meetings.convene": Entry.SIGNED_IN,
    "meetings.drop": Entry.SIGNED_IN,
    "meetings.edit": Entry.SIGNED_IN,
    "meetings.index": Entry.ANYONE,
    "meetings.meeting": Entry.ANYONE,
    "meetings.minutes": Entry.SIGNED_IN,
    "meetings.new": Entry.SIGNED_IN,
    "meetings.subscribe": Entry.SIGNED_IN,
    "meetings.terms": Entry.SIGNED_IN,
    # ballots
    "ballots.ballot": Entry.ANYONE,
    "ballots.edit": Entry.SIGNED_IN,
    "ballots.new": Entry.SIGNED_IN,
    "ballots.open_votes": Entry.SIGNED_IN,
    "ballots.outcome": Entry.SIGNED_IN,
    "ballots.record": Entry.SIGNED_IN,
    "ballots.step": Entry.SIGNED_IN,
    "ballots.vote": Entry.SIGNED_IN,
    # members
    "members.add": Entry.SIGNED_IN,
    "members.add_seat": Entry.SIGNED_IN,
    "members.decide_request": Entry.SIGNED_IN,
    "members.end_role": Entry.SIGNED_IN,
    "members.end_seat": Entry.SIGNED_IN,
    "members.index": Entry.ANYONE,
    "members.request_seat": Entry.SIGNED_IN,
    "members.send_invitation": Entry.SIGNED_IN,
    "members.withdraw_invitation": Entry.SIGNED_IN,
    # discussions that are looked after
    "threads.tend": Entry.SIGNED_IN,
    "threads.remove_note": Entry.SIGNED_IN,
    # moderation
    "unsealing.ask": Entry.SIGNED_IN,
    "unsealing.decide": Entry.SIGNED_IN,
    "unsealing.index": Entry.SIGNED_IN,
    "unsealing.reveal": Entry.SIGNED_IN,
    "unsealing.show": Entry.SIGNED_IN,
    "me.record": Entry.SIGNED_IN,
    "moderation.appeal": Entry.SIGNED_IN,
    "moderation.appeal_against": Entry.SIGNED_IN,
    "moderation.absence": Entry.MODERATORS,
    "moderation.absence_end": Entry.MODERATORS,
    "moderation.case": Entry.MODERATORS,
    "moderation.give_case_back": Entry.MODERATORS,
    "moderation.shortcuts": Entry.MODERATORS,
    "moderation.take_case": Entry.MODERATORS,
    "moderation.disclosure": Entry.MODERATORS,
    "moderation.log": Entry.ANYONE,
    "moderation.further": Entry.MODERATORS,
    "moderation.outcome": Entry.SIGNED_IN,
    "moderation.locked": Entry.MODERATORS,
    "moderation.locked_release": Entry.MODERATORS,
    "moderation.locked_told": Entry.MODERATORS,
    "moderation.queue": Entry.MODERATORS,
    "moderation.statement": Entry.SIGNED_IN,
    "moderation.statement_json": Entry.PEOPLE_MANAGERS,
    "moderation.statements": Entry.PEOPLE_MANAGERS,
    "moderation.statements_batch": Entry.PEOPLE_MANAGERS,
    "moderation.transparency": Entry.ANYONE,
    "moderation.transparency_file": Entry.ANYONE,
    # eu_internet_forum
    "eu_internet_forum.index": Entry.ANYONE,
    "feeds.search": Entry.ANYONE,
    "feeds.meetings": Entry.ANYONE,
    "feeds.moderation": Entry.ANYONE,
    "moderation.undo": Entry.MODERATORS,
    # notices
    "notices.index": Entry.SIGNED_IN,
    "notices.read": Entry.SIGNED_IN,
    "notices.read_all": Entry.SIGNED_IN,
    # organisations
    "organisations.add_former_name": Entry.SIGNED_IN,
    "organisations.index": Entry.ANYONE,
    "organisations.mine": Entry.SIGNED_IN,
    "organisations.profile": Entry.ANYONE,
    "organisations.publishers": Entry.SIGNED_IN,
    # pages
    "pages.accessibility": Entry.ANYONE,
    "pages.help_page": Entry.ANYONE,
    "pages.moderation": Entry.ANYONE,
    "pages.privacy": Entry.ANYONE,
    "pages.who_can_read_what": Entry.ANYONE,
    "pages.words": Entry.ANYONE,
    # paper_files
    "paper_files.docx": Entry.ANYONE,
    "paper_files.pdf": Entry.ANYONE,
    "paper_files.printed": Entry.ANYONE,
    # papers
    "papers.citation_address": Entry.ANYONE,
    "papers.cite": Entry.ANYONE,
    "papers.compare": Entry.ANYONE,
    "papers.index": Entry.ANYONE,
    "papers.paper": Entry.ANYONE,
    "papers.short": Entry.ANYONE,
    "papers.version": Entry.ANYONE,
    "papers.versions": Entry.ANYONE,
    # people
    "people.profile": Entry.ANYONE,
    # positions
    "positions.delete": Entry.SECRETARIAT,
    "positions.document": Entry.SECRETARIAT,
    "positions.edit": Entry.SECRETARIAT,
    "positions.index": Entry.SECRETARIAT,
    "positions.new": Entry.SECRETARIAT,
    "positions.passage": Entry.SECRETARIAT,
    "positions.remove": Entry.SECRETARIAT,
    "positions.topic": Entry.SECRETARIAT,
    # posts
    "posts.answer": Entry.SIGNED_IN,
    "posts.edit": Entry.SIGNED_IN,
    "posts.history": Entry.ANYONE,
    "posts.reply": Entry.SIGNED_IN,
    "posts.show": Entry.ANYONE,
    "posts.withdraw": Entry.SIGNED_IN,
    # saved_searches
    "saved_searches.delete": Entry.SIGNED_IN,
    "saved_searches.index": Entry.SIGNED_IN,
    "saved_searches.new": Entry.SIGNED_IN,
    "saved_searches.reset_feeds": Entry.SIGNED_IN,
    "saved_searches.show": Entry.SIGNED_IN,
    # questionnaires
    "questionnaires.index": Entry.SIGNED_IN,
    "questionnaires.new": Entry.SIGNED_IN,
    "questionnaires.question": Entry.SIGNED_IN,
    "questionnaires.section": Entry.SIGNED_IN,
    "questionnaires.step": Entry.SIGNED_IN,
    # library
    "library.complete": Entry.ANYONE,
    "library.document": Entry.ANYONE,
    "library.edit": Entry.SIGNED_IN,
    "library.index": Entry.ANYONE,
    "library.new": Entry.SIGNED_IN,
    # registers
    "feeds.register": Entry.ANYONE,
    "register_entries.choose": Entry.SIGNED_IN,
    "register_entries.drop": Entry.SIGNED_IN,
    "register_entries.edit": Entry.SIGNED_IN,
    "register_entries.evidence": Entry.SIGNED_IN,
    "register_entries.new": Entry.SIGNED_IN,
    "register_entries.owner": Entry.SIGNED_IN,
    "register_entries.standing": Entry.SIGNED_IN,
    "register_entries.state": Entry.SIGNED_IN,
    "registers.entry": Entry.ANYONE,
    "registers.index": Entry.ANYONE,
    "registers.register": Entry.ANYONE,
    "registers.table": Entry.ANYONE,
    "registers.workbook": Entry.ANYONE,
    # respondents
    "respondents.index": Entry.SIGNED_IN,
    "respondents.late": Entry.SIGNED_IN,
    "respondents.reminders": Entry.SIGNED_IN,
    # search
    "search.page": Entry.ANYONE,
    "search.with_slash": Entry.ANYONE,
    # search_exports
    "search_exports.delete": Entry.SIGNED_IN,
    "search_exports.file": Entry.SIGNED_IN,
    "search_exports.index": Entry.SIGNED_IN,
    "search_exports.new": Entry.SIGNED_IN,
    "search_exports.show": Entry.SIGNED_IN,
    # secretariat
    "secretariat.index": Entry.SECRETARIAT,
    # signing
    "signing.answer": Entry.SIGNED_IN,
    "signing.board": Entry.SIGNED_IN,
    "signing.end": Entry.SIGNED_IN,
    "signing.invite": Entry.SIGNED_IN,
    "signing.reminder": Entry.SIGNED_IN,
    # stages
    "stages.advance": Entry.SIGNED_IN,
    "stages.index": Entry.ANYONE,
    "stages.manage": Entry.SIGNED_IN,
    "stages.plan": Entry.SIGNED_IN,
    "stages.reminders": Entry.SIGNED_IN,
    # strategy
    "strategy.index": Entry.ANYONE,
    "strategy.initiative": Entry.ANYONE,
    # synopses
    "synopses.edit": Entry.SIGNED_IN,
    # threads
    "threads.ask_unit": Entry.SIGNED_IN,
    "threads.first_unread": Entry.ANYONE,
    "threads.index": Entry.ANYONE,
    "threads.mark_all_read": Entry.SIGNED_IN,
    "threads.new": Entry.SIGNED_IN,
    "threads.of_paper": Entry.ANYONE,
    "threads.show": Entry.ANYONE,
    # translations
    "translations.new": Entry.SIGNED_IN,
    # uploads
    "uploads.attachments": Entry.SIGNED_IN,
    "uploads.remove": Entry.SIGNED_IN,
    # weprotect
    "weprotect.index": Entry.ANYONE,
}
"""Endpoint -> entry, each blueprint's lines kept together in alphabetical order."""

WITHOUT_SECOND_FACTOR = frozenset(
    {
        "static",
        "bootstrap.static",
        "accounts.begin_codes",
        "accounts.codes",
        "accounts.factors",
        "accounts.new_passkey",
        "accounts.prove",
        "accounts.recovery_codes",
        "accounts.sign_out",
        "accounts.undo_address",
        "pages.accessibility",
        "pages.help_page",
        "pages.privacy",
        "pages.who_can_read_what",
        "pages.words",
    }
)
"""What somebody may open who still has to set up the second factor that their rights ask for."""
