import { Button, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import type { Bake, BakedImage, BakeDelivery } from '../../../shared/contract/deploy.ts';
import { useFolderPicker } from '../../app/FolderPicker.tsx';
import { useText } from '../../app/i18n.tsx';
import { FactList } from '../../ui/FactList.tsx';
import { useClient } from '../../app/store.ts';
import { useCall } from '../../app/useCall.ts';
import { CopyAddress } from '../../ui/CopyAddress.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { ProgressBar } from '../../ui/ProgressBar.tsx';
import { StateGlyph } from '../../ui/StateMark.tsx';
import { RegistryLogin } from '../settings/RegistryLogin.tsx';
import { isReference } from './bakeDraft.ts';
import styles from './deploy.module.css';

/** A push or a save as it goes on, with its way out. */
function Delivery({ delivery, words }: { readonly delivery: BakeDelivery; readonly words: string }) {
  const { t, number } = useText();
  const client = useClient();
  if (delivery.kind !== 'running') return null;
  const { currentBytes, totalBytes, taskId } = delivery;
  const { part, whole } = number.bytesOf(currentBytes, totalBytes);
  const bytes = totalBytes === 0 ? '' : t('bake.bytesOf', { part, whole });
  return (
    <div className={styles['delivery']}>
      <span>
        {words} <span className={styles['caption']}>{bytes}</span>
      </span>
      <ProgressBar value={totalBytes === 0 ? 0 : currentBytes / totalBytes} label={words} words={bytes} />
      <Button size="xs" aria-label={t('bake.stopNamed', { what: words })} onClick={() => void client.tasks.cancel({ id: taskId })}>
        {t('model.stop')}
      </Button>
    </div>
  );
}

function Facts({ image }: { readonly image: BakedImage }) {
  const { t, number, phrase } = useText();
  const { canary } = image;
  const tried =
    canary.kind === 'answered'
      ? t('bake.answered', { ms: number.ms(canary.ms) })
      : canary.kind === 'refused'
        ? t('bake.refused', { note: canary.note })
        : t('bake.notTried', { reason: phrase(canary.reason) });
  const rows: readonly (readonly [string, ReactNode])[] = [
    [t('bake.image.id'), <CopyAddress key="id" value={image.id} name={t('bake.image.id')} />],
    [t('bake.image.layer'), <CopyAddress key="layer" value={image.layers.at(-1) ?? ''} name={t('bake.image.layer')} />],
    [t('bake.image.size'), number.bytes(image.sizeBytes)],
    [t('bake.image.user'), <code key="user">{image.user === '' ? t('bake.image.root') : image.user}</code>],
    [t('bake.image.versions'), image.versions.map((version) => `v${version}`).join(', ')],
    [t('bake.image.tried'), tried],
  ];
  return <FactList rows={rows} className={styles['facts']} />;
}

function Push({ bake, image }: { readonly bake: Bake; readonly image: BakedImage }) {
  const { t } = useText();
  const client = useClient();
  const call = useCall();
  const [reference, setReference] = useState(image.reference);
  const { push } = bake;
  const problem = push?.kind === 'failed' ? push.problem : null;
  const running = push?.kind === 'running';
  return (
    <section aria-label={t('bake.push')}>
      <form
        className={styles['push']}
        onSubmit={(event) => {
          event.preventDefault();
          if (isReference(reference)) void call.run(() => client.deploy.push({ id: bake.id, reference }));
        }}
      >
        <TextInput
          label={t('bake.pushTo')}
          value={reference}
          error={isReference(reference) ? null : t('bake.referenceWrong')}
          onChange={(event) => setReference(event.currentTarget.value.trim())}
        />
        <Button type="submit" disabled={running || !isReference(reference)} loading={call.busy}>
          {t('bake.push')}
        </Button>
      </form>
      {running ? <Delivery delivery={push} words={t('bake.pushing', { target: push.target })} /> : null}
      {push?.kind === 'done' ? (
        <p role="status" className={styles['pushed']}>
          {t('bake.pushed')} <CopyAddress value={`${push.target}@${push.digest ?? ''}`} name={t('bake.digest')} />
        </p>
      ) : null}
      <ErrorNote problem={problem ?? call.problem}>{problem?.code === 'IMAGE_AUTH' ? <RegistryLogin /> : null}</ErrorNote>
    </section>
  );
}

/** A baked image, and what can be done with it. */
export function BakeResult({
  bake,
  image,
  onAnother,
  onClose,
}: {
  readonly bake: Bake;
  readonly image: BakedImage;
  readonly onAnother: () => void;
  readonly onClose: () => void;
}) {
  const { t, number } = useText();
  const client = useClient();
  const call = useCall();
  const [, go] = useLocation();
  const { pickFor } = useFolderPicker();
  const { save } = bake;
  const saving = save?.kind === 'running';
  const run = (): void =>
    void call.run(async () => {
      const { servingId } = await client.deploy.run({ id: bake.id });
      onClose();
      go(`/servings/${servingId}`);
    });
  const copyManifest = (): void =>
    void call.run(async () => {
      const manifest = await client.deploy.manifest({ id: bake.id });
      await navigator.clipboard.writeText(`${JSON.stringify(manifest, null, 2)}\n`);
    });
  return (
    <>
      <p className={styles['done']} role="status">
        <StateGlyph mark="done" /> {t('bake.done', { name: image.reference })}
      </p>
      <Facts image={image} />
      <Push bake={bake} image={image} />
      {saving ? <Delivery delivery={save} words={t('bake.saving', { target: save.target })} /> : null}
      {save?.kind === 'done' ? (
        <p role="status">{t('bake.saved', { target: save.target, size: number.bytes(save.sizeBytes ?? 0) })}</p>
      ) : null}
      <ErrorNote problem={save?.kind === 'failed' ? save.problem : call.problem} />
      <div className={styles['foot']}>
        <Button disabled={saving} onClick={() => void call.run(() => client.deploy.save({ id: bake.id }))}>
          {t('bake.save')}
        </Button>
        <Button disabled={saving} onClick={() => pickFor((ticket) => void call.run(() => client.deploy.save({ id: bake.id, ticket })))}>
          {t('bake.saveIn')}
        </Button>
        <Button onClick={copyManifest}>{t('bake.manifest')}</Button>
        <span className={styles['space']} />
        <Button onClick={onAnother}>{t('bake.another')}</Button>
        <Button variant="filled" data-autofocus leftSection={<Icon name="play" />} loading={call.busy} onClick={run}>
          {t('bake.run')}
        </Button>
      </div>
    </>
  );
}
