import { Button, NumberInput, SegmentedControl } from '@mantine/core';
import { useEffect, useId, useState, type ReactNode } from 'react';
import type { SignatureInfo } from '../../../../shared/contract/savedModel.ts';
import type { Serving } from '../../../../shared/contract/serving.ts';
import { useText } from '../../../app/i18n.tsx';
import { useClient, useMirror } from '../../../app/store.ts';
import { useCall } from '../../../app/useCall.ts';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { StateGlyph } from '../../../ui/StateMark.tsx';
import { formatJson } from '../formatJson.ts';
import type { SendOptions } from '../sendOptions.ts';
import { ColumnsForm } from './ColumnsForm.tsx';
import type { OpenedTable, RunOfTable } from './openedTable.ts';
import { TargetFields } from './TargetFields.tsx';
import { otherTarget, sameTarget, versionsOf, wireTarget, type Target } from './targets.ts';
import styles from './table.module.css';

export interface RowsFormProps {
  readonly about: { readonly modelId: string; readonly version: string | null; readonly signature: string };
  readonly info: SignatureInfo;
  readonly serving: Serving;
  /** What the playground asks; null: the latest. */
  readonly version: string | null;
  readonly options: SendOptions;
  readonly opened: OpenedTable;
  /** The button that chooses another file. */
  readonly another: ReactNode;
  readonly onChange: (part: Partial<OpenedTable>) => void;
  readonly onBegun: (run: RunOfTable) => void;
  readonly onShowRun: () => void;
  readonly onBody: (body: string) => void;
}

/** Nothing else is under way while times are compared. */
const atOnce = { ask: 4, compare: 1 } as const;

const clamp = (value: number | string, least: number, most: number): number =>
  Math.min(most, Math.max(least, Math.floor(Number(value)) || least));

