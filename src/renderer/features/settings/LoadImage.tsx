import { Button } from '@mantine/core';
import { pickImageFile } from '../../app/FolderPicker.tsx';
import { useText } from '../../app/i18n.tsx';
import { useClient, useMirror } from '../../app/store.ts';
import { useCall } from '../../app/useCall.ts';
import { ActProblem } from '../servings/ActProblem.tsx';
import styles from './settings.module.css';

/** Takes an image from a `docker save` file, for a machine that reaches no registry. It is a task, with its progress in the bar. */
export function LoadImage() {
  const { t } = useText();
  const client = useClient();
  const call = useCall();
  const hasTree = useMirror((state) => state.facts?.capabilities.folderTree ?? false);
  const connected = useMirror((state) => state.engine.state === 'connected');
  const load = (ticket: string): void => void call.run(() => client.engine.loadImage({ ticket }));
  return (
    <div>
      {hasTree ? (
        <Button size="xs" disabled={!connected} loading={call.busy} onClick={() => pickImageFile(load)}>
          {t('settings.loadImage')}
        </Button>
      ) : null}
      <p className={styles['hint']}>{t('settings.loadImageHint')}</p>
      <ActProblem problem={call.problem} />
    </div>
  );
}
