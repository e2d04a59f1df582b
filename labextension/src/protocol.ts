/** What the kernel and the front end tell each other: the JSON of a card, and the messages of one comm. */

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

/** Code for a button: its words, the cell, and whether it runs at once. */
export interface ICure {
  label: string;
  code: string;
  run: boolean;
}

/** A diagnostic as its card has it. */
export interface ICard {
  id: string;
  code: string;
  rule: string;
  state: 'pending' | 'open' | 'resolved';
  model: string;
  message: string;
  help: string;
  span: ISpan;
  rebuild: boolean;
  /** Which uses ran the stale view, in words. */
  happened?: string;
  cures?: ICure[];
}

/** A diagnostic that is pending or open. */
export interface IDiagnostic extends ICard {
  /** The lines of the span, as they were when the cell ran. */
  text: string[];
  /** Whether the user does not want to see it in marks and lists. */
  dismissed?: boolean;
}

/** Everything that is pending or open now; each message replaces the one before. */
export interface IState {
  diagnostics: IDiagnostic[];
}

/** What can be asked of the kernel, each about a diagnostic, a rule or a name. */
export type Ask = 'rebuild' | 'explain' | 'ignore' | 'dismiss' | 'restore';

/** The answer to a request. */
export interface IAnswer {
  source?: string;
  text?: string;
  refused?: string;
}

export function asCard(data: unknown): ICard | null {
  const card = data as (ICard & { schema: number }) | null;
  return card !== null && typeof card === 'object' && card.schema === 1
    ? card
    : null;
}

export function asState(data: JSONObject): IState | null {
  return data.schema === 1 && Array.isArray(data.diagnostics)
    ? (data as unknown as IState)
    : null;
}

/** The words of a message without the marks of code. */
export function plain(words: string): string {
  return words.replace(/`/g, '');
}

/** Where a diagnostic's code is, in words. */
export function placeOf(one: ICard): string {
  const { execution_count, line } = one.span;
  if (execution_count === null) {
    return '';
  }
  const cell = `Cell In[${execution_count}]`;
  return line === null ? cell : `${cell}, line ${line}`;
}
