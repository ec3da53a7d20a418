import { Button } from '@mantine/core';
import { useId, type ReactNode } from 'react';
import { useText } from '../../app/i18n.tsx';
import { StateGlyph } from '../../ui/StateMark.tsx';
import type { Asking } from './usePlayground.ts';
import styles from './playground.module.css';

const mac = /mac/i.test(navigator.userAgent);

export interface SendBarProps {
  readonly asking: Asking;
  readonly ready: boolean;
  /** Why it cannot be sent. */
  readonly reason: string | null;
  readonly mark: 'failed' | 'ready';
  readonly caption: string;
  readonly onSubmit: () => void;
  readonly options?: ReactNode;
}

/** The one button that sends, and beside it why it does not. */
export function SendBar({ asking, ready, reason, mark, caption, onSubmit, options }: SendBarProps) {
  const { t } = useText();
  const reasonId = useId();
  return (
    <div className={styles['send']}>
      <span id={reasonId} className={styles['reason']}>
        {reason === null ? null : (
          <>
            <StateGlyph mark={mark} /> {reason}
          </>
        )}
      </span>
      <span className={styles['space']} />
      <span className={styles['caption']}>{caption}</span>
      {options}
      {asking.busy ? <Button onClick={asking.stop}>{t('playground.stop')}</Button> : null}
      <Button
        variant={ready ? 'filled' : 'default'}
        size="md"
        aria-disabled={ready ? undefined : true}
        {...(ready ? {} : { 'data-disabled': true })}
        aria-describedby={reasonId}
        aria-keyshortcuts="Control+Enter Meta+Enter"
        onClick={onSubmit}
      >
        {asking.busy ? t('playground.predicting') : t('playground.predict')}
        <kbd className={styles['key']}>{mac ? '⌘↵' : 'Ctrl ↵'}</kbd>
      </Button>
    </div>
  );
}
