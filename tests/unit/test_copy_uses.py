"""Which edits of a copy that a name holds are lost, judged by the text of a cell."""

from __future__ import annotations

import ast
import textwrap

import pytest

from keras_guard._instrument.copy_uses import lost_edit, lost_local_edits, lost_loop_edits, reads

END = float("inf")


@pytest.mark.parametrize(
    ("source", "line"),
    [
        pytest.param("w = x.get_weights()\nw[0] = 1", 2, id="item"),
        pytest.param("w = x.get_weights()\nw[0][:, 1] *= 2", 2, id="item in place"),
        pytest.param("w = x.get_weights()\nw += 1", 2, id="in place"),
        pytest.param("w = x.get_weights()\nw[0].fill(0)", 2, id="method"),
        pytest.param("w = x.get_weights()\nw[0] = w[0] * w[1]", 2, id="reads itself"),
        pytest.param("w = x.get_weights()\nprint(w)\nw[0] = 1", 3, id="printed before"),
        pytest.param("w = x.get_weights()\nw[0] = 1\nprint(w[0].shape)", 2, id="asked for its shape"),
        pytest.param("for x in xs:\n    w = x.get_weights()\n    w[0] = 1", 3, id="loop that binds it"),
        pytest.param("w = x.get_weights()\nif a:\n    w[0] = 1", 3, id="under a condition"),
        pytest.param("w = x.get_weights()\nw[0] = 1\nx.set_weights(w)", None, id="given back"),
        pytest.param("w = x.get_weights()\nw[0] = 1\nprint(w)", None, id="printed after"),
        pytest.param("w = x.get_weights()\nv = w\nw[0] = 1", None, id="another name"),
        pytest.param("w = x.get_weights()\nw[0] = 1\nrun('f(w)')", None, id="in a text"),
        pytest.param(
            "def f():\n    x.set_weights(w)\nw = x.get_weights()\nw[0] = 1", None, id="in a function"
        ),
        pytest.param("w = x.get_weights()\nfor i in r:\n    w[i] = 1", 3, id="loop over its items"),
        pytest.param(
            "w = x.get_weights()\nfor i in r:\n    fit()\n    w[i] += 1", None, id="loop that gathers"
        ),
        pytest.param("for x in xs:\n    f(w)\n    w = x.get_weights()\n    w[0] = 1", None, id="next turn"),
        pytest.param("w = x.get_weights()\nv[0] = 1", None, id="another object"),
        pytest.param("w = x.get_weights()\nw[0] =", None, id="no Python"),
    ],
)
def test_lost_edit(source: str, line: int | None) -> None:
    """An edit is lost when nothing reads the copy after it."""
    bound = next((n for n, text in enumerate(source.splitlines(), 1) if "w = " in text), 0)
    assert lost_edit(source, "w", bound, END) == line


def test_an_edit_that_has_not_run() -> None:
    """An edit below the line that runs is not found."""
    source = "w = x.get_weights()\nm.fit(x)\nw[0] = 1"
    assert lost_edit(source, "w", 1, 2) is None
    assert lost_edit(source, "w", 1, END) == 3


def test_a_magic_reads_what_it_names() -> None:
    """Of code that is no Python nothing is known but its words."""
    assert reads("%store w", "w", computed=True, shown=False)
    assert not reads("%store v", "w", computed=True, shown=False)


@pytest.mark.parametrize(("source", "counts"), [("print(w)", True), ("w.shape", False), ("w[0] = 2", False)])
def test_reads(source: str, counts: bool) -> None:
    """To print a copy counts as reading it where that is asked for; to edit or measure it does not."""
    assert reads(source, "w", computed=True, shown=True) is counts
    assert reads(source, "w", computed=True, shown=False) is False


@pytest.mark.parametrize(
    "source", ["t = np.abs(w[0])", "t = w[0] > 2", "t = w[1].mean()", "t = np.sort(w[0])[0] + 1"]
)
def test_computing(source: str) -> None:
    """New numbers that are computed from a copy hold nothing of it."""
    assert not reads(source, "w", computed=False, shown=True)
    assert reads(source, "w", computed=True, shown=False)


