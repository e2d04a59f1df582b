"""The labextension in JupyterLab: cards with buttons, marks in the cell, a count, a list, commands."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from .axe import violations
from .conftest import Page, wait_for
from .contrast import texts_of
from .test_story import BUILD, EDIT, SETUP, USE

#: Loading once more forgets what earlier tests ignored and dismissed.
FRESH = SETUP.replace("%load_ext", "%reload_ext")
EDITED_LINE = 'encoder = layers.Dense(128, activation="relu", name="wide")'
ACTIVE = "const n = window.jupyterapp.shell.currentWidget.content;"


def spans(page: Page) -> list[str]:
    """Return the underlined code in the page."""
    return [node.text for node in page.driver.find_elements("css selector", ".cm-content .kg-span")]


def markers(page: Page) -> list[str]:
    """Return the classes of the marks in the gutter."""
    found = page.driver.find_elements("css selector", ".cm-gutter-lint .cm-lint-marker")
    return [node.get_attribute("class").rpartition("-")[2] for node in found]


def count(page: Page) -> str:
    """Return what the status bar says."""
    found = page.driver.find_elements("css selector", ".kg-indicator")
    return next((node.text for node in found if node.is_displayed()), "")


def words_of(node: Any) -> str:
    """Return an element's text; JupyterLab does not draw cells out of sight, which have no visible text."""
    return str(node.get_attribute("textContent"))


def button(page: Page, label: str, where: str = ".jp-OutputArea-output .kg-foot") -> Any:
    """Return a button of a card or of the list."""
    found = page.driver.find_elements("css selector", f"{where} button")
    return next((node for node in found if words_of(node) == label), None)


def press(page: Page, label: str, where: str = ".jp-OutputArea-output .kg-foot") -> None:
    """Press a button as the keyboard does."""
    from selenium.webdriver import Keys

    found = wait_for(
        lambda: (found := button(page, label, where)) and found.is_enabled() and found, f"the button {label}"
    )
    page.js("arguments[0].focus()", found)
    found.send_keys(Keys.ENTER)


def said(page: Page) -> str:
    """Return all text of the card of the edit; only its last line when it is dismissed."""
    found = page.driver.find_elements("css selector", ".kg-card")
    if not found:
        return ""
    is_folded = "kg-dismissed" in found[0].get_attribute("class")
    return words_of(found[0].find_element("css selector", ".kg-foot") if is_folded else found[0])


def keys(page: Page, *words: str) -> None:
    """Press keys."""
    from selenium.webdriver import ActionChains

    ActionChains(page.driver).send_keys(*words).perform()


def play(page: Page, *cells: str) -> None:
    """Put cells into the open notebook, in the place of its own, and run them."""
    page.js(
        ACTIVE + "const m = n.model.sharedModel; m.transact(() => {"
        "m.deleteCellRange(0, m.cells.length);"
        "m.insertCells(0, arguments[0].map(source => ({cell_type: 'code', source, metadata: {trusted: true}})))})",
        list(cells),
    )
    wait_for(lambda: page.sources() == list(cells), "the cells")
    for index in range(len(cells)):
        page.run(index)


@pytest.fixture(scope="module")
def opened(page: Page) -> Page:
    """A notebook in a kernel that has Keras."""
    page.open(page.server.write("lost.ipynb", SETUP))
    page.run(0)
    return page


def stale_in(page: Page) -> Page:
    """Play the story up to the open card."""
    play(page, FRESH, BUILD, EDIT, USE)
    wait_for(lambda: count(page) == "keras_guard: 1 open", "the count")
    wait_for(lambda: button(page, "Run rebuild"), "the buttons")
    return page


@pytest.fixture
def stale(opened: Page) -> Page:
    """A notebook whose third cell holds an edit that was lost."""
    return stale_in(opened)


