"""Use cases: f(session, actor, *, …). The only room that queries; never commits, never renders pages."""
