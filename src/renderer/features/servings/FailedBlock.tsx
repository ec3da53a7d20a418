import { Button } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useLocation } from 'wouter';
import type { ErrorReport } from '../../../shared/contract/errors.ts';
import type { Serving } from '../../../shared/contract/serving.ts';
import { useText } from '../../app/i18n.tsx';
import { useClient } from '../../app/store.ts';
import { Icon } from '../../ui/Icon.tsx';
import { ActProblem } from './ActProblem.tsx';
import { mendsOf, type ServingMend } from './servingMends.ts';
import type { ServingActs } from './useServingActs.ts';
import styles from './serving.module.css';

export interface FailedBlockProps {
  readonly serving: Serving;
  readonly problem: ErrorReport;
  readonly acts: ServingActs;
  readonly onChange: () => void;
}

/** In place of what failed: what happened, why, and the mends; the first has the focus. */
export function FailedBlock({ serving, problem, acts, onChange }: FailedBlockProps) {
  const { t, number, errorWords } = useText();
  const client = useClient();
  const [, go] = useLocation();
  const first = useRef<HTMLButtonElement>(null);
  const { title, advice } = errorWords(problem);
  const mends = mendsOf(problem, serving);

  useEffect(() => {
    first.current?.focus({ preventScroll: true });
  }, [problem.code]);

  return (
    <section className={styles['failed']} role="alert">
      <Icon name="error" />
      <div className={styles['grow']}>
        <h2>{title}</h2>
        <p className={styles['advice']}>{advice}</p>
        <div className={styles['mends']}>
          {mends.map((mend, index) => (
            <Button
              key={mend.kind}
              ref={index === 0 ? first : null}
              variant={index === 0 ? 'filled' : 'default'}
              loading={index === 0 && acts.busy}
              onClick={() => press(mend)}
            >
              {mendWords(mend)}
            </Button>
          ))}
        </div>
        <ActProblem problem={acts.problem} />
        <p className={styles['caption']}>{t('mend.filesStay')}</p>
      </div>
    </section>
  );

  function press(mend: ServingMend): void {
    switch (mend.kind) {
      case 'startAgain':
        return acts.startAgain();
      case 'readAgain':
        return acts.attempt(async () => {
          await client.models.refresh({ id: serving.modelId });
          await client.servings.startAgain({ id: serving.id });
        });
      case 'usePort':
        return void acts.startWith(mend.changes);
      case 'moreMemory':
        return void acts.startWith({ memoryBytes: mend.bytes });
      case 'useTags':
        return void acts.startWith({ tags: [...mend.tags] });
      case 'settings':
        return go('/settings');
      case 'change':
        return onChange();
      case 'useEngine':
        return void acts.startWith({ engine: 'embedded' });
      case 'lookAgain':
        return acts.attempt(() => client.engine.lookAgain());
      case 'model':
        return go(`/models/${serving.modelId}`);
    }
  }

  function mendWords(mend: ServingMend): string {
    switch (mend.kind) {
      case 'startAgain':
        return t('serving.startAgain');
      case 'readAgain':
        return t('mend.readAgain');
      case 'usePort':
        return t('mend.usePort', { port: mend.port });
      case 'moreMemory':
        return t('mend.moreMemory', { memory: number.binaryBytes(mend.bytes) });
      case 'useTags':
        return t('mend.useTags', { tags: mend.tags.join(', ') });
      case 'settings':
        return t('mend.settings');
      case 'change':
        return t('mend.change');
      case 'useEngine':
        return t('mend.useEngine');
      case 'lookAgain':
        return t('mend.lookAgain');
      case 'model':
        return t('mend.model');
    }
  }
}
