/** keras_guard in JupyterLab and Notebook: marks in cells, a count, and a list. */

import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';

import { Indicator } from './indicator';
import { Watcher } from './watcher';

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'keras-guard:plugin',
  description: 'Marks lost edits of Keras models.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [IStatusBar],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    statusBar: IStatusBar | null
  ): void => {
    const watchers = new Map<NotebookPanel, Watcher>();
    const indicator = statusBar === null ? null : new Indicator();
    const follow = () => {
      const panel = tracker.currentWidget;
      indicator?.follow((panel && watchers.get(panel)) ?? null);
    };
    tracker.widgetAdded.connect((_, panel) => {
      const watcher = new Watcher(panel);
      watchers.set(panel, watcher);
      panel.disposed.connect(() => watchers.delete(panel));
      if (statusBar === null) {
        // Notebook has no status bar: the count goes into the toolbar.
        const indicator = new Indicator();
        indicator.follow(watcher);
        panel.toolbar.addItem('keras-guard', indicator);
      }
      // A notebook is the current one before it is announced as added.
      follow();
    });
    if (statusBar === null || indicator === null) {
      return;
    }
    tracker.currentChanged.connect(follow);
    statusBar.registerStatusItem('keras-guard:count', {
      item: indicator,
      align: 'left',
      rank: 100
    });
  }
};

export default plugin;
