import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useFormWords } from './formWords.ts';
import styles from './form.module.css';

/** A shape as it is typed: sizes with commas between; nothing for a scalar. */
export function ShapeLine({
  name,
  shape,
  onChange,
  onClose,
}: {
  readonly name: string;
  readonly shape: readonly number[];
  readonly onChange: (shape: readonly number[]) => void;
  readonly onClose: () => void;
}) {
  const words = useFormWords();
  const [typed, setTyped] = useState(shape.join(', '));
  const sizes = typed
    .split(/[\s,×x[\]]+/)
    .filter((part) => part !== '')
    .map(Number);
  const count = sizes.reduce((product, size) => product * size, 1);
  const isShape = sizes.every((size) => Number.isInteger(size) && size >= 0 && size <= 2 ** 31) && sizes.length <= 254 && count <= 2 ** 28;
  return (
    <form
      className={styles['row']}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isShape) return;
        onChange(sizes);
        onClose();
      }}
    >
      <TextInput
        size="xs"
        aria-label={words('shapeOf', { name })}
        value={typed}
        error={!isShape}
        data-autofocus
        ref={(input) => {
          if (input !== null && input.dataset['seen'] === undefined) {
            input.dataset['seen'] = '';
            input.focus();
            input.select();
          }
        }}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onClose();
        }}
      />
      <Button size="xs" type="submit" disabled={!isShape}>
        {words('useShape')}
      </Button>
    </form>
  );
}