def test_marks_follow_the_state(opened: Page) -> None:
    """The line is underlined and has a mark while pending and open, and neither once resolved."""
    play(opened, FRESH, BUILD, EDIT)
    wait_for(lambda: spans(opened) == [EDITED_LINE], "the underline")
    assert markers(opened) == ["info"]
    assert count(opened) == "keras_guard: 0 open, 1 pending"
    play(opened, FRESH, BUILD, EDIT, USE)
    wait_for(lambda: count(opened) == "keras_guard: 1 open", "the count to say open")
    wait_for(lambda: markers(opened) == ["warning"], "the mark of an open edit")
    opened.run(1)
    wait_for(lambda: count(opened) == "keras_guard: 0 open", "the count to fall")
    assert spans(opened) == []
    assert markers(opened) == []


def test_insert_rebuild(stale: Page) -> None:
    """The button inserts the code below the edit and does not run it."""
    press(stale, "Insert rebuild")
    wait_for(lambda: len(stale.sources()) == 6, "the rebuild cell")
    source = stale.sources()[3]
    compile(source, "rebuild", "exec")
    assert source != USE
    assert stale.count(3) is None
    assert stale.js(ACTIVE + "return n.activeCellIndex") == 3
    stale.picture("labextension-rebuild")


def test_run_rebuild(stale: Page) -> None:
    """The button inserts the code and runs it; the card is resolved, still says what ran, and offers no cure."""
    press(stale, "Run rebuild")
    wait_for(lambda: "resolved" in said(stale), "the edit to be resolved")
    assert count(stale) == "keras_guard: 0 open"
    assert "1 fit ran with the old encoder" in said(stale)
    assert button(stale, "Run rebuild") is None
    assert button(stale, "Explain").is_enabled()


IGNORES: list[tuple[str, Callable[[Page], bool]]] = [
    ("This line", lambda page: page.sources()[2].endswith("# keras-guard: ignore[KG102]")),
    ("Rule KG102", lambda page: "KG102" in _ignored(page)),
    ("Model model", lambda page: "model" in _ignored(page)),
]


def _ignored(page: Page) -> str:
    play_below = "%config KerasGuard.ignore"
    page.js(
        ACTIVE
        + "n.model.sharedModel.insertCell(4, {cell_type: 'code', source: arguments[0], metadata: {trusted: true}})",
        play_below,
    )
    page.run(4)
    found: str = page.js(ACTIVE + "return JSON.stringify(n.widgets[4].model.outputs.toJSON())")
    return found


@pytest.mark.parametrize(("choice", "is_done"), IGNORES, ids=[name for name, _ in IGNORES])
def test_ignore(stale: Page, choice: str, is_done: Callable[[Page], bool]) -> None:
    """The menu of the button works by keyboard, and what is ignored leaves card, mark and count."""
    from selenium.webdriver import Keys

    press(stale, "Ignore")
    wait_for(lambda: stale.driver.find_elements("css selector", ".kg-menu"), "the menu")
    items = [item.text for item in stale.driver.find_elements("css selector", ".kg-menu .lm-Menu-itemLabel")]
    assert items == [name for name, _ in IGNORES]
    keys(stale, *[Keys.ARROW_DOWN] * items.index(choice), Keys.ENTER)
    wait_for(lambda: count(stale) == "keras_guard: 0 open", "the count to fall")
    assert spans(stale) == []
    assert "dismissed" in said(stale)
    assert is_done(stale)


def test_explain(stale: Page) -> None:
    """The page of the rule opens, and Escape brings the focus back to the button."""
    from selenium.webdriver import Keys

    press(stale, "Explain")
    page = wait_for(lambda: stale.driver.find_elements("css selector", ".jp-Dialog .kg-page"), "the page")[0]
    assert "Instead:" in page.text
    keys(stale, Keys.ESCAPE)
    wait_for(lambda: not stale.driver.find_elements("css selector", ".jp-Dialog"), "the dialog to close")
    wait_for(lambda: words_of(stale.driver.switch_to.active_element) == "Explain", "the focus")


