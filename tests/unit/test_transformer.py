"""Instrumented cells: what is not changed, what the listener gets, and that cells run as before."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import pytest

from keras_guard._instrument import runtime
from keras_guard._instrument.runtime import Site
from keras_guard._instrument.transformer import CellInstrumenter


class Layer:
    """Takes the place of a Keras layer: in this test it is the class that arms sites."""

    def __init__(self) -> None:
        self._layers = [1, 2]

    @property
    def layers(self) -> list[Any]:
        """A new list at each read."""
        return list(self._layers)

    def get_config(self) -> dict[str, Any]:
        """A new dict at each read."""
        return {"layers": [{"config": {}}]}


class Heard:
    """A listener that writes down what it hears."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, int]] = []
        self.sites: list[Site] = []

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("probe_"):
            raise AttributeError(name)

        def hear(site: Site, *_: Any) -> None:
            self.events.append((name[6:], site.attribute, site.line))
            self.sites.append(site)

        return hear


@pytest.fixture
def heard() -> Iterator[Heard]:
    """A listener, with ``Layer`` as the class that arms sites."""
    before = runtime._hot
    runtime.install()
    runtime.watch_types((Layer,))
    listener = Heard()
    yield listener
    runtime.forget(listener)  # type: ignore[arg-type]
    runtime.disarm()
    runtime.watch_types(before)


def _run(
    heard: Heard,
    code: str,
    *,
    watched: tuple[str, ...] = (),
    dull: tuple[str, ...] = (),
    functions: bool = True,
) -> dict[str, Any]:
    namespace: dict[str, Any] = {
        "Layer": Layer,
        "layer": Layer(),
        "other": type("Other", (), {"layers": [1, 2]})(),
    }
    tree = ast.parse(code)
    instrumenter = CellInstrumenter(
        heard, 1, lambda name: name in watched, dull=lambda name: name in dull, namespace=namespace
    )
    instrumenter.instrument(tree, code, functions=functions)
    exec(compile(ast.fix_missing_locations(tree), "cell", "exec"), namespace)
    return namespace


@pytest.mark.parametrize(
    "code",
    [
        "a = 1",
        "a.b = 2",
        "for i in range(3): x = i",
        "a[0] = 1",
        "x.append(1)",
        "from __future__ import annotations",
    ],
)
def test_cell_without_candidates_goes_back_untouched(heard: Heard, code: str) -> None:
    """A tree without anything to watch is the same tree, node for node."""
    tree = ast.parse(code)
    before = ast.dump(tree, include_attributes=True)
    CellInstrumenter(heard, 1, lambda _: False).instrument(tree, code, functions=True)  # type: ignore[arg-type]
    assert ast.dump(tree, include_attributes=True) == before


@pytest.mark.parametrize(
    ("code", "kinds"),
    [
        ("layer.layers[0] = 1", ["object", "list", "done"]),
        ("del layer.layers[0]", ["object", "list", "done"]),
        ("layer.layers.pop()", ["object", "list", "done"]),
        ("n = layer.layers.pop()", ["object", "list", "done"]),
        ("layer.layers[:] += [3]", ["object", "list", "done"]),
        ("layer.get_config()['layers'][0]['config']['a'] = 1", ["object", "list", "done"]),
        ("layer.get_config().update(a=1)", ["object", "list", "done"]),
        ("[].append(len(layer.layers))", []),
        ("def cut(l): l.pop()\ncut(layer.layers)", ["object", "list", "done"]),
        ("def cut(l): return l\nm = cut(layer.layers)\nm", ["object", "list", "done"]),
        # Nothing stands behind a last statement that binds a name: IPython may be asked to show it.
        ("def cut(l): return l\nm = cut(layer.layers)", ["object", "list"]),
        ("print(layer.layers)", []),
        ("other.layers[0] = 5", []),
        ("other.layers.append(5)", []),
        ("def f(m):\n    m.layers.pop()\nf(layer)", ["object", "list", "done"]),
        ("def f(m):\n    l = [m]\n    l.layers = m.layers\n", []),
        ("def f(m):\n    l = m.layers\n    l[0] = 1\nf(type('T', (), {'layers': [layer]})())", ["list", "done"]),
        ("(l := layer.layers).pop()", []),
        ("def f(d):\n    d['a'] = layer\nf({})", ["slot", "done"]),
        ("def f(d):\n    d['a'] = len('x')\nf({})", []),
        ("def f(d):\n    d['a'] = 1\nf({})", []),
        ("def f(d):\n    d['a'], b = layer, 1\nf({})", ["slot", "done"]),
        ("def f(d):\n    d['a'], b = tuple('xy')\nf({})", []),
        ("def f(o):\n    o.a = layer\nf(other)", ["slot", "done"]),
        ("def f(o):\n    o.a: object = layer\nf(other)", ["slot", "done"]),
        ("def f(o):\n    o.a: object\nf(other)", []),
        ("def f(o):\n    o.layers += [layer]\nf(other)", []),
        ("class C:\n    def __init__(self):\n        self.fc = layer\nC()", ["slot", "done"]),
        ("async def f(o):\n    o.a = layer\ntry:\n    f(other).send(None)\nexcept StopIteration: pass", ["slot", "done"]),
        ("def f():\n    global g\n    g = layer\nf()", ["after"]),
        ("def f():\n    global n\n    n = 1\nn = 0\nf()", []),
        ("def f():\n    global n\n    n += 1\nn = 0\nf()", []),
    ],
)  # fmt: skip
def test_probes_heard(heard: Heard, code: str, kinds: list[str]) -> None:
    """What a statement tells the listener: only where a layer is met, and in order."""
    _run(heard, code)
    assert [kind for kind, *_ in heard.events if kind != "step"] == kinds


