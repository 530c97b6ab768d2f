"""The system, for administrators: what is wrong, what waits, what was given up, sizes, the last backup."""

from pathlib import Path

from flask import current_app, flash, redirect, render_template, url_for
from flask_babel import lazy_gettext, ngettext
from sqlalchemy.orm import Session
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from forum.blueprints.accounts import View
from forum.blueprints.administration import blueprint
from forum.blueprints.support import Form, now, remember_submission, submitted_before, transactional
from forum.errors import Invalid
from forum.extensions import db, limits, search_engine
from forum.policy import Actor
from forum.services import health, system


class RetryForm(Form):
    """Why it will work this time."""

    reason = SelectField(
        lazy_gettext("Why it will work now"),
        [InputRequired(lazy_gettext("Say why it will work this time."))],
        choices=[
            SelectChoice("mended", lazy_gettext("The cause is mended")),
            SelectChoice("server_back", lazy_gettext("The mail server, scanner or index is back")),
            SelectChoice("once_more", lazy_gettext("Unknown: to see whether it fails again")),
        ],
    )


@blueprint.get("/system/")
def system_page() -> str:
    """Show how the system is."""
    return _page(RetryForm(formdata=None))[0]


def _page(form: RetryForm, status: int = 200) -> tuple[str, int]:
    session, instance = db.session(), Path(current_app.instance_path)
    engine = search_engine()
    findings = [
        health.check_database(session, Path(current_app.extensions["migrate"].directory)),
        health.check_record(session),
        health.check_outbox(session, now=now()),
        health.check_index(engine),
        health.check_disk(instance),
        health.check_limits(limits()),
        health.check_quarantine(session, now=now()),
    ]
    files, file_bytes = system.size_of_folder(instance / "attachments")
    page = render_template(
        "administration/system.html",
        findings=findings,
        topics=system.count_topics(session, now=now()),
        letters=system.list_dead_letters(session),
        database_bytes=system.size_of_database(session),
        documents=engine.state().documents,
        files=files,
        file_bytes=file_bytes,
        sessions=system.count_live_sessions(session, now=now()),
        backup=system.find_last_backup(instance),
        form=form,
    )
    return page, status


@blueprint.post("/system/retry")
def retry_letters() -> View:
    """Give what was given up another round."""
    form = RetryForm()
    if not form.validate_on_submit():
        return _page(form, 422)
    try:
        count = _retry(form)
    except Invalid as error:
        form.add_error(error)
        return _page(form, 422)
    if count:
        flash(ngettext("%(num)s deed is tried again.", "%(num)s deeds are tried again.", count), "success")
    return redirect(url_for("administration.system_page"), 303)


@transactional
def _retry(session: Session, actor: Actor, form: RetryForm) -> int:
    if submitted_before(session, form) is not None:
        return 0
    count = system.retry_dead_letters(session, actor, form.reason.data, now=now())
    remember_submission(session, actor, form, url_for("administration.system_page"))
    return count
