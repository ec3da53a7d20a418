import { describe, expect, it } from 'vitest';
import type { LogLine } from '../../src/shared/contract/serving.ts';
import { loadMilestones } from '../../src/renderer/features/servings/loadMilestones.ts';

function line(message: string, ms: number): LogLine {
  return { time: new Date(Date.UTC(2026, 10, 24) + ms).toISOString(), stream: 'stderr', message, raw: message, level: 'info' };
}

describe('the milestones of a load', () => {
  it('come from the log, with the time since the one before, and name what is under way', () => {
    const lines = [
      line('Building single TensorFlow model file config:  model_name: m', 0),
      line('something else', 10),
      line('Successfully reserved resources to load servable {name: m version: 2}', 169),
      line('Restoring SavedModel bundle.', 233),
    ];
    expect(loadMilestones(lines).map(({ id, state, elapsedMs }) => [id, state, elapsedMs])).toEqual([
      ['config', 'done', null],
      ['memory', 'done', 169],
      ['graph', 'done', 64],
      ['weights', 'running', null],
      ['initialisation', 'waiting', null],
      ['loaded', 'waiting', null],
    ]);
  });

  it('are done when a later one was seen, also where the server left a line out', () => {
    const states = loadMilestones([line('Successfully loaded servable version {name: m version: 1}', 5)]).map(({ state }) => state);
    expect(states).toEqual(['done', 'done', 'done', 'done', 'done', 'done']);
  });
});
