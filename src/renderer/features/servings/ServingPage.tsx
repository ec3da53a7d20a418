import { Button, Menu } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { again } from '../../app/again.ts';
import { addressesOf } from '../../../shared/contract/addresses.ts';
import type { LogLine, Serving } from '../../../shared/contract/serving.ts';
import { useText } from '../../app/i18n.tsx';
import { useMirror } from '../../app/store.ts';
import { CopyAddress } from '../../ui/CopyAddress.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { LogView } from '../../ui/LogView.tsx';
import { StateMark } from '../../ui/StateMark.tsx';
import { ActProblem } from './ActProblem.tsx';
import { ChangesForm } from './ChangesForm.tsx';
import { clock, useSecond } from './elapsed.ts';
import { ExpectedFound } from './ExpectedFound.tsx';
import { FailedBlock } from './FailedBlock.tsx';
import { SharedServer } from './join/SharedServer.tsx';
import { RemoveServing } from './RemoveServing.tsx';
import { RunningPanel } from './RunningPanel.tsx';
import { ServingSince } from './ServingSince.tsx';
import { servingMark, servingWord, stepWords } from './servingWords.ts';
import { StepSpine } from './StepSpine.tsx';
import { useServingActs, type ServingActs } from './useServingActs.ts';
import { useServingLog } from './useServingLog.ts';
import { isMovable, presentChange } from './upgrade/placeDraft.ts';
import { WhatWillRun } from './WhatWillRun.tsx';
import styles from './serving.module.css';

const UpgradeDialog = lazy(async () => ({ default: (await again(() => import('./upgrade/UpgradeDialog.tsx'))).UpgradeDialog }));
const ChangePanel = lazy(async () => ({ default: (await again(() => import('./upgrade/ChangePanel.tsx'))).ChangePanel }));
const SwitchPanel = lazy(async () => ({ default: (await again(() => import('./switch/SwitchPanel.tsx'))).SwitchPanel }));

/** One serving: its start as steps, its failure with the mend, or its figures while it runs; beside it the plan and the log. */
export function ServingPage({ id }: { readonly id: string }) {
  const { t } = useText();
  const [, go] = useLocation();
  const serving = useMirror((state) => state.servings.find((one) => one.id === id));
  const known = useMirror((state) => state.servings.length > 0);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (serving !== undefined) setSeen(true);
    // Removed while its page was open: the list is where the person goes on.
    else if (seen) go('/servings');
  }, [serving, seen, go]);

  if (serving === undefined)
    return (
      <header className={styles['head']}>
        <Crumb />
        <h1>{t('serving.unknown')}</h1>
        <p className={styles['dim']}>{known ? t('serving.unknownHint') : t('servings.empty.text')}</p>
      </header>
    );
  return <Known serving={serving} />;
}

function Known({ serving }: { readonly serving: Serving }) {
  const acts = useServingActs(serving);
  const [changing, setChanging] = useState(false);
  const [removing, setRemoving] = useState(false);
  const [upgrading, setUpgrading] = useState(false);
  const upgrade = (): void => setUpgrading(true);
  // A refusal is shown in the dialog that caused it, not behind it too, and does not outlive it.
  const behind = changing || removing ? { ...acts, problem: null } : acts;
  const change = (): void => {
    acts.forgetProblem();
    setChanging(true);
  };
  const remove = (): void => {
    acts.forgetProblem();
    setRemoving(true);
  };
  const close = (): void => {
    acts.forgetProblem();
    setChanging(false);
    setRemoving(false);
  };
  useHotkeys([
    [
      'Delete',
      () => {
        if (serving.state.kind === 'starting') acts.stop();
      },
    ],
  ]);
  return (
    <>
      <Header serving={serving} acts={behind} onChange={change} onUpgrade={upgrade} onRemove={remove} />
      <Body serving={serving} acts={behind} onChange={change} onUpgrade={upgrade} />
      <ChangesForm serving={serving} acts={acts} opened={changing} onClose={close} />
      <RemoveServing serving={serving} acts={acts} opened={removing} onClose={close} />
      <Suspense>
        {upgrading ? (
          <UpgradeDialog serving={serving} opened={serving.state.kind === 'serving'} onClose={() => setUpgrading(false)} />
        ) : null}
      </Suspense>
    </>
  );
}

