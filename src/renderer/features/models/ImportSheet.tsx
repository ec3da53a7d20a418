import { ActionIcon, Button, Modal, TextInput } from '@mantine/core';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import type { ErrorReport } from '../../../shared/contract/errors.ts';
import type { ImportView } from '../../../shared/contract/index.ts';
import type { Mend, Problem } from '../../../shared/contract/savedModel.ts';
import { useText } from '../../app/i18n.tsx';
import { closeImport, reportOf, useClient, useMirror } from '../../app/store.ts';
import { useCall } from '../../app/useCall.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { majorMinor } from '../../ui/format.ts';
import { Icon } from '../../ui/Icon.tsx';
import { StateGlyph } from '../../ui/StateMark.tsx';
import { Checklist } from './Checklist.tsx';
import { CopyChoice } from './CopyChoice.tsx';
import { DroppedTree } from './DroppedTree.tsx';
import { ProblemCard } from './ProblemCard.tsx';
import { Advanced, placeOf, policyOf, untouched, Where, type Choices } from './ServeOptions.tsx';
import { signatureLine, signaturesOf, methodWord } from './shapes.ts';
import styles from './models.module.css';

const namePattern = /^[A-Za-z0-9_.-]{1,128}$/;

/** Problems that keep a model from serving; another set of tags settles a missing serve tag. */
function blockers({ inspection }: ImportView, { tags }: Choices): readonly Problem[] {
  const all = [...inspection.problems, ...inspection.versions.slice(-1).flatMap((version) => version.problems)];
  return all.filter(({ code, severity }) => severity === 'error' && !(code === 'NO_SERVE_TAG' && tags !== null));
}

/** What main reads in a ticket's folder, now and after each change in it, for as long as the sheet is open. */
function useView(ticket: string): { readonly view: ImportView | null; readonly problem: ErrorReport | null; readonly read: () => void } {
  const client = useClient();
  const [view, setView] = useState<ImportView | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const end = new AbortController();
    const { signal } = end;
    const follow = async (): Promise<void> => {
      try {
        for await (const next of await client.imports.inspect({ ticket }, { signal })) {
          setProblem(null);
          setView(next);
        }
      } catch (error) {
        if (!signal.aborted) setProblem(reportOf(error));
      }
    };
    void follow();
    return () => end.abort();
  }, [client, ticket, round]);
  return { view, problem, read: () => setRound((last) => last + 1) };
}

interface MendsProps {
  readonly problem: Problem;
  /** The likeliest mend of the whole sheet: the one blue button, and where the focus starts. */
  readonly first: boolean;
  readonly onMend: (mend: Mend) => void;
  readonly children?: ReactNode;
}

function Mends({ problem, first, onMend, children }: MendsProps) {
  const { t } = useText();
  const wordOf = (mend: Mend): string | null => {
    switch (mend.kind) {
      case 'useFolder':
        return mend.path === '..' ? t('import.mend.useParent') : t('import.mend.useFolder', { path: mend.path });
      case 'useTags':
        return t('import.mend.useTags', { tags: mend.tags.join(', ') });
      case 'unpack':
        return t('import.mend.unpack');
      case 'lookAgain':
        return t('import.mend.lookAgain');
      // The first is done already, the second is the line above.
      case 'serveAsVersion':
      case 'runPython':
        return null;
    }
  };
  const buttons = (problem.mends ?? []).flatMap((mend) => {
    const word = wordOf(mend);
    return word === null ? [] : [{ mend, word }];
  });
  return buttons.length === 0 && children === undefined ? null : (
    <div className={styles['row']}>
      {children}
      {buttons.map(({ mend, word }, index) => (
        <Button
          key={word}
          variant={first && index === 0 && mend.kind !== 'lookAgain' ? 'filled' : 'default'}
          autoFocus={first && index === 0 && children === undefined}
          leftSection={mend.kind === 'lookAgain' ? <Icon name="refresh" /> : null}
          onClick={() => onMend(mend)}
        >
          {word}
        </Button>
      ))}
    </div>
  );
}

