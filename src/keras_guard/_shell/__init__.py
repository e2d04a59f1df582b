"""The shell adapter: the only room that uses IPython."""
