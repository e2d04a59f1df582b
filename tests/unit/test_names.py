"""What code binds, reads and calls, read from its syntax alone."""

from __future__ import annotations

import ast

import pytest

from keras_guard._instrument.code_ahead import NOTHING_AHEAD, code_ahead, code_in_turn
from keras_guard._instrument.code_range import range_of_line, range_of_node
from keras_guard._instrument.names import (
    binding_line,
    bindings_in,
    bindings_of,
    functions_applying,
    touched_names,
    walking_names,
)
from keras_guard._instrument.syntax import parsed, root_name, walk_scope
from keras_guard._instrument.vocabulary import MUTATORS


def _statement(code: str) -> ast.stmt:
    return ast.parse(code).body[0]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("a", "a"), ("a.b[0].c", "a"), ("*a", "a"), ("f().b", None), ("vars(a)['x']", "a"), ("globals()['a']", "a"),
        ("globals()[k]", None), ("globals()[1]", None), ("locals()['a']", "a"), ("vars()['a']", "a"), ("(1).b", None),
        ("vars(a, b)['x']", None),
    ],
)  # fmt: skip
def test_root_name(code: str, name: str | None) -> None:
    """A chain of attributes and subscripts starts with a name, or with none."""
    node = ast.parse(f"[{code}]").body[0].value.elts[0]  # type: ignore[attr-defined]
    assert root_name(node) == name


@pytest.mark.parametrize(
    ("code", "bound", "edited"),
    [
        ("a = b", {"a"}, set()),
        ("a, (b, *c) = d", {"a", "b", "c"}, set()),
        ("a.b = c", set(), {"a"}),
        ("a[0] = c", set(), {"a"}),
        ("del a[0]", set(), {"a"}),
        ("del a.b", set(), {"a"}),
        ("a += [1]", {"a"}, {"a"}),
        ("a.append(b)", set(), {"a"}),
        ("a.b[0].pop()", set(), {"a"}),
        ("a.upper()", set(), set()),
        ("setattr(a, 'b', c)", set(), {"a"}),
        ("delattr(a, 'b')", set(), {"a"}),
        ("setattr()", set(), set()),
        ("print(a)", set(), set()),
        ("f().append(1)", set(), set()),
        ("def f(): x = 1", {"f"}, set()),
        ("async def f(): x = 1", {"f"}, set()),
        ("class C:\n    x = 1", {"C"}, set()),
        ("if a:\n    def f(): x = 1\n    class C: pass", {"f", "C"}, set()),
        ("for i in a:\n    b = i", {"i", "b"}, set()),
        ("with a as b: pass", {"b"}, set()),
        ("(n := a)", {"n"}, set()),
        ("match a:\n    case [x, *y]: pass\n    case {'k': v, **rest}: pass\n    case C() as z: pass\n    case _: pass",
         {"x", "y", "v", "rest", "z"}, set()),
        ("g = lambda: (x := 1)", {"g"}, set()),
        ("a: int = 1", {"a"}, set()),
    ],
)  # fmt: skip
def test_touched_names(code: str, bound: set[str], edited: set[str]) -> None:
    """Names a statement binds, and names whose object it may edit; functions keep theirs."""
    touched = touched_names(_statement(code), MUTATORS)
    assert (touched.bound, touched.edited) == (bound, edited)
    assert touched.all == bound | edited


def test_walk_scope_stays_outside_functions() -> None:
    """Functions, classes and lambdas are yielded and not entered, unless the walk starts at one."""
    tree = _statement("if a:\n    def f():\n        inner = 1\n    b = lambda: hidden")
    names = {node.id for node in walk_scope(tree) if isinstance(node, ast.Name)}
    assert names == {"a", "b"}
    function = _statement("def f():\n    inner = 1")
    assert {node.id for node in walk_scope(function) if isinstance(node, ast.Name)} == {"inner"}


def test_walking_names() -> None:
    """Names a statement's loops walk with."""
    code = "for a, b in x:\n    for c.d in y:\n        pass"
    assert walking_names(_statement(code)) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("code", "walked", "read", "made"),
    [
        ("a = m.layers", set(), {"a"}, set()),
        ("a, b = m.layers, [1]", set(), {"a"}, {"b"}),
        ("a: list = m.layers", set(), {"a"}, set()),
        ("a: list", set(), set(), set()),
        ("(a := m.layers)", set(), {"a"}, set()),
        ("a = list(m.layers)", set(), set(), {"a"}),
        ("a = m.layers[1:]", set(), set(), {"a"}),
        ("for a in b: pass", {"a"}, set(), set()),
        ("a = b", set(), set(), set()),
        ("a.b = m.layers", set(), set(), set()),
    ],
)
def test_bindings(code: str, walked: set[str], read: set[str], made: set[str]) -> None:
    """Names that loops walk with, that hold a model's own list, or what an expression makes."""
    found = bindings_of(_statement(code), offset=4)
    assert (set(found.walked), set(found.read), set(found.made)) == (walked, read, made)
    assert bool(found) == bool(walked | read | made)
    assert found.end_line == (4 + len(code.splitlines()) if found else 0)


