"""What happens after the commit: one handler an outbox topic, mail texts in Jinja; no Flask."""