@pytest.mark.parametrize(
    "source", ["t = w[0]", "t = f(w)", "t = np.reshape(w[0], -1)", "t = w.copy()", "t = [w]"]
)
def test_reading(source: str) -> None:
    """What may be the copy, or a view of it, is a read."""
    assert reads(source, "w", computed=False, shown=False)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        pytest.param("w = x.get_weights()\nw[0] = 1", 3, id="edited"),
        pytest.param("w = x.get_weights()\nt = w[0] < 1\nw[0][t] = 1", 4, id="computed before"),
        pytest.param("for x in xs:\n    w = x.get_weights()\n    w[0] = 1", 4, id="in a loop"),
        pytest.param("w = x.get_weights()\nw[0] = 1\nt = w[0] < 1", None, id="computed after"),
        pytest.param("w = x.get_weights()\nw[0] = 1\nreturn w", None, id="returned"),
        pytest.param("w = x.get_weights()\nw[0] = 1\nx.set_weights(w)", None, id="given back"),
        pytest.param("w = x.get_weights()\nv = w\nw[0] = 1", None, id="another name"),
        pytest.param("w = x.get_weights()\nw[0] = 1\nreturn lambda: w", None, id="closed over"),
        pytest.param("global w\nw = x.get_weights()\nw[0] = 1", None, id="global"),
        pytest.param("w = x.y.get_weights()\nw[0] = 1", None, id="no plain owner"),
    ],
)
def test_lost_local_edit(body: str, line: int | None) -> None:
    """In a function the edit is lost when the rest of the function does not read the name."""
    tree = ast.parse("def f(x, xs):\n" + textwrap.indent(body, "    "))
    found = lost_local_edits(tree.body[0])  # type: ignore[arg-type]
    lines = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt) and id(node) in found]
    assert lines == ([] if line is None else [line])
    assert all((edit.name, edit.owner) == ("w", "x") for edit in found.values())


@pytest.mark.parametrize(
    ("source", "line", "edit"),
    [
        pytest.param("for v in m.w:\n    a = v.numpy()\n    a[:] = 0", 3, ("a", "v", "numpy"), id="a turn's copy"),
        pytest.param("for w in m.get_weights():\n    w *= 2", 2, ("w", "m", "get_weights"), id="walked over"),
        pytest.param("while t:\n    w = m.get_weights()\n    w[0] = 1", 3, ("w", "m", "get_weights"), id="while"),
        pytest.param("w = m.get_weights()\nw[0] = 1", None, None, id="no loop"),
        pytest.param("w = m.get_weights()\nfor i in x:\n    w[i] = 1", None, None, id="bound before the loop"),
        pytest.param("for w in m.get_weights():\n    w *= 2\n    new.append(w)", None, None, id="kept"),
        pytest.param("for l in x:\n    w = l.get_weights()\n    w[0] = 1\nl.set_weights(w)", None, None, id="the last one is given back"),
        pytest.param("for i in x:\n    w = m.l[i].get_weights()\n    w[0] = 1", None, None, id="no plain owner"),
    ],
)  # fmt: skip
def test_lost_loop_edit(source: str, line: int | None, edit: tuple[str, str, str] | None) -> None:
    """In a loop the edit is lost when the cell does not read the name after it."""
    tree = ast.parse(source)
    found = lost_loop_edits(tree.body)
    lines = {node.lineno: found[id(node)] for node in ast.walk(tree) if id(node) in found}
    assert {n: (e.name, e.owner, e.method) for n, e in lines.items()} == (
        {} if line is None else {line: edit}
    )


@pytest.mark.parametrize(
    "edit",
    [
        "np.copyto(w, t)",
        "np.fill_diagonal(w, 0)",
        "np.clip(w, 0, 1, out=w)",
        "rng.shuffle(w[0])",
        "w.fill(0)",
    ],
)
def test_functions_that_change_an_array(edit: str) -> None:
    """Functions of NumPy that write into an array edit the copy."""
    assert lost_edit(f"w = m.get_weights()\n{edit}", "w", 1, END) == 2


@pytest.mark.parametrize("use", ["np.copyto(t, w)", "np.clip(w, 0, 1, out=t)", "rng.shuffle(t)"])
def test_functions_that_change_another_array(use: str) -> None:
    """The same functions that write into another array are no edit."""
    assert lost_edit(f"w = m.get_weights()\n{use}", "w", 1, END) is None
