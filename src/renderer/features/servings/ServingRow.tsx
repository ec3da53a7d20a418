import { ActionIcon, Button, Menu, Tooltip } from '@mantine/core';
import { lazy, Suspense, useState, type KeyboardEvent, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { again } from '../../app/again.ts';
import type { Serving } from '../../../shared/contract/serving.ts';
import { useText } from '../../app/i18n.tsx';
import { useMirror } from '../../app/store.ts';
import { CopyAddress } from '../../ui/CopyAddress.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { quantityOf } from '../../ui/quantity.ts';
import { Sparkline } from '../../ui/Sparkline.tsx';
import { StateMark } from '../../ui/StateMark.tsx';
import { ActProblem } from './ActProblem.tsx';
import { spanSeconds } from './figureHistory.ts';
import { RemoveServing } from './RemoveServing.tsx';
import { ServingSince } from './ServingSince.tsx';
import { servingMark, servingWord, stepWords } from './servingWords.ts';
import { isMovable } from './upgrade/placeDraft.ts';
import { useFigures } from './useFigures.ts';
import { useServingActs, type ServingActs } from './useServingActs.ts';
import styles from './servings.module.css';

const UpgradeDialog = lazy(async () => ({ default: (await again(() => import('./upgrade/UpgradeDialog.tsx'))).UpgradeDialog }));

/** One serving: what it is and where, its figures with their recent past, and what can be done. */
export function ServingRow({ serving }: { readonly serving: Serving }) {
  const text = useText();
  const { t } = text;
  const [, go] = useLocation();
  const acts = useServingActs(serving);
  const live = serving.state.kind === 'serving';
  const address = `127.0.0.1:${serving.plan.restPort}`;
  // Letters act on the row that has the focus; a menu or a dialog of it has its own keys.
  const onKeyDown = (event: KeyboardEvent<HTMLTableRowElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || !event.currentTarget.contains(event.target as Node)) return;
    if (event.key === 's') (live || serving.state.kind === 'starting' ? acts.stop : acts.startAgain)();
    else if (event.key === 'c') acts.attempt(() => navigator.clipboard.writeText(address));
    else if (event.key === 'p' && live) go(`/playground/${serving.id}`);
    else if (event.key === 'ArrowDown') focusRow(event.currentTarget.nextElementSibling);
    else if (event.key === 'ArrowUp') focusRow(event.currentTarget.previousElementSibling);
    else return;
    event.preventDefault();
  };
  return (
    <tr onKeyDown={onKeyDown}>
      <td>
        <div className={styles['name']}>
          <Link className={styles['link']} href={`/servings/${serving.id}`}>
            {serving.name}
          </Link>
          <StateMark mark={servingMark(serving)} word={servingWord(serving, text)} />
        </div>
        <div className={styles['caption']}>
          {serving.engine === 'docker' ? 'Docker' : t('servings.embedded')} · <ServingSince serving={serving} />
        </div>
        {live ? (
          <div className={styles['address']}>
            <CopyAddress value={address} name={t('serving.restAddress')} />
          </div>
        ) : null}
        <Attention serving={serving} />
        <ActProblem problem={acts.problem} />
      </td>
      {live ? <LiveCells serving={serving} /> : <StillCell serving={serving} address={address} />}
      <td>
        <RowActs serving={serving} acts={acts} />
      </td>
    </tr>
  );
}

function focusRow(row: Element | null): void {
  row?.querySelector('a')?.focus();
}

/** One line for what needs a person. */
function Attention({ serving }: { readonly serving: Serving }) {
  const { t, errorWords } = useText();
  if (serving.state.kind === 'failed')
    return (
      <div className={styles['attention']}>
        <span>{errorWords(serving.state.problem).title}</span>
        <Link href={`/servings/${serving.id}`}>{t('servings.show')}</Link>
      </div>
    );
  if (serving.change?.state === 'running')
    return (
      <div className={styles['attention']}>
        <Icon name="info" size={14} />
        <span>{t('upgrade.running', { to: serving.change.to.image ?? t('upgrade.embedded') })}</span>
        <Link href={`/servings/${serving.id}`}>{t('servings.show')}</Link>
      </div>
    );
  if (serving.note === null) return null;
  return (
    <div className={styles['attention']}>
      <Icon name="info" size={14} />
      <span>{t(`serving.note.${serving.note}`)}</span>
    </div>
  );
}