function Crumb() {
  const { t } = useText();
  return (
    <Link className={styles['crumb']} href="/servings">
      {t('servings.title')}
    </Link>
  );
}

interface HeaderProps {
  readonly serving: Serving;
  readonly acts: ServingActs;
  readonly onChange: () => void;
  readonly onUpgrade: () => void;
  readonly onRemove: () => void;
}

function Header({ serving, acts, onChange, onUpgrade, onRemove }: HeaderProps) {
  const text = useText();
  const { t } = text;
  const { state, plan } = serving;
  const addresses = addressesOf(plan);
  return (
    <header className={styles['head']}>
      <Crumb />
      <div className={styles['titleRow']}>
        <h1>{serving.name}</h1>
        <span className={styles['strong']}>
          <StateMark mark={servingMark(serving)} word={servingWord(serving, text)} />
        </span>
        <span className={styles['dim']}>
          <StateDetail serving={serving} />
        </span>
        <span className={styles['space']} />
        <Acts serving={serving} acts={acts} onChange={onChange} onUpgrade={onUpgrade} onRemove={onRemove} />
      </div>
      {state.kind === 'serving' ? (
        <div className={styles['addresses']}>
          <CopyAddress kind="REST" value={addresses.rest} name={t('serving.restAddress')} />
          <CopyAddress kind="gRPC" value={addresses.grpc} name={t('serving.grpcAddress')} />
        </div>
      ) : null}
      {state.kind === 'failed' ? null : <ActProblem problem={acts.problem} />}
    </header>
  );
}

/** What is under way and for how long, or since when it is as it is. */
function StateDetail({ serving }: { readonly serving: Serving }) {
  const text = useText();
  const { t } = text;
  const { state } = serving;
  const now = useSecond(state.kind === 'starting');
  if (state.kind === 'starting') return <>{`${stepWords(state.step, text)} · ${clock(now - startOf(serving))}`}</>;
  return (
    <>
      <ServingSince serving={serving} />
      {state.kind === 'failed' ? ` · ${t('serving.nothingRuns')}` : null}
    </>
  );
}

/** When this start began, in ms since 1970: its first step's time. */
function startOf(serving: Serving): number {
  const first = serving.steps.find(({ startedAt }) => startedAt !== null)?.startedAt ?? serving.since;
  return new Date(first).getTime();
}

