"""My data: all that is stored about a person, for that person alone, as a file that is kept nowhere."""

import io
import json
import zipfile

from flask import Blueprint, Response, render_template
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session

from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.proving import grave
from forum.blueprints.support import Form, now, transactional
from forum.extensions import db
from forum.policy import Actor
from forum.services.own_data import collect_own_data, record_export

blueprint = Blueprint("own_data", __name__)


@blueprint.get("/me/data")
def page() -> str:
    """Say what is in the file, and offer it."""
    return render_template("me/data.html", form=Form())


@blueprint.post("/me/data")
@grave(lazy_gettext("Take all that is stored about you"))
def download() -> Response | tuple[str, int]:
    """Give the file: made now from what is stored now, on record, and not kept here."""
    form = Form()
    if not form.validate():
        return render_template("me/data.html", form=form), 422
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
