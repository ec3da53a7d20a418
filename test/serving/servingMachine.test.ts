import { expect, test } from 'vitest';
import { nextState, type ServingEvent } from '../../src/main/serving/servingMachine.ts';
import { AppError } from '../../src/shared/contract/errors.ts';
import type { ServingState } from '../../src/shared/contract/serving.ts';

const problem = new AppError('LOAD_FAILED', { detail: 'x' }).report();
const states: Readonly<Record<string, ServingState>> = {
  starting: { kind: 'starting', step: 'load' },
  serving: { kind: 'serving', versions: ['1'] },
  stopping: { kind: 'stopping' },
  stopped: { kind: 'stopped', reason: 'person' },
  failed: { kind: 'failed', step: 'load', problem },
};
const events: Readonly<Record<string, ServingEvent>> = {
  start: { kind: 'start' },
  loading: { kind: 'loading' },
  step: { kind: 'step', step: 'available' },
  available: { kind: 'available', versions: ['2'] },
  refuse: { kind: 'refuse', problem },
  stop: { kind: 'stop' },
  goesOn: { kind: 'goesOn', versions: ['1'] },
  ended: { kind: 'ended', reason: 'outside' },
  broke: { kind: 'broke', problem },
};
const word = (state: ServingState): string =>
  state.kind === 'starting'
    ? `starting ${state.step}`
    : state.kind === 'stopped'
      ? `stopped ${state.reason}`
      : state.kind === 'failed'
        ? `failed ${state.step}`
        : state.kind;

test('every pair of state and event has its outcome', () => {
  const table = Object.fromEntries(
    Object.entries(states).map(([name, state]) => [
      name,
      Object.fromEntries(
        Object.entries(events).map(([event, one]) => [event, nextState(state, one) === state ? '=' : word(nextState(state, one))]),
      ),
    ]),
  );
  expect(table).toEqual({
    starting: {
      start: '=',
      loading: '=',
      step: 'starting available',
      available: 'serving',
      refuse: 'failed load',
      stop: 'stopping',
      goesOn: '=',
      ended: 'stopped outside',
      broke: '=',
    },
    serving: {
      start: '=',
      loading: 'starting load',
      step: '=',
      available: 'serving',
      refuse: '=',
      stop: 'stopping',
      goesOn: '=',
      ended: 'stopped outside',
      broke: 'failed running',
    },
    stopping: {
      start: '=',
      loading: '=',
      step: '=',
      available: '=',
      refuse: '=',
      stop: '=',
      goesOn: 'serving',
      ended: 'stopped person',
      broke: 'stopped person',
    },
    stopped: {
      start: 'starting check',
      loading: 'starting load',
      step: '=',
      available: 'serving',
      refuse: '=',
      stop: '=',
      goesOn: '=',
      ended: '=',
      broke: '=',
    },
    failed: {
      start: 'starting check',
      loading: 'starting load',
      step: '=',
      available: 'serving',
      refuse: '=',
      stop: '=',
      goesOn: '=',
      ended: '=',
      broke: '=',
    },
  });
});
