"""Random programs of several cells, out of the statements that a guard could get wrong."""

from __future__ import annotations

from hypothesis import strategies as st

NAMES = ["a", "b", "first", "stack", "table", "thing", "numbers", "frame", "model"]

ATOMS = st.sampled_from(
    [
        "1", "'s'", "None", "[1, 2]", "{'k': 1}", "a", "b", "first", "second", "model", "numbers", "thing", "stack",
        "give(3)", "give([1])", "layers.Dense(2)", "(lambda v: v)(2)", "[n for n in numbers[:4]]", "thing.value",
        "numbers[0]", "table['n']", "model.layers[0]", "stack[-1]", "1 / 0", "missing", "numbers[9]", "(w := give(4))",
        "f'{text!r}'", "*[1, 2],", "len(model.layers)", "thing.layers", "thing.losses", "{**table}", "text.upper()",
        "(yield_ for yield_ in numbers)", "not a", "1 if a else 2", "model.get_config()['name']",
    ]
)  # fmt: skip

TARGETS = st.sampled_from(
    [
        "a", "b", "first", "second", "head", "numbers[0]", "numbers[1:2]", "table['head']", "table['new']",
        "thing.value", "thing.layers[0]", "thing.losses", "stack[0]", "stack[:1]", "model.layers[0]",
        "model.layers[-1]", "a, b", "a, *b", "[a, b]", "a = b", "model.layers[0], thing.value", "frame['a']",
        "frame['a'][0]", "thing.put(1).value", "give(table)['x']", "model.layers[0].note", "first.note",
    ]
)  # fmt: skip

MUTATIONS = st.sampled_from(
    [
        "numbers.append({})", "thing.losses.append({})", "thing.layers.insert(0, {})", "stack.append({})",
        "model.layers.append({})", "table.update(x={})", "table.setdefault('y', {})", "numbers.remove({})",
        "model.layers.remove({})", "thing.layers.extend([{}])", "print({})", "thing.put({}).put(2)",
        "setattr(thing, 'value', {})", "numbers.pop({})", "model.layers.pop({})", "model.layers.clear()",
        "globals()['a'] = {}", "stack.reverse()", "model.weights.clear()", "model.get_config().update(k={})",
        "thing.layers.sort(key=lambda v: {})", "del numbers[0]", "del table['n']", "del model.layers[0]",
        "del thing.value", "del first", "numbers += [{}]", "thing.layers += [{}]", "a: int = {}",
        "thing.value: int = {}", "assert {}", "raise ValueError({})",
    ]
)  # fmt: skip


def _indent(text: str) -> str:
    return "\n".join("    " + line for line in text.splitlines())


def _block(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(children, min_size=1, max_size=3).map("\n".join).map(_indent)
    headers = st.sampled_from(
        [
            "for i in range(3):", "for a in numbers[:3]:", "for first in stack[:3]:", "for i, thing.value in enumerate('xy'):",
            "if a:", "while len(table) < 2:\n    table[len(table)] = 0", "with open(__import__('os').devnull) as a:",
            "for layer in model.layers:", "for thing.layers[0] in [7, 8]:", "if (b := give(a)) is not None:",
        ]
    )  # fmt: skip
    plain = st.builds("{}\n{}".format, headers, body)
    tried = st.builds(
        "try:\n{}\nexcept {} as error:\n{}\nfinally:\n{}".format,
        body,
        st.sampled_from(["Exception", "(ValueError, TypeError)", "ZeroDivisionError", "NameError"]),
        body,
        st.just("    print('finally')"),
    )
    matched = st.builds(
        "match {}:\n    case [x, *a]:\n{}\n    case {{'head': first}}:\n        pass\n    case _:\n        b = 1".format,
        ATOMS.filter(lambda atom: not atom.startswith("*")),
        body.map(_indent),
    )
    return plain | tried | matched


def _function(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(children, min_size=1, max_size=3).map("\n".join).map(_indent)
    called = st.builds(
        "def work(a=1, b=2, *, first=first):\n{}\n    return a\n{}work(){}".format,
        body,
        st.sampled_from(["", "r = ", "print("]).map(lambda text: text),
        st.just(""),
    ).map(lambda text: text + ")" if text.splitlines()[-1].startswith("print(") else text)
    shared = st.builds("def work():\n    global a, first\n{}\nwork()".format, body)
    method = st.builds(
        "class Net:\n    kind = 'net'\n    def __init__(self, fc):\n        self.fc = fc\n        self.blocks = [fc]\n"
        "    def change(self, value):\n        self.fc = value\n        self.blocks[0] = value\n        return self\n"
        "net = Net(first)\nnet.change({})\nnet.fc".format,
        ATOMS.filter(lambda atom: not atom.startswith("*")),
    )
    lazy = st.builds(
        "def gen():\n{}\n    yield a\nlist(gen())".format,
        st.just("    a = give(1)\n    thing.value = give(a)"),
    )
    awaited = st.builds(
        "async def wait():\n{}\n    return 1\nawait wait()".format, st.just("    thing.value = give(2)")
    )
    return called | shared | method | lazy | awaited


_simple = st.builds("{} = {}".format, TARGETS, ATOMS) | st.builds(
    str.format, MUTATIONS, ATOMS.filter(lambda atom: not atom.startswith("*"))
)
_nested = st.recursive(_simple, _block, max_leaves=4)
STATEMENTS = _nested | _function(_nested)
LASTS = ATOMS.filter(lambda atom: not atom.startswith("*")) | st.sampled_from(
    [
        "a;",
        "thing.put(3)",
        "model.layers.pop()",
        "numbers.append(1)",
        "a, b",
        "%time give(2)",
        "%who_ls",
        "stack.pop();",
    ]
)


@st.composite
def cells(draw: st.DrawFn) -> str:
    """Return one cell."""
    lines = draw(st.lists(STATEMENTS, min_size=0, max_size=4))
    if not lines or draw(st.booleans()):
        lines.append(draw(LASTS))
    text = "\n".join(lines)
    head = draw(
        st.sampled_from(["", "", "", "", "", "\n\n", "# comment\n", "from __future__ import annotations\n"])
    )
    magic = draw(st.sampled_from(["", "", "", "", "", "", "%%capture\n"]))
    return head + text if magic != "%%capture\n" else magic + text


PROGRAMS = st.lists(cells(), min_size=1, max_size=4)
