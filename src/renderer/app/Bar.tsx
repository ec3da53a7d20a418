import { ActionIcon, Button, Popover, Tooltip } from '@mantine/core';
import { spotlight } from '@mantine/spotlight';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { Task } from '../../shared/contract/state.ts';
import { Icon, Logo } from '../ui/Icon.tsx';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { majorMinor } from '../ui/format.ts';
import { ProgressBar } from '../ui/ProgressBar.tsx';
import { StateGlyph, StateMark } from '../ui/StateMark.tsx';
import { useText } from './i18n.tsx';
import { useClient, useMirror } from './store.ts';
import { showTasks, useTasksMenu } from './tasksMenu.ts';
import { useAppearance } from './useAppearance.ts';
import { useCall } from './useCall.ts';
import styles from './App.module.css';

const menuKey = navigator.platform.startsWith('Mac') ? '⌘K' : 'Ctrl K';

/** The engine in use, and where else one was looked for. */
function EngineMenu() {
  const { t, errorWords } = useText();
  const client = useClient();
  const call = useCall();
  const [, go] = useLocation();
  const engine = useMirror((state) => state.engine);
  const [opened, setOpened] = useState(false);
  const word =
    engine.state === 'connected'
      ? `${engine.product ?? 'Docker'} ${majorMinor(engine.version ?? '')}`
      : t(engine.state === 'looking' ? 'bar.engine.looking' : 'bar.engine.away');
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" withinPortal trapFocus>
      <Popover.Target>
        <Button variant="subtle" rightSection={<Icon name="down" size={14} />} onClick={() => setOpened(!opened)} aria-expanded={opened}>
          <StateMark mark={engine.state === 'connected' ? 'serving' : engine.state === 'looking' ? 'under-way' : 'attention'} word={word} />
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={styles['menu']} aria-label={word}>
        {engine.problem === null ? null : (
          <div className={styles['problem']}>
            <strong>{errorWords(engine.problem).title}</strong>
            <p>{errorWords(engine.problem).advice}</p>
          </div>
        )}
        <h2>{t('bar.engine.where')}</h2>
        <ul>
          {engine.candidates.map(({ endpoint, origin, state, version }) => (
            <li key={endpoint}>
              <StateGlyph
                mark={
                  endpoint === engine.endpoint ? 'serving' : state === 'answers' ? 'ready' : state === 'absent' ? 'stopped' : 'attention'
                }
              />
              <div>
                {origin}
                <p>
                  <code>{endpoint}</code> {t(`engine.state.${state}`, { version: version ?? 'none' })}
                </p>
              </div>
              {state === 'answers' && endpoint !== engine.endpoint ? (
                <Button size="xs" loading={call.busy} onClick={() => void call.run(() => client.engine.choose({ endpoint }))}>
                  {t('bar.engine.use', { origin })}
                </Button>
              ) : null}
            </li>
          ))}
        </ul>
        <ErrorNote problem={call.problem} />
        <Button loading={call.busy} leftSection={<Icon name="refresh" />} onClick={() => void call.run(() => client.engine.lookAgain())}>
          {t('bar.engine.lookAgain')}
        </Button>{' '}
        <Button
          variant="subtle"
          onClick={() => {
            setOpened(false);
            go('/settings');
          }}
        >
          {t('bar.engine.settings')}
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}

function TaskRow({ task }: { readonly task: Task }) {
  const { t, phrase, errorWords } = useText();
  const client = useClient();
  const call = useCall();
  const running = task.state === 'running';
  const label = phrase(task.label);
  return (
    <li>
      <div>
        {label} <span className={styles['count']}>{t(`bar.taskState.${task.state}`)}</span>
        {running && task.progress !== null ? (
          <ProgressBar value={task.progress} label={label} words={`${Math.round(task.progress * 100)} %`} />
        ) : null}
        {task.error === null ? null : <p>{errorWords(task.error).title}</p>}
      </div>
      <ActionIcon
        aria-label={t(running ? 'bar.stopTask' : 'bar.dismissTask', { label })}
        onClick={() => void call.run(() => (running ? client.tasks.cancel({ id: task.id }) : client.tasks.dismiss({ id: task.id })))}
      >
        <Icon name={running ? 'stop' : 'close'} size={14} />
      </ActionIcon>
    </li>
  );
}

/** Opened by the bar's button and by its key. */
function TasksMenu() {
  const { t } = useText();
  const tasks = useMirror((state) => state.tasks);
  const running = tasks.filter(({ state }) => state === 'running').length;
  const opened = useTasksMenu((state) => state.opened);
  return (
    <Popover opened={opened} onChange={showTasks} position="bottom-end" withinPortal trapFocus>
      <Popover.Target>
        <Button
          variant="subtle"
          leftSection={<Icon name="tasks" />}
          aria-keyshortcuts="Shift+T"
          onClick={() => showTasks(!opened)}
          aria-expanded={opened}
        >
          {t('bar.tasks', { running })}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={styles['menu']} aria-label={t('bar.tasks', { running })}>
        {tasks.length === 0 ? (
          <p>{t('bar.tasksEmpty')}</p>
        ) : (
          <ul>
            {tasks.toReversed().map((task) => (
              <TaskRow key={task.id} task={task} />
            ))}
          </ul>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

export function Bar() {
  const { t } = useText();
  const { toggleTheme, toggleLanguage, isDark } = useAppearance();
  return (
    <header className={styles['bar']}>
      <span className={styles['brand']}>
        <Logo />
        <span>Slipway</span>
      </span>
      <button type="button" className={styles['search']} onClick={() => spotlight.open()}>
        <Icon name="search" size={14} />
        <span>{t('bar.search')}</span>
        <kbd>{menuKey}</kbd>
      </button>
      <span className={styles['space']} />
      <EngineMenu />
      <TasksMenu />
      <span className={styles['divider']} />
      <Tooltip label={t('bar.language')}>
        <ActionIcon size={32} aria-label={t('bar.language')} onClick={toggleLanguage}>
          <Icon name="language" />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={t('bar.theme')}>
        <ActionIcon size={32} aria-label={t('bar.theme')} onClick={toggleTheme}>
          <Icon name={isDark ? 'sun' : 'moon'} />
        </ActionIcon>
      </Tooltip>
    </header>
  );
}
