import type { Serving, ServingStep, StepId } from '../../../shared/contract/serving.ts';
import type { Text } from '../../app/i18n.tsx';
import type { Mark } from '../../ui/StateMark.tsx';

/** The glyph of a serving's state; its word stands always beside it. */
export function servingMark({ state, engine }: Pick<Serving, 'state' | 'engine'>): Mark {
  switch (state.kind) {
    case 'starting':
    case 'stopping':
      return 'under-way';
    case 'serving':
      return engine === 'embedded' ? 'preview' : 'serving';
    case 'stopped':
      return 'stopped';
    case 'failed':
      return 'failed';
  }
}

/** The word of a serving's state: "Serving v3". */
export function servingWord({ state }: Pick<Serving, 'state'>, { t }: Text): string {
  switch (state.kind) {
    case 'starting':
      return t('serving.state.starting');
    case 'stopping':
      return t('serving.state.stopping');
    case 'serving':
      return t('serving.state.serving', { versions: versionList(state.versions) });
    case 'stopped':
      return t(`serving.state.${stoppedKeys[state.reason]}`);
    case 'failed':
      return state.step === 'running' ? t('serving.state.failedRunning') : t('serving.state.failed');
  }
}

const stoppedKeys = {
  person: 'stopped',
  outside: 'stoppedOutside',
  removed: 'stoppedRemoved',
  never: 'stoppedNever',
  ended: 'stoppedEnded',
  'engine-away': 'engineAway',
} as const;

/** `v3`, or `v1, v2, v3`; the newest first where there are many. */
export function versionList(versions: readonly string[]): string {
  const shown = versions
    .slice(0, 4)
    .map((version) => `v${version}`)
    .join(', ');
  return versions.length > 4 ? `${shown} …` : shown;
}

/** What the person waits for during a start, in a few words. */
export function stepWords(step: StepId, { t }: Text): string {
  return t(`serving.under.${step}`);
}

/** A step's own line: named ahead, then in the present, then in the past. */
export function stepTitle(step: Pick<ServingStep, 'id' | 'state'>, serving: Pick<Serving, 'plan' | 'engine'>, { t }: Text): string {
  const image = serving.plan.image;
  const versions = plannedVersions(serving);
  const tense = step.state === 'done' ? 'done' : step.state === 'skipped' ? 'skipped' : 'ahead';
  if (serving.engine === 'embedded' && (step.id === 'create' || step.id === 'load') && tense !== 'skipped')
    return t(`serving.step.${step.id}.${tense === 'done' ? 'engineDone' : 'engineAhead'}`, { versions });
  return t(`serving.step.${step.id}.${tense}`, { image, versions });
}

function plannedVersions({ plan }: Pick<Serving, 'plan'>): string {
  return plan.versions.kind === 'specific' ? versionList(plan.versions.versions) : 'none';
}

/** `sha256:5c1f2b3a…e09a`: enough to compare by eye; what is in front of an `@` falls away. */
export function shortDigest(digest: string): string {
  const plain = digest.slice(digest.lastIndexOf('@') + 1);
  const [kind, hex] = plain.includes(':') ? [plain.slice(0, plain.indexOf(':') + 1), plain.slice(plain.indexOf(':') + 1)] : ['', plain];
  return hex.length > 12 ? `${kind}${hex.slice(0, 8)}…${hex.slice(-4)}` : plain;
}
