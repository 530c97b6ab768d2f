"""My data: all that is stored about a person, for that person alone, as a file that is kept nowhere."""

import io
import json
import zipfile

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.proving import grave
from forum.blueprints.support import Form, now, transactional
from forum.extensions import db
from forum.policy import Actor
from forum.services.erasures import ask_erasure as ask_erasure_
from forum.services.erasures import find_own_erasure, take_back
from forum.services.own_data import collect_own_data, record_export

blueprint = Blueprint("own_data", __name__)


@blueprint.get("/me/data")
def page() -> str:
    """Say what is in the file, and offer it."""
    return _page(Form())


def _page(form: Form) -> str:
    return render_template("me/data.html", form=form, erasure=find_own_erasure(db.session(), current_actor()))


@blueprint.post("/me/data")
@grave(lazy_gettext("Take all that is stored about you"))
def download() -> Response | tuple[str, int]:
    """Give the file: made now from what is stored now, on record, and not kept here."""
    form = Form()
    if not form.validate():
        return _page(form), 422
    _record()
    data = collect_own_data(db.session(), current_actor(), sealing_secret=sealing_secret())
    readable = render_template("me/data_file.html", data=data, made_at=now(), title=gettext("My data"))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("my-data.json", json.dumps(data, ensure_ascii=False, indent=1))
        archive.writestr("my-data.html", readable)
    answer = Response(file.getvalue(), mimetype="application/zip")
    answer.headers["Content-Disposition"] = 'attachment; filename="my-data.zip"'
    return answer


@transactional
def _record(session: Session, actor: Actor) -> None:
    record_export(session, actor, now=now())


@blueprint.post("/me/data/erasure")
@grave(lazy_gettext("Ask to be erased"))
def ask_erasure() -> Redirect:
    """Ask to be erased; an administrator decides, and the person is told."""
    _ask()
    flash(gettext("Asked. You get an answer by mail; until then you can take it back here."), "success")
    return redirect(url_for("own_data.page") + "#erasure", 303)


@transactional
def _ask(session: Session, actor: Actor) -> None:
    ask_erasure_(session, actor, now=now())


@blueprint.post("/me/data/erasure/take-back")
def take_back_erasure() -> Redirect:
    """Take the request back."""
    _take_back()
    flash(gettext("Taken back. Nothing was changed."), "success")
    return redirect(url_for("own_data.page") + "#erasure", 303)


@transactional
def _take_back(session: Session, actor: Actor) -> None:
    take_back(session, actor, now=now())
