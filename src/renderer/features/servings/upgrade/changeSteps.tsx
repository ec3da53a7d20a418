import type { ChangeStep, PlaceChange } from '../../../../shared/contract/placeChange.ts';
import type { StepId } from '../../../../shared/contract/serving.ts';
import type { Text } from '../../../app/i18n.tsx';
import { PullPanel } from '../PullPanel.tsx';
import { stepTitle } from '../servingWords.ts';
import type { StepLine } from '../StepList.tsx';

const own = ['room', 'handover', 'drain', 'keep'] as const;
const isOwn = (id: ChangeStep['id']): id is (typeof own)[number] => (own as readonly string[]).includes(id);

/** A change's steps: all of one under way, so that the wait has an end in sight; of one that is over, those it came to. */
export function changeLines(change: PlaceChange, text: Text): readonly StepLine[] {
  return change.steps
    .filter(({ id, state }) => (change.to.engine === 'docker' || id !== 'pull') && (change.state === 'running' || state !== 'waiting'))
    .map((step) => ({
      step,
      title: titleOf(step, change, text),
      detail: detailOf(step, change, text),
      opened: step.id === 'pull' && change.pull != null ? <PullPanel pull={change.pull} /> : undefined,
    }));
}

function titleOf({ id, state }: ChangeStep, { plan, to }: PlaceChange, text: Text): string {
  if (!isOwn(id)) return stepTitle({ id: id satisfies StepId, state }, { plan, engine: to.engine }, text);
  const tense = state === 'done' ? 'done' : state === 'skipped' ? 'skipped' : 'ahead';
  return text.t(`upgrade.step.${id}.${tense}`);
}

/** `70 MiB`, as main writes memory. */
const bytesOf = (text: string): number => Number.parseInt(text, 10) * 1024 ** 2;

/** What main says of a step: its own two-part details in words, the rest as a quotation. */
function detailOf({ id, state, detail }: ChangeStep, { cutOff, refusedMs }: PlaceChange, { t, number, phrase }: Text): string | null {
  if (id === 'handover' && refusedMs !== null) return t('upgrade.refused', { ms: number.ms(refusedMs) });
  if (id === 'drain' && state === 'done') return cutOff > 0 ? t('upgrade.cutOff', { count: cutOff }) : null;
  if (detail === null || (id === 'pull' && state !== 'running')) return null;
  if (id === 'keep') return detail === 'running' ? t('upgrade.keptRunning') : t('upgrade.keptEnded');
  if (id === 'room') {
    const [used = '', free = ''] = detail.split(' / ');
    return t('upgrade.roomDetail', { used: number.binaryBytes(bytesOf(used)), free: number.binaryBytes(bytesOf(free)) });
  }
  if ((id === 'load' || id === 'available') && state === 'done') return null;
  if (id === 'canary' && state === 'skipped') return t('serving.canaryNotTried', { reason: phrase(detail) });
  return detail;
}
