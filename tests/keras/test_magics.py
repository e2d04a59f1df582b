"""``%keras_guard``: each subcommand, and each mistake in asking for it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from keras_guard._shell.help_rows import ROWS
from keras_guard._shell.rebuild_command import OPTIONS, rebuild_options

pytestmark = pytest.mark.keras

BUILD = """
import keras
from keras import layers
model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="hidden"), layers.Dense(2, name="logits")])
number = 3
"""
EDIT = "model.layers[0] = layers.Dense(9, name='wide')"


@pytest.fixture
def shell(guarded: Any) -> Any:
    """A shell with a model."""
    guarded.run(BUILD)
    return guarded


def _say(shell: Any, capsys: Any, line: str) -> str:
    capsys.readouterr()
    shell.run(f"%keras_guard {line}")
    return str(capsys.readouterr().out)


def _complaint(shell: Any, capsys: Any, line: str) -> str:
    """Run a wrong line; it must not raise Python's errors, and must change no name of the user's."""
    before = {name: value for name, value in shell.shell.user_ns.items() if not name.startswith("_")}
    capsys.readouterr()
    shell.shell.run_cell(f"%keras_guard {line}", store_history=True)
    after = {name: value for name, value in shell.shell.user_ns.items() if not name.startswith("_")}
    assert before.keys() == after.keys()
    assert all(before[name] is after[name] for name in before if name not in ("In", "Out"))
    captured = capsys.readouterr()
    return (captured.err + captured.out).strip()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("chekc model", "check", id="typo-in-subcommand"),
        pytest.param("check modle", "model", id="typo-in-name"),
        pytest.param("check number", "number", id="not-a-model"),
        pytest.param("check nothing_like_it", "nothing_like_it", id="unknown-name"),
        pytest.param("rebuild nothing_like_it", "nothing_like_it", id="rebuild-unknown-name"),
        pytest.param("rebuild model --style fast", "fast", id="unknown-style"),
        pytest.param("rebuild model --style", "needs a value", id="style-without-value"),
        pytest.param("rebuild model --fast", "--fast", id="unknown-option"),
        pytest.param("rebuild model --name a-b", "a-b", id="name-that-is-none"),
        pytest.param("rebuild model other", "other", id="two-models"),
        pytest.param("recompile model --fast", "--fast", id="recompile-unknown-option"),
        pytest.param("recompile model other", "other", id="recompile-two-models"),
        pytest.param("recompile number", "number", id="recompile-no-model"),
        pytest.param("recompile model", "never compiled", id="recompile-not-compiled"),
        pytest.param("doctor model model", "one model", id="doctor-two-models"),
        pytest.param("explain KG999", "KG999", id="unknown-code"),
        pytest.param("ignore KG999", "KG999", id="ignore-unknown-code"),
        pytest.param("diff model model", "one model", id="diff-two-models"),
        pytest.param("status now", "status", id="status-with-argument"),
    ],
)
def test_a_mistake_gets_one_clear_line(shell: Any, capsys: Any, line: str, expected: str) -> None:
    """A wrong word is answered in one line that names it, without a traceback."""
    said = _complaint(shell, capsys, line)
    assert expected in said
    assert "Traceback" not in said
    assert len([part for part in said.splitlines() if part.strip()]) == 1


def test_a_deleted_model_is_not_rebuilt(shell: Any, capsys: Any) -> None:
    """After ``del model`` its name is unknown, and nothing of it is kept."""
    shell.run(EDIT, "del model")
    assert "model" in _complaint(shell, capsys, "rebuild model")


def test_a_subclassed_model_is_refused_with_the_reason(shell: Any, capsys: Any) -> None:
    """A subclassed model has no graph to rewrite, and the line says so."""
    shell.run("class Own(keras.Model):\n    def call(self, x): return x\nown = Own()")
    assert "subclassed" in _complaint(shell, capsys, "rebuild own")


def test_rebuild_writes_the_next_cell_and_run_applies_it(shell: Any, capsys: Any) -> None:
    """Without ``--run`` the code is offered; with it the name is bound to the rebuilt model."""
    shell.run(EDIT)
    old = shell.shell.user_ns["model"]
    offered: list[str] = []
    shell.shell.set_next_input = lambda text, replace=False: offered.append(text)
    _say(shell, capsys, "rebuild model")
    assert shell.shell.user_ns["model"] is old
    assert "layers.Dense(9" in offered[0]
    _say(shell, capsys, "rebuild model --run")
    assert shell.shell.user_ns["model"].layers[0].units == 9
    assert {d.state.value for d in shell.last_states().values()} == {"resolved"}


def test_rebuild_under_another_name_leaves_the_model(shell: Any, capsys: Any) -> None:
    """``--name`` binds that name, and the old model stays."""
    shell.run(EDIT)
    old = shell.shell.user_ns["model"]
    _say(shell, capsys, "rebuild model --run --name better --style copy")
    assert shell.shell.user_ns["model"] is old
    assert shell.shell.user_ns["better"].layers[0].units == 9


def test_recompile_takes_what_the_names_hold_now(shell: Any, capsys: Any) -> None:
    """A loss whose name was bound again is compiled in; without ``--run`` the code is only offered."""
    shell.run(
        "import numpy as np\nx, y = np.ones((8, 4)), np.ones((8, 2))\n"
        "def loss(t, p): return keras.ops.mean(t - p)\n"
        "opt = keras.optimizers.Adam(0.1)\nmodel.compile(opt, loss)\nh = model.fit(x, y, verbose=0)"
    )
    shell.run("def loss(t, p): return keras.ops.mean(keras.ops.abs(t - p))")
    offered: list[str] = []
    shell.shell.set_next_input = lambda text, replace=False: offered.append(text)
    _say(shell, capsys, "recompile model")
    assert offered == ["model.compile(optimizer=opt, loss=loss)"]
    said = _say(shell, capsys, "recompile model --run")
    assert "the same optimizer object goes on" in said
    names = shell.shell.user_ns
    assert names["model"].loss is names["loss"]
    assert int(names["opt"].iterations) == 1
    assert {d.state.value for d in shell.last_states().values()} == {"resolved"}


def test_status_counts_what_is_open(shell: Any, capsys: Any) -> None:
    """Status names the open divergence and its cell."""
    assert "nothing open" in _say(shell, capsys, "status")
    shell.run(EDIT)
    said = _say(shell, capsys, "")
    assert "KG101" in said
    assert "In[" in said


def test_check_and_diff_name_what_differs(shell: Any, capsys: Any) -> None:
    """Check says which views disagree; diff shows them layer by layer."""
    assert "agree" in _say(shell, capsys, "check model")
    shell.run("model.layers[0].units = 77")
    assert "KG201" in _say(shell, capsys, "check")
    said = _say(shell, capsys, "diff model")
    assert "hidden" in said
    assert "77" in said


def test_a_model_from_before_loading_is_audited(capsys: Any) -> None:
    """Edits made before the guard was loaded are found by ``check``."""
    from IPython.core.interactiveshell import InteractiveShell

    from keras_guard._shell.extension import load, unload

    shell = InteractiveShell()
    shell.run_cell(BUILD + "model.layers[0].units = 77\nmodel._layers.pop()").raise_error()
    load(shell)
    try:
        shell.run_cell("%keras_guard check model").raise_error()
        said = capsys.readouterr().out
    finally:
        unload(shell)
    assert "KG103" in said
    assert "KG201" in said


def test_ignored_rules_models_cells_and_lines_are_silent(shell: Any, capsys: Any) -> None:
    """A code, a rule's name, a model's name, a cell and a line can be told to be quiet."""
    _say(shell, capsys, "ignore KG101")
    shell.run(EDIT)
    _say(shell, capsys, "watch KG101")
    _say(shell, capsys, "ignore model")
    shell.run(EDIT)
    _say(shell, capsys, "watch model")
    shell.run("%%keras_guard ignore\n" + EDIT, EDIT + "  # keras-guard: ignore[KG101]")
    assert not shell.shown
    shell.run(EDIT)
    assert [d.code for d in shell.shown] == ["KG101"]


def test_off_is_silent_and_on_watches_again(shell: Any, capsys: Any) -> None:
    """Switching off costs no unloading."""
    _say(shell, capsys, "off")
    shell.run(EDIT)
    assert not shell.shown
    _say(shell, capsys, "on")
    shell.run(EDIT)
    assert shell.shown


def test_strict_raises_before_the_next_statement(shell: Any, capsys: Any) -> None:
    """In strict mode the cell stops at the edit, with our error."""
    result = shell.shell.run_cell(f"%%keras_guard strict\n{EDIT}\nreached = True", store_history=True)
    assert type(result.error_in_exec).__name__ == "KerasGuardError"
    assert "reached" not in shell.shell.user_ns
    shell.run("model.layers.pop()\nreached = True")


def test_every_rule_is_explained(shell: Any, capsys: Any) -> None:
    """Each code and name has its page."""
    from keras_guard._rules import RULES

    for code, rule in RULES.items():
        assert rule.name in _say(shell, capsys, f"explain {code}")
        assert code in _say(shell, capsys, f"explain {rule.name}")


def test_words_are_completed(shell: Any) -> None:
    """Subcommands and the models' names are offered."""
    complete = shell.extension.magics.commands().complete
    assert "rebuild" in complete("%keras_guard re", "re")
    assert "model" in complete("%keras_guard check mo", "mo")


