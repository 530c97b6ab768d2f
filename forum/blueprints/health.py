"""Liveness and readiness, for machines: JSON, no person, no cookie."""

import secrets
import shutil
import time
from pathlib import Path

from flask import Blueprint, abort, current_app, jsonify, request
from werkzeug.wrappers import Response

from forum.blueprints.support import now
from forum.delivery.transport import transport_for
from forum.domain.outbox import Topic
from forum.extensions import db, limits, search_engine
from forum.services import health, system

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
            lambda: health.check_mail(session, _ping_mail, now=now()),
            lambda: health.check_drift(session, now=now()),
        ]
    )
    wrong = [finding for finding in findings if not finding.is_well]
    for finding in wrong:
        current_app.logger.error("not ready: %s: %s %s", finding.name, finding.detail, finding.mend)
    # Names only: the details hold paths and addresses, and `forum doctor` shows them to whom they concern.
    parts = {finding.name: _word(finding) for finding in findings}
    is_ready = all(finding.is_warning for finding in wrong)
    return jsonify(status="ready" if is_ready else "not ready", parts=parts), 200 if is_ready else 503


PINGED_FOR = 15.0
"""Seconds for which an answer about the mail server holds: whoever asks often does not knock often."""


def _ping_mail() -> str:
    """Ask whether the mail server greets, at most once in a while; ValueError for an unusable setting."""
    known: tuple[float, str | Exception] = (-PINGED_FOR, "")
    asked_at, answer = current_app.extensions.get("forum_mail_ping", known)
    if time.monotonic() - asked_at >= PINGED_FOR:
        try:
            transport = transport_for(current_app.config["MAIL_URL"], Path(current_app.instance_path))
            answer = transport.ping()
        except (OSError, ValueError) as error:
            answer = error
        current_app.extensions["forum_mail_ping"] = (time.monotonic(), answer)
    if isinstance(answer, Exception):
        raise answer
    return str(answer)


def _word(finding: health.Finding) -> str:
    if finding.is_well:
        return "ok"
    return "warning" if finding.is_warning else "wrong"


@blueprint.get("/metrics")
def metrics() -> Response:
    """Give figures for Prometheus, to whoever holds the token, or to this machine alone."""
    if not _may_measure():
        abort(404)
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry, session = CollectorRegistry(), db.session()
    waiting = Gauge("forum_outbox_waiting", "Deeds that are due.", ["topic"], registry=registry)
    failed = Gauge("forum_outbox_failed", "Deeds that were given up.", ["topic"], registry=registry)
    lag = Gauge("forum_outbox_lag_seconds", "Age of the oldest due deed.", ["topic"], registry=registry)
    counts = {count.topic: count for count in system.count_topics(session, now=now())}
    for topic in Topic:
        count = counts.get(topic)
        waiting.labels(topic.value).set(count.waiting if count else 0)
        failed.labels(topic.value).set(count.failed if count else 0)
        oldest = count.oldest_at if count else None
        lag.labels(topic.value).set((now() - oldest).total_seconds() if oldest else 0)
    figures = {
        "forum_database_bytes": ("Size of the database.", system.size_of_database(session)),
        "forum_search_documents": ("Documents in the search index.", search_engine().state().documents),
        "forum_sessions": ("Sessions that have not ended.", system.count_live_sessions(session, now=now())),
        "forum_disk_free_bytes": (
            "Free bytes beside the attachments.",
            shutil.disk_usage(current_app.instance_path).free,
        ),
    }
    for name, (words, value) in figures.items():
        Gauge(name, words, registry=registry).set(value)
    backup = system.find_last_backup(Path(current_app.instance_path))
    if backup is not None:
        last = Gauge(
            "forum_last_backup_timestamp_seconds", "When the last backup was made.", registry=registry
        )
        last.set(backup["made_at"].timestamp())
    return Response(generate_latest(registry), mimetype="text/plain; version=0.0.4")


def _may_measure() -> bool:
    token = str(current_app.config["METRICS_TOKEN"])
    if token:
        return secrets.compare_digest(request.headers.get("Authorization", ""), f"Bearer {token}")
    # A proxy on this machine is this machine too: whoever came through one is somebody else.
    return request.remote_addr in {"127.0.0.1", "::1"} and "X-Forwarded-For" not in request.headers
