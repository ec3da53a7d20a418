import { randomUUID } from 'node:crypto';

/** What an owner asks of a shell that reached it. */
export type AttachEvent =
  | { readonly kind: 'attached' }
  /** Its window is wanted in front. */
  | { readonly kind: 'show' }
  | { readonly kind: 'link-wanted'; readonly id: string };

/** Shells that reached this owner instead of becoming it: a page of theirs can be asked for, as the owner's own. */
export interface AttachedShells {
  /** Lasts as long as the shell does. */
  attach(role: 'desktop' | 'web', options: { readonly signal: AbortSignal }): AsyncGenerator<AttachEvent, void>;
  answerLink(id: string, url: string | null): void;
  /** A new link to a web shell among them; null where there is none. */
  askLink(): Promise<string | null>;
  /** Has every desktop shell among them show its window. */
  show(): void;
  has(role: 'desktop' | 'web'): boolean;
}

interface Attached {
  readonly role: 'desktop' | 'web';
  readonly wanted: Map<string, PromiseWithResolvers<string | null>>;
  readonly untold: AttachEvent[];
  wake: () => void;
}

export function createAttachedShells(): AttachedShells {
  const shells = new Set<Attached>();
  return {
    async *attach(role, { signal }) {
      let wake = Promise.withResolvers<void>();
      const shell: Attached = { role, wanted: new Map(), untold: [], wake: () => wake.resolve() };
      signal.addEventListener('abort', shell.wake, { once: true });
      shells.add(shell);
      try {
        yield { kind: 'attached' };
        while (!signal.aborted) {
          if (shell.untold.length === 0) await wake.promise;
          wake = Promise.withResolvers();
          yield* shell.untold.splice(0);
        }
      } finally {
        signal.removeEventListener('abort', shell.wake);
        shells.delete(shell);
        // It has gone: nobody else answers for it.
        for (const answer of shell.wanted.values()) answer.resolve(null);
      }
    },
    answerLink(id, url) {
      for (const { wanted } of shells) {
        wanted.get(id)?.resolve(url);
        wanted.delete(id);
      }
    },
    async askLink() {
      for (const shell of [...shells].filter(({ role }) => role === 'web')) {
        const id = randomUUID();
        const answer = Promise.withResolvers<string | null>();
        shell.wanted.set(id, answer);
        shell.untold.push({ kind: 'link-wanted', id });
        shell.wake();
        const url = await answer.promise;
        if (url !== null) return url;
      }
      return null;
    },
    show() {
      for (const shell of [...shells].filter(({ role }) => role === 'desktop')) {
        shell.untold.push({ kind: 'show' });
        shell.wake();
      }
    },
    has: (role) => [...shells].some((shell) => shell.role === role),
  };
}
