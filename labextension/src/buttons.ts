/** The row of buttons of a card or of an entry of the list. */

import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import { Actions, IAction } from './actions';
import { ICard } from './protocol';
import { Watcher } from './watcher';

export interface IButtonsOptions {
  actions: Actions;
  trans: TranslationBundle;
  watcher: Watcher;
  card: ICard;
}

/** Return the buttons of a card; those that cannot work now are disabled. */
export function buttonsOf(options: IButtonsOptions): HTMLElement {
  const { actions, trans, card } = options;
  const row = document.createElement('div');
  row.className = 'kg-buttons';
  row.setAttribute('role', 'group');
  row.setAttribute('aria-label', trans.__('%1 in %2', card.code, card.model));
  const all = actions.for(card);
  const ignores = all.filter(one => one.ignores);
  for (const one of all.filter(one => !one.ignores)) {
    if (one.id === 'explain' && ignores.length > 0) {
      row.appendChild(ignoreButton(options, ignores, row));
    }
    const button = newButton(one.label, one.id, isPossible(options, one));
    button.addEventListener('click', () => void act(options, one, row, button));
    row.appendChild(button);
  }
  return row;
}

/** A button; its key finds it again when the row is drawn again. */
export function newButton(
  label: string,
  key: string,
  enabled = true
): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'kg-button';
  button.dataset.kgKey = key;
  button.textContent = label;
  button.disabled = !enabled;
  return button;
}

function isPossible({ watcher, card }: IButtonsOptions, one: IAction): boolean {
  return (
    one.needs === 'nothing' ||
    (one.needs === 'live' && watcher.find(card.id) !== null) ||
    (one.needs === 'kernel' && watcher.link.status === 'attached')
  );
}

function ignoreButton(
  options: IButtonsOptions,
  ignores: IAction[],
  row: HTMLElement
): HTMLElement {
  const { trans } = options;
  const button = newButton(
    trans.__('Ignore'),
    'ignore',
    ignores.some(one => isPossible(options, one))
  );
  button.setAttribute('aria-haspopup', 'menu');
  button.classList.add('kg-has-menu');
  button.addEventListener('click', () => {
    const commands = new CommandRegistry();
    const menu = new Menu({ commands });
    menu.title.label = trans.__('Ignore');
    menu.addClass('kg-menu');
    for (const one of ignores) {
      commands.addCommand(one.id, {
        label: one.label,
        execute: () => act(options, one, row, button)
      });
      menu.addItem({ command: one.id });
    }
    menu.aboutToClose.connect(() => button.focus());
    const { left, bottom } = button.getBoundingClientRect();
    menu.open(left, bottom);
    menu.activeIndex = 0;
  });
  return button;
}

async function act(
  { watcher, card, trans }: IButtonsOptions,
  one: IAction,
  row: HTMLElement,
  button: HTMLButtonElement
): Promise<void> {
  if (button.ariaBusy === 'true') {
    return;
  }
  // Not disabled: that would take the focus away.
  button.ariaBusy = 'true';
  const refused = await one.run(watcher, card);
  button.ariaBusy = null;
  const said = refused ?? (one.id === 'copy' ? trans.__('Copied') : null);
  row.querySelector('.kg-said')?.remove();
  if (said !== null && row.isConnected) {
    const words = document.createElement('span');
    words.className = refused === null ? 'kg-said' : 'kg-said kg-refused';
    words.setAttribute('role', refused === null ? 'status' : 'alert');
    words.textContent = said;
    row.appendChild(words);
  }
}
