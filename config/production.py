"""Overrides for a service that people rely on. Secrets must come from the environment."""

TLS = True
LOG_FORMAT = "json"