function Signatures({ view, stacked = false }: { readonly view: ImportView; readonly stacked?: boolean }) {
  const { t } = useText();
  const signatures = signaturesOf(view.inspection.versions.at(-1));
  if (signatures.length === 0) return null;
  return (
    <div>
      <h3>{t('import.signatures')}</h3>
      <div
        className={`${styles['code']} ${stacked ? styles['stacked'] : ''}`}
        tabIndex={0}
        role="group"
        aria-label={t('import.signatures')}
      >
        {signatures.slice(0, 12).map(([name, info]) => {
          const [inputs, outputs] = signatureLine(info);
          return (
            <div key={name}>
              <strong>{name}</strong> <span className={styles['dim']}>{methodWord(info)}</span>
              {stacked ? <br /> : ' '}
              {inputs}
              {stacked ? <br /> : ' '}
              <span className={styles['arrow']}>→</span> {outputs}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Versions({ view }: { readonly view: ImportView }) {
  const { t, number } = useText();
  const versions = view.inspection.versions.toReversed();
  if (versions.length === 0) return null;
  return (
    <div>
      <h3>{t('import.versionsTitle')}</h3>
      <table className={styles['table']} data-dense>
        <tbody>
          {versions.slice(0, 6).map(({ version, path, size_bytes, tensorflow_version }, index) => (
            <tr key={path}>
              <td>
                <strong>{version === null ? '' : `v${version}`}</strong>{' '}
                {index === 0 ? (
                  <span className={styles['chip']} data-kind="accent">
                    {t('import.latest')}
                  </span>
                ) : null}
              </td>
              <td className={styles['right']}>{number.bytes(size_bytes)}</td>
              <td className={styles['right']}>{tensorflow_version === '' ? '' : `TF ${majorMinor(tensorflow_version)}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Sheet({ ticket }: { readonly ticket: string }) {
  const { t, number } = useText();
  const client = useClient();
  const [, go] = useLocation();
  const { view, problem: unread, read } = useView(ticket);
  const acting = useCall();
  const connected = useMirror((state) => state.engine.state === 'connected');
  const [choices, setChoices] = useState<Choices>(untouched);
  const [ports, setPorts] = useState<{ readonly rest: number; readonly grpc: number } | null>(null);
  // The person wants it served as soon as the copy is complete.
  const [waiting, setWaiting] = useState(false);
  const serveButton = useRef<HTMLButtonElement>(null);
  const open = view !== null && view.inspection.kind === 'ok' && blockers(view, choices).length === 0;
  const change = (next: Partial<Choices>): void => setChoices((before) => ({ ...before, ...next }));

  useEffect(() => {
    // Without it the usual ports are shown; the real ones are chosen at the start.
    client.servings.ports().then(setPorts, () => undefined);
  }, [client]);

  // What stood in the way has gone: Serve takes the focus, or is pressed where that was asked for.
  useEffect(() => {
    if (!open) return;
    if (waiting) serveButton.current?.click();
    else serveButton.current?.focus();
  }, [open, waiting]);

  const close = (): void => {
    closeImport();
    // Its time runs out by itself where this call does not get through.
    client.imports.discard({ ticket }).catch(() => undefined);
  };
  if (view === null) {
    return (
      <div className={styles['sheetHead']}>
        <div>
          <Modal.Title className={styles['sheetTitle'] ?? ''}>{t('import.reading')}</Modal.Title>
          <ErrorNote problem={unread} />
        </div>
        <ActionIcon size={28} aria-label={t('close')} onClick={close}>
          <Icon name="close" />
        </ActionIcon>
      </div>
    );
  }

  const { inspection, source, displayPath, suggestedName, existing } = view;
  const name = choices.name || suggestedName;
  const stop = blockers(view, choices);
  const rejected = inspection.kind === 'rejected';
  const place = placeOf(choices, connected);
  const blocked = rejected
    ? t('import.blockedRejected')
    : stop.length > 0
      ? t('import.blockedProblem', { count: stop.length })
      : place === 'docker' && !connected
        ? t('import.blockedDocker')
        : null;
  const title = rejected
    ? t('import.rejected', { name: inspection.name })
    : stop.length > 0
      ? t('import.needs', { name: inspection.name, count: stop.length })
      : t('import.ready', { name: inspection.name });
  const sizeBytes = inspection.versions.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
  const latest = inspection.versions.at(-1);
  const facts = [
    ...(rejected ? [] : [t('import.versions', { count: inspection.versions.length }), number.bytes(sizeBytes)]),
    ...(latest === undefined || latest.tensorflow_version === ''
      ? []
      : [t('import.exportedBy', { version: majorMinor(latest.tensorflow_version) })]),
    t(source === 'managed' || choices.copy ? 'import.managed' : 'import.linked'),
  ];
  const problems = [...inspection.problems, ...inspection.versions.flatMap((version) => version.problems)];
  const settled = (problem: Problem): boolean => problem.code === 'NO_SERVE_TAG' && choices.tags !== null;
  const wrong = rejected || stop.length > 0;
  const linked = source === 'linked';
  const isImageFile = problems.some(({ code }) => code === 'ARCHIVE') && /\.tar$/i.test(displayPath);

  const mend = (one: Mend): void => {
    if (one.kind === 'lookAgain') read();
    else if (one.kind === 'useTags') change({ tags: one.tags });
    else if (one.kind === 'useFolder') {
      void acting.run(async () => {
        const next = await client.imports.openFolder({ ticket, path: one.path });
        closeImport(next.ticket);
      });
    } else if (one.kind === 'unpack') {
      void acting.run(async () => {
        const next = await client.imports.unpack({ ticket });
        closeImport(next.ticket);
      });
    }
  };
  const add = (): Promise<{ readonly id: string }> =>
    existing === null ? client.imports.add({ ticket, name, copy: choices.copy }) : Promise.resolve(existing);
  const serve = (): void =>
    void acting.run(async () => {
      if (blocked !== null || !namePattern.test(name)) return;
      const model = await add();
      const flags = choices.flags
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean);
      const { servingId } = await client.servings.start({
        modelId: model.id,
        ...(existing === null ? {} : { name: existing.name }),
        engine: place,
        versions: policyOf(choices),
        extraFlags: flags,
        ...(choices.restPort === '' ? {} : { restPort: Number(choices.restPort) }),
        ...(choices.grpcPort === '' ? {} : { grpcPort: Number(choices.grpcPort) }),
        ...(choices.image === '' ? {} : { image: choices.image }),
        ...(choices.gateway ? { through: 'gateway' as const } : {}),
        ...(choices.tags === null ? {} : { tags: [...choices.tags] }),
      });
      closeImport();
      go(`/servings/${servingId}`);
    });
  const loadImage = (): void =>
    void acting.run(async () => {
      await client.engine.loadImage({ ticket });
      closeImport();
    });
  const addOnly = (): void =>
    void acting.run(async () => {
      const model = await add();
      closeImport();
      go(`/models/${model.id}`);
    });

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        serve();
      }}
    >
      <div className={styles['sheetHead']}>
        <div>
          <Modal.Title className={styles['sheetTitle'] ?? ''}>{title}</Modal.Title>
          <span className={styles['caption']}>
            <code title={displayPath}>{displayPath}</code> · {facts.join(' · ')}
          </span>
        </div>
        <ActionIcon size={28} aria-label={t('close')} onClick={close}>
          <Icon name="close" />
        </ActionIcon>
      </div>
      <div className={styles['sheetBody']}>
        <div className={wrong ? styles['wrong'] : styles['cards']}>
          <div className={styles['cards']}>
            {problems.map((problem) =>
              settled(problem) ? (
                <p key={problem.message} className={styles['settled']} role="status">
                  <StateGlyph mark="done" />
                  {t('import.mended', { text: t('import.mend.useTags', { tags: choices.tags?.join(', ') ?? '' }) })}
                  <Button size="xs" variant="subtle" onClick={() => change({ tags: null })}>
                    {t('import.undo')}
                  </Button>
                </p>
              ) : (
                <ProblemCard key={problem.code + problem.message.replace(/\d+/g, '')} problem={problem} arriving={linked}>
                  <Mends problem={problem} first={problem === (stop[0] ?? problems[0])} onMend={mend}>
                    {linked && (problem.code === 'SHARD_SHORT' || problem.code === 'SHARD_MISSING') ? (
                      <Button
                        autoFocus={problem === stop[0]}
                        aria-pressed={waiting}
                        variant={waiting ? 'light' : 'default'}
                        onClick={() => setWaiting(!waiting)}
                      >
                        {t(waiting ? 'import.servesThen' : 'import.serveThen')}
                      </Button>
                    ) : isImageFile && problem.code === 'ARCHIVE' ? (
                      <Button disabled={!connected} onClick={loadImage}>
                        {t('import.mend.loadImage')}
                      </Button>
                    ) : undefined}
                  </Mends>
                </ProblemCard>
              ),
            )}
          </div>
          {wrong ? (
            <div className={styles['cards']}>
              <DroppedTree view={view} />
              <Signatures view={view} stacked />
            </div>
          ) : null}
        </div>
        {wrong ? null : (
          <>
            <div className={styles['columns']}>
              <Checklist view={view} />
              <Versions view={view} />
            </div>
            <Signatures view={view} />
            <div className={styles['places']}>
              <TextInput
                label={t('import.name')}
                value={name}
                disabled={existing !== null}
                onChange={(event) => change({ name: event.currentTarget.value })}
                error={namePattern.test(name) ? null : t('import.nameWrong')}
                description={t('import.nameHint', { name })}
                inputWrapperOrder={['label', 'input', 'description', 'error']}
              />
              <Where choices={choices} change={change} />
            </div>
            {linked && existing === null ? <CopyChoice name={name} copy={choices.copy} onChange={(copy) => change({ copy })} /> : null}
            <Advanced choices={choices} change={change} ports={ports} />
          </>
        )}
        {existing === null ? null : (
          <p className={styles['dim']}>
            {t('import.existing', { name: existing.name })}{' '}
            <Button
              size="xs"
              onClick={() => {
                close();
                go(`/models/${existing.id}`);
              }}
            >
              {t('import.openExisting', { name: existing.name })}
            </Button>
          </p>
        )}
        <ErrorNote problem={acting.problem ?? unread} />
      </div>
      <div className={styles['sheetFoot']}>
        {rejected ? (
          <span />
        ) : (
          <Button variant="subtle" onClick={addOnly} loading={acting.busy}>
            {t('import.addOnly')}
          </Button>
        )}
        {blocked === null ? null : (
          <span className={styles['caption']} id="serve-blocked">
            {blocked}
          </span>
        )}
        <Button onClick={close}>{t('cancel')}</Button>
        <Button
          ref={serveButton}
          type="submit"
          size="md"
          variant={blocked === null ? 'filled' : 'default'}
          className={styles['serve'] ?? ''}
          autoFocus={!wrong}
          {...(wrong ? {} : { 'data-autofocus': true })}
          loading={acting.busy}
          {...(blocked === null ? {} : { 'aria-disabled': true, 'data-disabled': true, 'aria-describedby': 'serve-blocked' })}
        >
          {t('import.serve')}
          <kbd aria-hidden="true">↵</kbd>
        </Button>
      </div>
    </form>
  );
}

/** What opens after a drop: what was found, the name, and Serve; one ticket after the other. */
export function ImportSheet() {
  const client = useClient();
  const [ticket] = useMirror((state) => state.imports);
  if (ticket === undefined) return null;
  const close = (): void => {
    closeImport();
    // Its time runs out by itself where this call does not get through.
    client.imports.discard({ ticket }).catch(() => undefined);
  };
  return (
    <Modal key={ticket} opened onClose={close} withCloseButton={false} size={840} padding={0}>
      <Sheet ticket={ticket} />
    </Modal>
  );
}
