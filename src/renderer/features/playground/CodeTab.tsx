import { Button, SegmentedControl } from '@mantine/core';
import { useDeferredValue, useEffect, useState } from 'react';
import type { ErrorReport } from '../../../shared/contract/errors.ts';
import type { Snippet, SnippetKind, SnippetRequest, Snippets } from '../../../shared/contract/snippets.ts';
import { useText } from '../../app/i18n.tsx';
import { reportOf, useClient } from '../../app/store.ts';
import { useCall } from '../../app/useCall.ts';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { saveFile } from '../../ui/saveFile.ts';
import styles from './takeAway.module.css';

/** Names of languages are the same in every language. */
const names: Readonly<Record<SnippetKind, string>> = {
  curl: 'curl',
  python: 'Python',
  'python-grpc': 'Python gRPC',
  javascript: 'JavaScript',
  'javascript-grpc': 'JavaScript gRPC',
  go: 'Go',
  java: 'Java',
  csharp: 'C#',
};

/** What is shown stays when the tab is left. */
let last: SnippetKind = 'python';

/** The request as programs that run as they are; `request` is the same object until it changes. */
export function CodeTab({ request }: { readonly request: SnippetRequest | null }) {
  const { t } = useText();
  const client = useClient();
  const [kind, setKind] = useState<SnippetKind>(last);
  const [all, setAll] = useState<Snippets | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const saving = useCall();
  const asked = useDeferredValue(request);

  useEffect(() => {
    if (asked === null) return undefined;
    const end = new AbortController();
    client.predict.snippets(asked, { signal: end.signal }).then(
      (found) => {
        setAll(found);
        setProblem(null);
      },
      (error: unknown) => {
        if (!end.signal.aborted) setProblem(reportOf(error));
      },
    );
    return () => end.abort();
  }, [client, asked]);

  if (request === null) return <p className={styles['dim']}>{t('code.empty')}</p>;
  const shown = all?.snippets.find((one) => one.kind === kind) ?? null;
  const missing = all?.missing[kind];
  const choose = (value: string): void => {
    last = value as SnippetKind;
    setKind(last);
  };
  const saveInput = (): Promise<boolean> =>
    saving.run(async () => {
      const wanted = new Set(shown?.reads);
      for (const { name, bytes } of await client.predict.snippetFiles(request)) if (wanted.has(name)) saveFile(name, bytes);
    });
  const saveOpenApi = (): Promise<boolean> =>
    saving.run(async () => {
      const { text } = await client.predict.openApi({ id: request.servingId });
      saveFile('openapi.json', new Blob([text], { type: 'application/json' }));
    });
  return (
    <>
      <SegmentedControl
        size="xs"
        className={styles['languages'] ?? ''}
        aria-label={t('code.language')}
        value={kind}
        onChange={choose}
        data={Object.entries(names).map(([value, label]) => ({ value, label }))}
      />
      <ErrorNote problem={problem ?? saving.problem} />
      {missing === undefined ? null : <p className={styles['dim']}>{t('code.missing', { language: names[kind], reason: missing })}</p>}
      {shown === null ? null : <Program snippet={shown} busy={saving.busy} onSaveInput={() => void saveInput()} />}
      <div className={styles['row']}>
        <Button size="xs" onClick={() => void saveOpenApi()}>
          {t('code.openApi')}
        </Button>
        <span className={styles['caption']}>{t('code.openApi.text')}</span>
      </div>
    </>
  );
}

function Program({ snippet, busy, onSaveInput }: { readonly snippet: Snippet; readonly busy: boolean; readonly onSaveInput: () => void }) {
  const { t } = useText();
  const { file, text, reads, run } = snippet;
  return (
    <>
      <div className={styles['program']}>
        <pre className={styles['code']} tabIndex={0} role="region" aria-label={file}>
          {text}
        </pre>
        <span className={styles['corner']}>
          <CopyButton value={text} label={t('code.copy')} />
        </span>
      </div>
      <div className={styles['row']}>
        <Button size="xs" onClick={() => saveFile(file, new Blob([text], { type: 'text/plain' }))}>
          {t('code.save', { file })}
        </Button>
        {reads.length === 0 ? null : (
          <>
            <Button size="xs" disabled={busy} onClick={onSaveInput}>
              {t('code.saveInput', { count: reads.length })}
            </Button>
            <span className={styles['caption']}>{t('code.reads', { files: reads.join(', ') })}</span>
          </>
        )}
      </div>
      <div className={styles['row']}>
        <span className={styles['caption']}>{t('code.run')}</span>
        <code className={styles['command']}>{run}</code>
        <CopyButton value={run} label={t('code.copyRun')} />
      </div>
    </>
  );
}