/** The rows, their columns as inputs, and how they are asked. */
export function RowsForm(props: RowsFormProps) {
  const { about, info, serving, version, options, opened, another, onChange, onBegun, onShowRun, onBody } = props;
  const { t, number, phrase } = useText();
  const client = useClient();
  const models = useMirror((state) => state.models);
  const { label, mode, backend, timeoutMs, gzip, headers } = options;
  const first: Target = { servingId: serving.id, version, over: backend === 'embedded' ? 'embedded' : mode === 'grpc' ? 'grpc' : 'rest' };
  const sent = { timeoutMs, gzip, headers };
  const newest = versionsOf(serving, models, 'rest')[0];
  const { view, name, columns } = opened;
  const { rowCount } = view;
  const [does, setDoes] = useState<RunOfTable['kind']>(opened.run?.kind ?? 'ask');
  const [perRequest, setPerRequest] = useState<number | string>(Math.min(rowCount, 32));
  const [concurrency, setConcurrency] = useState<number | string>(atOnce[does]);
  const [result, setResult] = useState<'csv' | 'jsonl'>(view.format);
  const [pair, setPair] = useState<readonly [Target, Target]>(() => [first, otherTarget(first, serving, models)]);
  const [absolute, setAbsolute] = useState<number | string>(1e-5);
  const [relative, setRelative] = useState<number | string>(1e-4);
  const [putCount, setPutCount] = useState<number | string>(Math.min(rowCount, 4));
  const [problem, setProblem] = useState(view.problem);
  const call = useCall();
  const reasonId = useId();

  // With each change of the columns, but not before one.
  const { table } = view;
  useEffect(() => {
    if (columns === view.suggested) {
      setProblem(view.problem);
      return undefined;
    }
    const end = new AbortController();
    const check = async (): Promise<void> => {
      const found = await client.playground.checkTable({ ...about, table, columns }, { signal: end.signal });
      if (!end.signal.aborted) setProblem(found);
    };
    // What cannot be checked is told by the run.
    check().catch(() => undefined);
    return () => end.abort();
    // Of the signature only what names it: the object is made anew with each render.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [client, columns, table, about.modelId, about.version, about.signature]);

  const unmapped = Object.keys(info.inputs).some((input) => (columns[input] ?? []).length === 0);
  const same = does === 'compare' && sameTarget(pair[0], pair[1], newest);
  const reason = same ? t('rows.same') : null;
  const ready = !unmapped && !same && serving.state.kind === 'serving';
  const rows = { table, columns, rowsPerRequest: clamp(perRequest, 1, rowCount), concurrency: clamp(concurrency, 1, 64) };
  const start = (): void =>
    void call.run(async () => {
      if (does === 'ask') {
        const which = label !== null ? { label } : version !== null ? { version } : {};
        const request = { servingId: serving.id, signature: about.signature, backend, mode, ...sent, ...which };
        const { taskId } = await client.playground.runTable({ ...rows, result, request });
        onBegun({ kind: 'ask', taskId });
        return;
      }
      const { taskId } = await client.playground.compareTable({
        ...rows,
        targets: [
          { ...wireTarget(pair[0], about.signature), ...sent },
          { ...wireTarget(pair[1], about.signature), ...sent },
        ],
        tolerance: { absolute: Number(absolute) || 0, relative: Number(relative) || 0 },
      });
      onBegun({ kind: 'compare', taskId });
    });
  const put = (): void =>
    void call.run(async () => {
      const body = await client.playground.tableBody({ ...about, table, columns, count: clamp(putCount, 1, 10_000) });
      onBody(formatJson(body));
    });

  return (
    <form
      className={styles['body']}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !call.busy) start();
      }}
    >
      <div className={styles['row']}>
        <strong className={styles['name']}>{name}</strong>
        <span className={styles['dim']}>
          {t(`rows.format.${view.format}`)}, {t('rows.count', { count: rowCount, text: number.count(rowCount) })}
        </span>
        <span className={styles['space']} />
        {opened.run === null ? null : (
          <Button size="xs" onClick={onShowRun}>
            {t('rows.lastResult')}
          </Button>
        )}
        {another}
      </div>
      <ColumnsForm info={info} opened={opened} onChange={(next) => onChange({ columns: next })} />
      <div className={styles['check']} role="status">
        {problem === null ? (
          <span>
            <StateGlyph mark="done" /> {t('rows.fits')}
          </span>
        ) : (
          <span data-bad>
            <StateGlyph mark="failed" /> {phrase(problem)}
          </span>
        )}
        {view.notes.map((note) => (
          <span key={note} className={styles['dim']}>
            {phrase(note)}
          </span>
        ))}
      </div>
      <div className={styles['options']}>
        <SegmentedControl
          aria-label={t('rows.does')}
          value={does}
          onChange={(value) => {
            setDoes(value === 'compare' ? 'compare' : 'ask');
            setConcurrency(atOnce[value === 'compare' ? 'compare' : 'ask']);
          }}
          data={[
            { value: 'ask', label: t('rows.ask') },
            { value: 'compare', label: t('rows.compare') },
          ]}
        />
        <NumberInput
          label={t('rows.perRequest')}
          size="xs"
          w={120}
          min={1}
          max={rowCount}
          allowDecimal={false}
          value={perRequest}
          onChange={setPerRequest}
        />
        <Button size="xs" disabled={Number(perRequest) === rowCount} onClick={() => setPerRequest(rowCount)}>
          {t('rows.allInOne')}
        </Button>
        <NumberInput
          label={t('rows.concurrency')}
          size="xs"
          w={120}
          min={1}
          max={64}
          allowDecimal={false}
          value={concurrency}
          onChange={setConcurrency}
        />
        {does === 'ask' ? (
          <label className={styles['field']}>
            <span>{t('rows.result')}</span>
            <SegmentedControl
              size="xs"
              aria-label={t('rows.result')}
              value={result}
              onChange={(value) => setResult(value === 'jsonl' ? 'jsonl' : 'csv')}
              data={[
                { value: 'csv', label: t('rows.format.csv') },
                { value: 'jsonl', label: t('rows.format.jsonl') },
              ]}
            />
          </label>
        ) : (
          <>
            <NumberInput label={t('rows.absolute')} size="xs" w={120} min={0} step={1e-5} value={absolute} onChange={setAbsolute} />
            <NumberInput label={t('rows.relative')} size="xs" w={120} min={0} step={1e-4} value={relative} onChange={setRelative} />
          </>
        )}
      </div>
      {does === 'compare' ? (
        <div className={styles['targets']}>
          <TargetFields side="a" target={pair[0]} onChange={(one) => setPair([one, pair[1]])} />
          <TargetFields side="b" target={pair[1]} onChange={(one) => setPair([pair[0], one])} />
        </div>
      ) : null}
      <ErrorNote problem={call.problem} />
      <div className={styles['foot']}>
        <NumberInput
          aria-label={t('rows.putCount')}
          size="sm"
          w={76}
          min={1}
          max={Math.min(rowCount, 10_000)}
          allowDecimal={false}
          value={putCount}
          onChange={setPutCount}
        />
        <Button disabled={unmapped || call.busy} onClick={put}>
          {t('rows.put', { count: clamp(putCount, 1, 10_000) })}
        </Button>
        <span className={styles['space']} />
        <span id={reasonId} className={styles['dim']}>
          {reason}
        </span>
        <Button
          type="submit"
          variant={ready ? 'filled' : 'default'}
          aria-disabled={ready ? undefined : true}
          {...(ready ? {} : { 'data-disabled': true })}
          aria-describedby={reasonId}
          loading={call.busy}
        >
          {t(does === 'ask' ? 'rows.start' : 'rows.startCompare', { count: number.count(rowCount) })}
        </Button>
      </div>
    </form>
  );
}