def test_dismiss_and_show_again(stale: Page) -> None:
    """A dismissed card is one line, has no mark and is not counted; it can be shown again."""
    press(stale, "Dismiss")
    wait_for(lambda: "dismissed" in said(stale), "the one line")
    assert not stale.cards(2)[0].is_displayed()
    wait_for(lambda: count(stale) == "keras_guard: 0 open", "the count to fall")
    press(stale, "Show")
    wait_for(lambda: count(stale) == "keras_guard: 1 open", "the count")
    assert "still uses the layer" in said(stale)


def test_copy(stale: Page) -> None:
    """The card is on the clipboard as text."""
    press(stale, "Copy")
    wait_for(lambda: "Copied" in said(stale), "the answer")
    stale.driver.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    )
    text = stale.driver.execute_async_script(
        "const done = arguments[0]; navigator.clipboard.readText().then(done, e => done(String(e)))"
    )
    assert text.startswith("keras_guard warning [KG102]")


def test_cure_of_the_json(opened: Page) -> None:
    """A card whose JSON names a cure has a button that inserts and runs it."""
    cure = """from dataclasses import replace
from keras_guard._data.diagnostic import Cure
from keras_guard._shell import display
shown = display.Display.show
def with_cure(self, diagnostic, *, update):
    cures = (Cure("Compile again", "model.compile(loss='mae')"),)
    shown(self, replace(diagnostic, cures=cures), update=update)
display.Display.show = with_cure"""
    back = "display.Display.show = shown"
    edit = f"{USE}\nencoder.activation = keras.ops.tanh"
    try:
        play(opened, FRESH, BUILD, cure, edit)
        wait_for(lambda: "KG201" in said(opened), "the card")
        press(opened, "Compile again")
        wait_for(lambda: len(opened.sources()) == 6, "the cell of the cure")
        assert opened.sources()[4] == "model.compile(loss='mae')"
        wait_for(lambda: "resolved" in said(opened), "the edit to be resolved")
    finally:
        play(opened, back)


def test_card_and_line_lead_to_each_other(stale: Page) -> None:
    """A link of the card goes to the line of the edit, one to the cell that built the model, a command back."""
    links = stale.driver.find_elements("css selector", ".kg-card .kg-link")
    by_words = {words_of(link): link for link in links}
    own = next(words for words in by_words if words.endswith(", line 2"))
    built = next(words for words in by_words if not words.endswith(", line 2"))
    stale.js("arguments[0].click()", by_words[own])
    assert stale.js(ACTIVE + "return [n.activeCellIndex, n.activeCell.editor.getCursorPosition().line]") == [
        2,
        1,
    ]
    stale.command("keras-guard:show-card")
    assert stale.js("return !!document.activeElement.closest('.kg-card')")
    stale.js("arguments[0].click()", by_words[built])
    assert stale.js(ACTIVE + "return n.activeCellIndex") == 1


def test_hover_has_quick_fixes(stale: Page) -> None:
    """The hover of the underline says what is lost and what ran, and its first fix inserts the rebuild."""
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        stale.theme(theme)
        tip = _hover(stale)
        assert "KG102" in words_of(tip)
        assert "1 fit ran with the old encoder" in words_of(tip)
        stale.picture(f"labextension-hover-{'dark' if 'Dark' in theme else 'light'}")
        assert [(text, ratio) for text, ratio in texts_of(stale, tip) if ratio < 4.5] == []
    # A new hover: while the page was measured, the editor may have closed the last one.
    fixes = _hover(stale).find_elements("css selector", "button")
    assert [fix.text for fix in fixes] == ["Insert rebuild", "Run rebuild", "Explain", "Dismiss", "Show card"]
    fixes[0].click()
    wait_for(lambda: len(stale.sources()) == 6, "the rebuild cell")