function LiveCells({ serving }: { readonly serving: Serving }) {
  const { t, number } = useText();
  const cpus = useMirror((state) => state.engine.cpus);
  const history = useFigures(serving.id, true, serving.containerId);
  const { latest, times } = history;
  if (latest === null)
    return (
      <td colSpan={3} className={styles['dim']}>
        {t('figures.awaited')}
      </td>
    );
  const cpu = number.percent(Math.round(latest.cpuPercent * 10) / 10);
  const memory = number.bytes(latest.memoryBytes);
  const limit = number.binaryBytes(latest.memoryLimitBytes);
  const incoming = number.bytes(history.inPerSecond.at(-1) ?? 0);
  const rate = history.outPerSecond.at(-1) ?? null;
  const outgoing = number.bytes(rate ?? 0);
  return (
    <>
      <FigureCell
        value={quantityOf(cpu).value}
        unit={cpus === null || cpus < 2 ? '%' : t('figures.cpuUnit', { cpus })}
        chart={
          <Sparkline
            times={times}
            values={history.cpuPercent}
            spanSeconds={spanSeconds}
            role="s3"
            leastTop={10}
            label={t('figures.cpuLabel', { value: cpu })}
          />
        }
      />
      <FigureCell
        value={quantityOf(memory).value}
        unit={
          latest.memoryLimitBytes > 0 ? t('figures.memoryUnit', { unit: quantityOf(memory).unit, limit: limit }) : quantityOf(memory).unit
        }
        chart={
          <Sparkline
            times={times}
            values={history.memoryBytes}
            spanSeconds={spanSeconds}
            role="s3"
            leastTop={64e6}
            label={t('figures.memoryLabel', { value: memory })}
          />
        }
      />
      <FigureCell
        value={rate === null ? '' : quantityOf(outgoing).value}
        unit={rate === null ? '' : t('figures.networkUnit', { unit: quantityOf(outgoing).unit })}
        chart={
          <Sparkline
            times={times}
            values={history.outPerSecond}
            spanSeconds={spanSeconds}
            role="s3"
            leastTop={2_000}
            label={t('figures.networkLabel', { incoming: incoming, outgoing: outgoing })}
          />
        }
      />
    </>
  );
}

function FigureCell({ value, unit, chart }: { readonly value: string; readonly unit: string; readonly chart: ReactNode }) {
  return (
    <td>
      <div className={styles['figure']}>
        {value} <small>{unit}</small>
      </div>
      <div className={styles['chart']}>{chart}</div>
    </td>
  );
}

/** Under way, failed or stopped: no figures, so the row says what is kept or happening. */
function StillCell({ serving, address }: { readonly serving: Serving; readonly address: string }) {
  const text = useText();
  return (
    <td colSpan={3} className={styles['dim']}>
      {words()}
    </td>
  );

  function words(): string {
    const { t, number } = text;
    const { state, pull } = serving;
    if (state.kind === 'stopped') return t('servings.addressKept', { address });
    if (state.kind !== 'starting') return '';
    if (state.step !== 'pull' || pull === null || pull.totalBytes <= 0) return stepWords(state.step, text);
    const { part, whole } = number.bytesOf(pull.currentBytes, pull.totalBytes);
    const sum = t('pull.ofTotal', { done: part, total: whole });
    return `${stepWords(state.step, text)} · ${sum}`;
  }
}

function RowActs({ serving, acts }: { readonly serving: Serving; readonly acts: ServingActs }) {
  const { t } = useText();
  const [, go] = useLocation();
  const [removing, setRemoving] = useState(false);
  const [upgrading, setUpgrading] = useState(false);
  const { kind } = serving.state;
  const stopped = kind === 'stopped' || kind === 'failed';
  const name = serving.name;
  return (
    <div className={styles['acts']}>
      {stopped ? (
        <Button
          size="xs"
          leftSection={<Icon name="play" size={14} />}
          aria-label={t('serving.startNamed', { name })}
          onClick={acts.startAgain}
        >
          {t('serving.start')}
        </Button>
      ) : (
        <Tooltip label={kind === 'starting' ? t('serving.stopStarting') : t('serving.stop')}>
          <ActionIcon variant="subtle" aria-label={t('serving.stopNamed', { name })} disabled={kind === 'stopping'} onClick={acts.stop}>
            <Icon name="stop" size={14} />
          </ActionIcon>
        </Tooltip>
      )}
      {kind === 'serving' ? (
        <Tooltip label={t('serving.openPlayground')}>
          <ActionIcon variant="subtle" aria-label={t('serving.playgroundNamed', { name })} onClick={() => go(`/playground/${serving.id}`)}>
            <Icon name="playground" size={14} />
          </ActionIcon>
        </Tooltip>
      ) : null}
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" aria-label={t('serving.moreNamed', { name })}>
            <Icon name="more" size={14} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => go(`/servings/${serving.id}`)}>{t('serving.open')}</Menu.Item>
          {kind === 'serving' ? <Menu.Item onClick={acts.restart}>{t('serving.restart')}</Menu.Item> : null}
          {isMovable(serving) ? <Menu.Item onClick={() => setUpgrading(true)}>{t('upgrade.open')}</Menu.Item> : null}
          <Menu.Item onClick={acts.copyDockerRun}>
            {t(serving.engine === 'docker' ? 'serving.copyDockerRun' : 'serving.copyCommand')}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item onClick={() => setRemoving(true)}>{t('serving.remove')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <RemoveServing serving={serving} acts={acts} opened={removing} onClose={() => setRemoving(false)} />
      <Suspense>
        {upgrading ? <UpgradeDialog serving={serving} opened={kind === 'serving'} onClose={() => setUpgrading(false)} /> : null}
      </Suspense>
    </div>
  );
}
