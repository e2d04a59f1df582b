/** The comm to the guard in one notebook's kernel. */

import { ISessionContext } from '@jupyterlab/apputils';
import { Kernel, KernelMessage } from '@jupyterlab/services';
import { JSONObject } from '@lumino/coreutils';
import { ISignal, Signal } from '@lumino/signaling';

import {
  Ask,
  IAnswer,
  IDiagnostic,
  MIME_TYPE,
  TARGET,
  asState
} from './protocol';

/**
 * - `searching`: whether the kernel knows a card is not known yet.
 * - `none`: the kernel reported nothing since it started, or is gone.
 * - `attached`: its diagnostics are known.
 */
export type LinkStatus = 'searching' | 'none' | 'attached';

const GONE = 'the kernel is gone';

export class KernelLink {
  constructor(private _session: ISessionContext) {
    _session.kernelChanged.connect(this._connect, this);
    _session.statusChanged.connect(this._onStatus, this);
    void _session.ready.then(() => {
      if (this._status === 'searching' && !_session.session?.kernel) {
        this._forget();
      }
    });
    this._connect();
  }

  /** Emitted when the diagnostics or the status change. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get status(): LinkStatus {
    return this._status;
  }

  /** What is pending or open, oldest first. */
  get diagnostics(): readonly IDiagnostic[] {
    return this._diagnostics;
  }

  /** Ask the kernel; never rejects. */
  ask(ask: Ask, about: string): Promise<IAnswer> {
    const comm = this._comm;
    if (comm === null) {
      return Promise.resolve({ refused: GONE });
    }
    const request = ++this._requests;
    return new Promise<IAnswer>(resolve => {
      this._asked.set(request, resolve);
      void comm.send({ ask, request, about });
    });
  }

  dispose(): void {
    this._session.kernelChanged.disconnect(this._connect, this);
    this._session.statusChanged.disconnect(this._onStatus, this);
    Signal.clearData(this);
  }

  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (['restarting', 'autorestarting', 'dead'].includes(status)) {
      this._forget();
    }
  }

  private _connect(): void {
    const kernel = this._session.session?.kernel;
    this._forget(kernel ? 'searching' : this._status);
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
      this._attach(comm);
      void comm.open();
    }
  }

  /** After a reload of the page the kernel still holds the comm, and does not know of this page. */
  private async _findAgain(kernel: Kernel.IKernelConnection): Promise<void> {
    const reply = await kernel.requestCommInfo({ target_name: TARGET });
    if (this._comm !== null) {
      return;
    }
    const comms = reply.content.status === 'ok' ? reply.content.comms : {};
    const id = Object.keys(comms).find(id => !kernel.hasComm(id));
    if (id === undefined) {
      this._forget();
      return;
    }
    const comm = kernel.createComm(TARGET, id);
    this._attach(comm);
    void comm.send({ ask: 'state' });
  }

  private _attach(comm: Kernel.IComm): void {
    this._comm = comm;
    this._status = 'searching';
    comm.onMsg = message => this._hear(message.content.data as JSONObject);
    comm.onClose = () => {
      if (this._comm === comm) {
        this._forget();
      }
    };
  }

  private _hear(data: JSONObject): void {
    const state = asState(data);
    if (state !== null) {
      this._diagnostics = state.diagnostics;
      this._status = 'attached';
      this._changed.emit();
      return;
    }
    const request = data.answer as number;
    this._asked.get(request)?.(data as IAnswer);
    this._asked.delete(request);
  }

  private _forget(status: LinkStatus = 'none'): void {
    this._comm = null;
    this._diagnostics = [];
    this._status = status;
    this._asked.forEach(resolve => resolve({ refused: GONE }));
    this._asked.clear();
    this._changed.emit();
  }

  private _asked = new Map<number, (answer: IAnswer) => void>();
  private _changed = new Signal<this, void>(this);
  private _comm: Kernel.IComm | null = null;
  private _diagnostics: IDiagnostic[] = [];
  private _requests = 0;
  private _status: LinkStatus = 'searching';
}
