import { Agent, request } from 'node:http';

/** One request of the load. */
export interface Answered {
  readonly startedAt: number;
  readonly status: number;
  /** The version that answered, by `numberedVersions.ts`; null where it failed. */
  readonly version: number | null;
  readonly text: string;
}

/** Asks a REST address `perSecond` times a second until it is stopped, whether or not earlier requests were answered. */
export function steadyLoad(
  url: string,
  perSecond: number,
  body = '{"instances":[0.0]}',
): { readonly answers: readonly Answered[]; stop(): Promise<void> } {
  const answers: Answered[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const open = new Set<Promise<void>>();
  const ask = (): void => {
    const startedAt = performance.now();
    const { promise, resolve } = Promise.withResolvers<void>();
    open.add(promise);
    void promise.then(() => open.delete(promise));
    const done = (status: number, text: string): void => {
      const value = /"predictions": \[([\d.]+)/.exec(text)?.[1];
      answers.push({ startedAt, status, text, version: value === undefined ? null : Number(value) / 10 });
      resolve();
    };
    const asked = request(`${url}:predict`, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => done(response.statusCode ?? 0, text.replaceAll(/\s+/g, ' ')));
      response.on('error', (error) => done(0, error.message));
    });
    asked.on('error', (error) => done(0, error.message));
    asked.end(body);
  };
  const began = performance.now();
  let sent = 0;
  // A late tick sends what it missed, so that the rate holds on a loaded machine.
  const timer = setInterval(() => {
    for (; sent < ((performance.now() - began) / 1000) * perSecond; sent += 1) ask();
  }, 5);
  return {
    answers,
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
      agent.destroy();
    },
  };
}
