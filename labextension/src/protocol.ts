/** What the kernel and the front end tell each other over one comm. */

import { JSONObject } from '@lumino/coreutils';

export const TARGET = 'keras_guard';

/** What every card carries beside its text and its HTML. */
export const MIME_TYPE = 'application/vnd.keras-guard.v1+json';

/** A place in a cell: lines and columns count from 1, in characters, ends exclude the last column. */
export interface ISpan {
  execution_count: number | null;
  cell_id: string | null;
  line: number | null;
  end_line: number | null;
  column: number | null;
  end_column: number | null;
}

/** A diagnostic that is pending or open. */
export interface IDiagnostic {
  id: string;
  code: string;
  state: 'pending' | 'open';
  model: string;
  message: string;
  span: ISpan;
  /** The lines of the span, as they were when the cell ran. */
  text: string[];
  rebuild: boolean;
}

/** Everything that is pending or open now; each message replaces the one before. */
export interface IState {
  diagnostics: IDiagnostic[];
}

/** The answer to a request for the code of a rebuild. */
export interface IRebuilt {
  rebuilt: string;
  source?: string;
  refused?: string;
}

export function asState(data: JSONObject): IState | null {
  return data.schema === 1 && Array.isArray(data.diagnostics)
    ? (data as unknown as IState)
    : null;
}

export function asRebuilt(data: JSONObject): IRebuilt | null {
  return typeof data.rebuilt === 'string'
    ? (data as unknown as IRebuilt)
    : null;
}
