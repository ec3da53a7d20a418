import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * The data folder's lock: held by its one owner, given back by the system when that process ends, however it ends. It is a
 * database file of its own whose exclusive lock is kept. Answers null where another process holds it.
 */
export function acquireLock(folder: string): Disposable | null {
  const db = new DatabaseSync(join(folder, 'owner.lock'), { timeout: 0 });
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;');
  } catch (error) {
    db.close();
    if (error instanceof Error && /locked|busy/i.test(error.message)) return null;
    throw error;
  }
  return { [Symbol.dispose]: () => db.close() };
}
