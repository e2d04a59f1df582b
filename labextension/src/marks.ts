/** Marks in a cell's editor: a dot in the gutter and a wavy line under the code of a lost edit. */

import { RangeSet, StateEffect, StateField, Text } from '@codemirror/state';
import {
  Decoration,
  DecorationSet,
  EditorView,
  GutterMarker,
  gutter
} from '@codemirror/view';

import { IDiagnostic } from './protocol';

class Dot extends GutterMarker {
  constructor(
    readonly state: string,
    readonly words: string
  ) {
    super();
  }

  eq(other: Dot): boolean {
    return this.state === other.state && this.words === other.words;
  }

  toDOM(): HTMLElement {
    const dot = document.createElement('span');
    dot.className = `kg-dot kg-${this.state}`;
    // The shapes differ beside the colours.
    dot.textContent = this.state === 'open' ? '\u25cf' : '\u25cb';
    // Editors hide their gutters from screen readers; the list says the same in words.
    dot.title = this.words;
    return dot;
  }
}

interface IMarks {
  lines: RangeSet<GutterMarker>;
  spans: DecorationSet;
}

const NOTHING: IMarks = { lines: RangeSet.empty, spans: Decoration.none };

const setMarks = StateEffect.define<readonly IDiagnostic[]>();

const field = StateField.define<IMarks>({
  create: () => NOTHING,
  update(marks, transaction) {
    let found = transaction.docChanged
      ? {
          lines: marks.lines.map(transaction.changes),
          spans: marks.spans.map(transaction.changes)
        }
      : marks;
    for (const effect of transaction.effects) {
      if (effect.is(setMarks)) {
        found = draw(transaction.state.doc, effect.value);
      }
    }
    return found;
  },
  provide: f => EditorView.decorations.from(f, marks => marks.spans)
});

const extension = [
  field,
  gutter({
    class: 'kg-gutter',
    markers: view => view.state.field(field).lines
  })
];

/** Draw the marks of a cell; an editor that never had one is left as it is. */
export function mark(view: EditorView, found: readonly IDiagnostic[]): void {
  const installed = view.state.field(field, false) !== undefined;
  if (!installed && found.length === 0) {
    return;
  }
  if (!installed) {
    view.dispatch({ effects: StateEffect.appendConfig.of(extension) });
  }
  view.dispatch({ effects: setMarks.of(found) });
}

function draw(doc: Text, found: readonly IDiagnostic[]): IMarks {
  const spans = [];
  const lines = [];
  for (const one of found) {
    const place = locate(doc, one);
    if (place === null) {
      continue;
    }
    const words = `keras_guard ${one.state} ${one.code}: ${one.message}`;
    lines.push(new Dot(one.state, words).range(doc.lineAt(place.from).from));
    if (place.to > place.from) {
      const attributes = { title: words };
      const decoration = Decoration.mark({
        class: `kg-span kg-${one.state}`,
        attributes
      });
      spans.push(decoration.range(place.from, place.to));
    }
  }
  return { lines: RangeSet.of(lines, true), spans: Decoration.set(spans, true) };
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
