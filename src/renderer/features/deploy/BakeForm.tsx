import { Button, Checkbox, SegmentedControl, Textarea, TextInput } from '@mantine/core';
import { useId } from 'react';
import type { ErrorReport } from '../../../shared/contract/errors.ts';
import type { Model } from '../../../shared/contract/state.ts';
import { useText } from '../../app/i18n.tsx';
import { useMirror } from '../../app/store.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { JsonEditor } from '../../ui/JsonEditor.tsx';
import { BakedBefore } from './BakedBefore.tsx';
import { isReference, lineRange, usualBatching, versionNumbers, type BakeFields } from './bakeDraft.ts';
import type { Preview } from './usePreview.ts';
import styles from './deploy.module.css';

export interface BakeFormProps {
  readonly model: Model;
  readonly fields: BakeFields;
  readonly change: (next: Partial<BakeFields>) => void;
  readonly made: Preview;
  /** Why the last bake of these choices failed or was refused. */
  readonly problem: ErrorReport | null;
  readonly busy: boolean;
  readonly onBake: (reference: string) => void;
  /** Shows what was baked before. */
  readonly onOpen: (bakeId: string) => void;
  readonly onClose: () => void;
}

/** What goes into the image and how, with the Dockerfile that comes of it. */
export function BakeForm({ model, fields, change, made, problem, busy, onBake, onOpen, onClose }: BakeFormProps) {
  const { t, number } = useText();
  const settingsImage = useMirror((state) => state.settings.image);
  const connected = useMirror((state) => state.engine.state === 'connected');
  const [versionsLabel, formLabel, editedId] = [useId(), useId(), useId()];
  const { preview } = made;
  const numbers = versionNumbers(model);
  const reference = fields.reference.trim() === '' ? (preview?.suggestedReference ?? '') : fields.reference.trim();
  const dockerfile = fields.dockerfile ?? preview?.dockerfile ?? '';
  const wrongLine = problem?.code === 'DOCKERFILE_WRONG' ? Number(problem.data['line']) : null;
  const ready = connected && dockerfile.trim() !== '' && fields.versions.length > 0 && isReference(reference) && made.problem === null;
  const toggle = (version: string, on: boolean): void =>
    change({ versions: numbers.filter((one) => (one === version ? on : fields.versions.includes(one))) });

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) onBake(reference);
      }}
    >
      <BakedBefore baked={preview?.baked ?? none} onOpen={onOpen} />
      <div className={styles['fields']}>
        <TextInput
          data-autofocus
          label={t('bake.reference')}
          description={t('bake.referenceHint')}
          placeholder={preview?.suggestedReference}
          value={fields.reference}
          error={reference === '' || isReference(reference) ? null : t('bake.referenceWrong')}
          onChange={(event) => change({ reference: event.currentTarget.value })}
        />
        <TextInput
          label={t('bake.base')}
          description={fields.pinBase && preview !== null && preview.baseDigest === null ? t('bake.pinLater') : '\u00a0'}
          placeholder={settingsImage}
          value={fields.base}
          onChange={(event) => change({ base: event.currentTarget.value })}
        />
        <div role="group" aria-labelledby={versionsLabel}>
          <span id={versionsLabel} className={styles['label']}>
            {t('bake.versions')}
          </span>
          <div className={styles['versions']}>
            {numbers.map((version) => (
              <Checkbox
                key={version}
                label={`v${version}`}
                checked={fields.versions.includes(version)}
                disabled={model.mountAs !== null}
                onChange={(event) => toggle(version, event.currentTarget.checked)}
              />
            ))}
          </div>
          {fields.versions.length === 0 ? <p className={styles['wrong']}>{t('bake.versionsNone')}</p> : null}
        </div>
        <div className={styles['checks']}>
          <Checkbox label={t('bake.pin')} checked={fields.pinBase} onChange={(event) => change({ pinBase: event.currentTarget.checked })} />
          <Checkbox
            label={t('bake.monitoring')}
            disabled={fields.form === 'simplest'}
            checked={fields.monitoring}
            onChange={(event) => change({ monitoring: event.currentTarget.checked })}
          />
          <Checkbox
            label={t('bake.batching')}
            disabled={fields.form === 'simplest'}
            checked={fields.batching !== null}
            onChange={(event) => change({ batching: event.currentTarget.checked ? usualBatching : null })}
          />
        </div>
      </div>
      {fields.batching !== null && fields.form === 'hardened' ? (
        <Textarea
          className={styles['batching']}
          label={t('bake.batchingText')}
          autosize
          minRows={4}
          maxRows={8}
          spellCheck={false}
          value={fields.batching}
          onChange={(event) => change({ batching: event.currentTarget.value })}
        />
      ) : null}
      <div className={styles['formRow']}>
        <span id={formLabel} className={styles['label']}>
          {t('bake.form')}
        </span>
        <SegmentedControl
          aria-labelledby={formLabel}
          size="xs"
          value={fields.form}
          data={(['hardened', 'simplest'] as const).map((value) => ({ value, label: t(`bake.form.${value}`) }))}
          onChange={(value) => change({ form: value === 'simplest' ? 'simplest' : 'hardened', dockerfile: null })}
        />
        <span id={editedId} className={styles['caption']}>
          {fields.dockerfile === null ? t(`bake.formText.${fields.form}`) : t('bake.edited')}
        </span>
        <span className={styles['space']} />
        {fields.dockerfile === null ? null : (
          <Button size="xs" onClick={() => change({ dockerfile: null })}>
            {t('bake.startOver')}
          </Button>
        )}
      </div>
      <div className={styles['editor']}>
        <JsonEditor
          plain
          label={t('bake.editor', { name: model.name })}
          value={dockerfile}
          describedBy={editedId}
          invalid={wrongLine !== null}
          marks={wrongLine === null ? none : [lineRange(dockerfile, wrongLine)]}
          onChange={(text) => {
            if (text !== (preview?.dockerfile ?? '')) change({ dockerfile: text });
          }}
          onSubmit={() => (ready ? onBake(reference) : undefined)}
        />
      </div>
      <ErrorNote problem={made.problem ?? problem} />
      <div className={styles['foot']}>
        <span className={styles['caption']}>
          {connected ? (preview === null ? '' : t('bake.sends', { size: number.bytes(preview.contextBytes) })) : t('bake.away')}
        </span>
        <span className={styles['space']} />
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button type="submit" variant="filled" loading={busy} disabled={!ready}>
          {t('bake.begin')}
        </Button>
      </div>
    </form>
  );
}

const none: readonly never[] = [];