function Acts({ serving, acts, onChange, onUpgrade, onRemove }: HeaderProps) {
  const { t } = useText();
  const [, go] = useLocation();
  const { kind } = serving.state;
  if (kind === 'starting')
    return (
      <Button leftSection={<Icon name="close" />} aria-keyshortcuts="Delete" onClick={acts.stop}>
        {t('serving.stopStarting')}
      </Button>
    );
  const more = (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="subtle" aria-label={t('serving.moreNamed', { name: serving.name })}>
          <Icon name="more" />
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {kind === 'serving' ? <Menu.Item onClick={acts.restart}>{t('serving.restart')}</Menu.Item> : null}
        {isMovable(serving) ? <Menu.Item onClick={onUpgrade}>{t('upgrade.open')}</Menu.Item> : null}
        <Menu.Item onClick={onChange}>{t('serving.startWithChanges')}</Menu.Item>
        <Menu.Item onClick={acts.copyDockerRun}>
          {t(serving.engine === 'docker' ? 'serving.copyDockerRun' : 'serving.copyCommand')}
        </Menu.Item>
        <Menu.Item onClick={() => go(`/models/${serving.modelId}`)}>{t('mend.model')}</Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={onRemove}>{t('serving.remove')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
  if (kind === 'serving' || kind === 'stopping')
    return (
      <>
        {more}
        <Button leftSection={<Icon name="stop" />} disabled={kind === 'stopping'} onClick={acts.stop}>
          {t('serving.stop')}
        </Button>
        {kind === 'serving' ? (
          <Button variant="filled" leftSection={<Icon name="playground" />} onClick={() => go(`/playground/${serving.id}`)}>
            {t('serving.openPlayground')}
          </Button>
        ) : null}
      </>
    );
  return (
    <>
      {more}
      <Button leftSection={<Icon name="refresh" />} loading={acts.busy} onClick={acts.startAgain}>
        {t('serving.startAgain')}
      </Button>
      <Button variant="subtle" onClick={onRemove}>
        {t('serving.remove')}
      </Button>
    </>
  );
}

function Body({ serving, acts, onChange, onUpgrade }: Omit<HeaderProps, 'onRemove'>) {
  const log = useServingLog(serving.id, serving.containerId);
  const { state } = serving;
  const logState =
    serving.containerId === null ? 'none' : log.ended || state.kind === 'stopped' || state.kind === 'failed' ? 'ended' : 'open';
  const view = <LogView lines={log.lines} dropped={log.dropped} state={logState} cause={serving.cause} />;
  const hasChanged = serving.change !== null || serving.previous !== null;
  const changed = hasChanged ? (
    <Suspense>
      <ChangePanel serving={serving} onChange={state.kind === 'serving' ? onUpgrade : onChange} />
    </Suspense>
  ) : null;
  const pulling = state.kind === 'starting' && (state.step === 'check' || state.step === 'pull' || state.step === 'create');
  if (pulling)
    return (
      <Columns left={<StepSpine serving={serving} lines={log.lines} polite />}>
        <WhatWillRun serving={serving} />
        {view}
      </Columns>
    );
  if (state.kind === 'starting')
    return (
      <Columns narrowLeft left={<StepSpine serving={serving} lines={log.lines} polite />}>
        {view}
      </Columns>
    );
  if (state.kind === 'failed')
    return (
      <Columns
        left={
          <>
            <FailedBlock serving={serving} problem={state.problem} acts={acts} onChange={onChange} />
            {changed}
            <ExpectedFound serving={serving} code={state.problem.code} />
            <History serving={serving} />
            <WhatWillRun serving={serving} />
          </>
        }
      >
        {view}
      </Columns>
    );
  return (
    <Columns
      left={
        <>
          <SharedServer serving={serving} />
          <Note serving={serving} />
          {changed}
          <Suspense>
            <SwitchPanel serving={serving} />
          </Suspense>
          {state.kind === 'serving' ? <RunningPanel serving={serving} /> : null}
          <WhatWillRun serving={serving} />
          <History serving={serving} />
        </>
      }
    >
      {view}
    </Columns>
  );
}

interface ColumnsProps {
  readonly left: ReactNode;
  readonly children: ReactNode;
  readonly narrowLeft?: boolean;
}

function Columns({ left, children, narrowLeft = false }: ColumnsProps) {
  return (
    <div className={styles['body']} data-narrow-left={narrowLeft || undefined}>
      <div className={styles['left']}>{left}</div>
      <div className={styles['right']}>{children}</div>
    </div>
  );
}

const noLines: readonly LogLine[] = [];

/** How far the last start came. Nothing where it was never started here. */
function History({ serving }: { readonly serving: Serving }) {
  const { t } = useText();
  // What runs since a change of place has not been started by these steps.
  const isPast = presentChange(serving)?.state === 'done';
  if (isPast || !serving.steps.some(({ state }) => state !== 'waiting')) return null;
  return (
    <section>
      <h2>{serving.state.kind === 'failed' ? t('serving.howFar') : t('serving.howStarted')}</h2>
      <StepSpine serving={serving} lines={noLines} polite={false} />
    </section>
  );
}

/** What changed behind our back, and what the canary says. */
function Note({ serving }: { readonly serving: Serving }) {
  const { t } = useText();
  if (serving.note === null && serving.canary?.kind !== 'refused') return null;
  return (
    <div className={styles['note']} role="status">
      <Icon name="info" />
      <div>
        {serving.note === null ? null : <p>{t(`serving.note.${serving.note}`)}</p>}
        {serving.canary?.kind === 'refused' ? <p>{t('serving.canaryRefused', { note: serving.canary.note })}</p> : null}
      </div>
    </div>
  );
}