def test_history_lists_what_was_shown(shell: Any, capsys: Any) -> None:
    """Also what is resolved stays in the history."""
    shell.run(EDIT)
    _say(shell, capsys, "rebuild model --run")
    assert "KG101" in _say(shell, capsys, "history")


STALE = "head = layers.Dense(2)\nm = keras.Sequential([keras.Input((4,)), head])"


def test_what_ran_stale_is_listed_after_it_is_resolved(shell: Any, capsys: Any) -> None:
    """Status lists a resolved entry that was used stale, and history says so in its line."""
    shell.run(STALE, "head = layers.Dense(3)", "m(keras.ops.ones((1, 4)))", "m(keras.ops.ones((1, 4)))")
    ran = "2 `call` ran with the old `head`"
    assert ran in _say(shell, capsys, "check m")
    shell.run("del m")
    listed = _say(shell, capsys, "status").partition("  resolved, but used before that:\n")[2]
    assert listed.startswith("    resolved KG102")
    assert ran in " ".join(listed.split())
    lines = _say(shell, capsys, "history").splitlines()
    assert [re.split(r" +", line)[2] for line in lines] == ["pending", "open", "resolved"]
    assert [ran in line for line in lines] == [False, False, True]


def test_what_was_not_used_is_not_listed_after_it_is_resolved(shell: Any, capsys: Any) -> None:
    """Status is silent on a resolved entry that no use ran into."""
    shell.run(STALE, "head = layers.Dense(3)", "del m")
    assert "resolved" not in _say(shell, capsys, "status")
    assert "ran" not in _say(shell, capsys, "history").split()


