import { Button, Tabs } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { lazy, Suspense, useEffect, useState } from 'react';
import { again } from '../../app/again.ts';
import type { SavedCase } from '../../../shared/contract/cases.ts';
import type { ErrorReport } from '../../../shared/contract/errors.ts';
import type { PredictAnswer } from '../../../shared/contract/predict.ts';
import type { Serving } from '../../../shared/contract/serving.ts';
import type { SnippetRequest } from '../../../shared/contract/snippets.ts';
import { useText } from '../../app/i18n.tsx';
import { reportOf, useClient } from '../../app/store.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import type { CasesTabProps } from './CasesTab.tsx';
import { CompareWith, type CompareWithProps } from './compare/CompareWith.tsx';
import { isSameDraft, type Draft } from './draft.ts';
import type { Replay } from './history/useReplay.ts';
import { Answered } from './output/Answered.tsx';
import { Refused, Unanswered, type RefusedProps } from './output/Refused.tsx';
import { modeReasonWords } from './requestWords.ts';
import type { Finished } from './usePlayground.ts';
import styles from './playground.module.css';

export interface AnswerPaneProps {
  readonly finished: Finished | null;
  readonly draft: Draft;
  readonly signatureKey: string | null;
  readonly serving: Serving;
  /** The request as it stands now; null while there is no signature. */
  readonly request: SnippetRequest | null;
  readonly target: CasesTabProps['target'];
  readonly remedy: RefusedProps['remedy'];
  readonly replay: Replay;
  readonly compare: CompareWithProps['compare'];
}

const SideBySide = lazy(async () => ({ default: (await again(() => import('./compare/SideBySide.tsx'))).SideBySide }));
const HistoryTab = lazy(async () => ({ default: (await again(() => import('./history/HistoryTab.tsx'))).HistoryTab }));
const CodeTab = lazy(async () => ({ default: (await again(() => import('./CodeTab.tsx'))).CodeTab }));
const CasesTab = lazy(async () => ({ default: (await again(() => import('./CasesTab.tsx'))).CasesTab }));
const RawView = lazy(async () => ({ default: (await again(() => import('./output/RawView.tsx'))).RawView }));
const SaveCase = lazy(async () => ({ default: (await again(() => import('./SaveCase.tsx'))).SaveCase }));

const tabs = ['answer', 'raw', 'code', 'cases', 'history'] as const;

