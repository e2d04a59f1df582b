/** The list of a notebook's diagnostics, grouped by model, at the side of the notebook. */

import { TranslationBundle } from '@jupyterlab/translation';
import { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { Actions } from './actions';
import { buttonsOf, newButton } from './buttons';
import { Followed } from './followed';
import { guardIcon } from './icon';
import { IDiagnostic, placeOf, plain } from './protocol';
import { Watcher } from './watcher';

export class DiagnosticList extends Widget {
  constructor(
    private _trans: TranslationBundle,
    private _actions: Actions
  ) {
    super();
    this.id = 'keras-guard-list';
    this.addClass('kg-list');
    this.title.icon = guardIcon;
    this.title.caption = _trans.__('Lost edits of Keras models');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this.title.caption);
    this.node.tabIndex = -1;
    this.node.addEventListener('keydown', event => this._onKey(event));
    this._draw();
  }

  /** Follow a notebook, or none. */
  follow(watcher: Watcher | null): void {
    this._followed.set(watcher);
  }

  /** Whether the keyboard is in the list. */
  get hasFocus(): boolean {
    return this.node.contains(document.activeElement);
  }

  protected onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    (this._entries[0] ?? this.node).focus();
  }

  private get _entries(): HTMLElement[] {
    return [...this.node.querySelectorAll<HTMLElement>('.kg-go')];
  }

  /** Up and down go from entry to entry; Escape goes back to the notebook. */
  private _onKey(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      const entries = this._entries;
      const active = document.activeElement;
      const at = entries.findIndex(one => one.parentElement?.contains(active));
      entries[(at + step + entries.length) % entries.length]?.focus();
    } else if (event.key === 'Escape') {
      this._followed.watcher?.panel.activate();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private _draw(): void {
    const focused = this.hasFocus
      ? (document.activeElement as HTMLElement).dataset.kgKey
      : undefined;
    const found = this._followed.watcher?.diagnostics ?? [];
    const head = document.createElement('h2');
    head.textContent = this._trans.__('Lost edits of Keras models');
    this.node.replaceChildren(
      head,
      ...(found.length > 0 ? this._groups(found) : [this._nothing()])
    );
    if (focused !== undefined) {
      const key = CSS.escape(focused);
      const again = this.node.querySelector<HTMLElement>(
        `[data-kg-key="${key}"]:not(:disabled)`
      );
      (again ?? this._entries[0] ?? this.node).focus();
    }
  }

  private _nothing(): HTMLElement {
    const words = document.createElement('p');
    words.textContent =
      this._followed.watcher?.link.status === 'attached'
        ? this._trans.__('No edit of a model is lost.')
        : this._trans.__('No edit of a model was reported in this notebook.');
    return words;
  }

  private _groups(found: readonly IDiagnostic[]): HTMLElement[] {
    const models = new Map<string, IDiagnostic[]>();
    for (const one of found) {
      models.set(one.model, [...(models.get(one.model) ?? []), one]);
    }
    return [...models].map(([model, entries]) => {
      const group = document.createElement('section');
      const head = document.createElement('h3');
      head.textContent = model;
      const items = document.createElement('ul');
      entries.forEach(one => items.appendChild(this._item(one)));
      group.append(head, items);
      return group;
    });
  }

  private _item(one: IDiagnostic): HTMLElement {
    const item = document.createElement('li');
    item.className = `kg-${one.state}`;
    const go = newButton('', `go ${one.id}`);
    go.className = 'kg-go';
    const state = document.createElement('b');
    state.textContent = `${one.state} ${one.code}`;
    const where = document.createElement('span');
    where.className = 'kg-where';
    where.textContent = placeOf(one);
    go.append(state, ` ${plain(one.message)} `, where);
    go.addEventListener('click', () => this._followed.watcher?.show(one));
    item.appendChild(go);
    if (one.happened) {
      const happened = document.createElement('p');
      happened.className = 'kg-happened';
      happened.textContent = plain(one.happened);
      item.appendChild(happened);
    }
    const watcher = this._followed.watcher;
    if (watcher !== null) {
      const buttons = buttonsOf({
        actions: this._actions,
        trans: this._trans,
        watcher,
        card: one
      });
      // Keys tell the buttons of one entry from those of another.
      buttons
        .querySelectorAll<HTMLElement>('button')
        .forEach(b => (b.dataset.kgKey += ` ${one.id}`));
      item.appendChild(buttons);
    }
    return item;
  }

  private _followed = new Followed(() => this._draw());
}
