/** The count of open and pending diagnostics; a click opens the list. */

import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { Followed } from './followed';
import { guardIcon } from './icon';
import { Watcher } from './watcher';

export class Indicator extends Widget {
  constructor(
    private _trans: TranslationBundle,
    openList: () => void
  ) {
    super({ node: document.createElement('button') });
    this.addClass('kg-indicator');
    this.node.setAttribute('type', 'button');
    this.node.title = _trans.__('List the edits of Keras models that were lost');
    this._words.setAttribute('role', 'status');
    this.node.append(guardIcon.element({ tag: 'span', height: '14px' }));
    this.node.append(this._words);
    this.node.addEventListener('click', openList);
    this._draw();
  }

  /** Follow a notebook, or none. */
  follow(watcher: Watcher | null): void {
    this._followed.set(watcher);
  }

  dispose(): void {
    this.follow(null);
    super.dispose();
  }

  private _draw(): void {
    const watcher = this._followed.watcher;
    const found = watcher?.diagnostics ?? [];
    const open = found.filter(one => one.state === 'open').length;
    const pending = found.length - open;
    this.node.hidden = watcher?.link.status !== 'attached';
    this.node.classList.toggle('kg-open', open > 0);
    const words =
      this._trans.__('keras_guard: %1 open', open) +
      (pending ? this._trans.__(', %1 pending', pending) : '');
    if (words !== this._words.textContent) {
      this._words.textContent = words;
    }
  }

  private _followed = new Followed(() => this._draw());
  private _words = document.createElement('span');
}
