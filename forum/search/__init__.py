"""Finding text: a query grammar, analysis by language, engines behind one protocol, snippets.

Engines know text and audiences. They know no members, no database and no web: `services/search.py` turns
rows into `SearchDocument`s and loads hits back through the policy before anybody sees them.
"""