def test_global_that_held_a_layer_is_looked_at(heard: Heard) -> None:
    """A global bound in a function is looked at before and after, unless it is a number that no trace read."""
    _run(heard, "g = layer\ndef f():\n    global g\n    g = layer\nf()")
    assert [kind for kind, *_ in heard.events] == ["before", "after"]
    heard.events.clear()
    runtime.note_read(["unit_test_rate"])
    _run(heard, "unit_test_rate = 1\ndef f():\n    global unit_test_rate\n    unit_test_rate = 2\nf()")
    assert [kind for kind, *_ in heard.events] == ["before", "after"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("n = 0", [], id="a number"),
        pytest.param("n = 'text'", [], id="a text"),
        pytest.param("n = layer", ["before", "after"] * 3, id="a layer"),
        pytest.param("n = []", ["before", "after"] * 3, id="a list"),
    ],
)
def test_globals_are_looked_at_when_their_function_is_entered(
    heard: Heard, code: str, expected: list[str]
) -> None:
    """A loop over numbers costs a test a turn; what may hold a layer is looked at around each binding."""
    body = "def f():\n    'Count.'\n    global n, m\n    for i in range(3):\n        n = 1 if i > 3 else n\n        m = i\nm = 0\nf()"
    _run(heard, f"{code}\n{body}")
    assert [kind for kind, _, line in heard.events if line == 6] == expected


def test_global_that_becomes_a_layer_in_the_function_is_looked_at_from_then_on(heard: Heard) -> None:
    """The first binding of a layer is seen after it, the second also before it, even a plain one."""
    _run(heard, "n = 0\ndef f():\n    global n\n    n = layer\n    n = 3\nf()")
    assert [(kind, line) for kind, _, line in heard.events] == [("after", 4), ("before", 5)]


def test_global_that_a_trace_comes_to_hold_in_the_function_is_looked_at(heard: Heard) -> None:
    """A function that trains, and then binds what the traced step read, is heard."""
    note = "import keras_guard._instrument.runtime as r\n"
    _run(heard, note + "n = 0.5\ndef f():\n    global n\n    r.note_read(['n'])\n    n = 0.1\nf()")
    assert [kind for kind, *_ in heard.events] == ["before", "after"]
    runtime._read.discard("n")


def test_function_keeps_its_docstring_and_its_first_line(heard: Heard) -> None:
    """The look at the entry is after the docstring, and adds no line."""
    namespace = _run(
        heard, "def f():\n    'Count.'\n    global n\n\n    n = 1\n    return n\ndef g():\n    global n"
    )
    assert namespace["f"].__doc__ == "Count."
    assert namespace["f"]() == 1
    assert {line for *_, line in namespace["f"].__code__.co_lines()} >= {5, 6}
    assert 3 not in {line for *_, line in namespace["f"].__code__.co_lines()}


def test_names_ruled_out_before_the_cell_get_no_probe(heard: Heard) -> None:
    """At the top level a name that holds no model costs nothing; rebinding it in the cell brings the probe back."""
    plain = ast.parse("other.layers.append(1)")
    before = ast.dump(plain)
    CellInstrumenter(heard, 1, lambda _: False, dull=lambda name: name == "other").instrument(  # type: ignore[arg-type]
        plain, "other.layers.append(1)", functions=True
    )
    assert ast.dump(plain) == before
    _run(heard, "other = layer\nother.layers.pop()", dull=("other",))
    assert [kind for kind, *_ in heard.events] == ["object", "list", "done"]
    heard.events.clear()
    _run(heard, "(lambda other: other.layers.pop())(layer)", dull=("other",))
    assert [kind for kind, *_ in heard.events] == ["object", "list", "done"]
    heard.events.clear()
    _run(heard, "def cut(l): l.pop()\ncut(other.layers)", dull=("other",))
    assert heard.events == []


