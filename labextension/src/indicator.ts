/** The count of open divergences, and the list behind it. */

import { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { IDiagnostic } from './protocol';
import { Watcher } from './watcher';

export class Indicator extends Widget {
  constructor() {
    super({ node: document.createElement('button') });
    this.addClass('kg-indicator');
    this.node.setAttribute('type', 'button');
    this.node.setAttribute('aria-haspopup', 'dialog');
    this.node.setAttribute('aria-expanded', 'false');
    this.node.addEventListener('click', () => this._toggle());
    this._render();
  }

  /** Follow a notebook, or none. */
  follow(watcher: Watcher | null): void {
    this._watcher?.changed.disconnect(this._render, this);
    this._watcher = watcher;
    watcher?.changed.connect(this._render, this);
    this._close(false);
    this._render();
  }

  dispose(): void {
    this.follow(null);
    super.dispose();
  }

  protected onBeforeDetach(message: Message): void {
    this._close(false);
    super.onBeforeDetach(message);
  }

  private _render(): void {
    const found = this._watcher?.diagnostics ?? [];
    const open = found.filter(one => one.state === 'open').length;
    const pending = found.length - open;
    this.node.hidden = !this._watcher?.attached;
    this.node.classList.toggle('kg-open', open > 0);
    this.node.textContent =
      `keras_guard: ${open} open` + (pending ? `, ${pending} pending` : '');
    this.node.title = 'Edits of Keras models that were lost';
    if (this._list !== null) {
      this._fill(this._list);
    }
  }

  private _toggle(): void {
    if (this._list !== null) {
      this._close(true);
      return;
    }
    const list = document.createElement('div');
    list.className = 'kg-list';
    list.setAttribute('role', 'dialog');
    list.setAttribute('aria-label', 'Lost edits of Keras models');
    list.tabIndex = -1;
    document.body.appendChild(list);
    this._list = list;
    this._fill(list);
    this._place(list);
    this.node.setAttribute('aria-expanded', 'true');
    document.addEventListener('keydown', this._onKey, true);
    document.addEventListener('mousedown', this._onMouse, true);
    (list.querySelector('button') ?? list).focus();
  }

  private _close(refocus: boolean): void {
    if (this._list === null) {
      return;
    }
    document.removeEventListener('keydown', this._onKey, true);
    document.removeEventListener('mousedown', this._onMouse, true);
    this._list.remove();
    this._list = null;
    this.node.setAttribute('aria-expanded', 'false');
    if (refocus) {
      this.node.focus();
    }
  }

  private _place(list: HTMLElement): void {
    const at = this.node.getBoundingClientRect();
    if (at.left < window.innerWidth / 2) {
      list.style.left = `${at.left}px`;
    } else {
      list.style.right = `${window.innerWidth - at.right}px`;
    }
    if (at.top > window.innerHeight / 2) {
      list.style.bottom = `${window.innerHeight - at.top + 4}px`;
    } else {
      list.style.top = `${at.bottom + 4}px`;
    }
  }

  private _fill(list: HTMLElement): void {
    const found = this._watcher?.diagnostics ?? [];
    if (found.length === 0) {
      const words = document.createElement('p');
      words.textContent = 'No edit of a model is lost.';
      list.replaceChildren(words);
      return;
    }
    const items = document.createElement('ul');
    found.forEach(one => items.appendChild(this._item(one)));
    list.replaceChildren(items);
  }

  private _item(one: IDiagnostic): HTMLElement {
    const item = document.createElement('li');
    item.className = `kg-${one.state}`;
    const go = document.createElement('button');
    go.type = 'button';
    go.className = 'kg-go';
    const where =
      one.span.line === null
        ? ''
        : ` (Cell In[${one.span.execution_count}], line ${one.span.line})`;
    const state = document.createElement('b');
    state.textContent = `${one.state} ${one.code}`;
    go.append(state, ` ${one.message.replace(/`/g, '')}${where}`);
    go.addEventListener('click', () => {
      this._close(false);
      this._watcher?.show(one);
    });
    item.appendChild(go);
    if (one.rebuild) {
      item.appendChild(this._rebuildButton(one, item));
    }
    return item;
  }

  private _rebuildButton(one: IDiagnostic, item: HTMLElement): HTMLElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'kg-rebuild';
    button.textContent = 'Insert rebuild cell';
    button.setAttribute('aria-label', `Insert rebuild cell for ${one.model}`);
    button.addEventListener('click', async () => {
      button.disabled = true;
      const refused = (await this._watcher?.rebuild(one)) ?? null;
      if (refused === null) {
        this._close(false);
        return;
      }
      button.disabled = false;
      const words = document.createElement('p');
      words.setAttribute('role', 'alert');
      words.textContent = refused;
      item.appendChild(words);
    });
    return button;
  }

  private _onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      this._close(true);
    }
  };

  private _onMouse = (event: MouseEvent): void => {
    const target = event.target as Node;
    if (!this._list?.contains(target) && !this.node.contains(target)) {
      this._close(false);
    }
  };

  private _list: HTMLElement | null = null;
  private _watcher: Watcher | null = null;
}
