import { useEffect, useState } from 'react';
import type { ErrorReport } from '../../../shared/contract/errors.ts';
import type { HistoryEntry } from '../../../shared/contract/library.ts';
import type { Model } from '../../../shared/contract/state.ts';
import { useText } from '../../app/i18n.tsx';
import { reportOf, useClient } from '../../app/store.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Note, Tags, useEdit } from './RecordPanel.tsx';
import styles from './library.module.css';

/** What is said of the model as a whole, and what has happened to it. */
export function NotesTab({ model }: { readonly model: Model }) {
  const { call, edit } = useEdit(model.id, null);
  return (
    <div className={styles['notes']}>
      <div className={styles['form']}>
        <ErrorNote problem={call.problem} />
        <Tags tags={model.record.tags} edit={edit} />
        <Note key={model.id} note={model.record.note} edit={edit} />
      </div>
      <History model={model} />
    </div>
  );
}

function History({ model }: { readonly model: Model }) {
  const { t, time } = useText();
  const client = useClient();
  const [entries, setEntries] = useState<readonly HistoryEntry[] | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const { id, record, versions } = model;
  useEffect(() => {
    let live = true;
    client.library.history({ modelId: id }).then(
      (found) => (live ? setEntries(found) : undefined),
      (error: unknown) => (live ? setProblem(reportOf(error)) : undefined),
    );
    return () => {
      live = false;
    };
  }, [client, id, record, versions]);
  return (
    <section>
      <div className={styles['partHead']}>
        <h3>{t('model.history')}</h3>
      </div>
      <ErrorNote problem={problem} />
      {entries?.length === 0 ? <p className={styles['dim']}>{t('model.noHistory')}</p> : null}
      <ol className={styles['history']}>
        {entries?.map(({ at, version, kind, by, data }, index) => (
          <li key={`${at} ${index}`}>
            <time className={styles['dim']} dateTime={at} title={time.absolute(at)}>
              {time.relative(at)}
            </time>
            <strong>{version === null ? t('model.aboutAll') : `v${version}`}</strong>
            <span>
              {t(`history.${kind}`, { what: whatOf(data) })} <span className={styles['dim']}>· {t(`history.by.${by}`)}</span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** `team=vision`, `accuracy 0.981`: what an entry is about, as far as it says. */
function whatOf(data: HistoryEntry['data']): string {
  const name = data['key'] ?? data['name'] ?? data['metric'];
  const value = data['value'];
  if (name === undefined) return Object.values(data).join(' ');
  return value === undefined || value === '' ? String(name) : `${name}${data['key'] === undefined ? ' ' : '='}${value}`;
}