def _hover(page: Page) -> Any:
    """Hover over the underline until what it shows is drawn inside the window; returns it.

    A hover of an earlier call is closed first. Where the page is drawn again (another theme), the editor closes a
    hover or moves it out of the window; then the pointer goes to the underline again.
    """
    from selenium.webdriver import ActionChains

    def is_shown() -> Any:
        line = page.driver.find_element("css selector", ".cm-content .kg-span")
        page.js("arguments[0].scrollIntoView({block: 'center'})", line)
        ActionChains(page.driver).move_to_element_with_offset(line, 1, 0).move_to_element(line).perform()
        until = time.monotonic() + 3
        while time.monotonic() < until:
            shown = page.js(
                "const tip = document.querySelector('.cm-tooltip:has(.kg-tip)');"
                "if (!tip) return null;"
                "const box = tip.getBoundingClientRect();"
                "return box.width && box.top >= 0 && box.bottom <= window.innerHeight ? tip : null;"
            )
            if shown:
                return shown
            time.sleep(0.05)
        return None

    elsewhere = page.driver.find_element("css selector", "#jp-main-statusbar")
    ActionChains(page.driver).move_to_element(elsewhere).perform()
    wait_for(lambda: not page.driver.find_elements("css selector", ".cm-tooltip"), "the earlier hover to end")
    return wait_for(is_shown, "the hover")


def test_keys_go_from_edit_to_edit(stale: Page) -> None:
    """F8 goes to the next edit and Shift+F8 back, from cell to cell; Ctrl+F8 opens the list."""
    from selenium.webdriver import ActionChains, Keys

    stale.select(0)
    keys(stale, Keys.F8)
    at = ACTIVE + "return [n.activeCellIndex, n.activeCell.editor.getCursorPosition().line, n.mode]"
    assert stale.js(at) == [2, 1, "edit"]
    stale.select(3)
    ActionChains(stale.driver).key_down(Keys.SHIFT).send_keys(Keys.F8).key_up(Keys.SHIFT).perform()
    assert stale.js(at) == [2, 1, "edit"]
    ActionChains(stale.driver).key_down(Keys.CONTROL).send_keys(Keys.F8).key_up(Keys.CONTROL).perform()
    wait_for(lambda: stale.js("return document.activeElement.className") == "kg-go", "the focus in the list")


def open_list(page: Page) -> Any:
    """Open the list by the count."""
    page.driver.find_element("css selector", ".kg-indicator").click()
    return wait_for(
        lambda: next(
            (n for n in page.driver.find_elements("css selector", ".kg-list") if n.is_displayed()), None
        ),
        "the list",
    )


def test_list_by_keyboard(stale: Page) -> None:
    """The count opens the list; Enter goes to the line; Escape goes back; its button inserts the rebuild."""
    from selenium.webdriver import Keys

    listed = open_list(stale)
    assert listed.aria_role == "region"
    assert [head.text for head in listed.find_elements("css selector", "h3")] == ["model"]
    for words in ("open KG102", "Cell In[", "1 fit ran with the old encoder"):
        assert words in listed.text
    wait_for(lambda: stale.js("return document.activeElement.className") == "kg-go", "the focus in the list")
    keys(stale, Keys.ARROW_DOWN, Keys.ENTER)
    assert stale.js(ACTIVE + "return [n.activeCellIndex, n.activeCell.editor.getCursorPosition().line]") == [
        2,
        1,
    ]
    open_list(stale)
    keys(stale, Keys.ESCAPE)
    wait_for(
        lambda: stale.js("return !document.activeElement.closest('.kg-list')"), "the focus in the notebook"
    )
    press(stale, "Insert rebuild", ".kg-list")
    wait_for(lambda: len(stale.sources()) == 6, "the rebuild cell")


LOOKS = [
    ("JupyterLab Light", 1100, 1.0),
    ("JupyterLab Dark", 1100, 1.0),
    ("JupyterLab Light", 800, 1.0),
    ("JupyterLab Dark", 1200, 1.5),
]