def test_a_use_that_strict_mode_stops_did_not_run(shell: Any, capsys: Any) -> None:
    """The use that strict mode stops is not said to have run; the next one, which does run, is."""
    shell.run(STALE, "head = layers.Dense(3)")
    result = shell.shell.run_cell("%%keras_guard strict\nm(keras.ops.ones((1, 4)))", store_history=True)
    assert type(result.error_in_exec).__name__ == "KerasGuardError"
    assert "ran" not in _say(shell, capsys, "status").split()
    shell.run("m(keras.ops.ones((1, 4)))")
    assert "1 `call` ran with the old `head`" in _say(shell, capsys, "status")


def test_help_names_every_subcommand_and_flag(shell: Any, capsys: Any) -> None:
    """``help`` is the list of what can be asked, each with an example that the command takes."""
    said = _say(shell, capsys, "help")
    commands = shell.extension.magics.commands()
    flags = [f"rebuild {flag}" for flag in OPTIONS] + ["diff --all"]
    for word in [*commands._commands, *flags]:
        assert re.search(rf"^(on, )?{re.escape(word)}\b", said, re.MULTILINE), word
    for _, _, example in ROWS:
        command, *words = example.removeprefix("%%keras_guard").removeprefix("%keras_guard").split() or [
            "status"
        ]
        if command == "rebuild":
            rebuild_options(words)
        elif not example.startswith("x ="):
            assert command in commands._commands


