/** One notebook: its diagnostics, their marks and cards, and its cells. */

import { Cell, CodeCell } from '@jupyterlab/cells';
import { CodeMirrorEditor } from '@jupyterlab/codemirror';
import {
  Notebook,
  NotebookActions,
  NotebookPanel
} from '@jupyterlab/notebook';
import { ISignal, Signal } from '@lumino/signaling';

import { KernelLink } from './kernelLink';
import { Fix, locate, mark } from './marks';
import { Options } from './options';
import { ICard, IDiagnostic } from './protocol';

/** What a watcher needs of a card's widget. */
export interface ICardWidget {
  readonly node: HTMLElement;
  /** The card as text. */
  readonly text: string;
  setDismissed(dismissed: boolean): void;
}

export class Watcher {
  constructor(
    readonly panel: NotebookPanel,
    private _options: Options,
    private _fixes: (one: IDiagnostic) => Fix[]
  ) {
    this.link = new KernelLink(panel.sessionContext);
    this.link.changed.connect(this._onNews, this);
    _options.changed.connect(this._draw, this);
    NotebookActions.executed.connect(this._onExecuted, this);
    panel.content.modelChanged.connect(this._followCells, this);
    this._followCells();
    panel.disposed.connect(() => this._end());
  }

  readonly link: KernelLink;

  /** The widgets of the cards that are shown, by id. */
  readonly cards = new Map<string, ICardWidget>();

  /** Emitted when the diagnostics change. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What is pending or open and not dismissed, oldest first. */
  get diagnostics(): readonly IDiagnostic[] {
    return this.link.diagnostics.filter(one => !one.dismissed);
  }

  /** Return a live diagnostic, dismissed or not. */
  find(id: string): IDiagnostic | null {
    return this.link.diagnostics.find(one => one.id === id) ?? null;
  }

  /** The diagnostic of the active cell, at the cursor's line where there are several; or the only one. */
  get current(): IDiagnostic | null {
    const cell = this.panel.content.activeCell;
    const all = this.diagnostics;
    const found = all.filter(one => one.span.cell_id === cell?.model.id);
    const here = found.length === 0 && all.length === 1 ? all : found;
    const line = (cell?.editor?.getCursorPosition().line ?? -1) + 1;
    return here.find(one => one.span.line === line) ?? here[0] ?? null;
  }

  /** Go to the code of a diagnostic; returns whether its cell is there. */
  show(one: ICard): boolean {
    const cell = this._select(this._indexOf(one));
    if (cell === null) {
      return false;
    }
    const live = this.find(one.id);
    const editor = cell.editor;
    if (editor instanceof CodeMirrorEditor) {
      const place = live && locate(editor.doc, live);
      const lines = editor.doc.lines;
      const at = place
        ? editor.doc.lineAt(place.from)
        : editor.doc.line(Math.min(one.span.line ?? 1, lines));
      editor.setCursorPosition({
        line: at.number - 1,
        column: (place?.from ?? at.from) - at.from
      });
    }
    this.panel.content.mode = 'edit';
    editor?.focus();
    return true;
  }

  /** Go to the cell that had a number when it ran; returns whether it is there. */
  showCell(count: number): boolean {
    const cells = this.panel.content.widgets;
    const isIt = (cell: Cell) =>
      cell instanceof CodeCell && cell.model.executionCount === count;
    let index = cells.findIndex(isIt);
    if (index < 0) {
      index = cells.findIndex(one => one.model.id === this._numbers.get(count));
    }
    if (this._select(index) === null) {
      return false;
    }
    this.panel.content.mode = 'command';
    this.panel.content.node.focus();
    return true;
  }

  /** Bring the card of a diagnostic into view; returns whether there is one. */
  showCard(one: ICard): boolean {
    const node = this.cards.get(one.id)?.node;
    node?.scrollIntoView({ block: 'center' });
    node?.querySelector<HTMLElement>('button:not(:disabled)')?.focus();
    return node !== undefined;
  }

  /** Go to the diagnostic after, or before, the active cell's cursor. */
  step(forward: boolean): IDiagnostic | null {
    const places = this.diagnostics
      .map(one => ({ one, at: [this._indexOf(one), one.span.line ?? 0] }))
      .filter(({ at }) => at[0] >= 0)
      .sort((a, b) => a.at[0] - b.at[0] || a.at[1] - b.at[1]);
    if (places.length === 0) {
      return null;
    }
    const notebook = this.panel.content;
    const position = notebook.activeCell?.editor?.getCursorPosition();
    const here = [notebook.activeCellIndex, (position?.line ?? 0) + 1];
    const beyond = ({ at }: { at: number[] }) => {
      const order = at[0] - here[0] || at[1] - here[1];
      return forward ? order > 0 : order < 0;
    };
    // Behind the last one comes the first again.
    const ordered = forward ? places : places.reverse();
    const next = (ordered.find(beyond) ?? ordered[0]).one;
    this.show(next);
    return next;
  }

  /** Put code into a cell below the edit, and make it the active one. */
  async insert(one: ICard, source: string, run: boolean): Promise<void> {
    const notebook = this.panel.content;
    const model = notebook.model;
    if (model === null) {
      return;
    }
    const found = this._indexOf(one);
    const index = (found < 0 ? notebook.activeCellIndex : found) + 1;
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
    if (run) {
      await NotebookActions.run(notebook, this.panel.sessionContext);
    }
  }

  /** Write a comment behind the line of an edit; returns whether the line is there. */
  ignoreLine(one: IDiagnostic): boolean {
    const cell = this.panel.content.widgets[this._indexOf(one)];
    const editor = cell?.editor;
    if (!(editor instanceof CodeMirrorEditor)) {
      return false;
    }
    const place = locate(editor.doc, one);
    if (place === null) {
      return false;
    }
    const at = editor.doc.lineAt(place.from).to;
    const insert = `  # keras-guard: ignore[${one.code}]`;
    editor.editor.dispatch({ changes: { from: at, insert } });
    return true;
  }

  private _select(index: number): Cell | null {
    if (index < 0) {
      return null;
    }
    const notebook = this.panel.content;
    notebook.deselectAll();
    notebook.activeCellIndex = index;
    const cell = notebook.widgets[index];
    void notebook.scrollToCell(cell, 'center');
    return cell;
  }

  private _indexOf(one: ICard): number {
    return this.panel.content.widgets.findIndex(
      cell => cell.model.id === one.span.cell_id
    );
  }

  private _onExecuted(
    _: unknown,
    { notebook, cell }: { notebook: Notebook; cell: Cell }
  ): void {
    if (notebook === this.panel.content && cell instanceof CodeCell) {
      const count = cell.model.executionCount;
      if (count !== null) {
        this._numbers.set(count, cell.model.id);
      }
    }
  }

  private _onNews(): void {
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
    const found = this._options.marks
      ? this.diagnostics.filter(one => one.span.cell_id === cell.model.id)
      : [];
    if (cell.editor instanceof CodeMirrorEditor) {
      mark(cell.editor.editor, found, this._options.severity, this._fixes);
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

  private _end(): void {
    NotebookActions.executed.disconnect(this._onExecuted, this);
    this._options.changed.disconnect(this._draw, this);
    this.link.dispose();
    Signal.clearData(this);
  }

  private _changed = new Signal<this, void>(this);
  /** The cell that had a number, for cells that ran again since. */
  private _numbers = new Map<number, string>();
}
