# keras-guard: autoload 1 (shipped)
"""Loads keras_guard into every IPython kernel and terminal; ``keras-guard disable`` turns that off."""

# IPython skips all later startup files once one raises, the user's own too: nothing may be raised here,
# even when the package was removed by hand. No name is bound, because startup files run in the user's namespace.
try:
    __import__("keras_guard._autoload.startup", fromlist=["startup"]).run()
except Exception:
    pass
