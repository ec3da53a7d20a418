import { Agent, request } from 'node:http';
import { connectGrpc } from '../../src/main/tfserving/grpcClient.ts';
import type { ServingPlan } from '../../src/shared/contract/serving.ts';

/** Requests at a steady rate, whatever becomes of those before: half REST over kept connections, half gRPC over one channel. */
export interface RestAndGrpcLoad {
  readonly answered: () => { readonly rest: number; readonly grpc: number };
  /** Why requests failed, in words. */
  readonly failures: readonly string[];
  /** Sends no more, and waits for the answers that are still to come. */
  stop(): Promise<void>;
}

type Addressed = Pick<ServingPlan, 'name' | 'restPort' | 'grpcPort'>;

const body = '{"instances":[1.0,2.0,5.0]}';
const expected = '{"predictions":[3.5,4.0,5.5]}';

function askRest(agent: Agent, { restPort, name }: Addressed): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const path = `/v1/models/${name}:predict`;
  const sent = request(
    { agent, host: '127.0.0.1', port: restPort, path, method: 'POST', headers: { 'content-length': body.length } },
    (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.once('error', reject);
      answer.once('end', () => {
        const text = Buffer.concat(parts).toString().replaceAll(/\s/g, '');
        if (answer.statusCode === 200 && text === expected) resolve();
        else reject(new Error(`${answer.statusCode} ${text}`));
      });
    },
  );
  sent.once('error', reject);
  sent.end(body);
  return promise;
}

/** `perSecond` requests to half_plus_two behind a plan's address. */
export function restAndGrpcLoad(plan: Addressed, perSecond: number): RestAndGrpcLoad {
  const agent = new Agent({ keepAlive: true });
  const grpc = connectGrpc(`127.0.0.1:${plan.grpcPort}`);
  const inputs = { x: { dtype: 'DT_FLOAT', shape: [3], data: new Float32Array([1, 2, 5]) } } as const;
  const { signal } = new AbortController();
  const failures: string[] = [];
  const answered = { rest: 0, grpc: 0 };
  const open = new Set<Promise<void>>();
  function send(kind: 'rest' | 'grpc'): void {
    const asked =
      kind === 'rest'
        ? askRest(agent, plan)
        : grpc.predict({ model: plan.name, signature: 'serving_default', inputs }, { signal, timeoutMs: 30_000 }).then(() => undefined);
    const one: Promise<void> = asked
      .then(
        () => void (answered[kind] += 1),
        (error: unknown) => void failures.push(`${kind}: ${String(error)}`),
      )
      .finally(() => open.delete(one));
    open.add(one);
  }
  const began = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    // What a busy machine kept from being sent is sent now: the rate holds.
    for (const due = ((performance.now() - began) / 1_000) * perSecond; sent < due; sent += 1) send(sent % 2 === 0 ? 'rest' : 'grpc');
  }, 5);
  return {
    answered: () => ({ ...answered }),
    failures,
    async stop() {
      clearInterval(timer);
      while (open.size > 0) await Promise.all(open);
      agent.destroy();
      grpc.close();
    },
  };
}
