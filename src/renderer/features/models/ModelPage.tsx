import { ActionIcon, Button, Group, Menu, Modal, Tabs, TextInput } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { again } from '../../app/again.ts';
import { addressesOf } from '../../../shared/contract/addresses.ts';
import { dtypeLabel } from '../../../shared/tensor/dtype.ts';
import type { Model } from '../../../shared/contract/state.ts';
import { useText } from '../../app/i18n.tsx';
import { useClient, useMirror } from '../../app/store.ts';
import { useCall, type Call } from '../../app/useCall.ts';
import { CopyAddress } from '../../ui/CopyAddress.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { NotesTab } from '../library/NotesTab.tsx';
import { RemovalDialog } from '../library/RemovalDialog.tsx';
import { VersionsTab } from '../library/VersionsTab.tsx';
import { hostsFor } from '../servings/join/hosts.ts';
import { ServingSince } from '../servings/ServingSince.tsx';
import { ModelState } from './ModelsPage.tsx';
import { ProblemCard } from './ProblemCard.tsx';
import { methodWord, shapeText, signatureLine, signaturesOf } from './shapes.ts';
import styles from './models.module.css';

const BakeDialog = lazy(async () => ({ default: (await again(() => import('../deploy/BakeDialog.tsx'))).BakeDialog }));

const JoinDialog = lazy(async () => ({ default: (await again(() => import('../servings/join/JoinDialog.tsx'))).JoinDialog }));

function Signatures({ model, dense = false }: { readonly model: Model; readonly dense?: boolean }) {
  const { t } = useText();
  const [latest] = model.versions;
  return (
    <table className={styles['table']} data-dense={dense || undefined}>
      <caption className="sl-hidden">{t('model.signaturesOf', { name: model.name, version: latest?.version ?? '1' })}</caption>
      <thead>
        <tr>
          <th>{t('model.column.signature')}</th>
          <th>{t('model.column.tensor')}</th>
          <th>{t('model.column.dtype')}</th>
          <th>{t('model.column.shape')}</th>
          <th>{t('model.column.graphName')}</th>
        </tr>
      </thead>
      <tbody>
        {signaturesOf(latest).flatMap(([name, info]) => {
          const rows = [
            ...Object.entries(info.inputs).map((one) => ['in', ...one] as const),
            ...Object.entries(info.outputs).map((one) => ['out', ...one] as const),
          ];
          return rows.map(([side, tensor, tensorInfo], index) => (
            <tr key={`${name} ${side} ${tensor}`}>
              <td>
                {index === 0 ? <strong>{name}</strong> : index === 1 ? <span className={styles['dim']}>{methodWord(info)}</span> : null}
              </td>
              <td>
                <span className={styles['dim']}>{t(`model.${side}`)}</span> <code>{tensor}</code>
              </td>
              <td>
                <code>{dtypeLabel(tensorInfo.dtype)}</code>
              </td>
              <td>
                <code>{shapeText(tensorInfo, t('model.batch'))}</code>
              </td>
              <td>
                <code className={styles['dim']}>{tensorInfo.name}</code>
              </td>
            </tr>
          ));
        })}
      </tbody>
    </table>
  );
}

