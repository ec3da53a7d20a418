import { Button, Select, Textarea } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { ComparedAnswers, CompareSide } from '../../../../shared/contract/compareAnswers.ts';
import type { ErrorReport } from '../../../../shared/contract/errors.ts';
import { callableSignatures, metaGraphFor } from '../../../../shared/contract/savedModel.ts';
import type { VersionRef } from '../../../../shared/contract/library.ts';
import type { Serving } from '../../../../shared/contract/serving.ts';
import { numberOf, type Model } from '../../../../shared/contract/state.ts';
import type { ContractClient } from '../../../../shared/rpc/connectClient.ts';
import { useText } from '../../../app/i18n.tsx';
import { reportOf, useClient, useMirror } from '../../../app/store.ts';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { formatJson } from '../formatJson.ts';
import { SideBySide } from './SideBySide.tsx';
import styles from './sideBySide.module.css';

/** A longer text of the history is not brought here. */
const editedBytes = 100_000;

/** The serving that serves this version, else the model itself: the embedded engine answers then. */
function sideOf({ modelId, version }: VersionRef, servings: readonly Serving[]): CompareSide {
  const serving = servings.find((one) => one.modelId === modelId && one.state.kind === 'serving' && one.state.versions.includes(version));
  return serving === undefined ? { modelId, version } : { servingId: serving.id, version };
}

/** The signatures that both versions have, `serving_default` first. */
function sharedSignatures(refs: readonly VersionRef[], models: readonly Model[]): readonly string[] {
  const [first = [], second = []] = refs.map((ref) => {
    const model = models.find(({ id }) => id === ref.modelId);
    const version = model?.versions.find((one) => numberOf(model, one) === ref.version);
    const graph = version === undefined ? undefined : metaGraphFor(version, ['serve']);
    return graph === undefined ? [] : callableSignatures(graph).map(([name]) => name);
  });
  return first
    .filter((name) => second.includes(name))
    .toSorted((a, b) => Number(b === 'serving_default') - Number(a === 'serving_default'));
}

/** What was asked last of this signature, else what would fit it. */
async function firstBody(
  client: ContractClient,
  { modelId, version }: VersionRef,
  signature: string,
  signal: AbortSignal,
): Promise<string> {
  const { requests } = await client.history.list({ modelId, signature, outcome: 'answered', limit: 10 }, { signal });
  const last = requests.find(({ input }) => input.kind === 'json' && input.bytes <= editedBytes);
  if (last !== undefined) return (await client.history.get({ id: last.id }, { signal })).request.body ?? '';
  return formatJson((await client.models.signature({ id: modelId, version, signature }, { signal })).template);
}

/** One request to two versions of the library, served or not. */
export function AskBoth({ first, second }: { readonly first: VersionRef; readonly second: VersionRef }) {
  const { t } = useText();
  const client = useClient();
  const models = useMirror((state) => state.models);
  const servings = useMirror((state) => state.servings);
  const signatures = sharedSignatures([first, second], models);
  const [wished, setWished] = useState<string | null>(null);
  const signature = signatures.find((name) => name === wished) ?? signatures[0] ?? null;
  const [body, setBody] = useState('');
  const [compared, setCompared] = useState<ComparedAnswers | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const [busy, setBusy] = useState(false);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const { modelId, version } = second;
  useEffect(() => {
    if (signature === null) return undefined;
    const end = new AbortController();
    firstBody(client, { modelId, version }, signature, end.signal).then(
      (text) => (end.signal.aborted ? undefined : setBody(text)),
      (error: unknown) => (end.signal.aborted ? undefined : setProblem(reportOf(error))),
    );
    return () => end.abort();
  }, [client, modelId, version, signature]);

  const ask = async (): Promise<void> => {
    if (signature === null || busy) return;
    const end = new AbortController();
    running.current = end;
    setBusy(true);
    setProblem(null);
    try {
      const sides: [CompareSide, CompareSide] = [sideOf(first, servings), sideOf(second, servings)];
      setCompared(await client.predict.compare({ signature, body, sides }, { signal: end.signal }));
    } catch (error) {
      if (!end.signal.aborted) setProblem(reportOf(error));
    } finally {
      setBusy(false);
    }
  };

  if (signature === null)
    return (
      <section className={styles['both']} aria-label={t('sideBySide.title')}>
        <h2>{t('sideBySide.title')}</h2>
        <p className={styles['dim']}>{t('sideBySide.noSignature')}</p>
      </section>
    );
  return (
    <section className={styles['both']} aria-label={t('sideBySide.ask')}>
      {compared === null ? (
        <form
          className={styles['form']}
          onSubmit={(event) => {
            event.preventDefault();
            void ask();
          }}
        >
          <div className={styles['head']}>
            <h2>{t('sideBySide.title')}</h2>
            <span className={styles['caption']}>{t('sideBySide.text')}</span>
          </div>
          <Textarea
            aria-label={t('sideBySide.input')}
            value={body}
            onChange={(event) => setBody(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void ask();
            }}
            autosize
            minRows={3}
            maxRows={12}
            spellCheck={false}
            classNames={{ input: styles['body'] ?? '' }}
          />
          <div className={styles['row']}>
            {signatures.length < 2 ? null : (
              <Select
                aria-label={t('sideBySide.signature')}
                data={[...signatures]}
                value={signature}
                onChange={setWished}
                allowDeselect={false}
              />
            )}
            <span className={styles['space']} />
            {busy ? <Button onClick={() => running.current?.abort()}>{t('sideBySide.stop')}</Button> : null}
            <Button type="submit" loading={busy} aria-keyshortcuts="Control+Enter Meta+Enter">
              {t('sideBySide.ask')}
            </Button>
          </div>
        </form>
      ) : (
        <>
          <SideBySide compared={compared}>
            <Button size="xs" data-autofocus onClick={() => setCompared(null)}>
              {t('sideBySide.again')}
            </Button>
          </SideBySide>
          <code className={styles['asked']}>{body.replaceAll(/\s+/g, ' ').trim()}</code>
        </>
      )}
      <ErrorNote problem={problem} />
    </section>
  );
}
