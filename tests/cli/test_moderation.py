"""`forum moderation report`: the page's figures as a file."""

from io import BytesIO
from pathlib import Path

from flask import Flask
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from forum.cli import cli


def test_the_report_is_a_file(app: Flask, session: Session, tmp_path: Path) -> None:
    """CSV on standard output, XLSX into a file; a period that is none is one line."""
    runner = app.test_cli_runner()
    done = runner.invoke(cli, ["moderation", "report", "--first", "2026-01-01", "--last", "2026-03-31"])
    assert done.exit_code == 0
    assert "First day,2026-01-01" in done.output
    path = tmp_path / "report.xlsx"
    assert runner.invoke(cli, ["moderation", "report", "--format", "xlsx", "-o", str(path)]).exit_code == 0
    assert "summary" in load_workbook(BytesIO(path.read_bytes())).sheetnames
    wrong = runner.invoke(cli, ["moderation", "report", "--first", "2026-02-01", "--last", "2026-01-01"])
    assert (wrong.exit_code, wrong.stderr) == (1, "forum: The first day is after the last.\n")
    nowhere = runner.invoke(cli, ["moderation", "report", "-o", str(tmp_path / "no" / "report.csv")])
    assert nowhere.exit_code == 1
