"""Writing in registers: raising an entry from a passage, editing, status, owner, evidence, standing."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from forum.blueprints.datafiles import registers, strategy
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.register_forms import (
    EntryForm,
    EvidenceForm,
    OwnerForm,
    StandingForm,
    StateForm,
    form_of,
    list_owners,
)
from forum.blueprints.registers import entry_page, get_register
from forum.blueprints.support import (
    Form,
    error_words,
    now,
    remember_submission,
    submitted_before,
    transactional,
    whole_number,
)
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Status
from forum.domain.registers import Register
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.extensions import db
from forum.policy import ANONYMOUS, Action, Actor, require
from forum.policy.subjects import RegisterRights
from forum.richtext import Rendered, render, to_markup
from forum.services import register_entries as services
from forum.services.chatham import is_sealed
from forum.services.groups import get_group
from forum.services.register_evidence import Passage, find_passage
from forum.services.registers import get_entry, get_head, list_groups_for
from forum.services.threads import default_tlp, tlp_choices

blueprint = Blueprint("register_entries", __name__, url_prefix="/registers")

View = str | Response | tuple[str, int]


@blueprint.get("/raise")
def choose() -> str:
    """Show a passage and the registers that it can be raised into."""
    session, actor = db.session(), current_actor()
    address = request.args.get("of", "")
    passage = find_passage(session, actor, address)
    if passage is None:
        raise NotFound
    offered = []
    for register in registers():
        groups = list_groups_for(session, actor, register)
        if groups:
            is_here = passage.group.id in {group.id for group in groups}
            offered.append((register, is_here, len(groups) > 1 or not is_here))
    return render_template("registers/raise.html", passage=passage, offered=offered)


@blueprint.route("/<key>/new", methods=["GET", "POST"])
def new(key: str) -> View:
    """Raise an entry: first in which group, where there is a choice, then what it says."""
    session, actor = db.session(), current_actor()
    register = get_register(key)
    slug = request.args.get("group", "")
    if not slug:
        groups = list_groups_for(session, actor, register)
        if not groups:
            raise NotAllowed("Entries of this register are raised by members of the groups that keep it.")
        if len(groups) > 1:
            of = request.args.get("of", "")
            return render_template("registers/choose_group.html", register=register, groups=groups, of=of)
        slug = groups[0].slug
    group = get_group(session, actor, slug)
    if not register.is_for(slug):
        raise NotFound
    require(actor, Action.RAISE_ENTRY, RegisterRights(group, register.raised_by))
    form = form_of(register)()
    form.offer(group, strategy(), list_owners(session, actor, group, register))
    passage = find_passage(session, actor, request.args.get("of", "")) if request.args.get("of") else None
    if request.method == "GET":
        _begin(form, group, passage)
        return _form_page(form, register, group, passage=passage)
    return _answer(form, register, group, lambda rendered: _raise(key, slug, form, rendered), passage=passage)


def _begin(form: EntryForm, group: Group, passage: Passage | None) -> None:
    """Fill in what is known already: the passage and its label, the initiative, what the address says."""
    form.tlp.data = default_tlp(group).value
    if passage is not None:
        form.evidence.data = passage.path
        if passage.tlp in tlp_choices(group):
            form.tlp.data = passage.tlp.value
    if "initiative" in form:
        form.initiative.data = str(group.initiative or "")
    for name in ("act", "article", "country"):
        if name in form and request.args.get(name):
            form[name].data = request.args[name][:60]


def _answer(
    form: EntryForm,
    register: Register,
    group: Group,
    write: Callable[[Rendered], str],
    *,
    passage: Passage | None = None,
    public_id: str = "",
) -> View:
    """Validate and write; whatever goes wrong leaves what was typed on the page."""
    preview, status, current = None, 422, None
    try:
        is_valid = form.validate()
        rendered = render(form.body.data or "", profile="post")
        if is_valid and request.form.get("step") == "preview":
            preview, status = to_markup(rendered.html), 200
        elif is_valid:
            return redirect(write(rendered), 303)
    except Invalid as error:
        form.add_error(error)
    except Conflict as error:
        form.form_errors.append(error_words(error))
        status, current = 409, get_head(db.session(), current_actor(), register, public_id)
        form.revision.data = str(current.entry.lock_version)
    page = _form_page(
        form, register, group, passage=passage, preview=preview, current=current, public_id=public_id
    )
    return page, status


def _form_page(form: EntryForm, register: Register, group: Group, **context: object) -> str:
    current = context.get("current")
    html = to_markup(current.entry.html) if current is not None else None  # type: ignore[attr-defined]
    context = {"passage": None, "preview": None, "current": None, "public_id": ""} | context
    return render_template(
        "registers/form.html", form=form, register=register, group=group, current_html=html, **context
    )


@transactional
def _raise(session: Session, actor: Actor, key: str, slug: str, form: EntryForm, rendered: Rendered) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    entry = services.raise_entry(
        session,
        actor,
        get_register(key),
        slug,
        form.text(rendered),
        strategy=strategy(),
        evidence=form.evidence.data or "",
        owner=(form.owner.data or "") if "owner" in form else "",
        sealing_secret=sealing_secret(),
        now=now(),
    )
    if entry.status is Status.PUBLISHED:
        flash(gettext("It stands in the register."), "success")
    else:
        flash(gettext("A moderator reads it before it stands in the register; you are told."), "success")
    path = f"/registers/{key}/{entry.public_id}/"
    # Under the Chatham House Rule a key with an account would be a record of who raised it.
    is_closed = is_sealed(get_group(session, actor, slug))
    return remember_submission(session, ANONYMOUS if is_closed else actor, form, path)


@blueprint.route("/<key>/<public_id>/edit", methods=["GET", "POST"])
def edit(key: str, public_id: str) -> View:
    """Change what an entry says."""
    session, actor = db.session(), current_actor()
    register = get_register(key)
    subject, _ = get_entry(session, actor, register, public_id, action=Action.TEND_ENTRY)
    form = form_of(register)()
    form.offer(subject.group, strategy(), None)
    del form.evidence
    if request.method == "GET":
        head = get_head(session, actor, register, public_id)
        form.fill(subject.row, dict(head.line.values))
        return _form_page(form, register, subject.group, public_id=public_id)
    return _answer(
        form,
        register,
        subject.group,
        lambda rendered: _edit(key, public_id, form, rendered),
        public_id=public_id,
    )


@transactional
def _edit(
    session: Session, actor: Actor, key: str, public_id: str, form: EntryForm, rendered: Rendered
) -> str:
    entry = services.edit_entry(
        session,
        actor,
        get_register(key),
        public_id,
        form.text(rendered),
        based_on=whole_number(form.revision.data) or 0,
        strategy=strategy(),
        sealing_secret=sealing_secret(),
        now=now(),
    )
    if entry.status is Status.PUBLISHED:
        flash(gettext("The entry is changed."), "success")
    else:
        flash(gettext("The entry is changed; a moderator reads it before others do."), "success")
    return f"/registers/{key}/{public_id}/"


@blueprint.route("/<key>/<public_id>/status", methods=["GET", "POST"])
def state(key: str, public_id: str) -> View:
    """Take an entry to another status, for a reason."""
    register = get_register(key)
    subject, _ = get_entry(db.session(), current_actor(), register, public_id, action=Action.FOLLOW_ENTRY)
    form = StateForm()
    form.offer(register, subject.row)
    status = 200
    if request.method == "GET":
        form.revision.data = str(subject.row.lock_version)
    else:
        status = 422
        if form.validate():
            try:
                return redirect(_move(key, public_id, form), 303)
            except Invalid as error:
                form.add_error(error)
            except Conflict as error:
                form.form_errors.append(error_words(error))
                status = 409
        subject, _ = get_entry(db.session(), current_actor(), register, public_id)
        form.offer(register, subject.row)
        form.revision.data = str(subject.row.lock_version)
    page = render_template(
        "registers/state.html",
        register=register,
        entry=subject.row,
        group=subject.group,
        form=form,
        path=f"/registers/{key}/{public_id}/",
    )
    return page, status


@transactional
def _move(session: Session, actor: Actor, key: str, public_id: str, form: StateForm) -> str:
    services.move_entry(
        session,
        actor,
        get_register(key),
        public_id,
        form.state.data or "",
        form.reason.data or "",
        based_on=whole_number(form.revision.data) or 0,
        now=now(),
    )
    flash(gettext("The status is changed, and stands in the history with its reason."), "success")
    return f"/registers/{key}/{public_id}/"


@blueprint.route("/<key>/<public_id>/owner", methods=["GET", "POST"])
def owner(key: str, public_id: str) -> View:
    """Say whose an entry is."""
    session, actor = db.session(), current_actor()
    register = get_register(key)
    subject, _rights = get_entry(session, actor, register, public_id, action=Action.TEND_ENTRY)
    choices = list_owners(session, actor, subject.group, register)
    if choices is None:
        raise NotFound
    form = OwnerForm()
    form.owner.label.text = register.owner_title
    form.owner.choices = [("", gettext("Nobody yet")), *choices]
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            try:
                return redirect(_own(key, public_id, form), 303)
            except Invalid as error:
                form.add_error(error)
    page = render_template(
        "registers/owner.html",
        register=register,
        entry=subject.row,
        group=subject.group,
        form=form,
        path=f"/registers/{key}/{public_id}/",
    )
    return page, status


@transactional
def _own(session: Session, actor: Actor, key: str, public_id: str, form: OwnerForm) -> str:
    services.choose_owner(session, actor, get_register(key), public_id, form.owner.data or "", now=now())
    flash(gettext("It is recorded whose this entry is."), "success")
    return f"/registers/{key}/{public_id}/"


@blueprint.post("/<key>/<public_id>/evidence")
def evidence(key: str, public_id: str) -> View:
    """Have an entry rest on further passages."""
    register = get_register(key)
    form = EvidenceForm()
    return _small(
        register, public_id, form, "evidence_form", lambda: _rest(key, public_id, form.evidence.data or "")
    )


def _small(register: Register, public_id: str, form: Form, name: str, write: Callable[[], str]) -> View:
    """Take one of the forms on the page of an entry; a fault shows the page again with it."""
    status = 422
    if form.validate():
        try:
            return redirect(write(), 303)
        except Invalid as error:
            form.add_error(error)
            status = error.status_code
        except (NotAllowed, Conflict) as error:
            form.form_errors.append(error_words(error))
            status = error.status_code
    return entry_page(register, public_id, **{name: form}), status


@transactional
def _rest(session: Session, actor: Actor, key: str, public_id: str, text: str) -> str:
    services.rest_on(session, actor, get_register(key), public_id, text, now=now())
    flash(gettext("The evidence is added."), "success")
    return f"/registers/{key}/{public_id}/#passages"


@blueprint.post("/<key>/<public_id>/evidence/<evidence_id>/drop")
def drop(key: str, public_id: str, evidence_id: str) -> View:
    """Have an entry rest on a passage no longer."""
    form = Form()
    return _small(get_register(key), public_id, form, "drop_form", lambda: _drop(key, public_id, evidence_id))


@transactional
def _drop(session: Session, actor: Actor, key: str, public_id: str, evidence_id: str) -> str:
    services.drop_evidence(session, actor, get_register(key), public_id, evidence_id, now=now())
    flash(gettext("The entry rests on that passage no longer."), "success")
    return f"/registers/{key}/{public_id}/#passages"


@blueprint.post("/<key>/<public_id>/standing")
def standing(key: str, public_id: str) -> View:
    """Take an entry out of its register, or put it back."""
    form = StandingForm()
    return _small(get_register(key), public_id, form, "standing_form", lambda: _stand(key, public_id, form))


@transactional
def _stand(session: Session, actor: Actor, key: str, public_id: str, form: StandingForm) -> str:
    register = get_register(key)
    reason = form.reason.data or ""
    if request.form.get("step") == "back":
        services.put_back(session, actor, register, public_id, reason, now=now())
        flash(gettext("The entry stands in the register again."), "success")
        return f"/registers/{key}/{public_id}/"
    entry = services.take_out(session, actor, register, public_id, reason, now=now())
    flash(gettext("The entry is taken out. The group's moderators can put it back."), "success")
    still_reads = GroupRole.MODERATOR in actor.roles_in(entry.group_id)
    return f"/registers/{key}/{public_id}/" if still_reads else url_for("registers.register", key=key)