@pytest.mark.parametrize(
    ("code", "walked"),
    [
        pytest.param("for i in n:\n    a = m.layers[i]", {"i", "a"}, id="item"),
        pytest.param("while n:\n    a = m.get_layer(n)", {"a"}, id="get_layer"),
        pytest.param("while n:\n    a, b = m.layers[0], Dense()", {"a"}, id="one of a pair"),
        pytest.param("for i in n:\n    a = Dense(i)", {"i"}, id="made"),
        pytest.param("a = m.layers[0]", set(), id="outside a loop"),
    ],
)
def test_what_a_turn_selects_is_walked_with(code: str, walked: set[str]) -> None:
    """A name that each turn of a loop binds to a selected layer is as good as the loop's target."""
    assert walking_names(_statement(code)) == walked


def test_a_name_walked_with_is_lost_to_a_later_binding() -> None:
    """At a cell's end a loop's name is the walk's only where no later statement bound it to something else."""
    body = ast.parse(
        "for a in m: pass\nfor b in m: pass\na = Dense()\nfor c in m: pass\nfor c in n: pass"
    ).body
    found = bindings_in(body, 2)
    assert [(item.end_line, set(item.walked), set(item.lost)) for item in found] == [
        (3, {"a"}, {"a"}),
        (4, {"b"}, set()),
        (5, set(), set()),
        (6, {"c"}, set()),
        (7, {"c"}, set()),
    ]
    assert bindings_in(ast.parse("a.b = c").body) == []


@pytest.mark.parametrize(
    ("code", "line", "walked"),
    [
        pytest.param("a.pop()\nfor l in a: pass", 1, {"a"}, id="for"),
        pytest.param("a.pop()\nn = [l for l in reversed(a)]", 1, {"a", "reversed"}, id="comprehension"),
        pytest.param("while a:\n    a.pop()", 2, {"a"}, id="the loop around"),
        pytest.param("for l in a: pass\na.pop()", 2, set(), id="before"),
        pytest.param(
            "def f(a):\n    a.pop()\n    return [l for l in a]\nfor l in b: pass", 2, {"a"}, id="function"
        ),
    ],
)
def test_names_walked_over_ahead(code: str, line: int, walked: set[str]) -> None:
    """What the loops after a line, and the loop around it, iterate over."""
    assert code_ahead(code, line).walked == walked


@pytest.mark.parametrize(
    ("code", "chosen"),
    [
        ("a = list(m.layers)", {"a"}),
        ("a = m.layers[:]", {"a"}),
        ("a = [l for l in m.layers if l.built]", {"a"}),
        ("a = m.layers + [b]", {"a"}),
        ("a = m.layers", set()),
        ("a = [b, c]", set()),
    ],
)
def test_lists_made_of_a_models_list(code: str, chosen: set[str]) -> None:
    """A copy of a model's list, the list itself and a list of the user are distinguished."""
    assert set(bindings_of(_statement(code)).chosen) == chosen


CELL = """\
model = build()
def f(m):
    m.fit(x)
    y = m
    if y:
        z = 1
    else:
        z = 2
    for i in z:
        w = i
        v = w
    try:
        q = 1
    except E:
        r = 2
    finally:
        s = 3
    match z:
        case 1:
            t = 4
            u = 5
f(model)
model.compile()
done = f
"""


@pytest.mark.parametrize(
    ("line", "bound", "not_bound"),
    [
        (1, {"done"}, {"model"}),
        (3, {"y", "z", "s", "w"}, {"done"}),
        (6, {"w"}, {"y"}),
        (8, {"w"}, {"y"}),
        (10, {"i", "w", "v"}, {"y"}),
        (13, {"t"}, {"w"}),
        (15, {"t"}, {"r"}),
        (17, {"t"}, {"s"}),
        (20, {"u"}, {"s"}),
        (22, {"done"}, {"model"}),
        (24, set(), {"done"}),
        (99, set(), {"done"}),
    ],
)
def test_code_ahead(line: int, bound: set[str], not_bound: set[str]) -> None:
    """What comes after a line, in its function or cell; in a loop the next turn as well."""
    ahead = code_ahead(CELL, line)
    assert bound <= ahead.bound
    assert not not_bound & ahead.bound


