"""``pytest --keras-guard``: edits that tests lose."""
