"""HTTP only: form -> service -> template; one file per noun, forms above their views."""

from flask import Flask


def register_blueprints(app: Flask) -> None:
    """Register every blueprint; one line each, alphabetical."""
    from forum.blueprints import (
        accounts,
        attachments,
        consultations,
        drafts,
        flags,
        groups,
        health,
        home,
        invitations,  # noqa: F401  (its views are accounts')
        me,
        moderation,
        notices,
        pages,
        papers,
        posts,
        settings,  # noqa: F401  (its views are accounts')
        strategy,
        threads,
    )

    app.register_blueprint(accounts.blueprint)
    app.register_blueprint(attachments.blueprint)
    app.register_blueprint(consultations.blueprint)
    app.register_blueprint(drafts.blueprint)
    app.register_blueprint(flags.blueprint)
    app.register_blueprint(groups.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(home.blueprint)
    app.register_blueprint(me.blueprint)
    app.register_blueprint(moderation.blueprint)
    app.register_blueprint(notices.blueprint)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(papers.blueprint)
    app.register_blueprint(posts.blueprint)
    app.register_blueprint(strategy.blueprint)
    app.register_blueprint(threads.blueprint)
