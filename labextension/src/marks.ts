/** Marks in a cell's editor, by CodeMirror's linting: gutter, underline, hover and quick fixes. */

import { Action, Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint';
import { StateEffect, StateField, Text } from '@codemirror/state';
import { EditorView } from '@codemirror/view';

import { Severity } from './options';
import { IDiagnostic, plain } from './protocol';

/** A quick fix in the hover of a mark. */
export interface Fix {
  name: string;
  run: () => void;
}

/** Tells editors that have marks; holds the marks last drawn, because drawing them again closes hovers. */
const setDrawn = StateEffect.define<string>();
const drawn = StateField.define<string>({
  create: () => '',
  update: (value, transaction) =>
    transaction.effects.reduce(
      (found, effect) => (effect.is(setDrawn) ? effect.value : found),
      value
    )
});

/** Draw the marks of a cell; an editor that never had one is left as it is. */
export function mark(
  view: EditorView,
  found: readonly IDiagnostic[],
  severity: Severity,
  fixes: (one: IDiagnostic) => Fix[]
): void {
  const before = view.state.field(drawn, false);
  const wanted = found.length === 0 ? '' : JSON.stringify([severity, found]);
  if (wanted === (before ?? '')) {
    return;
  }
  if (before === undefined) {
    const extension = [drawn, lintGutter()];
    view.dispatch({ effects: StateEffect.appendConfig.of(extension) });
  }
  const marks = found.flatMap(one =>
    toDiagnostic(view.state.doc, one, severity, fixes(one))
  );
  view.dispatch(setDiagnostics(view.state, marks));
  view.dispatch({ effects: setDrawn.of(wanted) });
}

function toDiagnostic(
  doc: Text,
  one: IDiagnostic,
  severity: Severity,
  fixes: Fix[]
): Diagnostic[] {
  const place = locate(doc, one);
  if (place === null) {
    return [];
  }
  const actions: Action[] = fixes.map(({ name, run }) => ({
    name,
    apply: () => run()
  }));
  const message = plain([one.message, one.happened].filter(Boolean).join('; '));
  return [
    {
      ...place,
      severity: one.state === 'open' ? severity : 'info',
      markClass: `kg-span kg-${one.state}`,
      message,
      renderMessage: () => words(one, message),
      actions
    }
  ];
}

function words(one: IDiagnostic, message: string): HTMLElement {
  const node = document.createElement('span');
  node.className = 'kg-tip';
  const head = document.createElement('b');
  head.textContent = `keras_guard ${one.state === 'open' ? 'warning' : one.state} ${one.code}`;
  node.append(head, ` ${message}`);
  return node;
}

/** Where a diagnostic's code stands now; the cell may have been edited since it ran. */
export function locate(
  doc: Text,
  one: IDiagnostic
): { from: number; to: number } | null {
  const { span, text } = one;
  if (span.line === null || text.length === 0) {
    return null;
  }
  const first = lineOf(doc, span.line, text);
  if (first === null) {
    return null;
  }
  const last = first + (span.end_line ?? span.line) - span.line;
  if (last > doc.lines) {
    return null;
  }
  const from = offset(doc, first, span.column ?? 1);
  const to =
    span.end_column === null
      ? doc.line(last).to
      : offset(doc, last, span.end_column);
  return { from, to: Math.max(from, to) };
}

function lineOf(doc: Text, line: number, text: string[]): number | null {
  const matches = (at: number) =>
    text.every(
      (words, i) => at + i <= doc.lines && doc.line(at + i).text === words
    );
  if (matches(line)) {
    return line;
  }
  const moved = [];
  for (let at = 1; at <= doc.lines; at++) {
    if (matches(at)) {
      moved.push(at);
    }
  }
  return moved.length === 1 ? moved[0] : null;
}

/** The kernel counts characters, the editor UTF-16 units. */
function offset(doc: Text, line: number, column: number): number {
  const { from, text } = doc.line(line);
  return from + Array.from(text).slice(0, column - 1).join('').length;
}
