import { TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Fill } from '../../../../shared/contract/processing.ts';
import { useFormWords } from './formWords.ts';
import styles from './form.module.css';

/** What of each filling can be set, in the order in which it is said. */
const settable: Readonly<Record<Fill['kind'], readonly string[]>> = {
  zeros: [],
  ones: [],
  constant: ['value'],
  range: ['start', 'step'],
  uniform: ['low', 'high', 'seed'],
  normal: ['mean', 'deviation', 'seed'],
  'one-hot': ['index'],
};
const ofStrings = new Set(['value', 'start', 'step', 'seed']);
const whole = new Set(['seed', 'index']);

export interface FillLineProps {
  readonly name: string;
  /** Words are random by their seed alone. */
  readonly isString: boolean;
  readonly fill: Fill;
  readonly onChange: (fill: Fill) => void;
}

/** What a tensor is filled with, and the numbers of it. */
export function FillLine({ name, isString, fill, onChange }: FillLineProps) {
  const words = useFormWords();
  const values = fill as Readonly<Record<string, string | number>>;
  return (
    <div className={styles['fillLine']}>
      <span>{words(`fill.${fill.kind}`)}</span>
      {settable[fill.kind]
        .filter((part) => !isString || ofStrings.has(part))
        .map((part) => (
          <Part
            // Another filling's numbers are other numbers.
            key={`${fill.kind} ${part}`}
            label={words(`part.${part}`)}
            field={`${name}: ${words(`part.${part}`)}`}
            value={String(values[part] ?? '')}
            read={(typed) => {
              if (part === 'value') return typed;
              const number = Number(typed);
              return typed.trim() === '' ||
                !Number.isFinite(number) ||
                (whole.has(part) && !Number.isInteger(number)) ||
                (part === 'index' && number < 0)
                ? null
                : number;
            }}
            onChange={(value) => onChange({ ...fill, [part]: value })}
          />
        ))}
    </div>
  );
}

function Part({
  label,
  field,
  value,
  read,
  onChange,
}: {
  readonly label: string;
  readonly field: string;
  readonly value: string;
  readonly read: (typed: string) => string | number | null;
  readonly onChange: (value: string | number) => void;
}) {
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <label className={styles['part']}>
      <span>{label}</span>
      <TextInput
        size="xs"
        aria-label={field}
        value={typed ?? value}
        error={typed !== null && read(typed) === null}
        onChange={(event) => {
          const text = event.currentTarget.value;
          setTyped(text);
          const next = read(text);
          if (next !== null) onChange(next);
        }}
        onBlur={() => setTyped(null)}
      />
    </label>
  );
}