def test_steps_come_behind_statements_that_bind_watched_names(heard: Heard) -> None:
    """No step follows the last statement; names bound twice to calls are watched too."""
    _run(heard, "a = 1\nb = 2\na = 3\nb", watched=("a",))
    assert heard.events == [("step", "", 1), ("step", "", 3)]
    heard.events.clear()
    _run(heard, "a = Layer()\nb = 1\nif b:\n    a = Layer()\nb = 2\nc, d = Layer(), 1")
    assert [line for _, _, line in heard.events] == [1, 3]


def test_site_says_where_it_stands(heard: Heard) -> None:
    """Lines count with the offset, columns in bytes, and the function is named."""
    _run(heard, "def f(m):\n    m.layers.pop()\nf(layer)")
    site = heard.sites[0]
    assert (site.line, site.column, site.function, site.chain) == (2, 4, "f", "m.layers")


def test_statement_left_half_way_disarms(heard: Heard) -> None:
    """A statement that raises leaves its site armed until the cell is over, and the next run is right."""
    with pytest.raises(IndexError):
        _run(heard, "layer.layers[9] = 1")
    assert [kind for kind, *_ in heard.events] == ["object", "list"]
    assert runtime._armed
    runtime.disarm()
    assert not runtime._armed


def test_silenced_sites_are_inert(heard: Heard) -> None:
    """Functions defined while the guard was loaded run on after it is gone."""
    namespace = _run(
        heard,
        "def f(m):\n    m.layers.pop()\n    d = {}\n    d['a'] = m\n    global g\n    g = m\n    l = m._layers\n"
        "    l[0] = m\n    l.append(m)\n    l[0] = m\n    return d",
    )
    runtime.forget(heard)  # type: ignore[arg-type]
    assert namespace["f"](Layer())["a"] is namespace["g"]
    assert heard.events == []
    runtime._probe_step("unknown")


def test_lines_and_columns_stay(heard: Heard) -> None:
    """An error in an instrumented statement points at the user's own line and columns."""
    code = "def f(m):\n    m.layers[0], (m\n      .missing.x) = 1, m\nf(layer)"
    with pytest.raises(AttributeError) as caught:
        _run(heard, code)
    with pytest.raises(AttributeError) as plain:
        exec(compile(code, "cell", "exec"), {"layer": Layer()})
    mine, theirs = caught.tb, plain.tb
    while mine.tb_next is not None:
        mine = mine.tb_next
    while theirs.tb_next is not None:
        theirs = theirs.tb_next
    assert mine.tb_lineno == theirs.tb_lineno


def _site(number: str, listener: Any) -> Site:
    return Site(number, listener, "layers", 1, 1, 0, 1)


@pytest.fixture
def bounded(monkeypatch: pytest.MonkeyPatch) -> dict[str, Site]:
    """An empty table of sites with room for three."""
    sites: dict[str, Site] = {}
    monkeypatch.setattr(runtime, "_SITES", sites)
    monkeypatch.setattr(runtime, "_MAX_SITES", 3)
    return sites


def test_the_oldest_of_very_many_sites_are_silenced(bounded: dict[str, Site], heard: Heard) -> None:
    """The table of sites does not grow without end; the newest stay."""
    for number in "abcd":
        runtime.register(_site(number, heard))
    assert list(bounded) == ["b", "c", "d"]


def test_sites_can_be_dropped_twice(bounded: dict[str, Site], heard: Heard) -> None:
    """Sites whose code has run are forgotten, also when they were forgotten before."""
    sites = [_site(number, heard) for number in "ab"]
    for site in sites:
        runtime.register(site)
    runtime.drop(sites[:1])
    runtime.drop(sites)
    assert not bounded


def test_a_listener_takes_only_its_own_sites_along(bounded: dict[str, Site], heard: Heard) -> None:
    """One shell's guard leaves; the other's sites stay."""
    other = Heard()
    runtime.register(_site("mine", heard))
    runtime.register(_site("other", other))
    runtime.forget(other)  # type: ignore[arg-type]
    assert list(bounded) == ["mine"]


def test_probes_of_forgotten_sites_return_what_they_are_given(
    bounded: dict[str, Site], heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code that outlives its cell goes on when its sites are gone."""
    layers = [Layer()]
    monkeypatch.setattr(runtime, "_armed", ["gone"])
    for probe in (runtime._probe_list, runtime._probe_alias, runtime._probe_slot, runtime._probe_done):
        assert probe("gone", layers) is layers
    assert not heard.events
