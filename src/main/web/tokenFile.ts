import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { KeptToken, TokenStore } from './session.ts';

const format = z.array(z.object({ hash: z.string().regex(/^[\w-]{43}$/), expiresAtMs: z.number() })).max(1_000);

/** Hashes of the pages' tokens in a file of this user alone (0600). A file that is not there or not ours to read counts as none. */
export function tokenFile(path: string): TokenStore {
  return {
    read(): readonly KeptToken[] {
      try {
        return format.parse(JSON.parse(readFileSync(path, 'utf8')));
      } catch {
        // Pages then need a new link: no harm, and nothing that a person could mend.
        return [];
      }
    },
    write(tokens) {
      const temporary = `${path}.partial`;
      writeFileSync(temporary, JSON.stringify(tokens), { mode: 0o600 });
      renameSync(temporary, path);
    },
  };
}
