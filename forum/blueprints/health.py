"""Liveness and readiness, for machines: JSON, no person, no cookie."""

from pathlib import Path

from flask import Blueprint, current_app, jsonify
from werkzeug.wrappers import Response

from forum.blueprints.support import now
from forum.extensions import db, limits, search_engine
from forum.services import health

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """Tell that this process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """Tell whether the site can do its work, and name each part that cannot (503)."""
    session = db.session()
    migrations = Path(current_app.extensions["migrate"].directory)
    findings = health.check_all(
        [
            lambda: health.check_database(session, migrations),
            lambda: health.check_outbox(session, now=now()),
            lambda: health.check_index(search_engine()),
            lambda: health.check_disk(Path(current_app.instance_path)),
            lambda: health.check_limits(limits()),
        ]
    )
    wrong = [finding for finding in findings if not finding.is_well]
    for finding in wrong:
        current_app.logger.error("not ready: %s: %s %s", finding.name, finding.detail, finding.mend)
    # Names only: the details hold paths and addresses, and `forum doctor` shows them to whom they concern.
    parts = {finding.name: _word(finding) for finding in findings}
    is_ready = all(finding.is_warning for finding in wrong)
    return jsonify(status="ready" if is_ready else "not ready", parts=parts), 200 if is_ready else 503


def _word(finding: health.Finding) -> str:
    if finding.is_well:
        return "ok"
    return "warning" if finding.is_warning else "wrong"