def test_lists_are_tables_in_a_notebook(shell: Any) -> None:
    """Status, history and help are HTML tables where HTML is shown, and the text beside them says the same."""
    shell.run(EDIT)
    shown: list[tuple[str, str]] = []
    shell.extension.display.show_text = lambda text, html: shown.append((text, html))
    shell.run("%keras_guard", "%keras_guard history", "%keras_guard help", "%keras_guard diff --all")
    assert [html.count("<table") for _, html in shown] == [1, 1, 1, 1]
    for text, html in shown[:2]:
        for word in ("KG101", "open", "does not change"):
            assert word in text
            assert word in html
    assert "keras_guard 0" in shown[0][1]


def test_diff_numbers_the_layers_as_the_model_does(shell: Any, capsys: Any) -> None:
    """The index of a row is the one that ``model.layers[index]`` takes, with the inputs where Keras lists them."""
    shell.run(
        "a = keras.Input((4,)); h = layers.Dense(3, name='first')(a)\n"
        "wide = keras.Model(a, layers.Dense(2, name='second')(h))",
    )
    said = _say(shell, capsys, "diff wide")
    indices = dict(re.findall(r'(\d+) Dense "(\w+)"', said))
    names = [layer.name for layer in shell.shell.user_ns["wide"].layers]
    assert {names[int(index)]: name for index, name in indices.items()} == {
        "first": "first",
        "second": "second",
    }


def test_check_as_a_function_gives_the_same(shell: Any) -> None:
    """``keras_guard.check`` returns the divergences as data, and refuses what is no model."""
    import keras_guard

    shell.run("model.layers[0].units = 77")
    with pytest.warns(keras_guard.KerasGuardWarning, match="KG201"):
        found = keras_guard.check(shell.shell.user_ns["model"], namespace=shell.shell.user_ns)
    assert {d.code for d in found} == {"KG201"}
    with pytest.raises(TypeError, match="not int"):
        keras_guard.check(3)


def test_a_rebuild_that_is_only_written_resolves_nothing(guarded: Any) -> None:
    """What a dry run does to the live layers is no news: the card stays open until the code has run."""
    guarded.run(
        "import keras\nfrom keras import layers\nfirst = layers.Dense(3)\n"
        "model = keras.Sequential([keras.Input((4,)), first, layers.Dense(1)])\nmodel.compile(loss='mse')",
        "first = layers.Dense(5)",
        "model.summary()",
    )
    assert {card.state.value for card in guarded.last_states().values()} == {"open"}
    shown = len(guarded.shown)
    for style in ("replay", "copy", "source"):
        guarded.run(f"%keras_guard rebuild model --style {style}")
    guarded.run(
        "import keras_guard\nwritten = keras_guard.rebuild(model, [keras_guard.Replace(model.layers[0], first)])"
    )
    assert guarded.shown[shown:] == []
    guarded.run("%keras_guard rebuild model --run")
    assert {card.state.value for card in guarded.last_states().values()} == {"resolved"}
