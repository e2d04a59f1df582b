/** What a reader can do about a diagnostic: the same for cards, the list, quick fixes and commands. */

import { Clipboard, Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { ICard, ICure, placeOf, plain } from './protocol';
import { Watcher } from './watcher';

/** What an action needs to be possible. */
export type Needs = 'live' | 'kernel' | 'nothing';

/** One thing to do; `run` returns why it was refused, or null. */
export interface IAction {
  id: string;
  label: string;
  /** In the menu of the button *Ignore*, not a button of its own. */
  ignores: boolean;
  needs: Needs;
  run: (watcher: Watcher, card: ICard) => Promise<string | null>;
}

export class Actions {
  constructor(private _trans: TranslationBundle) {}

  /** The actions for a card, in the order of its buttons. */
  for(card: ICard): IAction[] {
    const trans = this._trans;
    const live = card.state !== 'resolved';
    const cures = card.cures ?? [];
    return [
      ...(live && card.rebuild ? this._rebuilds() : []),
      ...(live ? cures.map((cure, at) => this._cure(cure, at)) : []),
      ...(live ? this._ignores(card) : []),
      this._one('explain', trans.__('Explain'), 'kernel', this._explain),
      this._one('dismiss', trans.__('Dismiss'), 'nothing', dismiss),
      this._one('copy', trans.__('Copy'), 'nothing', copy)
    ];
  }

  /** The names of all actions that are commands, with the words for the palette. */
  get commands(): [string, string][] {
    const trans = this._trans;
    return [
      ['insert-rebuild', trans.__('Insert the rebuild of this model')],
      ['run-rebuild', trans.__('Run the rebuild of this model')],
      ['cure-0', trans.__('Cure this edit')],
      ['ignore-line', trans.__('Ignore this line')],
      ['ignore-rule', trans.__('Ignore this rule')],
      ['ignore-model', trans.__('Ignore this model')],
      ['explain', trans.__('Explain this rule')],
      ['dismiss', trans.__('Dismiss this card')],
      ['copy', trans.__('Copy this card')]
    ];
  }

  private _rebuilds(): IAction[] {
    const trans = this._trans;
    return [
      this._one('insert-rebuild', trans.__('Insert rebuild'), 'live', (w, c) =>
        rebuild(w, c, false)
      ),
      this._one('run-rebuild', trans.__('Run rebuild'), 'live', (w, c) =>
        rebuild(w, c, true)
      )
    ];
  }

  private _cure(cure: ICure, at: number): IAction {
    const run = async (watcher: Watcher, card: ICard) => {
      await watcher.insert(card, cure.code, cure.run);
      return null;
    };
    return this._one(`cure-${at}`, cure.label, 'live', run);
  }

  private _ignores(card: ICard): IAction[] {
    const trans = this._trans;
    const line = async (watcher: Watcher) => {
      const live = watcher.find(card.id);
      return live !== null && watcher.ignoreLine(live)
        ? dismiss(watcher, card)
        : trans.__('the line is not in its cell any more');
    };
    const choices = [
      this._one('ignore-line', trans.__('This line'), 'live', line),
      this._one('ignore-rule', trans.__('Rule %1', card.code), 'live', w =>
        ignore(w, card, card.code)
      ),
      this._one('ignore-model', trans.__('Model %1', card.model), 'live', w =>
        ignore(w, card, card.model)
      )
    ];
    return choices
      .filter(one => one.id !== 'ignore-line' || card.span.line !== null)
      .map(one => ({ ...one, ignores: true }));
  }

  private _one(
    id: string,
    label: string,
    needs: Needs,
    run: IAction['run']
  ): IAction {
    return { id, label, needs, run, ignores: false };
  }

  private _explain = async (
    watcher: Watcher,
    card: ICard
  ): Promise<string | null> => {
    const answer = await watcher.link.ask('explain', card.code);
    if (answer.text === undefined) {
      return answer.refused ?? null;
    }
    const node = document.createElement('pre');
    node.className = 'kg-page';
    node.tabIndex = 0;
    node.textContent = answer.text;
    await showDialog({
      title: `${card.code} ${card.rule}`,
      body: new Widget({ node }),
      buttons: [Dialog.okButton({ label: this._trans.__('Close') })]
    });
    return null;
  };
}

async function rebuild(
  watcher: Watcher,
  card: ICard,
  run: boolean
): Promise<string | null> {
  const answer = await watcher.link.ask('rebuild', card.id);
  if (answer.source === undefined) {
    return answer.refused ?? null;
  }
  await watcher.insert(card, answer.source, run);
  return null;
}

async function ignore(
  watcher: Watcher,
  card: ICard,
  word: string
): Promise<string | null> {
  const answer = await watcher.link.ask('ignore', word);
  if (answer.refused === undefined) {
    watcher.cards.get(card.id)?.setDismissed(true);
  }
  return answer.refused ?? null;
}

async function dismiss(watcher: Watcher, card: ICard): Promise<string | null> {
  watcher.cards.get(card.id)?.setDismissed(true);
  if (watcher.find(card.id) !== null) {
    await watcher.link.ask('dismiss', card.id);
  }
  return null;
}

async function copy(watcher: Watcher, card: ICard): Promise<string | null> {
  const words = [placeOf(card), card.message, card.happened, card.help];
  const text =
    watcher.cards.get(card.id)?.text ??
    `keras_guard ${card.state} [${card.code}]\n` +
      plain(words.filter(Boolean).join('\n'));
  Clipboard.copyToSystem(text);
  return null;
}
