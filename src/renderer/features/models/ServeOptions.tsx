import { Checkbox, Select, Textarea, TextInput } from '@mantine/core';
import { useId, useState } from 'react';
import type { VersionPolicy } from '../../../shared/contract/serving.ts';
import { useText } from '../../app/i18n.tsx';
import { useMirror } from '../../app/store.ts';
import { majorMinor } from '../../ui/format.ts';
import { EngineDifferences } from '../../ui/EngineDifferences.tsx';
import { Icon } from '../../ui/Icon.tsx';
import styles from './models.module.css';

/** What the person chose in the sheet; empty texts stand for the sensible choice. */
export interface Choices {
  readonly name: string;
  readonly policy: 'latest' | 'all' | 'pinned';
  readonly pinned: string;
  readonly restPort: string;
  readonly grpcPort: string;
  readonly image: string;
  readonly flags: string;
  readonly tags: readonly string[] | null;
  /** The gateway holds the address: image and engine can then be changed without a gap. */
  readonly gateway: boolean;
  /** Into the store, instead of a link to the folder. */
  readonly copy: boolean;
  /** Null: Docker where it answers. */
  readonly place: 'docker' | 'embedded' | null;
}

export const untouched: Choices = {
  name: '',
  policy: 'latest',
  pinned: '',
  restPort: '',
  grpcPort: '',
  image: '',
  flags: '',
  tags: null,
  gateway: false,
  copy: false,
  place: null,
};

/** The versions to serve, of the sheet's words. */
export function policyOf({ policy, pinned }: Choices): VersionPolicy {
  return policy === 'pinned' ? { kind: 'specific', versions: pinned.split(/[\s,]+/).filter(Boolean) } : { kind: policy };
}

/** What is chosen sensibly already, told in a sentence; opened, it can be chosen otherwise. */
export function Advanced({
  choices,
  change,
  ports,
}: {
  readonly choices: Choices;
  readonly change: (next: Partial<Choices>) => void;
  readonly ports: { readonly rest: number; readonly grpc: number } | null;
}) {
  const { t } = useText();
  const image = useMirror((state) => state.settings.image);
  const [opened, setOpened] = useState(false);
  const versions =
    choices.policy === 'pinned' ? t('import.policyPinned', { versions: choices.pinned }) : t(`import.policy.${choices.policy}`);
  return (
    <div>
      <button type="button" className={styles['disclosure']} aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <Icon name={opened ? 'down' : 'right'} size={14} />
        {t('import.advanced')}
        <span className={styles['caption']}>
          {t('import.advancedSentence', {
            versions,
            rest: choices.restPort || String(ports?.rest ?? 8501),
            grpc: choices.grpcPort || String(ports?.grpc ?? 8500),
            free: ports !== null && choices.restPort === '' && choices.grpcPort === '' ? 'yes' : 'no',
          })}
        </span>
      </button>
      {opened ? (
        <div className={styles['fields']}>
          <Select
            label={t('import.policy')}
            value={choices.policy}
            allowDeselect={false}
            data={[
              { value: 'latest', label: t('import.policy.latest') },
              { value: 'all', label: t('import.policy.all') },
              { value: 'pinned', label: t('import.pinned') },
            ]}
            onChange={(value) => change({ policy: value === 'all' || value === 'pinned' ? value : 'latest' })}
          />
          <TextInput
            label={t('import.pinnedHint')}
            disabled={choices.policy !== 'pinned'}
            value={choices.pinned}
            onChange={(event) => change({ pinned: event.currentTarget.value })}
          />
          <TextInput
            label={t('import.restPort')}
            inputMode="numeric"
            placeholder={String(ports?.rest ?? 8501)}
            value={choices.restPort}
            onChange={(event) => change({ restPort: event.currentTarget.value.replace(/\D/g, '') })}
          />
          <TextInput
            label={t('import.grpcPort')}
            inputMode="numeric"
            placeholder={String(ports?.grpc ?? 8500)}
            value={choices.grpcPort}
            onChange={(event) => change({ grpcPort: event.currentTarget.value.replace(/\D/g, '') })}
          />
          <TextInput
            label={t('import.image')}
            placeholder={image}
            value={choices.image}
            onChange={(event) => change({ image: event.currentTarget.value })}
          />
          <Textarea
            label={t('import.flags')}
            rows={2}
            value={choices.flags}
            onChange={(event) => change({ flags: event.currentTarget.value })}
          />
          <Checkbox
            className={styles['wide']}
            label={t('upgrade.gateway')}
            description={t('upgrade.gatewayText')}
            checked={choices.gateway}
            onChange={(event) => change({ gateway: event.currentTarget.checked })}
          />
        </div>
      ) : null}
    </div>
  );
}

/** Where it will run: what the person chose, else Docker where it answers and the embedded engine where it does not. */
export const placeOf = ({ place }: Choices, isDockerThere: boolean): 'docker' | 'embedded' =>
  place ?? (isDockerThere ? 'docker' : 'embedded');

/** Where it runs, chosen sensibly already. */
export function Where({ choices, change }: { readonly choices: Choices; readonly change: (next: Partial<Choices>) => void }) {
  const { t } = useText();
  const engine = useMirror((state) => state.engine);
  const image = useMirror((state) => state.settings.image);
  const label = useId();
  const isDockerThere = engine.state === 'connected';
  const chosen = placeOf(choices, isDockerThere);
  return (
    <div className={styles['where']} role="radiogroup" aria-labelledby={label}>
      <span id={label} className={styles['caption']}>
        {t('import.where')}
      </span>
      <label className={styles['place']} data-chosen={chosen === 'docker' || undefined}>
        <input
          type="radio"
          name="place"
          checked={chosen === 'docker'}
          disabled={!isDockerThere}
          onChange={() => change({ place: 'docker' })}
        />
        <span>
          <strong className={isDockerThere ? undefined : styles['dim']}>
            {t('import.docker', { version: majorMinor(engine.version ?? '') })}
          </strong>
          <span className={styles['caption']}>{isDockerThere ? t('import.dockerText', { image }) : t('import.dockerAway')}</span>
        </span>
      </label>
      <label className={styles['place']} data-chosen={chosen === 'embedded' || undefined}>
        <input type="radio" name="place" checked={chosen === 'embedded'} onChange={() => change({ place: 'embedded' })} />
        <span>
          <strong>{t('import.embedded')}</strong>
          <span className={styles['caption']}>{t('import.embeddedText')}</span>
        </span>
      </label>
      {chosen === 'embedded' ? <EngineDifferences /> : null}
    </div>
  );
}
