import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { Inference } from '../../src/main/tfserving/inference.ts';
import { LeaseLimit } from '../../src/main/tfserving/leaseLimit.ts';
import { ServerMetrics } from '../../src/main/tfserving/metrics.ts';
import { ModelManager } from '../../src/main/tfserving/modelManager.ts';
import { RestServer } from '../../src/main/tfserving/restServer.ts';
import type { Servable } from '../../src/main/tfserving/servable.ts';

test('a client whose body is shorter than it said is let go, and so is one that says nothing', async () => {
  const metrics = new ServerMetrics();
  await using manager = new ModelManager<Servable>(
    () => Promise.reject(new Error('no models here')),
    () => {},
    { retries: 0, intervalMs: 0 },
  );
  const server = new RestServer({
    manager,
    metrics,
    inference: new Inference(metrics, { checkMethodName: false }),
    metricsPath: undefined,
    timeoutMs: 30_000,
    hasCors: false,
    maxRequestBytes: 1000,
    limit: new LeaseLimit(manager, 10),
    stallMs: 50,
  }).create();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answers = ['POST /v1/models/m:predict HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{"in', ''].map(async (sent) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.write(sent);
    await once(socket, 'close');
    return answer;
  });
  expect(await Promise.all(answers)).toEqual(['', '']);
  server.close();
  await once(server, 'close');
});
