import { ActionIcon, Button, Menu, Modal } from '@mantine/core';
import { useRef, useState } from 'react';
import type { MetadataImport } from '../../../shared/contract/library.ts';
import { useText } from '../../app/i18n.tsx';
import { saveFile } from '../../app/saveFile.ts';
import { useClient } from '../../app/store.ts';
import { useCall } from '../../app/useCall.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Icon } from '../../ui/Icon.tsx';
import styles from './library.module.css';

const maxBytes = 100_000_000;

interface Imported {
  readonly file: string;
  /** null: the file is too large to be read. */
  readonly result: MetadataImport | null;
}

/** What was said of the library leaves as one file, and comes back from a colleague's. */
export function LibraryMenu() {
  const { t } = useText();
  const client = useClient();
  const call = useCall();
  const picker = useRef<HTMLInputElement>(null);
  const [imported, setImported] = useState<Imported | null>(null);
  const read = (file: File): void =>
    void call.run(async () => {
      const result = file.size > maxBytes ? null : await client.library.importMetadata({ text: await file.text() });
      setImported({ file: file.name, result });
    });
  const close = (): void => {
    setImported(null);
    call.clear();
  };
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="default" size={32} aria-label={t('library.more')} loading={call.busy}>
            <Icon name="more" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => void call.run(async () => saveFile(await client.library.exportMetadata({})))}>
            {t('library.export')}
          </Menu.Item>
          <Menu.Item onClick={() => picker.current?.click()}>{t('library.import')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <input
        ref={picker}
        type="file"
        hidden
        accept=".jsonl,.json,application/jsonl"
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          // The same file may be chosen again.
          event.currentTarget.value = '';
          if (file !== undefined) read(file);
        }}
      />
      <Modal
        opened={imported !== null || call.problem !== null}
        onClose={close}
        title={imported === null ? t('library.more') : t('library.importTitle', { file: imported.file })}
        closeButtonProps={{ 'aria-label': t('close') }}
      >
        <ErrorNote problem={call.problem} />
        {imported === null ? null : imported.result === null ? <p>{t('library.importTooLarge')}</p> : <Outcome result={imported.result} />}
        <div className={styles['dialogFoot']}>
          <Button data-autofocus onClick={close}>
            {t('close')}
          </Button>
        </div>
      </Modal>
    </>
  );
}

function Outcome({ result }: { readonly result: MetadataImport }) {
  const { t } = useText();
  const { added, changed, same, kept, waiting, different, bad, badLines } = result;
  return (
    <div className={styles['outcome']}>
      <p>{t('library.importSum', { added, changed, same })}</p>
      {kept > 0 ? <p>{t('library.importKept', { count: kept })}</p> : null}
      {waiting.length > 0 ? <Named text={t('library.importWaiting', { count: waiting.length })} names={waiting} /> : null}
      {different.length > 0 ? <Named text={t('library.importDifferent', { count: different.length })} names={different} /> : null}
      {badLines > 0 ? (
        <Named
          text={t('library.importBad', { count: badLines })}
          names={bad.slice(0, 8).map(({ line, reason }) => t('library.importLine', { line, reason }))}
        />
      ) : null}
    </div>
  );
}

function Named({ text, names }: { readonly text: string; readonly names: readonly string[] }) {
  return (
    <>
      <p>{text}</p>
      <ul className={styles['names']}>
        {names.slice(0, 8).map((name) => (
          <li key={name}>
            <code>{name}</code>
          </li>
        ))}
        {names.length > 8 ? <li>+{names.length - 8}</li> : null}
      </ul>
    </>
  );
}
