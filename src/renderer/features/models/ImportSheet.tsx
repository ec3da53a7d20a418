import { ActionIcon, Button, Modal, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import type { ErrorReport } from '../../../shared/contract/errors.ts';
import type { ImportView } from '../../../shared/contract/index.ts';
import type { Mend, Problem } from '../../../shared/contract/savedModel.ts';
import { useText } from '../../app/i18n.tsx';
import { closeImport, reportOf, useClient, useMirror } from '../../app/store.ts';
import { useCall } from '../../app/useCall.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { Checklist } from './Checklist.tsx';
import { ProblemCard } from './ProblemCard.tsx';
import { Advanced, policyOf, untouched, Where, type Choices } from './ServeOptions.tsx';
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

function Mends({ problem, onMend }: { readonly problem: Problem; readonly onMend: (mend: Mend) => void }) {
  const { t } = useText();
  const wordOf = (mend: Mend): string | null => {
    switch (mend.kind) {
      case 'serveAsVersion':
        return null;
      case 'useFolder':
        return mend.path === '..' ? t('import.mend.useParent') : t('import.mend.useFolder', { path: mend.path });
      case 'useTags':
        return t('import.mend.useTags', { tags: mend.tags.join(', ') });
      case 'unpack':
        return t('import.mend.unpack');
      case 'lookAgain':
        return t('import.mend.lookAgain');
      case 'runPython':
        return null;
    }
  };
  return (
    <div className={styles['row']}>
      {(problem.mends ?? []).map((mend) => {
        const word = wordOf(mend);
        return word === null ? null : (
          <Button key={word} onClick={() => onMend(mend)}>
            {word}
          </Button>
        );
      })}
    </div>
  );
}

function Signatures({ view }: { readonly view: ImportView }) {
  const { t } = useText();
  const signatures = signaturesOf(view.inspection.versions.at(-1));
  if (signatures.length === 0) return null;
  return (
    <div>
      <h3>{t('import.signatures')}</h3>
      <div className={styles['code']} tabIndex={0} role="group" aria-label={t('import.signatures')}>
        {signatures.slice(0, 12).map(([name, info]) => {
          const [inputs, outputs] = signatureLine(info);
          return (
            <div key={name}>
              <strong>{name}</strong> <span className={styles['dim']}>{methodWord(info)}</span> {inputs} → {outputs}
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
      <table className={styles['table']}>
        <tbody>
          {versions.slice(0, 6).map(({ version, path, size_bytes, tensorflow_version }, index) => (
            <tr key={path}>
              <td>
                <strong>{version === null ? '—' : `v${version}`}</strong>{' '}
                {index === 0 ? (
                  <span className={styles['chip']} data-kind="accent">
                    {t('import.latest')}
                  </span>
                ) : null}
              </td>
              <td className={styles['right']}>{number.bytes(size_bytes)}</td>
              <td className={styles['right']}>{tensorflow_version}</td>
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
  const change = (next: Partial<Choices>): void => setChoices((before) => ({ ...before, ...next }));

  useEffect(() => {
    // Without it the usual ports are shown; the real ones are chosen at the start.
    client.servings.ports().then(setPorts, () => undefined);
  }, [client]);

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
        <ActionIcon variant="subtle" color="gray" aria-label={t('close')} onClick={close}>
          <Icon name="close" />
        </ActionIcon>
      </div>
    );
  }

  const { inspection, source, displayPath, suggestedName, existing } = view;
  const name = choices.name || suggestedName;
  const stop = blockers(view, choices);
  const rejected = inspection.kind === 'rejected';
  const blocked = rejected || stop.length > 0 ? t('import.blockedProblem') : connected ? null : t('import.blockedDocker');
  const title = rejected
    ? t('import.rejected', { name: inspection.name })
    : stop.length > 0
      ? t('import.needs', { name: inspection.name, count: stop.length })
      : t('import.ready', { name: inspection.name });
  const sizeBytes = inspection.versions.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
  const latest = inspection.versions.at(-1);
  const facts = [
    ...(rejected ? [] : [t('import.versions', { count: inspection.versions.length }), number.bytes(sizeBytes)]),
    ...(latest === undefined || latest.tensorflow_version === '' ? [] : [t('import.exportedBy', { version: latest.tensorflow_version })]),
    t(source === 'managed' ? 'import.managed' : 'import.linked'),
  ];
  const problems = [...inspection.problems, ...inspection.versions.flatMap((version) => version.problems)];

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
    existing === null ? client.imports.add({ ticket, name, copy: false }) : Promise.resolve(existing);
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
        versions: policyOf(choices),
        extraFlags: flags,
        ...(choices.restPort === '' ? {} : { restPort: Number(choices.restPort) }),
        ...(choices.grpcPort === '' ? {} : { grpcPort: Number(choices.grpcPort) }),
        ...(choices.image === '' ? {} : { image: choices.image }),
        ...(choices.tags === null ? {} : { tags: [...choices.tags] }),
      });
      closeImport();
      go(`/servings/${servingId}`);
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
            <code>{displayPath}</code> · {facts.join(' · ')}
          </span>
        </div>
        <ActionIcon variant="subtle" color="gray" aria-label={t('close')} onClick={close}>
          <Icon name="close" />
        </ActionIcon>
      </div>
      <div className={styles['sheetBody']}>
        {problems.map((problem) => (
          <ProblemCard key={problem.message} problem={problem}>
            <Mends problem={problem} onMend={mend} />
          </ProblemCard>
        ))}
        {rejected ? null : (
          <>
            <div className={styles['columns']}>
              <Checklist view={view} />
              <Versions view={view} />
            </div>
            <Signatures view={view} />
            <div className={styles['places']} role="radiogroup" aria-label={t('import.where')}>
              <TextInput
                label={t('import.name')}
                value={name}
                disabled={existing !== null}
                onChange={(event) => change({ name: event.currentTarget.value })}
                error={namePattern.test(name) ? null : t('import.nameWrong')}
                description={t('import.nameHint', { name })}
                inputWrapperOrder={['label', 'input', 'description', 'error']}
              />
              <Where />
            </div>
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
          <Button variant="subtle" color="gray" onClick={addOnly} loading={acting.busy}>
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
          type="submit"
          variant="filled"
          data-autofocus
          autoFocus
          loading={acting.busy}
          disabled={blocked !== null}
          {...(blocked === null ? {} : { 'aria-describedby': 'serve-blocked' })}
        >
          {t('import.serve')}
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
    <Modal key={ticket} opened onClose={close} withCloseButton={false} size={800} padding={0}>
      <Sheet ticket={ticket} />
    </Modal>
  );
}