def test_code_ahead_of_calls() -> None:
    """In the middle of a call the statement's own targets are bound later; methods and calls are listed."""
    ahead = code_ahead("a = f()\nb.fit()\ng(c)", 1, from_call=True)
    assert ahead.bound == {"a"}
    assert ahead.called == {"fit", "g"}
    assert ahead.calls(["b"], frozenset({"fit"}))
    assert not ahead.calls(["c"], frozenset({"fit"}))
    assert code_ahead("a += f()", 1, from_call=True).bound == {"a"}
    assert code_ahead("f()", 1, from_call=True) == NOTHING_AHEAD
    assert code_ahead("a = (", 1) is NOTHING_AHEAD
    assert (ahead | NOTHING_AHEAD) == ahead


TURNS = """\
def turn():
    a.fit()
    b.fit()
c.fit()
for m in (a, b):
    m.fit()
    turn()
"""


@pytest.mark.parametrize(
    ("line", "again", "names"),
    [(2, False, None), (2, True, "ab"), (4, True, None), (6, False, "ab"), (5, False, None)],
)
def test_code_in_turn(line: int, again: bool, names: str | None) -> None:
    """What the loops around a line call in each turn; a function that a loop calls is a loop."""
    turn = code_in_turn(TURNS, line, again=again)
    found = "".join(name for name in "abc" if turn and turn.calls_each([name], frozenset({"fit"})))
    assert (turn and found) == names
    assert code_in_turn("for (", 1) is None


@pytest.mark.parametrize(
    ("line", "target", "place"),
    [
        (1, None, (1, 1, 1, 16, None)),
        (3, None, (3, 3, 5, 13, "f")),
        (9, None, (9, 9, 14, 15, "f")),
        (5, None, (5, 5, 8, 9, "f")),
        (24, "done", (24, 24, 1, 9, None)),
    ],
)
def test_range_of_line(line: int, target: str | None, place: tuple[object, ...]) -> None:
    """The statement at a line: all of a simple one, the head of a compound one."""
    found = range_of_line(CELL, line, target)
    assert found is not None
    assert (found.line, found.end_line, found.column, found.end_column, found.function) == place


def test_range_of_a_part() -> None:
    """The part of a statement that binds a name; nothing where there is no statement or no Python."""
    found = range_of_line("f(n := 1)", 1, "n")
    assert found is not None
    assert (found.column, found.end_column) == (3, 4)
    assert range_of_line("with a as b:\n    pass", 1) is not None
    assert range_of_line("a = 1", 9) is None
    assert range_of_line("a = (", 1) is None
    assert range_of_line("f(1)", 1, "n") is not None


def test_columns_count_characters() -> None:
    """Columns count characters, where the tree counts bytes."""
    source = "é = model.layers"
    statement = ast.parse(source).body[0]
    assert isinstance(statement, ast.Assign)
    assert range_of_node(source, statement.value).column == 5
    assert range_of_node("", statement).column == 1


@pytest.mark.parametrize(
    ("source", "first", "last", "line"),
    [
        ("a = 1\nb = 2\na = 3", 1, 9, 1),
        ("a = 1\nb = 2\na = 3", 2, 9, 3),
        ("def a(): pass", 1, 1, 1),
        ("def b(): a = 1", 1, 1, None),
        ("if x:\n    y = 1\n    a.append(1)", 1, 9, 3),
        ("b = 1", 1, 9, None),
        ("a = (", 1, 9, None),
    ],
)
def test_binding_line(source: str, first: int, last: int, line: int | None) -> None:
    """The first line between two that binds or edits a name."""
    assert binding_line(source, "a", first, last) == line


def test_trees_are_shared() -> None:
    """The same text is parsed once."""
    assert parsed("a = 1") is parsed("a = 1")


APPLYING = """\
def forward(x):
    return head(body(x))
def size():
    return head.count_params()
def given(head):
    return head(1)
def passed():
    return make(head)
class Net(keras.Model):
    def call(self, x):
        return head.call(x)
def later(x):
    return head(x)
"""


def test_functions_applying() -> None:
    """Functions and classes that call what a global holds, with what they read; not those that ask or hand it on."""
    found = functions_applying(APPLYING, "head", 11)
    assert found == {"forward": {"head", "body", "x"} - {"x"}, "Net": {"head", "call"}}
    assert functions_applying("def f(:\n    head()", "head", 9) == {}
    assert functions_applying("head(x)", "head", 9) == {}