function Files({ model }: { readonly model: Model }) {
  const { t, number } = useText();
  const [latest] = model.versions;
  return (
    <table className={styles['table']}>
      <caption className="sl-hidden">{t('model.filesOf', { name: model.name, version: latest?.version ?? '1' })}</caption>
      <thead>
        <tr>
          <th>{t('model.column.file')}</th>
          <th className={styles['right']}>{t('model.column.size')}</th>
        </tr>
      </thead>
      <tbody>
        {latest?.files.slice(0, 500).map(({ path, bytes }) => (
          <tr key={path}>
            <td>
              <code>{path}</code>
            </td>
            <td className={styles['right']}>{number.bytes(bytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Rename({ model, opened, onClose }: { readonly model: Model; readonly opened: boolean; readonly onClose: () => void }) {
  const { t } = useText();
  const client = useClient();
  const call = useCall();
  const [name, setName] = useState(model.name);
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('model.renameTitle', { name: model.name })}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void call.run(() => client.models.rename({ id: model.id, name })).then((done) => (done ? onClose() : undefined));
        }}
      >
        <TextInput
          label={t('import.name')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
          error={/^[A-Za-z0-9_.-]{1,128}$/.test(name) ? null : t('import.nameWrong')}
        />
        <ErrorNote problem={call.problem} />
        <Group justify="flex-end" mt="lg" gap="sm">
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" variant="filled" loading={call.busy}>
            {t('model.rename').replace('…', '')}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

function Acts({ model, call }: { readonly model: Model; readonly call: Call }) {
  const { t } = useText();
  const client = useClient();
  const [, go] = useLocation();
  const [sheet, setSheet] = useState<'rename' | 'forget' | 'bake' | 'join' | null>(null);
  const [baking, setBaking] = useState(false);
  const serving = useMirror((state) => state.servings.find(({ modelId }) => modelId === model.id));
  const canJoin = useMirror((state) => hostsFor(model, state.servings).length > 0) && serving?.state.kind !== 'serving';
  const canReveal = useMirror((state) => state.facts?.capabilities.revealFolder ?? false);
  const close = (): void => setSheet(null);
  const serve = (): void =>
    void call.run(async () => {
      const { servingId } = await client.servings.start({ modelId: model.id });
      go(`/servings/${servingId}`);
    });
  return (
    <div className={styles['acts']}>
      {serving?.state.kind === 'serving' ? (
        <>
          <Button
            leftSection={<Icon name="stop" />}
            loading={call.busy}
            onClick={() => void call.run(() => client.servings.stop({ id: serving.id }))}
          >
            {t('model.stop')}
          </Button>
          <Button variant="filled" leftSection={<Icon name="playground" />} onClick={() => go(`/playground/${serving.id}`)}>
            {t('model.playground')}
          </Button>
        </>
      ) : serving?.state.kind === 'starting' || serving?.state.kind === 'stopping' ? (
        <Button onClick={() => go(`/servings/${serving.id}`)}>{t('model.openServing')}</Button>
      ) : (
        <Button variant="filled" leftSection={<Icon name="play" />} loading={call.busy} onClick={serve}>
          {t('model.serve')}
        </Button>
      )}
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="default" size={32} aria-label={t('model.more', { name: model.name })}>
            <Icon name="more" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {canJoin ? <Menu.Item onClick={() => setSheet('join')}>{t('join.open')}</Menu.Item> : null}
          <Menu.Item onClick={() => setSheet('rename')}>{t('model.rename')}</Menu.Item>
          <Menu.Item onClick={() => void call.run(() => client.models.refresh({ id: model.id }))}>{t('model.refresh')}</Menu.Item>
          <Menu.Item
            onClick={() => {
              setBaking(true);
              setSheet('bake');
            }}
          >
            {t('bake.open')}
          </Menu.Item>
          <Menu.Item onClick={() => void call.run(() => client.models.verify({ id: model.id }))}>{t('model.verify')}</Menu.Item>
          {canReveal ? (
            <Menu.Item onClick={() => void call.run(() => client.folders.reveal({ modelId: model.id }))}>{model.path}</Menu.Item>
          ) : null}
          <Menu.Item onClick={() => setSheet('forget')}>
            {t(model.source === 'managed' ? 'library.deleteVersion' : 'model.forget')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Rename key={model.name} model={model} opened={sheet === 'rename'} onClose={close} />
      {sheet === 'forget' ? <RemovalDialog modelId={model.id} version={null} onClose={close} onRemoved={() => go('/models')} /> : null}
      {/* Once opened it stays, so that closing it loses no input. */}
      <Suspense fallback={null}>{sheet === 'join' ? <JoinDialog model={model} onClose={close} /> : null}</Suspense>
      <Suspense fallback={null}>{baking ? <BakeDialog model={model} opened={sheet === 'bake'} onClose={close} /> : null}</Suspense>
    </div>
  );
}

/** One model: who answers and where, its versions, signatures, files and problems. */
export function ModelPage({ id, version }: { readonly id: string; readonly version?: string | undefined }) {
  const { t } = useText();
  const call = useCall();
  const model = useMirror((state) => state.models.find((one) => one.id === id));
  const serving = useMirror((state) => state.servings.find(({ modelId, state: one }) => modelId === id && one.kind === 'serving'));
  if (model === undefined) {
    return (
      <>
        <h1>{t('model.notFound')}</h1>
        <Link href="/models">{t('model.back')}</Link>
      </>
    );
  }
  const problems = [...model.problems, ...model.versions.flatMap((one) => one.problems)];
  const [first = '', ...others] = model.versions.map((one) =>
    JSON.stringify(signaturesOf(one).map(([name, info]) => [name, signatureLine(info)])),
  );
  const sameSignatures = others.length > 0 && others.every((one) => one === first);
  const addresses = serving === undefined ? null : addressesOf(serving.plan);
  return (
    <>
      <Link href="/models" className={styles['back']}>
        {t('model.back')}
      </Link>
      <div className={styles['title']}>
        <h1>{model.name}</h1>
        <ModelState model={model} />
        {serving === undefined ? null : (
          <span className={styles['dim']}>
            {t(serving.engine === 'docker' ? 'model.inDocker' : 'servings.embedded')} · <ServingSince serving={serving} />
          </span>
        )}
        <Acts model={model} call={call} />
      </div>
      <ErrorNote problem={call.problem} />
      {addresses === null ? null : (
        <div className={styles['addresses']}>
          <CopyAddress kind="REST" value={addresses.rest} name={t('serving.restAddress')} />
          <CopyAddress kind="gRPC" value={addresses.grpc} name={t('serving.grpcAddress')} />
        </div>
      )}
      <Tabs defaultValue="versions" keepMounted={false}>
        <Tabs.List mb="md">
          {(['versions', 'signatures', 'files', 'notes', 'problems'] as const).map((tab) => (
            <Tabs.Tab key={tab} value={tab}>
              {t(`model.tabs.${tab}`)} {tab === 'problems' && problems.length > 0 ? problems.length : null}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="versions">
          <VersionsTab model={model} version={version}>
            <h2 className={styles['part']}>
              {t('model.tabs.signatures')}{' '}
              <span className={styles['caption']}>
                {sameSignatures ? t('model.sameSignatures', { count: model.versions.length }) : null}
              </span>
            </h2>
            <Signatures model={model} dense />
          </VersionsTab>
        </Tabs.Panel>
        <Tabs.Panel value="signatures">
          <Signatures model={model} />
        </Tabs.Panel>
        <Tabs.Panel value="files">
          <Files model={model} />
        </Tabs.Panel>
        <Tabs.Panel value="notes">
          <NotesTab model={model} />
        </Tabs.Panel>
        <Tabs.Panel value="problems">
          {problems.length === 0 ? <p className={styles['dim']}>{t('model.noProblems')}</p> : null}
          {problems.map((problem) => (
            <ProblemCard key={problem.message} problem={problem} />
          ))}
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
