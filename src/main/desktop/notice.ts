import type { Serving } from '../../shared/contract/serving.ts';
import type { ShellWords } from './words.ts';

/** What a person who does not see the window is told of a serving's change; null where it is nothing to them. */
export function noticeOf(
  before: Serving | undefined,
  after: Serving,
  words: ShellWords,
): { readonly title: string; readonly body: string } | null {
  const was = before?.state.kind;
  if (was === 'starting' && after.state.kind === 'serving')
    return { title: words.ready(after.name), body: words.answersAt(`127.0.0.1:${after.plan.restPort}`) };
  if ((was === 'starting' || was === 'serving') && after.state.kind === 'failed')
    return { title: words.failed(after.name), body: words.why(after.state.problem.title) };
  return null;
}
