import { useState } from 'react';
import { useFormWords } from './formWords.ts';
import styles from './form.module.css';

export interface StepperProps {
  readonly label: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly onChange: (value: number) => void;
}

/** A small whole number: typed, or one more and one less. */
export function Stepper({ label, value, least, most, onChange }: StepperProps) {
  const words = useFormWords();
  const [typed, setTyped] = useState<string | null>(null);
  const put = (wanted: number): void => {
    const next = Math.max(least, Math.min(most, wanted));
    if (next !== value) onChange(next);
  };
  return (
    <span className={styles['stepper']} role="group" aria-label={label}>
      <button type="button" aria-label={words('less', { label })} disabled={value <= least} onClick={() => put(value - 1)}>
        −
      </button>
      <input
        aria-label={label}
        inputMode="numeric"
        value={typed ?? String(value)}
        onChange={(event) => {
          const text = event.currentTarget.value;
          setTyped(text);
          if (/^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most) onChange(Number(text));
        }}
        onKeyDown={(event) => {
          const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
          if (step === undefined || event.altKey) return;
          event.preventDefault();
          setTyped(null);
          put(value + step);
        }}
        onBlur={() => setTyped(null)}
      />
      <button type="button" aria-label={words('more', { label })} disabled={value >= most} onClick={() => put(value + 1)}>
        +
      </button>
    </span>
  );
}
