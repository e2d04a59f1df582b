/** The commands: for the palette, for shortcuts, and for other extensions. */

import { JupyterFrontEnd } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { Actions } from './actions';
import { DiagnosticList } from './list';
import { Options, Severity, Switch } from './options';
import { IDiagnostic } from './protocol';
import { Watcher } from './watcher';

export const SHOW_LIST = 'keras-guard:show-list';

export interface ICommandsOptions {
  app: JupyterFrontEnd;
  actions: Actions;
  list: DiagnosticList;
  options: Options;
  palette: ICommandPalette | null;
  trans: TranslationBundle;
  /** The watcher of the notebook the user is in. */
  current: () => Watcher | null;
}

/** Register every command, and put each into the palette. */
export function addCommands(given: ICommandsOptions): void {
  const { app, list, options, palette, trans, current } = given;
  const category = trans.__('Keras Guard');
  const add = (
    id: string,
    label: string,
    execute: () => unknown,
    isEnabled: () => boolean = () => true,
    isToggled?: () => boolean
  ) => {
    app.commands.addCommand(id, { label, execute, isEnabled, isToggled });
    palette?.addItem({ command: id, category });
  };
  const any = () => (current()?.diagnostics.length ?? 0) > 0;
  add(SHOW_LIST, trans.__('List lost edits'), () =>
    app.shell.activateById(list.id)
  );
  add(
    'keras-guard:next',
    trans.__('Go to the next lost edit'),
    () => current()?.step(true),
    any
  );
  add(
    'keras-guard:previous',
    trans.__('Go to the previous lost edit'),
    () => current()?.step(false),
    any
  );
  add(
    'keras-guard:show-card',
    trans.__('Go to the card of this edit'),
    () => {
      const one = current()?.current;
      return one && current()?.showCard(one);
    },
    () => Boolean(current()?.current)
  );
  const switches: [Switch, string][] = [
    ['marks', trans.__('Marks in cells')],
    ['pictures', trans.__('Pictures in cards')],
    ['autoloadHint', trans.__('Hint to load the guard')]
  ];
  for (const [name, label] of switches) {
    const toggle = () => options.set(name, !options[name]);
    add(`keras-guard:toggle-${name}`, label, toggle, () => true, () => options[name]);
  }
  const severities: [Severity, string][] = [
    ['error', trans.__('Mark open edits as errors')],
    ['warning', trans.__('Mark open edits as warnings')],
    ['info', trans.__('Mark open edits as information')]
  ];
  for (const [severity, label] of severities) {
    const choose = () => options.set('severity', severity);
    const isChosen = () => options.severity === severity;
    add(`keras-guard:severity-${severity}`, label, choose, () => true, isChosen);
  }
  addActions(given, add);
}

function addActions(
  { actions, current }: ICommandsOptions,
  add: (
    id: string,
    label: string,
    execute: () => unknown,
    isEnabled: () => boolean
  ) => void
): void {
  for (const [id, label] of actions.commands) {
    const find = (one: IDiagnostic) =>
      actions.for(one).find(action => action.id === id);
    const execute = async () => {
      const watcher = current();
      const one = watcher?.current;
      const refused =
        one && (await find(one)?.run(watcher as Watcher, one));
      if (refused) {
        Notification.warning(`keras_guard: ${refused}`);
      }
    };
    add(`keras-guard:${id}`, label, execute, () => {
      const one = current()?.current;
      return Boolean(one && find(one));
    });
  }
}
