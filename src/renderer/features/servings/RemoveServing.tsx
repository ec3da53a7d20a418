import { Button, Group, Modal, Text as Paragraph } from '@mantine/core';
import type { Serving } from '../../../shared/contract/serving.ts';
import { useText } from '../../app/i18n.tsx';
import { ActProblem } from './ActProblem.tsx';
import type { ServingActs } from './useServingActs.ts';
import styles from './serving.module.css';

export interface RemoveServingProps {
  readonly serving: Serving;
  readonly acts: ServingActs;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Asks before a container and its log go for good, and names what goes and what stays. */
export function RemoveServing({ serving, acts, opened, onClose }: RemoveServingProps) {
  const { t } = useText();
  const { name, state } = serving;
  const live = state.kind === 'serving' || state.kind === 'starting';
  return (
    <Modal opened={opened} onClose={onClose} title={t('remove.title', { name })} closeButtonProps={{ 'aria-label': t('close') }} centered>
      <Paragraph>{live ? t('remove.textLive', { name }) : t('remove.text')}</Paragraph>
      <Paragraph c="dimmed">{t('remove.stays', { folder: serving.plan.mount.source })}</Paragraph>
      <ActProblem problem={acts.problem} />
      <Group justify="flex-end" mt="lg" gap="sm">
        <Button data-autofocus onClick={onClose}>
          {t('cancel')}
        </Button>
        <Button
          className={styles['destructive'] ?? ''}
          loading={acts.busy}
          onClick={() => {
            void acts.remove().then((done) => {
              if (done) onClose();
            });
          }}
        >
          {t('remove.confirm')}
        </Button>
      </Group>
    </Modal>
  );
}
