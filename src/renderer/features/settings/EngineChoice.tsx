import { Button, Radio } from '@mantine/core';
import { useState } from 'react';
import type { ErrorReport } from '../../../shared/contract/errors.ts';
import type { EngineCandidate } from '../../../shared/contract/state.ts';
import { useText } from '../../app/i18n.tsx';
import { reportOf, useClient, useMirror } from '../../app/store.ts';
import { Icon } from '../../ui/Icon.tsx';
import { ActProblem } from '../servings/ActProblem.tsx';
import styles from './settings.module.css';

/** The places where an engine may be: the one in use, the others that answer, and why the rest do not. */
export function EngineChoice() {
  const { t } = useText();
  const client = useClient();
  const engine = useMirror((state) => state.engine);
  const chosen = useMirror((state) => state.settings.engineEndpoint);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ErrorReport | null>(null);

  const attempt = async (act: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    try {
      await act();
      setProblem(null);
    } catch (error) {
      setProblem(reportOf(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <>
      <Radio.Group
        aria-label={t('settings.engine')}
        value={chosen}
        onChange={(endpoint) => void attempt(() => client.engine.choose({ endpoint }))}
      >
        <div className={styles['candidates']}>
          <Radio value="" label={t('engine.first')} description={inUse()} />
          {engine.candidates.map((candidate) => (
            <Radio
              key={candidate.endpoint}
              value={candidate.endpoint}
              disabled={candidate.state === 'remote' || candidate.state === 'absent'}
              label={candidate.origin}
              description={
                <>
                  <code>{candidate.endpoint}</code>
                  <br />
                  {candidateWords(candidate)}
                </>
              }
            />
          ))}
        </div>
      </Radio.Group>
      <ActProblem problem={problem} />
      <div>
        <Button leftSection={<Icon name="refresh" />} loading={busy} onClick={() => void attempt(() => client.engine.lookAgain())}>
          {t('mend.lookAgain')}
        </Button>
      </div>
    </>
  );

  function inUse(): string {
    if (engine.state === 'connected')
      return t('engine.inUse', { name: engine.product ?? 'Docker', version: engine.version ?? '', origin: engine.origin ?? '' });
    return engine.state === 'looking' ? t('engine.looking') : t('engine.none');
  }

  function candidateWords({ state, detail, version }: EngineCandidate): string {
    const words = t(`engine.state.${state}`, { version: version ?? '' });
    return detail === null || state === 'answers' || state === 'absent' ? words : `${words} ${detail}`;
  }
}
