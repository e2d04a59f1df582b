# keras-guard: autoload 1 (shipped)
"""Loads keras_guard into every IPython kernel and terminal; ``keras-guard disable`` turns that off."""

# IPython skips every later startup file once one raises, the user's own among them: nothing may
# come out of here, not even when the package has been removed by hand. No name is bound either,
# because startup files run in the user's namespace.
try:
    __import__("keras_guard._autoload.startup", fromlist=["startup"]).run()
except Exception:
    pass
