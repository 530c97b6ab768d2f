"""The floor: what a discussion page costs here with SQLAlchemy's ORM and Jinja, and nothing else."""

import os

import sqlalchemy as sa
from flask import Flask, render_template
from jinja2 import DictLoader
from sqlalchemy.orm import Session, sessionmaker

from forum.domain.accounts import Account
from forum.domain.tables import metadata  # noqa: F401  (fills the metadata)
from forum.domain.threads import Post, Thread

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ thread.title }}</title></head>
<body><h1>{{ thread.title }}</h1>
{% for post, author in posts %}
<article id="post-{{ post.public_id }}">
<p>#{{ post.number }} {{ author.name }} {{ post.published_at.isoformat() }}</p>
<div>{{ post.html|safe }}</div>
</article>
{% endfor %}
</body></html>
"""

app = Flask(__name__)
app.jinja_loader = DictLoader({"page.html": PAGE})  # type: ignore[assignment]
engine = sa.create_engine(f"sqlite:///{os.environ['FORUM_INSTANCE']}/forum.db")
make_session: sessionmaker[Session] = sessionmaker(engine)


@app.get("/<int:number>")
def page(number: int) -> str:
    """Show a discussion and 20 of its posts: two statements."""
    with make_session() as session:
        thread = session.get_one(Thread, number)
        posts = session.execute(
            sa.select(Post, Account)
            .join(Account, Account.id == Post.author_id)
            .where(Post.thread_id == number)
            .order_by(Post.order_key)
            .limit(20)
        ).all()
        return render_template("page.html", thread=thread, posts=posts)


@app.get("/groups/")
def first() -> str:
    """Answer the first request, as the forum is asked for one."""
    return "ready"
