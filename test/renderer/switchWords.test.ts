import { expect, test } from 'vitest';
import type { ServedState, VersionSwitch } from '../../src/shared/contract/switching.ts';
import { answersNow, isTried, servedNow, serveTarget, switchTitle } from '../../src/renderer/features/servings/switch/switchWords.ts';
import { planOf } from './plan.ts';

const state = (versions: readonly string[], labels: Readonly<Record<string, string>> = {}): ServedState => ({
  mode: 'guarded',
  policy: { kind: 'latest' },
  versions,
  labels,
});

const switching = (from: ServedState, to: ServedState, how: VersionSwitch['state'] = 'running'): VersionSwitch => ({
  id: 's',
  taskId: 't',
  by: 'person',
  cause: 'asked',
  reason: '',
  from,
  to,
  state: how,
  steps: [],
  problem: null,
  startedAt: '',
});

test('a switch is called by what answers before and after; by all that is served where that stays, and by itself where nothing else is served', () => {
  const t = (key: string, values: object = {}): string => `${key} ${Object.values(values).join(' ')}`;
  const title = (from: readonly string[], to: readonly string[]): string => switchTitle(switching(state(from), state(to)), t);
  expect([title(['3', '2'], ['4', '2']), title(['3'], ['3', '2']), title(['3'], ['3'])]).toEqual([
    'switch.steps v3 v4',
    'switch.steps v3 v3, v2',
    'switch.stepsSame v3',
  ]);
});

test('until a switch is done, what answered before is shown as answering, also where the plan says otherwise already', () => {
  const made = planOf({ served: { mode: 'guarded', labels: { canary: '2' }, admitted: ['4', '3'] } });
  const current = switching(state(['3'], { canary: '3' }), state(['4']));
  const serving = { plan: made, state: { kind: 'serving', versions: ['4', '3'] }, switching: { current, held: [] } } as const;
  expect([answersNow(serving), servedNow(serving).labels, isTried(current, '4'), isTried(current, '3')]).toEqual([
    '3',
    { canary: '3' },
    true,
    false,
  ]);
  const done = { ...serving, switching: { current: { ...current, state: 'done' }, held: [] } } as const;
  expect([answersNow(done), servedNow(done).labels, isTried(done.switching.current, '4')]).toEqual(['4', { canary: '2' }, false]);
});

test('to serve the newest version means the latest; to serve another one pins it', () => {
  expect([serveTarget('3', '3'), serveTarget('2', '3')]).toEqual([{ kind: 'latest' }, { kind: 'pin', versions: ['2'] }]);
});
