"""Which definitions mean the same, as a cell that runs again makes them."""

from __future__ import annotations

import pytest

from keras_guard._adapter.same_code import same_meaning

PLAIN = "def f(a, b):\n    return a - b\n"
SAME = [
    (PLAIN, 'def f(a, b):\n    """Differ."""\n    # so\n    return a - b\n'),
    (PLAIN, "def f(a: int, b: int) -> int:\n    return a - b\n"),
    (PLAIN, "def f(x, y):\n    return x - y\n"),
    ("def f(a):\n    b = a + 1\n    return b\n", "def f(t):\n    one = t + 1\n    return one\n"),
    ("def m(p):\n    def g(x): return x * p\n    def f(x): return g(x) + 1\n    return f\nf = m([2])\n",) * 2,
    ("import numpy as np\ndef f(a, w=np.array([1., np.nan])): return a\n",) * 2,
    ("def f(a, w=object()): return a\n",) * 2,
    ("import functools\n@functools.lru_cache\ndef f(a): return a\n",) * 2,
    ("import enum\nclass E(enum.IntEnum):\n    A = 1\ndef f(a, e=E.A): return a\n",) * 2,
    ("class f:\n    n = 0\n    def __init__(self): f.n += 1\n_ = f()\n",) * 2,
    ("class f:\n    all = []\n    def __init__(self): f.all.append(self)\n_ = f()\n", "class f:\n    all = []\n    "
     "def __init__(self): f.all.append(self)\n"),
    ("class f:\n    n = 0\n    def __init__(self): f.n += 1\n_ = f()\n", "class f:\n    n = 0\n    "
     "def __init__(self): f.n += 1\n"),
    ("class f:\n    class C:\n        a = 1\n    m = {C: 1}\n",) * 2,
    ("class B:\n    def g(self): return super().__init__()\nclass f(B):\n    def g(self): return super().g()\n",) * 2,
    ("class f:\n    a: int = 1\n    def g(self): pass\n", "class f:\n    'Doc.'\n    def g(self) -> None: pass\n    a = 1\n"),
    ("class f:\n    def g(self): return 1\n", "class f:\n    def g(self): return 1\n    def plot(self): return 2\n"),
    ("def f(n): return n and f(n - 1)\n",) * 2,
    ("def m(a, b):\n    def f(x): return [x + a + b + i for i in range(3)]\n    return f\nf = m(1, 2)\n",
     "def m(z, y):\n    def f(x): return [x + z + y + j for j in range(3)]\n    return f\nf = m(1, 2)\n"),
    ("def m(a, b):\n    def g(x): return lambda: x * a - b\n    def f(x): return g(x)\n    return f\nf = m(1, 2)\n",
     "def m(z, y):\n    def g(x): return lambda: x * z - y\n    def f(x): return g(x)\n    return f\nf = m(1, 2)\n"),
    ("def m():\n    def f(n): return n and f(n - 1)\n    return f\nf = m()\n",) * 2,
    ("def f(a, b=float('nan')): return a\n",) * 2,
    ("def f(a, b=1): return a * 2\n", "def f(a, b=1.0): return a * 2.0\n"),
    ("import numpy as np\ndef f(a, w=np.array([.1, 2.])): return a\n", "import numpy as np\n"
     "def f(a, w=np.array([.1, 2.], 'float32')): return a\n"),
    ("import numpy as np\ndef f(a, w=np.float64(.1)): return a\n", "import numpy as np\n"
     "def f(a, w=np.float32(.1)): return a\n"),
    ("class f:\n    def call(self): return 1\n", "class f:\n    def call(self): return 1\n    def __repr__(self): return ''\n"),
    ("def f(a, s={1, 2}): return a\n", "def f(a, s={2, 1}): return a\n"),
    ("def f(a, s={object()}): return a\n",) * 2,
    ("import functools\nf = functools.partial(lambda a, b: a - b, 2)\n",) * 2,
    ("class f:\n    seen = {}\n    def g(self): self.seen[1] = 2\nf().g()\n", "class f:\n    seen = {}\n    "
     "def g(self): self.seen[1] = 2\n"),
    ("class f:\n    seen = []\n    def g(self): (lambda: f.seen.append(1))()\nf().g()\n", "class f:\n    seen = []\n    "
     "def g(self): (lambda: f.seen.append(1))()\n"),
    ("class f:\n    n = 0\n    @property\n    def g(self): f.n = 1\n_ = f().g\n", "class f:\n    n = 0\n    @property\n    "
     "def g(self): f.n = 1\n"),
]  # fmt: skip
OTHER = [
    (PLAIN, "def f(a, b):\n    return b - a\n"),
    ("def f(a, b): return (lambda: a - b)()\n", "def f(a, b): return (lambda: b - a)()\n"),
    ("def m(a, b):\n    def f(x): return a - b\n    return f\nf = m(1, 2)\n", "def m(a, b):\n    def f(x): return b - a\n"
     "    return f\nf = m(1, 2)\n"),
    (PLAIN, "def f(a, *b):\n    return a - b\n"),
    ("def f(a, b=1): return a\n", "def f(a, b=2): return a\n"),
    ("def f(a, b=1): return a\n", "def f(a, b=True): return a\n"),
    ("class f:\n    def call(self): return 1\n", "class f:\n    def call(self): return 2\n    def __repr__(self): return ''\n"),
    ("def f(a, training=None): return a\n", "def f(a, mask=None): return a\n"),
    ("def f(a): return a.x\n", "def f(a): return a.y\n"),
    ("def f(a): return g(a)\n", "def f(a): return h(a)\n"),
    ("def m(p):\n    def f(x): return x * p\n    return f\nf = m(2)\n", "def m(p):\n    def f(x): return x * p\n    "
     "return f\nf = m(3)\n"),
    ("import numpy as np\ndef f(a, w=np.array([1., 2.])): return a\n", "import numpy as np\ndef f(a, w=np.array([1., 3.])):"
     " return a\n"),
    ("class f:\n    a = 1\n", "class f:\n    a = 2\n"),
    ("class B:\n    def g(self): return 1\nclass f(B): pass\n", "class B:\n    def g(self): return 1\nclass f(B):\n    "
     "def g(self): return 2\n"),
    ("class f:\n    a = [1]\n    def g(self): return self.a\n", "class f:\n    a = [2]\n    def g(self): return self.a\n"),
    ("class B:\n    a = 1\nclass f(B): pass\n", "class B:\n    a = 2\nclass f(B): pass\n"),
    ("class f:\n    class C:\n        a = 1\n", "class f:\n    class C:\n        a = 2\n"),
    ("class C:\n    def __init__(self): self.a = 1\nclass f:\n    c = C()\n", "class C:\n    def __init__(self): self.a = 2"
     "\nclass f:\n    c = C()\n"),
    ("class f:\n    @property\n    def g(self): return 1\n", "class f:\n    @property\n    def g(self): return 2\n"),
    ("class f:\n    @staticmethod\n    def g(): return 1\n", "class f:\n    @staticmethod\n    def g(): return 2\n"),
    ("class f:\n    @classmethod\n    def g(cls): return 1\n", "class f:\n    @classmethod\n    def g(cls): return 2\n"),
    ("def f(a, b=float('nan')): return a\n", "def f(a, b=1.0): return a\n"),
    ("def f(a, b=1.0): return a\n", "def f(a, b=float('nan')): return a\n"),
    ("def f(a, s={1, 2}): return a\n", "def f(a, s={1, 3}): return a\n"),
    ("def f(a, s=(1, 2)): return a\n", "def f(a, s=(1, 2, 3)): return a\n"),
    ("def f(a, s={'k': 1}): return a\n", "def f(a, s={'k': 2}): return a\n"),
    ("def f(a, s={'k': 1}): return a\n", "def f(a, s={'l': 1}): return a\n"),
    ("def f(*, a): return a\n", "def f(*, b): return b\n"),
    ("def f(a=1, b=2): return a\n", "def f(b=1, a=2): return b\n"),
    ("import functools\nf = functools.partial(lambda a, b: a - b, 2)\n", "import functools\n"
     "f = functools.partial(lambda a, b: a - b, 3)\n"),
    ("def m(p):\n    def f(x): return (lambda: x * p)()\n    return f\nf = m(2)\n", "def m(p):\n    "
     "def f(x): return (lambda: p * x)()\n    return f\nf = m(2)\n"),
    ("class f:\n    seen = [1]\n    def g(self): return self.seen[0]\n", "class f:\n    seen = [2]\n    "
     "def g(self): return self.seen[0]\n"),
    ("class A: pass\nclass B(A): pass\nclass f(B): pass\n", "class B: pass\nclass f(B): pass\n"),
]  # fmt: skip


def _defined(source: str) -> object:
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec(source, namespace)
    return namespace["f"]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_same(old: str, new: str) -> None:
    """Definitions that do the same are no change."""
    assert same_meaning(_defined(old), _defined(new))


@pytest.mark.parametrize(("old", "new"), OTHER)
def test_other(old: str, new: str) -> None:
    """Definitions that do something else are one."""
    assert not same_meaning(_defined(old), _defined(new))
