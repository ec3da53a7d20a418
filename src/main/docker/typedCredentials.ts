import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Credentials } from './dockerEngine.ts';

/** The system's own safe place for secrets, as far as a shell has one. */
export interface SecretBox {
  seal(text: string): Uint8Array;
  /** Throws where it was sealed by somebody else. */
  open(sealed: Uint8Array): string;
}

/** Credentials that the person typed, by registry. */
export interface TypedCredentials {
  get(registry: string): Credentials | undefined;
  set(registry: string, credentials: Credentials): void;
}

const format = z.array(z.tuple([z.string(), z.object({ username: z.string(), password: z.string(), serverAddress: z.string() })]));

/** Kept sealed in a file of this user alone where there is a box, else in memory only: never readable on the disk. */
export function openTypedCredentials(path: string, box: SecretBox | undefined): TypedCredentials {
  const known = new Map<string, Credentials>();
  if (box !== undefined) {
    try {
      for (const [registry, credentials] of format.parse(JSON.parse(box.open(readFileSync(path))))) known.set(registry, credentials);
    } catch {
      // Never typed, or sealed under another login: they are typed again.
    }
  }
  return {
    get: (registry) => known.get(registry),
    set(registry, credentials) {
      known.set(registry, credentials);
      if (box === undefined) return;
      writeFileSync(`${path}.new`, box.seal(JSON.stringify([...known])), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}