def test_looks(stale: Page) -> None:
    """Light and dark, 800 pixels wide, at 150 %: axe finds nothing, nothing sticks out, every text can be read."""
    listed = open_list(stale)
    (card,) = stale.driver.find_elements("css selector", ".kg-card")
    for theme, width, zoom in LOOKS:
        stale.theme(theme)
        stale.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": round(width / zoom), "height": 800, "deviceScaleFactor": zoom, "mobile": False},
        )
        stale.js("arguments[0].scrollIntoView({block: 'center'})", card)
        stale.picture(f"labextension-{width}-{theme[11:].lower()}-{round(zoom * 100)}")
        for part in (card, listed):
            assert violations(stale, part) == []
            assert [(text, ratio) for text, ratio in texts_of(stale, part) if ratio < 4.5] == []
            assert stale.js("return arguments[0].scrollWidth - arguments[0].clientWidth", part) <= 1
    stale.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    stale.theme("JupyterLab Light")
    (count_item,) = stale.driver.find_elements("css selector", ".kg-indicator")
    assert violations(stale, count_item) == []


#: A model of a dozen layers with long names and settings, one of which was replaced.
DEEP = """
import numpy as np
inputs = x = keras.Input((32, 32, 3), name="photographs")
for n in range(12):
    x = layers.Conv2D(8, 3, padding="same", activation="relu", kernel_regularizer="l2", name=f"convolution_of_block_{n}")(x)
deep = keras.Model(inputs, layers.GlobalAveragePooling2D(name="pooling")(x))
deep.layers[6] = layers.Conv2D(16, 5, padding="same", activation="gelu", name="convolution_that_was_meant")
deep.predict(np.zeros((1, 32, 32, 3)), verbose=0);"""
#: The short cells whose text is on more than one line.
WRAPPED = """
const range = document.createRange();
const lines = cell => { range.selectNodeContents(cell); return new Set([...range.getClientRects()].map(r => r.top)).size; };
return [...arguments[0].querySelectorAll('td, th')].filter(cell => !cell.querySelector('code')).map(cell => [cell.textContent, lines(cell)])
  .filter(([text, count]) => text.length <= 12 && count > 1);"""
VIEWS = ("diff deep", "diff deep --all", "", "history", "help", "doctor deep")


@pytest.mark.parametrize("width", [1400, 800])
def test_views_fit_the_window(opened: Page, width: int) -> None:
    """No table or text of the magics is wider than the notebook, and each can be read without scrolling sideways."""
    opened.js("window.jupyterapp.shell.collapseLeft(); window.jupyterapp.shell.collapseRight()")
    play(opened, FRESH, DEEP, *(f"%keras_guard {view}" for view in VIEWS))
    opened.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 1000, "deviceScaleFactor": 1.0, "mobile": False},
    )
    for index, view in enumerate(VIEWS, 2):
        shown = opened.js(
            ACTIVE + "return [...n.widgets[arguments[0]].node.querySelectorAll('.jp-OutputArea-output')]",
            index,
        )
        assert shown, view
        opened.js("arguments[0].scrollIntoView({block: 'start'})", shown[0])
        opened.picture(f"view-{width}-{view or 'status'}".replace(" ", "-"))
        for part in shown:
            assert opened.js("return arguments[0].scrollWidth - arguments[0].clientWidth", part) <= 1, view
            assert opened.js(WRAPPED, part) == [], view
    opened.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_settings(stale: Page) -> None:
    """The settings turn marks and pictures off, and change how an open edit is marked."""

    stale.command("keras-guard:severity-error")
    wait_for(lambda: markers(stale) == ["error"], "the mark of an error")
    stale.command("keras-guard:severity-warning")
    stale.command("keras-guard:toggle-pictures")
    images = stale.driver.find_elements("css selector", ".kg-card img")
    assert images != []
    wait_for(lambda: not any(image.size["width"] for image in images), "the pictures to go")
    stale.command("keras-guard:toggle-pictures")
    wait_for(lambda: all(image.size["width"] for image in images[:2]), "the pictures")
    stale.command("keras-guard:toggle-marks")
    wait_for(lambda: markers(stale) == [] and spans(stale) == [], "the marks to go")
    stale.command("keras-guard:toggle-marks")
    wait_for(lambda: markers(stale) == ["warning"], "the marks again")


