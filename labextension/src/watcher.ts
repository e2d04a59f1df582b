/** One notebook's diagnostics: heard from its kernel, drawn in its cells. */

import { Cell, CodeCell } from '@jupyterlab/cells';
import { CodeMirrorEditor } from '@jupyterlab/codemirror';
import { NotebookPanel } from '@jupyterlab/notebook';
import { Kernel, KernelMessage } from '@jupyterlab/services';
import { JSONObject } from '@lumino/coreutils';
import { ISignal, Signal } from '@lumino/signaling';

import { locate, mark } from './marks';
import {
  IDiagnostic,
  IRebuilt,
  MIME_TYPE,
  TARGET,
  asRebuilt,
  asState
} from './protocol';

export class Watcher {
  constructor(readonly panel: NotebookPanel) {
    panel.sessionContext.kernelChanged.connect(this._connect, this);
    panel.sessionContext.statusChanged.connect((_, status) => {
      if (status === 'restarting' || status === 'autorestarting') {
        this._forget();
      }
    });
    panel.content.modelChanged.connect(this._followCells, this);
    this._followCells();
    this._connect();
    panel.disposed.connect(() => Signal.clearData(this));
  }

  /** Emitted when the diagnostics change. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What is pending or open, oldest first. */
  get diagnostics(): readonly IDiagnostic[] {
    return this._diagnostics;
  }

  /** Whether the kernel has anything to say. */
  get attached(): boolean {
    return this._comm !== null;
  }

  /** Go to the code of a diagnostic. */
  show(one: IDiagnostic): void {
    const index = this._indexOf(one);
    if (index < 0) {
      return;
    }
    const notebook = this.panel.content;
    notebook.deselectAll();
    notebook.activeCellIndex = index;
    const cell = notebook.widgets[index];
    void notebook.scrollToCell(cell, 'center');
    const editor = cell.editor;
    if (editor instanceof CodeMirrorEditor) {
      const place = locate(editor.doc, one);
      const line = editor.doc.lineAt(place?.from ?? 0);
      editor.setCursorPosition({
        line: line.number - 1,
        column: (place?.from ?? line.from) - line.from
      });
    }
    notebook.mode = 'edit';
    editor?.focus();
  }

  /**
   * Insert the code of a rebuild below the cell of its edit.
   *
   * Returns why the kernel refused, or null.
   */
  async rebuild(one: IDiagnostic): Promise<string | null> {
    const comm = this._comm;
    if (comm === null) {
      return 'the kernel is gone';
    }
    const answer = await new Promise<IRebuilt>(resolve => {
      this._asked.set(one.id, resolve);
      void comm.send({ ask: 'rebuild', id: one.id });
    });
    if (answer.source === undefined) {
      return answer.refused ?? 'the kernel gave no reason';
    }
    this._insert(this._indexOf(one) + 1, answer.source);
    return null;
  }

  private _insert(index: number, source: string): void {
    const notebook = this.panel.content;
    const model = notebook.model;
    if (model === null) {
      return;
    }
    // Asked twice, the code is there already.
    const next = index < model.cells.length ? model.cells.get(index) : null;
    if (next?.sharedModel.getSource() !== source) {
      model.sharedModel.insertCell(index, {
        cell_type: 'code',
        source,
        metadata: { trusted: true }
      });
    }
    notebook.deselectAll();
    notebook.activeCellIndex = index;
    void notebook.scrollToItem(index);
    notebook.activate();
  }

  private _indexOf(one: IDiagnostic): number {
    return this.panel.content.widgets.findIndex(
      cell => cell.model.id === one.span.cell_id
    );
  }

  private _connect(): void {
    this._forget();
    const kernel = this.panel.sessionContext.session?.kernel;
    if (!kernel || !kernel.handleComms) {
      return;
    }
    kernel.iopubMessage.connect(this._onMessage, this);
    void this._findAgain(kernel);
  }

  /** A card tells that the guard is loaded, and that its kernel listens. */
  private _onMessage(
    kernel: Kernel.IKernelConnection,
    message: KernelMessage.IIOPubMessage
  ): void {
    if (
      this._comm === null &&
      (KernelMessage.isDisplayDataMsg(message) ||
        KernelMessage.isUpdateDisplayDataMsg(message)) &&
      MIME_TYPE in message.content.data
    ) {
      const comm = kernel.createComm(TARGET);
      this._attach(comm, {});
      void comm.open();
    }
  }

  /** After a reload of the page the kernel still holds the comm, and does not know of us. */
  private async _findAgain(kernel: Kernel.IKernelConnection): Promise<void> {
    const reply = await kernel.requestCommInfo({ target_name: TARGET });
    if (reply.content.status !== 'ok' || this._comm !== null) {
      return;
    }
    for (const id of Object.keys(reply.content.comms)) {
      if (this._comm === null && !kernel.hasComm(id)) {
        const comm = kernel.createComm(TARGET, id);
        this._attach(comm, {});
        void comm.send({ ask: 'state' });
      }
    }
  }

  private _attach(comm: Kernel.IComm, data: JSONObject): void {
    this._comm = comm;
    comm.onMsg = message => this._hear(message.content.data as JSONObject);
    comm.onClose = () => {
      if (this._comm === comm) {
        this._forget();
      }
    };
    this._hear(data);
    this._changed.emit();
  }

  private _hear(data: JSONObject): void {
    const state = asState(data);
    if (state !== null) {
      this._diagnostics = state.diagnostics;
      this._draw();
      this._changed.emit();
    }
    const answer = asRebuilt(data);
    if (answer !== null) {
      this._asked.get(answer.rebuilt)?.(answer);
      this._asked.delete(answer.rebuilt);
    }
  }

  private _forget(): void {
    this._comm = null;
    this._diagnostics = [];
    this._asked.forEach((resolve, id) =>
      resolve({ rebuilt: id, refused: 'the kernel is gone' })
    );
    this._asked.clear();
    this._draw();
    this._changed.emit();
  }

  private _followCells(): void {
    this.panel.content.model?.cells.changed.connect(this._draw, this);
    this._draw();
  }

  private _draw(): void {
    for (const cell of this.panel.content.widgets) {
      if (cell instanceof CodeCell) {
        this._drawIn(cell);
      }
    }
  }

  private _drawIn(cell: Cell): void {
    const found = this._diagnostics.filter(
      one => one.span.cell_id === cell.model.id
    );
    if (cell.editor instanceof CodeMirrorEditor) {
      mark(cell.editor.editor, found);
    } else if (found.length > 0) {
      // Cells out of sight have no editor yet.
      void cell.ready.then(() => this._redraw(cell));
    }
  }

  private _redraw(cell: Cell): void {
    if (!cell.isDisposed && cell.editor instanceof CodeMirrorEditor) {
      this._drawIn(cell);
    }
  }

  private _asked = new Map<string, (answer: IRebuilt) => void>();
  private _changed = new Signal<this, void>(this);
  private _comm: Kernel.IComm | null = null;
  private _diagnostics: IDiagnostic[] = [];
}
