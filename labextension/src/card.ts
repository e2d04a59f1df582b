/** A card in an output: the HTML that the kernel sent, links to its cells, and its buttons. */

import { IRenderMime, IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { TranslationBundle } from '@jupyterlab/translation';
import { Message } from '@lumino/messaging';
import { Panel } from '@lumino/widgets';

import { Actions } from './actions';
import { buttonsOf, newButton } from './buttons';
import { ICard, MIME_TYPE, asCard, placeOf } from './protocol';
import { ICardWidget, Watcher } from './watcher';

/** Key of what the metadata of an output keep. */
const KEPT = 'keras_guard';
const CELL = /Cell In\[(\d+)\](?:, line \d+)?/g;

export interface ICardOptions {
  registry: IRenderMimeRegistry;
  actions: Actions;
  trans: TranslationBundle;
  /** The watcher of the notebook that a node is in; none outside of notebooks. */
  watcherOf: (node: HTMLElement) => Watcher | null;
}

export class Card
  extends Panel
  implements IRenderMime.IRenderer, ICardWidget
{
  constructor(private _options: ICardOptions) {
    super();
    this.addClass('kg-card');
    this._foot.className = 'kg-foot';
  }

  /** The card as text. */
  get text(): string {
    return String(this._model?.data['text/plain'] ?? '');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this._model = model;
    this._card = asCard(model.data[MIME_TYPE]);
    const { registry } = this._options;
    const type = 'text/html' in model.data ? 'text/html' : 'text/plain';
    const shown = registry.createRenderer(type);
    await shown.renderModel(model);
    this.widgets.slice().forEach(widget => widget.dispose());
    this.addWidget(shown);
    this._link(shown.node);
    this.node.appendChild(this._foot);
    this._register();
    this._draw();
  }

  setDismissed(dismissed: boolean): void {
    this._model?.setData({
      metadata: { ...this._model.metadata, [KEPT]: { dismissed } }
    });
    this._draw();
  }

  dispose(): void {
    this._follow(null);
    super.dispose();
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._follow(this._options.watcherOf(this.node));
  }

  protected onBeforeDetach(message: Message): void {
    this._follow(null);
    super.onBeforeDetach(message);
  }

  private _follow(watcher: Watcher | null): void {
    if (this._card && this._watcher?.cards.get(this._card.id) === this) {
      this._watcher.cards.delete(this._card.id);
    }
    this._watcher?.changed.disconnect(this._draw, this);
    this._watcher = watcher;
    watcher?.changed.connect(this._draw, this);
    this._register();
    this._draw();
  }

  private _register(): void {
    if (this._card !== null) {
      this._watcher?.cards.set(this._card.id, this);
    }
  }

  private get _dismissed(): boolean {
    const kept = this._model?.metadata[KEPT] as
      | { dismissed?: boolean }
      | undefined;
    return kept?.dismissed === true;
  }

  private _draw(): void {
    const card = this._card;
    const watcher = this._watcher;
    if (card === null || watcher === null || this.isDisposed) {
      this._foot.replaceChildren();
      return;
    }
    const focused = this._foot.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset.kgKey
      : undefined;
    this.toggleClass('kg-dismissed', this._dismissed);
    this._foot.replaceChildren(
      ...(this._dismissed
        ? [this._restoring(card, watcher)]
        : this._parts(card, watcher))
    );
    if (focused !== undefined) {
      const again = `[data-kg-key="${focused}"]:not(:disabled)`;
      this._foot.querySelector<HTMLElement>(again)?.focus();
    }
  }

  private _parts(card: ICard, watcher: Watcher): HTMLElement[] {
    const { actions, trans } = this._options;
    const row = buttonsOf({ actions, trans, watcher, card });
    const old =
      card.state !== 'resolved' &&
      watcher.link.status !== 'searching' &&
      watcher.find(card.id) === null;
    if (!old) {
      return [row];
    }
    const note = document.createElement('p');
    note.className = 'kg-note';
    note.textContent = trans.__(
      'From an earlier session of the kernel. Run the cells again to see whether it is still true.'
    );
    return [note, row];
  }

  /** The one line of a dismissed card. */
  private _restoring(card: ICard, watcher: Watcher): HTMLElement {
    const { trans } = this._options;
    const line = document.createElement('div');
    line.className = 'kg-buttons';
    const words = document.createElement('span');
    words.textContent = trans.__(
      'keras_guard %1 dismissed (%2)',
      card.code,
      placeOf(card)
    );
    const button = newButton(trans.__('Show'), 'restore');
    button.addEventListener('click', () => {
      this.setDismissed(false);
      if (watcher.find(card.id) !== null) {
        void watcher.link.ask('restore', card.id);
      }
      this._foot.querySelector('button')?.focus();
    });
    line.append(words, button);
    return line;
  }

  /** Make each "Cell In[3]" a link to that cell. */
  private _link(root: HTMLElement): void {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const texts: Text[] = [];
    while (walker.nextNode()) {
      texts.push(walker.currentNode as Text);
    }
    for (const text of texts.filter(one => !one.parentElement?.closest('pre'))) {
      const parts: (string | HTMLElement)[] = [];
      let end = 0;
      for (const found of text.data.matchAll(CELL)) {
        parts.push(text.data.slice(end, found.index));
        parts.push(this._cellLink(found[0], Number(found[1])));
        end = found.index + found[0].length;
      }
      if (parts.length > 0) {
        text.replaceWith(...parts, text.data.slice(end));
      }
    }
  }

  private _cellLink(words: string, count: number): HTMLElement {
    const { trans } = this._options;
    const link = newButton(words, '');
    link.className = 'kg-link';
    link.title = trans.__('Go to this cell');
    link.addEventListener('click', () => {
      const [card, watcher] = [this._card, this._watcher];
      const own = card?.span.execution_count === count && words === placeOf(card);
      const there =
        (own && watcher?.show(card)) || (watcher?.showCell(count) ?? false);
      if (!there) {
        link.title = trans.__('This cell is not in the notebook any more');
        link.disabled = true;
      }
    });
    return link;
  }

  private _card: ICard | null = null;
  private _foot = document.createElement('div');
  private _model: IRenderMime.IMimeModel | null = null;
  private _watcher: Watcher | null = null;
}