/** The last answer, and what is made of request and answer. It stays until the next one, and says so when the question was edited since. */
export function AnswerPane({ finished, draft, signatureKey, serving, request, target, remedy, replay, compare }: AnswerPaneProps) {
  const { t, number, time, language } = useText();
  const [shown, setShown] = useState<string | null>('answer');
  const [saving, setSaving] = useState(false);
  const { cases, problem, look } = useCases(serving.modelId);
  // With Alt, so that they work from within the editor too.
  useHotkeys(
    tabs.map((name, index) => [`alt+${index + 1}`, () => setShown(name)]),
    [],
    true,
  );
  const outcome = finished?.outcome ?? null;
  const answer = outcome?.kind === 'answer' ? outcome.answer : null;
  // What was asked last comes first to the eye.
  const at = finished?.at ?? null;
  useEffect(() => {
    if (at !== null) setShown((before) => (before === 'raw' ? before : 'answer'));
  }, [at]);
  const stale = finished !== null && (!isSameDraft(finished.draft, draft) || finished.key !== signatureKey);
  const when = at === null ? '' : time.clock(new Date(at).getTime());
  const count = cases?.length ?? 0;
  return (
    <section className={styles['answer']} aria-label={t('playground.answer')}>
      <div className={styles['paneHead']} role="status">
        <h2>{t('playground.answer')}</h2>
        {answer === null ? null : (
          <>
            <span className={styles['status']} data-ok={answer.ok || undefined}>
              {answer.grpcStatus ?? `${answer.status} ${statusWord(answer.status)}`}
            </span>
            <span className={styles['dim']}>{t('playground.in', { ms: number.ms(totalMs(answer)) })}</span>
          </>
        )}
        <span className={styles['space']} />
        {at === null ? null : (
          <time className={styles['caption']} dateTime={at}>
            {stale ? t('playground.stale', { when }) : when}
          </time>
        )}
        <Button size="xs" disabled={answer === null} onClick={() => setSaving(true)}>
          {t('cases.save')}
        </Button>
      </div>
      <Tabs value={shown} onChange={setShown} keepMounted={false} className={styles['tabs'] ?? ''}>
        <Tabs.List>
          <Tabs.Tab value="answer">{t('playground.answer')}</Tabs.Tab>
          <Tabs.Tab value="raw" disabled={answer === null}>
            {t('playground.raw')}
          </Tabs.Tab>
          <Tabs.Tab value="code">{t('code.title')}</Tabs.Tab>
          <Tabs.Tab value="cases">{count === 0 ? t('cases.none') : t('cases.title', { count })}</Tabs.Tab>
          <Tabs.Tab value="history">{t('history.title')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="answer" className={styles['panel'] ?? ''}>
          {outcome === null ? <p className={styles['dim']}>{t('playground.noAnswer', { name: serving.name })}</p> : null}
          {outcome?.kind === 'problem' ? <Unanswered problem={outcome.problem} /> : null}
          <Suspense fallback={null}>{outcome?.kind === 'comparison' ? <SideBySide compared={outcome.compared} /> : null}</Suspense>
          {answer === null || answer.ok ? null : <Refused answer={answer} remedy={remedy} />}
          {answer?.mode === 'grpc' && answer.reason.kind !== 'chosen' ? (
            <p className={styles['caption']}>gRPC: {modeReasonWords(answer.reason, language)}</p>
          ) : null}
          {answer === null || finished === null ? null : <Answered answer={answer} of={finished.of} />}
          {request === null || finished === null ? null : <CompareWith serving={serving} target={target} compare={compare} />}
        </Tabs.Panel>
        <Tabs.Panel value="raw" className={styles['panel'] ?? ''}>
          <Suspense fallback={null}>{answer === null ? null : <RawView answer={answer} />}</Suspense>
        </Tabs.Panel>
        <Suspense fallback={null}>
          <Tabs.Panel value="code" className={styles['panel'] ?? ''}>
            <CodeTab request={request} />
          </Tabs.Panel>
          <Tabs.Panel value="cases" className={styles['panel'] ?? ''}>
            <ErrorNote problem={problem} />
            {cases === null ? null : (
              <CasesTab modelId={serving.modelId} servingName={serving.name} cases={cases} target={target} onChange={look} />
            )}
          </Tabs.Panel>
          <Tabs.Panel value="history" className={styles['panel'] ?? ''}>
            <HistoryTab modelId={serving.modelId} replay={replay} />
          </Tabs.Panel>
        </Suspense>
      </Tabs>
      {saving && answer !== null ? (
        <Suspense fallback={null}>
          <SaveCase
            modelId={serving.modelId}
            answer={answer}
            suggested={freeName(cases ?? [])}
            onClose={(saved) => {
              setSaving(false);
              if (saved) look();
            }}
          />
        </Suspense>
      ) : null}
    </section>
  );
}

/** The cases that are saved with a model; null until they were read. */
function useCases(modelId: string): {
  readonly cases: readonly SavedCase[] | null;
  readonly problem: ErrorReport | null;
  readonly look: () => void;
} {
  const client = useClient();
  const [cases, setCases] = useState<readonly SavedCase[] | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const end = new AbortController();
    client.cases.list({ modelId }, { signal: end.signal }).then(
      (found) => {
        setCases(found);
        setProblem(null);
      },
      (error: unknown) => {
        if (!end.signal.aborted) setProblem(reportOf(error));
      },
    );
    return () => end.abort();
  }, [client, modelId, round]);
  return { cases, problem, look: () => setRound((before) => before + 1) };
}

function freeName(cases: readonly SavedCase[]): string {
  const taken = new Set(cases.map(({ name }) => name));
  for (let number = 1; ; number += 1) if (!taken.has(`case ${number}`)) return `case ${number}`;
}

function totalMs({ encodeMs, networkMs, decodeMs }: PredictAnswer): number {
  return encodeMs + networkMs + decodeMs;
}

const statusWords: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** HTTP's own word for a status, as RFC 9110 names it; empty for one that TensorFlow Serving does not send. */
function statusWord(status: number): string {
  return statusWords[status] ?? '';
}
