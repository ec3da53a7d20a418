import { NativeSelect } from '@mantine/core';
import { useText } from '../../../app/i18n.tsx';
import { useMirror } from '../../../app/store.ts';
import { versionsOf, type Over, type Target } from './targets.ts';
import styles from './table.module.css';

/** One of the two: a serving, one of its versions, and how it is asked. */
export function TargetFields({
  side,
  target,
  onChange,
}: {
  readonly side: 'a' | 'b';
  readonly target: Target;
  readonly onChange: (target: Target) => void;
}) {
  const { t } = useText();
  const servings = useMirror((state) => state.servings);
  const models = useMirror((state) => state.models);
  const serving = servings.find(({ id }) => id === target.servingId);
  const answering = servings.filter(({ state, id }) => state.kind === 'serving' || id === target.servingId);
  const versions = versionsOf(serving, models, target.over);
  return (
    <fieldset className={styles['target']}>
      <legend>{t(`rows.target.${side}`)}</legend>
      <NativeSelect
        size="xs"
        aria-label={t('rows.target.serving', { side })}
        data={answering.map(({ id, name }) => ({ value: id, label: name }))}
        value={target.servingId}
        onChange={(event) => onChange({ ...target, servingId: event.currentTarget.value, version: null })}
      />
      <NativeSelect
        size="xs"
        aria-label={t('rows.target.version', { side })}
        data={[{ value: '', label: t('rows.latest') }, ...versions.map((version) => ({ value: version, label: `v${version}` }))]}
        value={target.version ?? ''}
        onChange={(event) => onChange({ ...target, version: event.currentTarget.value === '' ? null : event.currentTarget.value })}
      />
      <NativeSelect
        size="xs"
        aria-label={t('rows.target.over', { side })}
        data={[
          { value: 'rest', label: 'REST' },
          { value: 'grpc', label: 'gRPC' },
          { value: 'embedded', label: t('playground.embedded') },
        ]}
        value={target.over}
        onChange={(event) => {
          const over = event.currentTarget.value as Over;
          const there = target.version === null || versionsOf(serving, models, over).includes(target.version);
          onChange({ ...target, over, version: there ? target.version : null });
        }}
      />
    </fieldset>
  );
}
