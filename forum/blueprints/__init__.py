"""HTTP only: form -> service -> template; one file per noun, forms above their views."""

from flask import Flask


def register_blueprints(app: Flask) -> None:
    """Register every blueprint; one line each, alphabetical."""
    from forum.blueprints import (
        account_links,  # noqa: F401  (views of another blueprint)
        accounts,
        administration,
        administration_erasures,  # noqa: F401  (views of another blueprint)
        administration_organisations,  # noqa: F401  (views of another blueprint)
        administration_suspensions,  # noqa: F401  (views of another blueprint)
        administration_system,  # noqa: F401  (views of another blueprint)
        answer_files,  # noqa: F401  (views of another blueprint)
        answering,
        answers,
        api,
        appeals,  # noqa: F401  (views of another blueprint)
        assessing,
        assessment_reports,  # noqa: F401  (views of another blueprint)
        assessments,
        attachments,
        autosave,
        ballots,
        ballots_preparing,  # noqa: F401  (views of another blueprint)
        comment_answers,
        comments,
        comparing,  # noqa: F401  (views of another blueprint)
        consultations,
        declarations,
        directive,
        disclosures,  # noqa: F401  (views of another blueprint)
        documents,
        drafts,
        eu_internet_forum,
        factors,  # noqa: F401  (views of another blueprint)
        feeds,
        flags,
        group_settings,
        groups,
        health,
        holding,
        home,
        invitations,  # noqa: F401  (views of another blueprint)
        library,
        me,
        meetings,
        meetings_remarks,  # noqa: F401  (views of another blueprint)
        meetings_tending,  # noqa: F401  (views of another blueprint)
        members,
        moderation,
        moderation_further,  # noqa: F401  (views of another blueprint)
        moderation_locked,  # noqa: F401  (views of another blueprint)
        moderation_public,  # noqa: F401  (views of another blueprint)
        moderation_sharing,  # noqa: F401  (views of another blueprint)
        notices,
        openid,  # noqa: F401  (views of another blueprint)
        organisations,
        own_data,
        pages,
        paper_files,
        papers,
        people,
        positions,
        positions_file,  # noqa: F401  (views of another blueprint)
        posts,
        proving,  # noqa: F401  (views of another blueprint)
        questionnaires,
        register_entries,
        registers,
        respondents,
        saved_searches,
        search,
        search_exports,
        seat_calls,
        second_factor,  # noqa: F401  (views of another blueprint)
        secretariat,
        settings,  # noqa: F401  (views of another blueprint)
        signing,
        stages,
        stances,  # noqa: F401  (views of another blueprint)
        statements,  # noqa: F401  (views of another blueprint)
        strategy,
        submitting,  # noqa: F401  (views of another blueprint)
        synopses,
        threads,
        threads_tending,  # noqa: F401  (views of another blueprint)
        translations,
        unsealing,
        uploads,
        weprotect,
    )

    app.register_blueprint(accounts.blueprint)
    app.register_blueprint(administration.blueprint)
    app.register_blueprint(answering.blueprint)
    app.register_blueprint(answers.blueprint)
    app.register_blueprint(api.blueprint)
    app.register_blueprint(api.docs)
    app.register_blueprint(assessing.blueprint)
    app.register_blueprint(assessments.blueprint)
    app.register_blueprint(assessments.links)
    app.register_blueprint(attachments.blueprint)
    app.register_blueprint(autosave.blueprint)
    app.register_blueprint(ballots.blueprint)
    app.register_blueprint(comment_answers.blueprint)
    app.register_blueprint(comments.blueprint)
    app.register_blueprint(consultations.blueprint)
    app.register_blueprint(directive.blueprint)
    app.register_blueprint(declarations.blueprint)
    app.register_blueprint(documents.blueprint)
    app.register_blueprint(drafts.blueprint)
    app.register_blueprint(eu_internet_forum.blueprint)
    app.register_blueprint(feeds.blueprint)
    app.register_blueprint(flags.blueprint)
    app.register_blueprint(group_settings.blueprint)
    app.register_blueprint(groups.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(holding.blueprint)
    app.register_blueprint(home.blueprint)
    app.register_blueprint(library.blueprint)
    app.register_blueprint(me.blueprint)
    app.register_blueprint(meetings.blueprint)
    app.register_blueprint(members.blueprint)
    app.register_blueprint(moderation.blueprint)
    app.register_blueprint(notices.blueprint)
    app.register_blueprint(own_data.blueprint)
    app.register_blueprint(organisations.blueprint)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(paper_files.blueprint)
    app.register_blueprint(papers.blueprint)
    app.register_blueprint(people.blueprint)
    app.register_blueprint(positions.blueprint)
    app.register_blueprint(posts.blueprint)
    app.register_blueprint(saved_searches.blueprint)
    app.register_blueprint(questionnaires.blueprint)
    app.register_blueprint(register_entries.blueprint)
    app.register_blueprint(registers.blueprint)
    app.register_blueprint(respondents.blueprint)
    app.register_blueprint(search.blueprint)
    app.register_blueprint(search_exports.blueprint)
    app.register_blueprint(secretariat.blueprint)
    app.register_blueprint(seat_calls.blueprint)
    app.register_blueprint(signing.blueprint)
    app.register_blueprint(stages.blueprint)
    app.register_blueprint(strategy.blueprint)
    app.register_blueprint(synopses.blueprint)
    app.register_blueprint(threads.blueprint)
    app.register_blueprint(translations.blueprint)
    app.register_blueprint(uploads.blueprint)
    app.register_blueprint(unsealing.blueprint)
    app.register_blueprint(weprotect.blueprint)
