"""What IPython and its users' tools do with a cell, they do with a cell that holds probes."""

from __future__ import annotations

import pytest

from .runner import Process

pytestmark = pytest.mark.keras

#: A function that the guard puts probes into, and whose lines a tool shows.
WORK = """\
def work(n=2):
    global second
    for i in range(n):
        table['head'] = give(i)
        thing.value = give(i)
    second = give(second)
    model.layers.append(give(3))
    return n"""

#: Programs, with a word that shows that the last cell did what it is for.
FEATURES: dict[str, tuple[list[str], str]] = {
    "timeit": ([WORK, "n = []\nr = %timeit -n3 -r1 -o -q n.append(model.layers.pop())\n(len(n), r.loops)"], "(3, 3)"),
    "cell timeit": (["n = []", "%%timeit -n3 -r1 -q n.append(0)\nmodel.layers.pop()\nn.append(1)", "n"], "[0, 1, 1, 1]"),
    "time": ([WORK, "%time work()"], "2"),
    "cell time": ([WORK, "%%time\nmodel.layers.pop()\nwork(4)"], "4"),
    "prun": (
        [WORK, "s = %prun -q -r work()\nsorted((k[1], k[2]) for k in s.stats if k[2] in ('work', 'give'))"],
        "[(1, 'work'), (9, 'give')]",
    ),
    "cell prun": (["%%prun -q\nmodel.layers.pop()\na = give(7)", "a"], "7"),
    "capture": (["%%capture held\nmodel.layers.pop()\nprint('inside')", "held.stdout"], "inside"),
    "await": (["import asyncio\nasync def f(m):\n    m.layers.pop()\n    return 5\nawait asyncio.sleep(0)\nawait f(model)"], "5"),
    "last_expr_or_assign": (
        ["get_ipython().ast_node_interactivity = 'last_expr_or_assign'", "a = 1\nlast = give(model.layers)[:0]", "last = 8",
         "get_ipython().ast_node_interactivity = 'last_expr'"],
        "8",
    ),
    "all expressions": (
        ["get_ipython().ast_node_interactivity = 'all'", "first = give(1)\nmodel.layers.pop();\n6",
         "get_ipython().ast_node_interactivity = 'last_expr'"],
        "6",
    ),
    "debugger": (
        [WORK, "import io, pdb\nsaid = io.StringIO()\nd = pdb.Pdb(stdin=io.StringIO('n\\n' * 9 + 'p i, n\\nr\\nw\\nc\\n'), stdout=said, nosigint=True)\n"
         "d.use_rawinput = False\nd.prompt = ''\nd.runcall(work)", "print(said.getvalue())"],
        "(1, 2)",
    ),
    "post-mortem": (
        ["def fall():\n    global first\n    first = give(1)\n    thing.layers[0] = missing\n    return first",
         "import io, pdb, sys\nsaid = io.StringIO()\ntry:\n    fall()\nexcept NameError:\n    p = pdb.Pdb(stdin=io.StringIO('l\\nw\\nq\\n'), stdout=said)\n"
         "    p.use_rawinput = False\n    p.prompt = ''\n    p.reset(); p.interaction(None, sys.exc_info()[2])", "print(said.getvalue())"],
        "-> thing.layers[0] = missing",
    ),
    "source": (["import inspect", WORK, "print(inspect.getsource(work))"], "table['head'] = give(i)"),
    "pandas, chained": (["def chain():\n    frame['a'][0] = give(9)\nchain()\nframe['a'][0] = 5\nframe.loc[:]['a'] = 7"], "ChainedAssignment"),
    "pandas, of a list": (["thing.layers = frame\nthing.layers['a'][1] = 4"], "ChainedAssignment"),
    "coverage by trace": (
        [WORK, "import sys\nseen = []\ndef look(frame, event, arg):\n    if frame.f_code.co_name == 'work' and event == 'line':\n"
         "        seen.append(frame.f_lineno)\n    return look\nsys.settrace(look)\nwork(1)\nsys.settrace(None)", "seen"],
        "[3, 4, 5, 3, 6, 7, 8]",
    ),
    "tracebacks of Keras": (
        ["keras.config.disable_traceback_filtering()",
         "model.compile('adam', 'mse')\nmodel.fit(np.zeros((3, 5)), np.zeros((3, 2)), verbose=0)", "model.compile('missing')",
         "model(np.zeros((2, 7)))", "model.add(3)", "model.save('/missing/x.keras')", "model.load_weights('/missing')",
         "model.predict(object())", "model.optimizer.apply([1])", "first(3)", "keras.config.enable_traceback_filtering()"],
        "'__call__'",
    ),
    "autoreload": (
        ["import sys, os, tempfile\nfolder = tempfile.mkdtemp()\nsys.path.insert(0, folder)\npath = os.path.join(folder, 'kg_reloaded.py')\n"
         "def write(text):\n    with open(path, 'w') as file: file.write(text)\n    os.utime(path, (len(text) * 10**8, len(text) * 10**8))\n"
         "write('def cut(m): m.layers.pop(); return 1')\n%load_ext autoreload\n%autoreload 2\nimport kg_reloaded",
         "kg_reloaded.cut(model)", "write('def cut(m): m.layers.pop(); return 22')", "kg_reloaded.cut(model)", "%autoreload 0"],
        "22",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "word"), FEATURES.values(), ids=FEATURES)
def test_feature(both: tuple[Process, Process], cells: list[str], word: str) -> None:
    """The cells do and show the same, and the feature shows what it is for."""
    plain, guarded = (process.ask("program", cells) for process in both)
    assert guarded.pop("faults") == []
    plain.pop("faults")
    for mine, theirs, cell in zip(guarded["cells"], plain["cells"], cells, strict=True):
        assert mine == theirs, cell
    assert word in str(plain["cells"])
