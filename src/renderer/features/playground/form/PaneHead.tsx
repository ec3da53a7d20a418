import { SegmentedControl } from '@mantine/core';
import { createContext, useContext, type ReactNode } from 'react';
import { useText } from '../../../app/i18n.tsx';
import { useFormWords } from './formWords.ts';
import styles from '../playground.module.css';

/** Which way the input is given, and how it is given the other way. */
export interface InputWay {
  readonly shown: 'form' | 'json';
  readonly show: (way: 'form' | 'json') => void;
  readonly busy: boolean;
}

export const InputWayContext = createContext<InputWay | null>(null);

/** The pane's name, what its content can do, and the two ways to give an input. */
export function PaneHead({ children }: { readonly children: ReactNode }) {
  const { t } = useText();
  const words = useFormWords();
  const way = useContext(InputWayContext);
  return (
    <div className={styles['paneHead']}>
      <h2>{t('playground.input')}</h2>
      <span className={styles['space']} />
      {children}
      {way === null ? null : (
        <SegmentedControl
          size="xs"
          aria-label={words('way')}
          disabled={way.busy}
          value={way.shown}
          onChange={(value) => way.show(value === 'json' ? 'json' : 'form')}
          data={[
            { value: 'form', label: words('way.fields') },
            { value: 'json', label: 'JSON' },
          ]}
        />
      )}
    </div>
  );
}
