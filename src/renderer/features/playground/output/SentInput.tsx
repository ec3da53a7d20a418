import { useEffect, useState } from 'react';
import type { ErrorReport } from '../../../../shared/contract/errors.ts';
import type { TensorSummary } from '../../../../shared/contract/predict.ts';
import { reportOf, useClient } from '../../../app/store.ts';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { useAnswerWords } from './answerWords.ts';
import { OutputView, type AnswerPlace } from './OutputView.tsx';
import styles from './output.module.css';

/** The tensors of the request, as they were sent, in the same views as the answer's: read when it is opened. */
export function SentInput({ place }: { readonly place: AnswerPlace }) {
  const words = useAnswerWords();
  const client = useClient();
  const [open, setOpen] = useState(false);
  const [read, setRead] = useState<{ readonly of: string; readonly inputs: readonly TensorSummary[] } | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const { exchange } = place;
  useEffect(() => {
    if (!open) return undefined;
    const end = new AbortController();
    client.playground.inputs({ exchange }, { signal: end.signal }).then(
      (inputs) => (end.signal.aborted ? undefined : setRead({ of: exchange, inputs })),
      (error: unknown) => (end.signal.aborted ? undefined : setProblem(reportOf(error))),
    );
    return () => end.abort();
  }, [client, exchange, open]);
  const inputs = read?.of === exchange ? read.inputs : null;
  return (
    <details className={styles['sent']} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{words('sent')}</summary>
      <ErrorNote problem={problem} />
      {inputs?.length === 0 ? <p className={styles['caption']}>{words('sent.none')}</p> : null}
      {inputs?.map((summary) => (
        <OutputView key={summary.name} place={{ ...place, outputs: inputs }} summary={summary} side="inputs" recipe={null} />
      ))}
    </details>
  );
}
