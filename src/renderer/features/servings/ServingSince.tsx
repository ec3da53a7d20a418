import type { Serving } from '../../../shared/contract/serving.ts';
import { useText } from '../../app/i18n.tsx';
import { useSecond } from './elapsed.ts';

/** For how long it serves, or since when it does not; the absolute time is in the element. */
export function ServingSince({ serving }: { readonly serving: Serving }) {
  const { t, number, time } = useText();
  const live = serving.state.kind === 'serving';
  const now = useSecond(live || serving.state.kind === 'starting');
  const since = new Date(serving.since).getTime();
  return (
    <time dateTime={serving.since} title={time.absolute(since)}>
      {live ? t('servings.for', { duration: number.duration(now - since) }) : time.relative(since)}
    </time>
  );
}
