"""`forum doctor`: what is wrong, and how to mend it."""

import json
import os
import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

import config
from forum.cli.support import migrations_folder
from forum.delivery.scanner import ScannerUnreachable, scanner_for
from forum.delivery.transport import transport_for
from forum.extensions import clock, db, limits, search_engine
from forum.services.health import (
    Finding,
    check_database,
    check_disk,
    check_drift,
    check_index,
    check_limits,
    check_mail,
    check_outbox,
    check_quarantine,
    check_record,
)

SECRETS = frozenset({"METRICS_TOKEN", "OIDC_CLIENT_SECRET", "SEALING_KEY", "SECRET_KEY"})
ADDRESSES = frozenset({"DATABASE_URL", "SEARCH_DATABASE_URL", "REDIS_URL", "MAIL_URL"})


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
@with_appcontext
def doctor(as_json: bool) -> None:
    """Check configuration, database, migrations, index, mail and disk; exit 1 if something is wrong.

    \b
    Example: forum doctor --json
    """
    findings = examine()
    settings = effective_settings()
    if as_json:
        wrong = [{"name": f.name, "ok": f.is_well, "detail": f.detail, "mend": f.mend} for f in findings]
        click.echo(json.dumps({"findings": wrong, "settings": settings}, indent=2))
    else:
        for name, value in settings.items():
            click.echo(f"{name}={value}")
        for finding in findings:
            click.echo(f"{'ok   ' if finding.is_well else 'WRONG'} {finding.name}: {finding.detail}")
            if not finding.is_well:
                click.echo(f"      {finding.mend}")
    sys.exit(0 if all(finding.is_well for finding in findings) else 1)


def examine() -> list[Finding]:
    """Look at everything that the forum stands on."""
    session = db.session()
    return [
        check_disk(Path(current_app.instance_path)),
        check_database(session, migrations_folder()),
        check_record(session),
        check_outbox(session, now=clock()()),
        check_index(search_engine()),
        check_mail(session, _ping_mail, now=clock()()),
        check_drift(session, now=clock()()),
        _check_scanner(current_app.config["SCANNER"]),
        check_quarantine(session, now=clock()()),
        check_limits(limits()),
    ]


def _ping_mail() -> str:
    """Say how mail leaves; ValueError for a setting that cannot be understood, OSError where none answers."""
    return transport_for(current_app.config["MAIL_URL"], Path(current_app.instance_path)).ping()


def _check_scanner(setting: str) -> Finding:
    """Whether the virus scanner answers; without one attachments are judged by their structure alone."""
    try:
        return Finding("scanner", True, scanner_for(setting).ping())
    except ValueError as error:
        return Finding("scanner", False, "FORUM_SCANNER cannot be understood", str(error))
    except ScannerUnreachable as error:
        return Finding(
            "scanner",
            False,
            f"{error} New attachments stay in quarantine.",
            "Start clamd, or mend FORUM_SCANNER; then run `forum worker --once --retry`.",
        )


def effective_settings() -> dict[str, str]:
    """Give the settings in force by the names of their environment variables, secrets masked."""
    values = config.load(os.environ)
    shown: dict[str, str] = {}
    for name, value in values.items():
        text = ",".join(value) if isinstance(value, tuple) else str(value)
        if name in SECRETS:
            text = "********" if text else "(kept in the instance folder)"
        elif name in ADDRESSES and "@" in text:
            scheme, _, rest = text.partition("://")
            text = f"{scheme}://********@{rest.rpartition('@')[2]}"
        shown[f"FORUM_{name}"] = text
    return shown
