import { implement } from '@orpc/server';
import { AppError } from '../../shared/contract/errors.ts';
import { historyContract } from '../../shared/contract/history.ts';
import { localContract } from '../../shared/contract/index.ts';
import type { App } from '../app.ts';
import { findServing } from '../predict/findServing.ts';

/** The history's part of the contract. */
export function historyRoutes({ history }: App) {
  const os = implement(historyContract);
  return {
    list: os.list.handler(({ input }) => history.list(input)),
    get: os.get.handler(({ input }) => history.get(input.id)),
    pin: os.pin.handler(({ input }) => history.pin(input.id, input.pinned)),
    remove: os.remove.handler(({ input }) => history.remove(input.id)),
    clear: os.clear.handler(({ input }) => history.clear(input.modelId)),
  };
}

/** What a command has sent itself; answered once it is kept, since the command may end then. */
export const rememberRoute = ({ history, hub }: App) =>
  implement(localContract).local.remember.handler(async ({ input: { request, outcome } }) => {
    const serving = findServing(hub, request.servingId);
    history.add({
      request,
      serving,
      origin: 'command',
      at: new Date().toISOString(),
      outcome:
        outcome.kind === 'answer'
          ? { kind: 'remembered', answer: outcome.answer }
          : { kind: 'problem', problem: new AppError(outcome.code, outcome.data).report() },
    });
    await history.settled();
  });
