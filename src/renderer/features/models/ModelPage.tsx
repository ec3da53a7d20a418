import { ActionIcon, Button, Group, Menu, Modal, Tabs, Text as Paragraph, TextInput } from '@mantine/core';
import { lazy, Suspense, useState, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { addressesOf } from '../../../shared/contract/addresses.ts';
import { dtypeLabel } from '../../../shared/tensor/dtype.ts';
import type { Model } from '../../../shared/contract/state.ts';
import { useText } from '../../app/i18n.tsx';
import { useClient, useMirror } from '../../app/store.ts';
import { useCall, type Call } from '../../app/useCall.ts';
import { CopyAddress } from '../../ui/CopyAddress.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { majorMinor } from '../../ui/format.ts';
import { Icon } from '../../ui/Icon.tsx';
import { StateMark } from '../../ui/StateMark.tsx';
import { ServingSince } from '../servings/ServingSince.tsx';
import { ModelState } from './ModelsPage.tsx';
import { ProblemCard } from './ProblemCard.tsx';
import { methodWord, shapeText, signatureLine, signaturesOf } from './shapes.ts';
import styles from './models.module.css';

const BakeDialog = lazy(async () => ({ default: (await import('../deploy/BakeDialog.tsx')).BakeDialog }));

function Versions({ model }: { readonly model: Model }) {
  const { t, number } = useText();
  const served = useMirror((state) =>
    state.servings.flatMap(({ modelId, state: one }) => (modelId === model.id && one.kind === 'serving' ? one.versions : [])).join(' '),
  ).split(' ');
  return (
    <table className={styles['table']}>
      <caption className="sl-hidden">{t('model.versionsOf', { name: model.name })}</caption>
      <thead>
        <tr>
          <th>{t('model.column.version')}</th>
          <th>{t('model.column.state')}</th>
          <th>{t('model.column.tensorflow')}</th>
          <th className={styles['right']}>{t('model.column.parameters')}</th>
          <th className={styles['right']}>{t('model.column.size')}</th>
          <th>{t('model.column.checksums')}</th>
        </tr>
      </thead>
      <tbody>
        {model.versions.map(({ path, version, tensorflow_version, total_params, size_bytes, verified, problems }) => {
          const name = version ?? model.mountAs?.version ?? '';
          const wrong = problems.some(({ severity }) => severity !== 'note');
          return (
            <tr key={path}>
              <td>
                <strong>v{name}</strong>
              </td>
              <td>
                {served.includes(name) ? (
                  <StateMark mark="serving" word={t('model.available')} />
                ) : (
                  <StateMark mark={wrong ? 'attention' : 'ready'} word={t(wrong ? 'models.attention' : 'models.ready')} />
                )}
              </td>
              <td>{majorMinor(tensorflow_version)}</td>
              <td className={styles['right']}>{number.count(total_params)}</td>
              <td className={styles['right']}>{number.bytes(size_bytes)}</td>
              <td className={styles['past']}>{t(verified ? 'model.verified' : 'model.notVerified')}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

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

/** What is known of the model as a whole, beside its versions. */
function About({ model }: { readonly model: Model }) {
  const { t, number, time } = useText();
  const [latest] = model.versions;
  const rows: readonly (readonly [string, ReactNode])[] = [
    [
      t('model.about.folder'),
      <>
        <code>{model.path}</code> <span className={styles['chip']}>{t(model.source === 'linked' ? 'model.linked' : 'model.managed')}</span>
      </>,
    ],
    [
      t('models.column.added'),
      <time key="added" dateTime={model.addedAt} title={time.absolute(model.addedAt)}>
        {time.relative(model.addedAt)}
      </time>,
    ],
    [t('model.column.size'), number.bytes(model.versions.reduce((sum, { size_bytes }) => sum + size_bytes, 0))],
    ...(latest === undefined
      ? []
      : [
          [t('model.about.exportedBy'), `TensorFlow ${latest.tensorflow_version}`] as const,
          [t('model.column.parameters'), number.count(latest.total_params)] as const,
          [t('model.about.ops'), t('model.about.opKinds', { count: Object.keys(latest.ops).length })] as const,
        ]),
  ];
  return (
    <aside className={styles['about']} aria-label={t('model.about', { name: model.name })}>
      <h2>{t('model.about', { name: model.name })}</h2>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </aside>
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

function Forget({ model, opened, onClose }: { readonly model: Model; readonly opened: boolean; readonly onClose: () => void }) {
  const { t } = useText();
  const client = useClient();
  const call = useCall();
  const [, go] = useLocation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('model.forgetTitle', { name: model.name })}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      <Paragraph>{model.source === 'managed' ? t('model.forgetManaged') : t('model.forgetLinked', { path: model.path })}</Paragraph>
      <ErrorNote problem={call.problem} />
      <Group justify="flex-end" mt="lg" gap="sm">
        <Button data-autofocus onClick={onClose}>
          {t('cancel')}
        </Button>
        <Button
          variant="outline"
          color="red"
          loading={call.busy}
          onClick={() => void call.run(() => client.models.forget({ id: model.id })).then((done) => (done ? go('/models') : undefined))}
        >
          {t('model.forgetConfirm')}
        </Button>
      </Group>
    </Modal>
  );
}

function Acts({ model, call }: { readonly model: Model; readonly call: Call }) {
  const { t } = useText();
  const client = useClient();
  const [, go] = useLocation();
  const [sheet, setSheet] = useState<'rename' | 'forget' | 'bake' | null>(null);
  const [baking, setBaking] = useState(false);
  const serving = useMirror((state) => state.servings.find(({ modelId }) => modelId === model.id));
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
          <Menu.Item onClick={() => setSheet('forget')}>{t('model.forget')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Rename key={model.name} model={model} opened={sheet === 'rename'} onClose={close} />
      <Forget model={model} opened={sheet === 'forget'} onClose={close} />
      {/* Once opened it stays, so that closing it loses no input. */}
      <Suspense fallback={null}>{baking ? <BakeDialog model={model} opened={sheet === 'bake'} onClose={close} /> : null}</Suspense>
    </div>
  );
}

/** One model: who answers and where, its versions, signatures, files and problems. */
export function ModelPage({ id }: { readonly id: string }) {
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
  const problems = [...model.problems, ...model.versions.flatMap((version) => version.problems)];
  const [first = '', ...others] = model.versions.map((version) =>
    JSON.stringify(signaturesOf(version).map(([name, info]) => [name, signatureLine(info)])),
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
          {(['versions', 'signatures', 'files', 'problems'] as const).map((tab) => (
            <Tabs.Tab key={tab} value={tab}>
              {t(`model.tabs.${tab}`)} {tab === 'problems' && problems.length > 0 ? problems.length : null}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="versions">
          <div className={styles['beside']}>
            <div>
              <Versions model={model} />
              <h2 className={styles['part']}>
                {t('model.tabs.signatures')}{' '}
                <span className={styles['caption']}>
                  {sameSignatures ? t('model.sameSignatures', { count: model.versions.length }) : null}
                </span>
              </h2>
              <Signatures model={model} dense />
            </div>
            <About model={model} />
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="signatures">
          <Signatures model={model} />
        </Tabs.Panel>
        <Tabs.Panel value="files">
          <Files model={model} />
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
