/** The settings of the extension, as the schema describes them. */

import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ISignal, Signal } from '@lumino/signaling';

export type Severity = 'error' | 'warning' | 'info';

/** The settings that are on or off. */
export type Switch = 'marks' | 'pictures' | 'autoloadHint';

export class Options {
  marks = true;
  pictures = true;
  severity: Severity = 'warning';
  autoloadHint = true;

  /** Emitted when a setting changes. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Read the settings, now and when they change. */
  follow(settings: ISettingRegistry.ISettings): void {
    const read = () => {
      const values = settings.composite;
      this.marks = values.marks !== false;
      this.pictures = values.pictures !== false;
      this.severity = values.severity as Severity;
      this.autoloadHint = values.autoloadHint !== false;
      document.body.classList.toggle('kg-no-pictures', !this.pictures);
      this._changed.emit();
    };
    this._settings = settings;
    settings.changed.connect(read);
    read();
  }

  /** Change a setting for good. */
  async set(name: Switch | 'severity', value: boolean | Severity): Promise<void> {
    await this._settings?.set(name, value);
  }

  private _changed = new Signal<this, void>(this);
  private _settings: ISettingRegistry.ISettings | null = null;
}
