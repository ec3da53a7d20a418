import { Button, Checkbox } from '@mantine/core';
import { useText } from '../../app/i18n.tsx';
import { useClient, useMirror } from '../../app/store.ts';
import { ProgressBar } from '../../ui/ProgressBar.tsx';
import styles from './models.module.css';

interface CopyChoiceProps {
  readonly name: string;
  readonly copy: boolean;
  readonly onChange: (copy: boolean) => void;
}

/** Whether a folder is linked or copied into the store, and, once it is being copied, how far that is. */
export function CopyChoice({ name, copy, onChange }: CopyChoiceProps) {
  const { t, number } = useText();
  const client = useClient();
  const task = useMirror((state) =>
    state.tasks.find(({ about, label, state: one }) => about?.kind === 'import' && one === 'running' && label === `Copy ${name}`),
  );
  if (task === undefined)
    return (
      <Checkbox
        size="xs"
        label={t('import.copy')}
        description={t('import.copyHint')}
        checked={copy}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    );
  // `12 / 345`, in bytes.
  const [copied = 0, total = 0] = (task.detail ?? '').split(' / ').map(Number);
  const both = number.bytesOf(copied, total);
  const words = t('import.copied', { copied: both.part, total: both.whole });
  return (
    <div className={styles['arriving']} role="group" aria-label={t('import.copying', { name })}>
      <ProgressBar value={task.progress ?? 0} label={t('import.copying', { name })} words={words} />
      <span className={styles['caption']}>{words}</span>
      <Button size="xs" onClick={() => void client.tasks.cancel({ id: task.id }).catch(() => undefined)}>
        {t('import.stopCopy')}
      </Button>
    </div>
  );
}