def test_commands_are_in_the_palette(stale: Page) -> None:
    """Every command is in the palette, and the one for the active cell runs."""
    stale.command("apputils:activate-command-palette")
    keys(stale, "keras guard")
    found = wait_for(
        lambda: [
            item.text
            for item in stale.driver.find_elements("css selector", ".lm-CommandPalette-itemLabel")
            if item.is_displayed()
        ],
        "the palette",
    )
    assert {
        "List lost edits",
        "Go to the next lost edit",
        "Run the rebuild of this model",
        "Marks in cells",
    } <= set(found)
    from selenium.webdriver import Keys

    keys(stale, Keys.ESCAPE)
    stale.select(2)
    stale.command("keras-guard:run-rebuild")
    wait_for(lambda: count(stale) == "keras_guard: 0 open", "the edit to be resolved")


def test_mark_moves_with_the_text(stale: Page) -> None:
    """Typing above the line moves the mark along."""
    from selenium.webdriver import ActionChains, Keys

    stale.select(2)
    typing = ActionChains(stale.driver)
    typing.send_keys(Keys.ENTER).key_down(Keys.CONTROL).send_keys(Keys.HOME).key_up(Keys.CONTROL)
    typing.send_keys("x = 1").send_keys(Keys.ENTER).perform()
    wait_for(lambda: stale.sources()[2].startswith("x = 1\n"), "the typed line")
    assert spans(stale) == [EDITED_LINE]


def test_hint_where_the_guard_is_not_loaded(opened: Page) -> None:
    """Where Keras is imported and the guard is not loaded, one notification offers to load it."""
    play(opened, "%unload_ext keras_guard", "import keras")
    offer = wait_for(
        lambda: opened.driver.find_elements("css selector", ".jp-toast-button[title='Load it']"),
        "the notification",
    )
    opened.js("arguments[0].click()", offer[0])
    play(opened, "'keras_guard' in get_ipython().magics_manager.magics['line']")
    assert "True" in opened.js(ACTIVE + "return JSON.stringify(n.widgets[0].model.outputs.toJSON())")


def test_reload_and_restart(stale: Page) -> None:
    """A reload of the page finds the kernel's state again; a restart turns the buttons off and says why."""
    stale.command("docmanager:save")
    stale.driver.refresh()
    stale.until_ready()
    wait_for(lambda: "1 open" in count(stale), "the count after the reload", 20)
    wait_for(lambda: spans(stale) == [EDITED_LINE], "the underline after the reload", 20)
    wait_for(lambda: (found := button(stale, "Run rebuild")) and found.is_enabled(), "the buttons")
    assert "earlier session" not in said(stale)
    failed = stale.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()"
        ".then(() => done(null), error => done(String(error)))"
    )
    assert failed is None
    wait_for(lambda: spans(stale) == [] and count(stale) == "", "the marks to go")
    wait_for(lambda: "earlier session" in said(stale), "the note")
    stale.picture("labextension-earlier-session")
    for label in ("Insert rebuild", "Run rebuild", "Ignore", "Explain"):
        assert not button(stale, label).is_enabled()
    press(stale, "Dismiss")
    wait_for(lambda: "dismissed" in said(stale), "the one line")
    stale.until_ready()
    for index in range(4):
        stale.run(index)
    wait_for(lambda: "1 open" in count(stale), "the count of the new kernel")
