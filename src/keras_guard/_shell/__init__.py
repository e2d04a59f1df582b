"""The shell adapter: the only room that knows IPython."""
