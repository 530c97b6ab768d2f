"""HTTP only: form -> service -> template; one file per noun, forms above their views."""

from flask import Flask


def register_blueprints(app: Flask) -> None:
    """Register every blueprint; one line each, alphabetical."""
    from forum.blueprints import accounts, groups, health, home, invitations, pages, settings, strategy  # noqa: F401  (their views are accounts')

    app.register_blueprint(accounts.blueprint)
    app.register_blueprint(groups.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(home.blueprint)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(strategy.blueprint)
