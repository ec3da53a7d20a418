import { Button, Checkbox, Group, Modal, NumberInput, Radio, Stack, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Serving } from '../../../shared/contract/serving.ts';
import { useText } from '../../app/i18n.tsx';
import { ActProblem } from './ActProblem.tsx';
import { draftOf, readDraft, type ChangesDraft } from './servingChanges.ts';
import type { ServingActs } from './useServingActs.ts';
import styles from './serving.module.css';

export interface ChangesFormProps {
  readonly serving: Serving;
  readonly acts: ServingActs;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Start again with other choices. What would break the serving is refused by main and said here, with the input kept. */
export function ChangesForm(props: ChangesFormProps) {
  const { t } = useText();
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={t('changes.title', { name: props.serving.name })}
      size={560}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      {/* Mounted anew at each opening, so that it begins with the plan as it is now. */}
      {props.opened ? <Fields {...props} /> : null}
    </Modal>
  );
}

function Fields({ serving, acts, onClose }: ChangesFormProps) {
  const { t } = useText();
  const [draft, setDraft] = useState(() => draftOf(serving.plan));
  const set = (part: Partial<ChangesDraft>): void => setDraft((before) => ({ ...before, ...part }));
  const { changes, wrong } = readDraft(draft);

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (changes === null) return;
        void acts.startWith(changes).then((accepted) => {
          if (accepted) onClose();
        });
      }}
    >
      <Stack gap="md">
        <Radio.Group label={t('import.where')} value={draft.engine} onChange={(value) => set({ engine: value })}>
          <Group gap="lg" mt={4}>
            <Radio value="docker" label="Docker" />
            <Radio value="embedded" label={t('servings.embedded')} />
          </Group>
        </Radio.Group>
        <Radio.Group label={t('plan.versions')} value={draft.versions} onChange={(value) => set({ versions: value })}>
          <Group gap="lg" mt={4}>
            <Radio value="latest" label={t('changes.latest')} />
            <Radio value="all" label={t('changes.all')} />
            <Radio value="specific" label={t('changes.specific')} />
          </Group>
        </Radio.Group>
        {draft.versions === 'specific' ? (
          <TextInput
            label={t('changes.versionList')}
            description={t('changes.versionListHint')}
            value={draft.versionList}
            error={wrong === 'versions' ? t('changes.wrongVersions') : null}
            onChange={(event) => set({ versionList: event.currentTarget.value })}
          />
        ) : null}
        <Group grow gap="md">
          <NumberInput
            label={t('changes.restPort')}
            min={1}
            max={65535}
            value={draft.restPort}
            onChange={(restPort) => set({ restPort })}
          />
          <NumberInput
            label={t('changes.grpcPort')}
            min={1}
            max={65535}
            value={draft.grpcPort}
            onChange={(grpcPort) => set({ grpcPort })}
          />
          <NumberInput
            label={t('changes.memory')}
            min={64}
            step={256}
            suffix=" MB"
            value={draft.memoryMb}
            onChange={(memoryMb) => set({ memoryMb })}
          />
        </Group>
        <Group grow gap="md" align="flex-start">
          <TextInput
            label={t('plan.image')}
            value={draft.image}
            className={styles['mono']}
            onChange={(event) => set({ image: event.currentTarget.value })}
          />
          <TextInput
            label={t('plan.user')}
            description={t('changes.userHint')}
            inputWrapperOrder={['label', 'input', 'description']}
            value={draft.user}
            error={wrong === 'user' ? t('changes.wrongUser') : null}
            onChange={(event) => set({ user: event.currentTarget.value })}
          />
        </Group>
        <Textarea
          label={t('plan.flags')}
          description={t('changes.flagsHint')}
          autosize
          minRows={2}
          maxRows={8}
          spellCheck={false}
          value={draft.flags}
          onChange={(event) => set({ flags: event.currentTarget.value })}
        />
        <Textarea
          label={t('plan.env')}
          description={t('changes.envHint')}
          autosize
          minRows={2}
          maxRows={8}
          spellCheck={false}
          value={draft.env}
          error={wrong === 'env' ? t('changes.wrongEnv') : null}
          onChange={(event) => set({ env: event.currentTarget.value })}
        />
        <Checkbox
          label={t('upgrade.gateway')}
          description={t('upgrade.gatewayText')}
          checked={draft.through === 'gateway'}
          onChange={(event) => set({ through: event.currentTarget.checked ? 'gateway' : 'direct' })}
        />
        <ActProblem problem={acts.problem} />
        <Group justify="flex-end" gap="sm" align="center">
          <span className={styles['caption']}>{t('changes.note')}</span>
          <span className={styles['space']} />
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" variant="filled" loading={acts.busy} aria-disabled={changes === null || undefined}>
            {t('serving.startAgain')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
