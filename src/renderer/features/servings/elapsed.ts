import { useEffect, useState } from 'react';
import type { ServingStep } from '../../../shared/contract/serving.ts';
import type { Text } from '../../app/i18n.tsx';

/** The present time in ms, told anew each second while `running`. */
export function useSecond(running: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}

/** How long a step took, or takes so far (`0:10`); empty before it begins. */
export function elapsedOf(step: Pick<ServingStep, 'state' | 'startedAt' | 'elapsedMs'>, now: number, { number }: Text): string {
  if (step.elapsedMs !== null && step.state !== 'running') return number.ms(step.elapsedMs);
  if (step.startedAt === null || step.state !== 'running') return '';
  return clock(now - new Date(step.startedAt).getTime());
}

/** `0:11`, `12:05`, `1:02:05`. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
