import type { Outside } from '../app.ts';
import { dataFolder } from '../owner/dataFolder.ts';
import { openOwner, type OwnerSession } from '../owner/owner.ts';
import type { CommandIo } from './commandIo.ts';

/** Runs with the owner of the data folder: the one there is, or this process while it runs. The engine has been looked for by then. */
export async function withOwner<T>(io: CommandIo, work: (session: OwnerSession) => Promise<T>): Promise<T> {
  const outside = async (): Promise<Outside> => (await import('./outside.ts')).commandOutside(io, 'command');
  await using session = await openOwner(outside, dataFolder(io.env));
  if (session.app !== null) {
    await session.app.engines.ready;
    await session.app.servings.reconcile();
  }
  return await work(session);
}
