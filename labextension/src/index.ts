/** keras_guard in JupyterLab and Notebook: buttons in cards, marks in cells, a count, a list, commands. */

import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Actions } from './actions';
import { Card } from './card';
import { SHOW_LIST, addCommands } from './commands';
import { hintIn } from './hint';
import { Indicator } from './indicator';
import { DiagnosticList } from './list';
import { Fix } from './marks';
import { Options } from './options';
import { IDiagnostic, MIME_TYPE } from './protocol';
import { Watcher } from './watcher';

const ID = 'keras-guard:plugin';

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Shows lost edits of Keras models, and cures them.',
  autoStart: true,
  requires: [INotebookTracker, IRenderMimeRegistry],
  optional: [
    IStatusBar,
    ISettingRegistry,
    ITranslator,
    ICommandPalette,
    ILayoutRestorer
  ],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    registry: IRenderMimeRegistry,
    statusBar: IStatusBar | null,
    settings: ISettingRegistry | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('keras_guard');
    const options = new Options();
    void settings?.load(ID).then(found => options.follow(found));
    const actions = new Actions(trans);
    const watchers = new Map<NotebookPanel, Watcher>();
    const current = () =>
      (tracker.currentWidget && watchers.get(tracker.currentWidget)) ?? null;
    const watcherOf = (node: HTMLElement) =>
      [...watchers.values()].find(one => one.panel.node.contains(node)) ?? null;

    registry.addFactory(
      {
        safe: true,
        mimeTypes: [MIME_TYPE],
        createRenderer: () => new Card({ registry, actions, trans, watcherOf })
      },
      0
    );

    const list = new DiagnosticList(trans, actions);
    app.shell.add(list, 'right', { rank: 700, type: 'Keras Guard' });
    restorer?.add(list, list.id);
    addCommands({ app, actions, list, options, palette, trans, current });

    const openList = () => void app.commands.execute(SHOW_LIST);
    const indicator = statusBar ? new Indicator(trans, openList) : null;
    const follow = () => {
      indicator?.follow(current());
      list.follow(current());
    };
    const fixesIn = (panel: NotebookPanel) => (one: IDiagnostic) =>
      fixes(actions, watchers.get(panel) ?? null, one, trans.__('Show card'));
    tracker.widgetAdded.connect((_, panel) => {
      const watcher = new Watcher(panel, options, fixesIn(panel));
      watchers.set(panel, watcher);
      panel.disposed.connect(() => watchers.delete(panel));
      hintIn(panel, options, trans);
      if (statusBar === null) {
        // Notebook has no status bar: the count goes into the toolbar.
        const own = new Indicator(trans, openList);
        own.follow(watcher);
        panel.toolbar.addItem('keras-guard', own);
      }
      // A notebook is the current one before it is announced as added.
      follow();
    });
    tracker.currentChanged.connect(follow);
    if (statusBar !== null && indicator !== null) {
      statusBar.registerStatusItem('keras-guard:count', {
        item: indicator,
        align: 'left',
        rank: 100
      });
    }
  }
};

/** The quick fixes in the hover of a mark: what cures, what explains, and the way to the card. */
function fixes(
  actions: Actions,
  watcher: Watcher | null,
  one: IDiagnostic,
  toCard: string
): Fix[] {
  if (watcher === null) {
    return [];
  }
  const offered = actions
    .for(one)
    .filter(({ id, ignores }) => !ignores && id !== 'copy')
    .map(({ label, run }) => ({
      name: label,
      run: () => void run(watcher, one)
    }));
  return [...offered, { name: toCard, run: () => watcher.showCard(one) }];
}

export default plugin;
