"""The extension in one shell: what its parts are, loading and unloading.

Loading is fast, because it happens at every kernel start: the session and the rules are imported when Keras is, when
a cell contains its name, or when a magic asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._session.containment import Containment
from .cells import Cells
from .ipython_interface import IPythonInterface
from .lazy import Lazy
from .magics import Magics
from .options import KerasGuard, Settings
from .quiet_load import QuietLoad
from .shell_events import ShellEvents
from .transforming import remove
from .waking import Waking

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell as Shell

    from .._session.session import Session
    from .._session.shell_interface import CellText
    from .commands import Commands
    from .display import Display
    from .front_end import FrontEnd

_ATTRIBUTE = "_keras_guard_extension"


class Extension:
    """keras_guard in one shell.

    Args:
        shell: The IPython shell.

    Attributes:
        containment: Counts faults.
        options: The options.
        settings: The options and the settings of the running cell.
        cells: Which cell runs.
        magics: The magics.
    """

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.containment = Containment()
        self.options = KerasGuard(parent=shell)
        self.settings = Settings(self.options)
        self.cells = Cells(shell)
        self._session = Lazy(self._new_session)
        self._display = Lazy(self._new_display)
        self._front_end: FrontEnd | None = None
        self._waking = Waking(self._session, self._display, self.containment)
        self._events = ShellEvents(
            shell,
            self.cells,
            self.settings,
            self._session,
            self._display,
            self._waking.wake_if_unheard,
            self.containment,
        )
        self._quiet_load = QuietLoad(shell)
        self.magics = Magics(shell, Lazy(self._new_commands), self.containment)

    def load(self) -> None:
        """Register everything; Keras is not imported."""
        self._events.register()
        self._shell.configurables.append(self.options)  # type: ignore[arg-type]
        self.magics.register()
        self._waking.start()
        self._quiet_load.register()

    def unload(self) -> None:
        """Leave the shell as it was found."""
        self._events.unregister()
        remove(self._shell.configurables, self.options)
        self._waking.stop()
        self.magics.unregister()
        self._quiet_load.unregister()
        if self._front_end is not None:
            self._front_end.close()
        if self._session.made is not None:
            self._session.made.close()

    @property
    def session(self) -> Session:
        """The session; made when it is first needed."""
        return self._session()

    @property
    def display(self) -> Display:
        """What shows diagnostics; made when it is first needed."""
        return self._display()

    def _new_session(self) -> Session:
        from .._instrument import runtime
        from .._session.session import Session

        runtime.install()
        interface = IPythonInterface(
            self._shell, self.cells, self.settings, self._display, self._text_of_module, self.containment
        )
        return Session(interface, self.containment)

    def _text_of_module(self, file: str) -> CellText | None:
        return self.session.packages.text_of(file)

    def _new_display(self) -> Display:
        from .display import Display

        display = Display(self._shell, self.options)
        if display.is_kernel():
            from .front_end import FrontEnd

            self._front_end = FrontEnd(self._source_for, self.options, self.containment)
            self._front_end.listen(getattr(self._shell, "kernel", None))
            display.listeners.append(self._front_end.hear_diagnostic)
        return display

    def _source_for(self, identity: str) -> str:
        return self.magics.commands().rebuild.source_for(identity)

    def _new_commands(self) -> Commands:
        from .commands import Commands

        return Commands(self.session, self.settings, self.display)


def current(shell: object) -> Extension | None:
    """Return the extension loaded in a shell, if there is one."""
    return getattr(shell, _ATTRIBUTE, None)


def load(shell: Shell) -> Extension:
    """Load keras_guard into a shell; loading twice changes nothing."""
    extension = current(shell)
    if extension is None:
        extension = Extension(shell)
        extension.load()
        setattr(shell, _ATTRIBUTE, extension)
    return extension


def unload(shell: object) -> None:
    """Take keras_guard out of a shell; without effect where it is not loaded."""
    extension = current(shell)
    if extension is not None:
        extension.unload()
        delattr(shell, _ATTRIBUTE)
