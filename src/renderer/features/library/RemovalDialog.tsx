import { Button, Modal } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { ErrorReport } from '../../../shared/contract/errors.ts';
import type { Removal } from '../../../shared/contract/library.ts';
import { useText } from '../../app/i18n.tsx';
import { reportOf, useClient } from '../../app/store.ts';
import { useCall } from '../../app/useCall.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { StateGlyph } from '../../ui/StateMark.tsx';
import styles from './library.module.css';

interface RemovalDialogProps {
  readonly modelId: string;
  /** null: the whole model. */
  readonly version: string | null;
  readonly onClose: () => void;
  readonly onRemoved?: () => void;
}

/** Asks before something leaves the library, and names all that it touches. */
export function RemovalDialog({ modelId, version, onClose, onRemoved }: RemovalDialogProps) {
  const { t, number } = useText();
  const client = useClient();
  const call = useCall();
  const [removal, setRemoval] = useState<Removal | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const [round, setRound] = useState(0);
  const subject = { modelId, ...(version === null ? {} : { version }) };

  useEffect(() => {
    let live = true;
    client.library.removal({ modelId, ...(version === null ? {} : { version }) }).then(
      (found) => (live ? setRemoval(found) : undefined),
      (error: unknown) => (live ? setProblem(reportOf(error)) : undefined),
    );
    return () => {
      live = false;
    };
  }, [client, modelId, version, round]);

  const remove = (): void =>
    void call
      .run(() => client.library.remove({ ...subject, confirm: removal?.confirm ?? '' }))
      .then((done) => {
        if (!done) {
          // What it touches may have changed: it is shown anew, and asked again.
          setRound((last) => last + 1);
          return;
        }
        onClose();
        onRemoved?.();
      });
  const what = removal === null ? '' : removal.version === null ? removal.model : `v${removal.version} · ${removal.model}`;
  const deletes = removal?.kind === 'delete';
  const served = removal !== null && removal.servedBy.length > 0;
  const title =
    removal === null
      ? t(problem === null ? 'removal.looking' : 'removal.refused')
      : deletes
        ? t('removal.delete', { what, size: number.bytes(removal.bytes) })
        : t('removal.forget', { what });

  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('close') }}>
      <ErrorNote problem={problem ?? call.problem} />
      {removal === null ? null : <Touched removal={removal} />}
      <div className={styles['dialogFoot']}>
        {served ? (
          <span className={styles['reason']}>
            <StateGlyph mark="attention" /> {t('removal.served', { names: removal.servedBy.join(', ') })}
          </span>
        ) : null}
        <Button data-autofocus onClick={onClose}>
          {t('cancel')}
        </Button>
        {removal === null ? null : (
          <Button
            variant="outline"
            color="red"
            aria-disabled={served}
            {...(served ? { 'data-disabled': true } : {})}
            loading={call.busy}
            onClick={served ? undefined : remove}
          >
            {t(deletes ? 'removal.confirmDelete' : 'removal.confirmForget')}
          </Button>
        )}
      </div>
    </Modal>
  );
}

function Touched({ removal }: { readonly removal: Removal }) {
  const { t, number } = useText();
  const { kind, files, folder, versions, lost, servings } = removal;
  const loses = lost.tags + lost.typedMetrics + lost.notes > 0;
  return (
    <ul className={styles['touched']}>
      <li>{kind === 'delete' ? t('removal.files', { files: number.count(files), folder }) : t('removal.stays', { folder })}</li>
      {removal.version === null ? (
        <li>
          {t('removal.versions', {
            count: versions.length,
            versions: `${versions
              .slice(0, 6)
              .map((version) => `v${version}`)
              .join(', ')}${versions.length > 6 ? ' …' : ''}`,
          })}
        </li>
      ) : null}
      {loses ? <li>{t('removal.lost', { tags: lost.tags, metrics: lost.typedMetrics, notes: lost.notes })}</li> : null}
      {servings.length > 0 ? <li>{t('removal.servings', { names: servings.join(', ') })}</li> : null}
    </ul>
  );
}
