import styles from './StateMark.module.css';

/** The states of the visual language: shape first, word second, colour third. */
export type Mark = 'serving' | 'ready' | 'under-way' | 'failed' | 'stopped' | 'attention' | 'preview' | 'done' | 'note';

const shapes: Readonly<Record<Mark, React.ReactNode>> = {
  serving: <circle cx={6} cy={6} r={5} fill="currentColor" />,
  ready: <circle cx={6} cy={6} r={4.25} fill="none" stroke="currentColor" strokeWidth={1.5} />,
  'under-way': (
    <>
      <circle cx={6} cy={6} r={4.25} fill="none" stroke="var(--sl-line)" strokeWidth={1.5} />
      <path
        className={styles['arc']}
        d="M6 1.75A4.25 4.25 0 0 1 10.25 6"
        fill="none"
        stroke="currentColor"
        strokeWidth={1.5}
        strokeLinecap="round"
      />
    </>
  ),
  failed: (
    <>
      <path d="M3.8.8h4.4l3 3v4.4l-3 3H3.8l-3-3V3.8z" fill="currentColor" />
      <path d="M6 3v3.4M6 8.6h.01" stroke="var(--sl-surface)" strokeWidth={1.5} strokeLinecap="round" />
    </>
  ),
  stopped: <rect x={1.75} y={1.75} width={8.5} height={8.5} fill="none" stroke="currentColor" strokeWidth={1.5} />,
  attention: (
    <>
      <path d="M6 .8 11.6 11H.4z" fill="currentColor" />
      <path d="M6 4.2v3M6 9.2h.01" stroke="var(--sl-surface)" strokeWidth={1.4} strokeLinecap="round" />
    </>
  ),
  preview: <path d="M6 .8 11.2 6 6 11.2.8 6z" fill="currentColor" />,
  done: (
    <>
      <circle cx={6} cy={6} r={5.5} fill="currentColor" />
      <path
        d="m3.6 6.2 1.7 1.7L8.6 4.4"
        fill="none"
        stroke="var(--sl-surface)"
        strokeWidth={1.4}
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </>
  ),
  note: (
    <>
      <circle cx={6} cy={6} r={4.75} fill="none" stroke="currentColor" strokeWidth={1.3} />
      <path d="M6 5.6v2.8M6 3.6h.01" stroke="currentColor" strokeWidth={1.4} strokeLinecap="round" />
    </>
  ),
};

/** The glyph alone, for where its word stands apart. */
export function StateGlyph({ mark }: { readonly mark: Mark }) {
  return (
    <svg className={styles['glyph']} data-mark={mark} width={12} height={12} viewBox="0 0 12 12" aria-hidden="true" focusable="false">
      {shapes[mark]}
    </svg>
  );
}

/** A state: its glyph and its word. */
export function StateMark({ mark, word }: { readonly mark: Mark; readonly word: string }) {
  return (
    <span className={styles['mark']}>
      <StateGlyph mark={mark} />
      {word}
    </span>
  );
}
