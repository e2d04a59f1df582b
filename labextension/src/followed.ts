/** The notebook that a part of the window follows. */

import { Watcher } from './watcher';

export class Followed {
  /** `draw` is called when the notebook changes, or another one is followed. */
  constructor(private _draw: () => void) {}

  get watcher(): Watcher | null {
    return this._watcher;
  }

  /** Follow a notebook, or none. */
  set(watcher: Watcher | null): void {
    if (watcher === this._watcher) {
      return;
    }
    this._watcher?.changed.disconnect(this._draw);
    this._watcher = watcher;
    watcher?.changed.connect(this._draw);
    this._draw();
  }

  private _watcher: Watcher | null = null;
}
