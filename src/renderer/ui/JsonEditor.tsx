import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { Compartment, EditorState, Prec, StateEffect, StateField, type Extension } from '@codemirror/state';
import { Decoration, drawSelection, EditorView, keymap, lineNumbers, type DecorationSet } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { getNonce } from 'get-nonce';
import { useEffect, useRef } from 'react';

/** A part of the text that is wrong, as offsets into it; both ends the same marks the character there. */
export interface TextMark {
  readonly from: number;
  readonly to: number;
}

export interface JsonEditorProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly label: string;
  /** Any other text, such as a Dockerfile: its lines are numbered, nothing of it is coloured. */
  readonly plain?: boolean;
  /** Where the text does not fit; underlined, the words stand outside the editor. */
  readonly marks?: readonly TextMark[];
  readonly invalid?: boolean;
  /** The id of the element with the words about what is wrong. */
  readonly describedBy?: string;
  /** On Ctrl or Command with Enter. */
  readonly onSubmit?: () => void;
}

const roleStyle = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--sl-accent)' },
  { tag: tags.string, color: 'var(--sl-ok)' },
  { tag: [tags.bool, tags.null], color: 'var(--sl-info)' },
  { tag: [tags.separator, tags.squareBracket, tags.brace], color: 'var(--sl-dim)' },
]);

const frame = EditorView.theme({
  '&': { color: 'var(--sl-text)', backgroundColor: 'var(--sl-surface)', height: '100%', fontSize: '12px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--sl-mono)', lineHeight: '20px', fontFeatureSettings: '"calt" 0, "tnum" 1' },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--sl-text)' },
  '.cm-line': { padding: '0 12px' },
  '.cm-cursor': { borderLeftColor: 'var(--sl-text)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'var(--sl-accent-soft)',
  },
  '.cm-gutters': { color: 'var(--sl-dim)', backgroundColor: 'var(--sl-surface)', border: 'none' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--sl-accent-soft)', color: 'var(--sl-text)' },
  '.cm-wrong': { textDecoration: 'underline wavy var(--sl-bad)', textUnderlineOffset: '3px', backgroundColor: 'var(--sl-bad-soft)' },
});

const setMarks = StateEffect.define<readonly TextMark[]>();

const markField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(old, transaction) {
    let marks = old.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setMarks)) marks = decorate(effect.value, transaction.newDoc.length);
    }
    return marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** An empty mark cannot be drawn: it takes the character after it, or the last one. */
function decorate(marks: readonly TextMark[], length: number): DecorationSet {
  const ranges = marks.flatMap(({ from, to }) => {
    const start = Math.max(0, Math.min(from, Math.max(0, length - 1)));
    const end = Math.min(length, Math.max(to, start + 1));
    return end > start ? [Decoration.mark({ class: 'cm-wrong' }).range(start, end)] : [];
  });
  return Decoration.set(ranges, true);
}

/**
 * Typing over a selection, done by the editor. Left to Chromium, its own editing writes `style` attributes to keep the looks of what
 * was replaced, and the content security policy refuses those.
 */
const typeOverSelection = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { data, inputType } = event;
    if (inputType !== 'insertText' || data === null || view.composing || view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(data), { userEvent: 'input.type', scrollIntoView: true });
    return true;
  },
});

function attributesOf({ label, invalid, describedBy }: Pick<JsonEditorProps, 'label' | 'invalid' | 'describedBy'>): Extension {
  return EditorView.contentAttributes.of({
    'aria-label': label,
    'aria-multiline': 'true',
    // It takes the focus anyway; said so that a long text counts as one that keys can scroll.
    tabindex: '0',
    'aria-invalid': invalid === true ? 'true' : 'false',
    ...(describedBy === undefined ? {} : { 'aria-describedby': describedBy }),
  });
}

const asJson: Extension = [bracketMatching(), indentUnit.of('  '), json(), syntaxHighlighting(roleStyle)];

/** Text in JSON, coloured by roles. Tab leaves it, so that the keyboard is never caught. */
export function JsonEditor({ value, onChange, label, plain = false, marks, invalid, describedBy, onSubmit }: JsonEditorProps) {
  const holder = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const attributes = useRef(new Compartment());
  const calls = useRef({ onChange, onSubmit });
  const first = useRef({ value, label, plain });

  useEffect(() => {
    calls.current = { onChange, onSubmit };
  }, [onChange, onSubmit]);

  useEffect(() => {
    const parent = holder.current;
    if (parent === null) return;
    const nonce = getNonce();
    const made = new EditorView({
      parent,
      state: EditorState.create({
        doc: first.current.value,
        extensions: [
          ...(nonce === undefined ? [] : [EditorView.cspNonce.of(nonce)]),
          history(),
          drawSelection(),
          first.current.plain ? lineNumbers() : asJson,
          frame,
          markField,
          EditorView.lineWrapping,
          typeOverSelection,
          attributes.current.of(attributesOf({ label: first.current.label })),
          Prec.highest(
            keymap.of([
              {
                key: 'Mod-Enter',
                run: () => {
                  calls.current.onSubmit?.();
                  return true;
                },
              },
            ]),
          ),
          keymap.of([...defaultKeymap, ...historyKeymap]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) calls.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => {
      made.destroy();
      view.current = null;
    };
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (editor === null || editor.state.doc.toString() === value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);

  useEffect(() => {
    view.current?.dispatch({
      effects: attributes.current.reconfigure(
        attributesOf({ label, ...(invalid === undefined ? {} : { invalid }), ...(describedBy === undefined ? {} : { describedBy }) }),
      ),
    });
  }, [label, invalid, describedBy]);

  useEffect(() => {
    view.current?.dispatch({ effects: setMarks.of(marks ?? []) });
  }, [marks]);

  return <div ref={holder} style={{ height: '100%', minHeight: 0 }} />;
}
