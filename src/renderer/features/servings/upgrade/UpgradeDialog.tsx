import { Button, Modal, NumberInput, Radio, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { Serving } from '../../../../shared/contract/serving.ts';
import { useText } from '../../../app/i18n.tsx';
import { useClient, useMirror } from '../../../app/store.ts';
import { useCall } from '../../../app/useCall.ts';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { Icon } from '../../../ui/Icon.tsx';
import { changesOf, draftOf, type ChangesDraft } from '../servingChanges.ts';
import { ImageChoice } from './ImageChoice.tsx';
import { placeChangesOf } from './placeDraft.ts';
import { useForecast } from './useForecast.ts';
import { WhatHappens } from './WhatHappens.tsx';
import styles from './upgrade.module.css';

export interface UpgradeDialogProps {
  readonly serving: Serving;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Another image, engine or container for what serves: chosen, told what it means, begun. Its steps are on the serving's page. */
export function UpgradeDialog({ serving, opened, onClose }: UpgradeDialogProps) {
  const { t } = useText();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('upgrade.title', { name: serving.name })}
      size={720}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      {/* Mounted anew at each opening, so that it begins with the plan as it is now. */}
      {opened ? <Fields serving={serving} onClose={onClose} /> : null}
    </Modal>
  );
}

/** Begun and tried beside the old place, which answers meanwhile; or stopped first, where there is no room or no gateway is wanted. */
type Way = 'beside' | 'anew';

function Fields({ serving, onClose }: Omit<UpgradeDialogProps, 'opened'>) {
  const { t } = useText();
  const client = useClient();
  const call = useCall();
  const [, go] = useLocation();
  const connected = useMirror((state) => state.engine.state === 'connected');
  const [draft, setDraft] = useState(() => draftOf(serving.plan));
  const [way, setWay] = useState<Way>('beside');
  const [more, setMore] = useState(false);
  const set = (part: Partial<ChangesDraft>): void => {
    call.clear();
    setDraft((before) => ({ ...before, ...part }));
  };
  const { changes, wrong } = placeChangesOf(draft);
  const foreseen = useForecast(serving.id, changes);
  const isNothing = foreseen.forecast !== null && foreseen.forecast.differs.length === 0;
  const hasRoom = way === 'anew' || foreseen.forecast?.room.isEnough !== false;
  const ready = changes !== null && !isNothing && hasRoom && foreseen.problem === null;

  const begin = (): void =>
    void call
      .run(() =>
        way === 'beside'
          ? client.servings.changePlace({ id: serving.id, changes: changes ?? {} })
          : client.servings.startAgain({ id: serving.id, changes: { ...changesOf(serving.plan), ...changes } }),
      )
      .then((accepted) => {
        if (!accepted) return;
        onClose();
        go(`/servings/${serving.id}`);
      });

  return (
    <form
      className={styles['form']}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) begin();
      }}
    >
      <Radio.Group
        label={t('import.where')}
        value={draft.engine}
        onChange={(engine) => set({ engine: engine === 'docker' ? engine : 'embedded' })}
      >
        <div className={styles['radios']}>
          <Radio data-autofocus={draft.engine === 'docker' || undefined} value="docker" label="Docker" disabled={!connected} />
          <Radio data-autofocus={draft.engine === 'embedded' || undefined} value="embedded" label={t('servings.embedded')} />
          {connected ? null : <span className={styles['caption']}>{t('import.dockerAway')}</span>}
        </div>
      </Radio.Group>
      {draft.engine === 'docker' ? (
        <ImageChoice serving={serving} image={draft.image} connected={connected} onChange={(image) => set({ image })} />
      ) : null}
      <div>
        <button type="button" className={styles['disclosure']} aria-expanded={more} onClick={() => setMore(!more)}>
          <Icon name={more ? 'down' : 'right'} size={14} />
          {t('upgrade.more')}
          <span className={styles['caption']}>{t('upgrade.moreHint')}</span>
        </button>
        {more ? (
          <div className={styles['fields']}>
            <Textarea
              label={t('plan.flags')}
              description={t('changes.flagsHint')}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              autosize
              minRows={2}
              maxRows={6}
              spellCheck={false}
              value={draft.flags}
              onChange={(event) => set({ flags: event.currentTarget.value })}
            />
            <Textarea
              label={t('plan.env')}
              description={t('changes.envHint')}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              autosize
              minRows={2}
              maxRows={6}
              spellCheck={false}
              value={draft.env}
              error={wrong === 'env' ? t('changes.wrongEnv') : null}
              onChange={(event) => set({ env: event.currentTarget.value })}
            />
            <NumberInput
              label={t('changes.memory')}
              min={64}
              step={256}
              suffix=" MB"
              value={draft.memoryMb}
              onChange={(memoryMb) => set({ memoryMb })}
            />
            {draft.engine === 'docker' ? (
              <TextInput
                label={t('plan.user')}
                placeholder={t('changes.userHint')}
                value={draft.user}
                error={wrong === 'user' ? t('changes.wrongUser') : null}
                onChange={(event) => set({ user: event.currentTarget.value })}
              />
            ) : null}
          </div>
        ) : null}
      </div>
      <Radio.Group label={t('upgrade.way')} value={way} onChange={(value) => setWay(value === 'anew' ? value : 'beside')}>
        <div className={styles['ways']}>
          <Radio
            value="beside"
            label={t('upgrade.way.beside')}
            description={t(serving.plan.placePorts === undefined ? 'upgrade.way.besideDirect' : 'upgrade.way.besideText')}
          />
          <Radio value="anew" label={t('upgrade.way.anew')} description={t('upgrade.way.anewText')} />
        </div>
      </Radio.Group>
      <WhatHappens serving={serving} way={way} foreseen={foreseen} />
      <ErrorNote problem={call.problem ?? foreseen.problem} />
      <div className={styles['foot']}>
        <span className={styles['caption']}>{isNothing ? t('upgrade.nothing') : hasRoom ? '' : t('upgrade.noRoom')}</span>
        <span className={styles['space']} />
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button type="submit" variant="filled" loading={call.busy} aria-disabled={!ready || undefined}>
          {t(way === 'beside' ? 'upgrade.begin' : 'serving.startAgain')}
        </Button>
      </div>
    </form>
  );
}
