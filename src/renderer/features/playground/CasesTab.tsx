import { ActionIcon, Button } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { CaseResult, CaseTarget, SavedCase } from '../../../shared/contract/cases.ts';
import type { ErrorReport } from '../../../shared/contract/errors.ts';
import { useText } from '../../app/i18n.tsx';
import { reportOf, useClient } from '../../app/store.ts';
import { useCall } from '../../app/useCall.ts';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { StateGlyph } from '../../ui/StateMark.tsx';
import styles from './takeAway.module.css';

export interface CasesTabProps {
  readonly modelId: string;
  readonly servingName: string;
  readonly cases: readonly SavedCase[];
  readonly target: Omit<CaseTarget, 'timeoutMs'>;
  /** After one was removed. */
  readonly onChange: () => void;
}

/** The model's saved cases, and how they go on the version and the engine that are chosen above. */
export function CasesTab({ modelId, servingName, cases, target, onChange }: CasesTabProps) {
  const { t } = useText();
  const client = useClient();
  const [results, setResults] = useState<ReadonlyMap<string, CaseResult>>(new Map());
  const [under, setUnder] = useState<{ readonly done: number; readonly count: number } | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const removing = useCall();

  const run = async (names?: readonly string[]): Promise<void> => {
    const end = new AbortController();
    running.current?.abort();
    running.current = end;
    const count = names?.length ?? cases.length;
    let done = 0;
    setUnder({ done, count });
    setProblem(null);
    try {
      const asked = { modelId, target, ...(names === undefined ? {} : { names: [...names] }) };
      for await (const result of await client.cases.run(asked, { signal: end.signal })) {
        done += 1;
        setUnder({ done, count });
        setResults((before) => new Map(before).set(result.name, result));
      }
    } catch (error) {
      if (!end.signal.aborted) setProblem(reportOf(error));
    } finally {
      if (running.current === end) {
        running.current = null;
        setUnder(null);
      }
    }
  };
  const remove = (name: string): Promise<boolean> =>
    removing.run(async () => {
      await client.cases.remove({ modelId, name });
      onChange();
    });

  if (cases.length === 0) return <p className={styles['dim']}>{t('cases.empty')}</p>;
  const known = cases.flatMap(({ name }) => results.get(name) ?? []);
  const passed = known.filter(({ outcome }) => outcome === 'passed').length;
  const versions = new Set(known.flatMap(({ version }) => version ?? []));
  const command = `slipway test ${servingName}`;
  return (
    <>
      <div className={styles['row']}>
        {under === null ? (
          <Button size="xs" variant="filled" onClick={() => void run()}>
            {t('cases.runAll')}
          </Button>
        ) : (
          <Button size="xs" onClick={() => running.current?.abort()}>
            {t('cases.stop')}
          </Button>
        )}
        <span className={styles['caption']} role="status">
          {under === null
            ? known.length === 0
              ? null
              : t('cases.summary', {
                  passed,
                  count: known.length,
                  version: versions.size === 0 ? servingName : [...versions].map((one) => `v${one}`).join(', '),
                })
            : t('cases.running', { done: under.done, count: under.count })}
        </span>
      </div>
      <ErrorNote problem={problem ?? removing.problem} />
      <table className={styles['cases']}>
        <thead>
          <tr>
            <th scope="col">{t('cases.case')}</th>
            <th scope="col">{t('cases.outcome')}</th>
            <th scope="col" data-number>
              {t('cases.largest')}
            </th>
            <th scope="col" data-number>
              {t('cases.latency')}
            </th>
            <th />
          </tr>
        </thead>
        <tbody>
          {cases.map((one) => (
            <CaseRow
              key={one.name}
              saved={one}
              result={results.get(one.name) ?? null}
              busy={under !== null}
              onRun={() => void run([one.name])}
              onRemove={() => void remove(one.name)}
            />
          ))}
        </tbody>
      </table>
      <div className={styles['row']}>
        <span className={styles['caption']}>{t('cases.files')}</span>
        <code className={styles['command']}>{command}</code>
        <CopyButton value={command} label={t('code.copyRun')} />
      </div>
    </>
  );
}

const marks = { passed: 'serving', failed: 'failed', 'not-run': 'failed' } as const;

interface CaseRowProps {
  readonly saved: SavedCase;
  readonly result: CaseResult | null;
  readonly busy: boolean;
  readonly onRun: () => void;
  readonly onRemove: () => void;
}

function CaseRow({ saved, result, busy, onRun, onRemove }: CaseRowProps) {
  const { t, number } = useText();
  const [sure, setSure] = useState(false);
  const { name, note, problem } = saved;
  const detail = result?.detail ?? problem;
  return (
    <>
      <tr>
        <th scope="row">
          {name}
          {note === '' ? null : <span className={styles['note']}>{note}</span>}
        </th>
        <td>
          {result === null ? (
            <span className={styles['dim']}>{t('cases.notYet')}</span>
          ) : (
            <span className={styles['outcome']}>
              <StateGlyph mark={marks[result.outcome]} /> {t(`cases.${result.outcome}`)}
            </span>
          )}
        </td>
        <td data-number>{result?.largest == null ? '–' : String(Number(result.largest.toPrecision(3)))}</td>
        <td data-number>{result?.latencyMs == null ? '–' : number.ms(result.latencyMs)}</td>
        <td data-acts>
          <ActionIcon variant="subtle" color="gray" size={24} disabled={busy} aria-label={t('cases.run', { name })} onClick={onRun}>
            <Icon name="play" size={14} />
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={24}
            disabled={busy}
            aria-label={t('cases.remove', { name })}
            onClick={() => setSure(true)}
          >
            <Icon name="close" size={14} />
          </ActionIcon>
        </td>
      </tr>
      {sure ? (
        <tr data-detail>
          <td colSpan={5}>
            <div className={styles['row']}>
              <span>{t('cases.remove.sure')}</span>
              <Button size="xs" color="red" onClick={onRemove}>
                {t('cases.remove', { name })}
              </Button>
              <Button size="xs" onClick={() => setSure(false)}>
                {t('cases.cancel')}
              </Button>
            </div>
          </td>
        </tr>
      ) : detail === null ? null : (
        <tr data-detail>
          <td colSpan={5}>{detail}</td>
        </tr>
      )}
    </>
  );
}
