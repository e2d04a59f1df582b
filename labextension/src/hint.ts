/** A hint, once for a kernel, that keras_guard is installed but not loaded where Keras was imported. */

import { Notification } from '@jupyterlab/apputils';
import { CodeCell } from '@jupyterlab/cells';
import { NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { Kernel } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';

import { Options } from './options';

const IMPORTS = /^\s*(?:import|from)\s+(?:keras|tensorflow|tf_keras)\b/m;
/** Evaluated silently: whether the package is there, and whether it is loaded. */
const QUESTION =
  "(__import__('importlib').util.find_spec('keras_guard') is not None)" +
  " and 'keras_guard' not in get_ipython().magics_manager.magics['line']";

/** Watch the cells of a notebook for imports of Keras. */
export function hintIn(
  panel: NotebookPanel,
  options: Options,
  trans: TranslationBundle
): void {
  let asked: string | null = null;
  const onExecuted = async (
    _: unknown,
    { notebook, cell }: { notebook: unknown; cell: unknown }
  ) => {
    const kernel = panel.sessionContext.session?.kernel;
    if (
      notebook !== panel.content ||
      !options.autoloadHint ||
      !kernel ||
      kernel.id === asked ||
      !(cell instanceof CodeCell) ||
      !IMPORTS.test(cell.model.sharedModel.getSource())
    ) {
      return;
    }
    if (await isInstalledOnly(kernel)) {
      asked = kernel.id;
      show(kernel, options, trans);
    }
  };
  NotebookActions.executed.connect(onExecuted);
  panel.disposed.connect(() => NotebookActions.executed.disconnect(onExecuted));
}

async function isInstalledOnly(
  kernel: Kernel.IKernelConnection
): Promise<boolean> {
  const reply = await kernel.requestExecute({
    code: '',
    silent: true,
    store_history: false,
    user_expressions: { found: QUESTION }
  }).done;
  const content = reply.content as {
    user_expressions?: { found?: { data?: { 'text/plain'?: string } } };
  };
  return content.user_expressions?.found?.data?.['text/plain'] === 'True';
}

function show(
  kernel: Kernel.IKernelConnection,
  options: Options,
  trans: TranslationBundle
): void {
  Notification.info(
    trans.__('keras_guard is installed, but this kernel does not use it.'),
    {
      autoClose: false,
      actions: [
        {
          label: trans.__('Load it'),
          callback: () =>
            kernel.requestExecute({ code: '%load_ext keras_guard', silent: true })
        },
        {
          label: trans.__('Never ask again'),
          callback: () => void options.set('autoloadHint', false)
        }
      ]
    }
  );
}
