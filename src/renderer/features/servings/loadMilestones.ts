import type { LogLine } from '../../../shared/contract/serving.ts';
import { milestoneOf, type Milestone } from '../../../shared/tfserving/milestones.ts';

/** What a person follows while a model is loaded, each with the server's milestone that shows it is done. */
const shown = [
  { id: 'config', doneBy: 'config' },
  { id: 'memory', doneBy: 'reserved' },
  { id: 'graph', doneBy: 'restoring' },
  { id: 'weights', doneBy: 'initialising' },
  { id: 'initialisation', doneBy: 'loaded-graph' },
  { id: 'loaded', doneBy: 'loaded' },
] as const satisfies readonly { readonly id: string; readonly doneBy: Milestone['id'] }[];

export interface LoadMilestone {
  readonly id: (typeof shown)[number]['id'];
  readonly state: 'done' | 'running' | 'waiting';
  /** From the milestone before it; null for the first and for what is not done. */
  readonly elapsedMs: number | null;
}

/** How far the log says a load has come. Servers leave lines out, so a later milestone tells that the earlier ones are done too. */
export function loadMilestones(lines: readonly LogLine[]): readonly LoadMilestone[] {
  const seenAt = new Map<Milestone['id'], number>();
  for (const { message, time } of lines) {
    const milestone = milestoneOf(message);
    if (milestone !== null && !seenAt.has(milestone.id)) seenAt.set(milestone.id, new Date(time).getTime());
  }
  const last = shown.findLastIndex(({ doneBy }) => seenAt.has(doneBy));
  let before: number | null = null;
  return shown.map(({ id, doneBy }, index) => {
    if (index > last) return { id, state: index === last + 1 ? 'running' : 'waiting', elapsedMs: null };
    const at = seenAt.get(doneBy) ?? null;
    const elapsedMs = at === null || before === null ? null : Math.max(0, at - before);
    before = at ?? before;
    return { id, state: 'done', elapsedMs };
  });
}
