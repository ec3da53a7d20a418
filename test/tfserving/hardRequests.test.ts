import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { ask, predictRest, runModelServer, type RunningServer } from './runModelServer.ts';

const root = fixtures();
const models = join(root ?? '', 'reference', 'rest', 'models');
const folder = mkdtempSync(join(tmpdir(), 'slipway-hard-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Sends bytes as they are; what came back until the server or the test closed. */
async function raw(port: number, bytes: string, until: RegExp): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(Buffer.from(bytes, 'latin1'));
  let text = '';
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    if (until.test(text)) resolve(text);
  });
  socket.once('close', () => resolve(text));
  const answer = await promise;
  socket.destroy();
  return answer;
}

describe.skipIf(root === undefined)(`a model server under hard requests ${root === undefined ? whyNoFixtures : ''}`, () => {
  describe('requests that come to harm', () => {
    let server: RunningServer;
    beforeAll(async () => {
      const config = join(folder, 'harm.config');
      writeFileSync(
        config,
        `model_config_list { ${['half_plus_two', 'slow', 'strings'].map((name) => `config { name: "${name}" base_path: "${models}/${name}" model_platform: "tensorflow" }`).join('\n')} }`,
      );
      server = await runModelServer([`--model_config_file=${config}`, '--max_request_bytes=1000000', '--rest_api_timeout_in_ms=1000']);
    });
    afterAll(() => server[Symbol.asyncDispose]());
    const stillAnswers = async (): Promise<void> =>
      expect(await predictRest(server.restPort, 'half_plus_two', '{"instances":[1]}')).toMatchObject({ status: 200 });

    test('a body over the limit is refused with the limit, announced or not, inflated or not', async () => {
      const large = `{"instances":[${'1,'.repeat(600_000)}1]}`;
      const target = '/v1/models/half_plus_two:predict';
      const refusal = { status: 413, body: expect.stringContaining('larger than 1000000 bytes (--max_request_bytes)') as string };
      const posted = async (body: Buffer | string, headers: Record<string, string>): Promise<unknown> => {
        const answer = await ask(server.restPort, { method: 'POST', target, body, headers });
        return { status: answer.status, body: answer.body.toString() };
      };
      expect(await posted(large, { 'content-length': String(large.length) })).toMatchObject(refusal);
      expect(await posted(gzipSync(`{"instances":[${'1,'.repeat(30_000_000)}1]}`), { 'content-encoding': 'gzip' })).toMatchObject(refusal);
      await stillAnswers();
    });

    test('what takes longer than its deadline is answered 504, and others are answered meanwhile', async () => {
      const slow = predictRest(server.restPort, 'slow', '{"instances":[100000]}');
      await stillAnswers();
      expect(await slow).toMatchObject({ status: 504, body: expect.stringContaining('Timed out waiting for notification') as string });
    });

    test('clients that announce much and send little do not keep others from being answered', async () => {
      const head = 'POST /v1/models/half_plus_two:predict HTTP/1.1\r\nContent-Length: 900000\r\n\r\n{"instances":[';
      const sockets = await Promise.all(
        Array.from({ length: 200 }, async () => {
          const socket = connect(server.restPort, '127.0.0.1');
          await once(socket, 'connect');
          socket.write(head);
          return socket;
        }),
      );
      await stillAnswers();
      for (const socket of sockets) socket.destroy();
      await stillAnswers();
    });

    test('clients that do not take their answers do not keep others from being answered', async () => {
      const body = `{"instances":[${'0.123456,'.repeat(100_000)}1]}`;
      const request = `POST /v1/models/half_plus_two:predict HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      const sockets = await Promise.all(
        Array.from({ length: 10 }, async () => {
          const socket = connect(server.restPort, '127.0.0.1');
          socket.on('error', () => undefined);
          await once(socket, 'connect');
          socket.pause();
          socket.write(request.repeat(5));
          return socket;
        }),
      );
      for (let count = 0; count < 20; count += 1) await stillAnswers();
      for (const socket of sockets) socket.destroy();
      await stillAnswers();
    });

    test('more requests than --max_requests are told to come again: 503', async () => {
      await using one = await runModelServer([
        '--model_name=slow',
        `--model_base_path=${models}/slow`,
        '--max_requests=1',
        '--rest_api_timeout_in_ms=3000',
      ]);
      const first = predictRest(one.restPort, 'slow', '{"instances":[100000]}');
      await expect
        .poll(() => predictRest(one.restPort, 'slow', '{"instances":[1]}'), { timeout: 30_000 })
        .toMatchObject({ status: 503, body: expect.stringContaining('--max_requests') as string });
      expect(await first).toMatchObject({ status: 504 });
      await expect.poll(async () => (await predictRest(one.restPort, 'slow', '{"instances":[1]}')).status, { timeout: 30_000 }).toBe(200);
    });

    test.each([
      ['forty thousand lists', `{"inputs":${'['.repeat(40_000)}${']'.repeat(40_000)}}`, 400],
      ['a million open lists', `{"inputs":${'['.repeat(900_000)}`, 400],
      ['a hundred thousand names', `{"instances":[{${Array.from({ length: 60_000 }, (_, at) => `"a${at}":1`).join(',')}}]}`, 400],
      ['a ragged end', `{"instances":[${'[1],'.repeat(200_000)}[1,2]]}`, 400],
      ['an unknown text', '\u0000\u0001\u0002', 400],
    ])('%s cannot stop it', async (_, body, status) => {
      expect(await predictRest(server.restPort, 'half_plus_two', body)).toMatchObject({ status });
      await stillAnswers();
    });

    test('strings that are no text come back as base64: the body is UTF-8', async () => {
      const { body } = await ask(server.restPort, {
        method: 'POST',
        target: '/v1/models/strings:predict',
        body: '{"instances":[{"b64":"//4="}]}',
      });
      expect(JSON.parse(body.toString())).toMatchObject({ predictions: [{ upper: { b64: '//4=' } }] });
    });

    test.each([
      ['garbage', '\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n', /^HTTP\/1\.1 400 Bad Request/],
      ['a method in small letters', 'post /v1/models/half_plus_two:predict HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 501 Not Implemented/],
      ['CONNECT', 'CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 501 Not Implemented/],
      ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /^HTTP\/1\.1 400 Bad Request/],
      ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 404 Not Found/],
      ['a negative length', 'POST /v1/models/half_plus_two:predict HTTP/1.1\r\nContent-Length: -5\r\n\r\n', /^HTTP\/1\.1 400 Bad Request/],
      ['no host', 'GET /v1/models/half_plus_two HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 200 OK/],
      ['HTTP/1.0', 'GET /v1/models/half_plus_two HTTP/1.0\r\n\r\n', /^HTTP\/1\.1 200 OK/],
      ['an absolute target', 'GET http://a.b/v1/models/half_plus_two HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 200 OK/],
      ['a header of 64 KB', `GET /v1/models/half_plus_two HTTP/1.1\r\nX-A: ${'a'.repeat(65_536)}\r\n\r\n`, /^HTTP\/1\.1 200 OK/],
      [
        'an expectation',
        'POST /v1/models/half_plus_two:predict HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 19\r\n\r\n',
        /^HTTP\/1\.1 100 Continue/,
      ],
      [
        'two requests at once',
        'POST /v1/models/half_plus_two:predict HTTP/1.1\r\nContent-Length: 19\r\n\r\n{"instances":[1.0]}POST /v1/models/half_plus_two:predict HTTP/1.1\r\nContent-Length: 19\r\n\r\n{"instances":[3.0]}',
        /2\.5[\s\S]*3\.5/,
      ],
      [
        'chunks',
        'POST /v1/models/half_plus_two:predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n13\r\n{"instances":[1.0]}\r\n0\r\n\r\n',
        /2\.5/,
      ],
    ])('raw: %s is answered as the genuine server does', async (_, bytes, expected) => {
      expect(await raw(server.restPort, bytes, expected)).toMatch(expected);
      await stillAnswers();
    });
  });

  describe('batching', () => {
    let server: RunningServer;
    beforeAll(async () => {
      const config = join(folder, 'batch.config');
      writeFileSync(
        config,
        `model_config_list { ${['wide', 'slow'].map((name) => `config { name: "${name}" base_path: "${models}/${name}" model_platform: "tensorflow" }`).join('\n')} }`,
      );
      const parameters = join(root ?? '', 'reference', 'rest', 'config', 'batch.params');
      server = await runModelServer([`--model_config_file=${config}`, '--enable_batching', `--batching_parameters_file=${parameters}`]);
    });
    afterAll(() => server[Symbol.asyncDispose]());

    test('requests of different widths do not fail each other', async () => {
      const asked = Array.from({ length: 20 }, (_, at) =>
        predictRest(server.restPort, 'wide', at % 2 === 0 ? '{"instances":[[1,2]]}' : '{"instances":[[1,2,3]]}'),
      );
      const answers = (await Promise.all(asked)).map(({ body }) => body.replaceAll(/\s/g, ''));
      expect(answers).toEqual(Array.from({ length: 20 }, (_, at) => `{"predictions":[${at % 2 === 0 ? '3.0' : '6.0'}]}`));
    });

    test('a version may bring parameters of its own', async () => {
      const base = join(folder, 'own-batching');
      cpSync(join(models, 'scalar'), base, { recursive: true });
      writeFileSync(join(base, '1', 'batching_params.pbtxt'), 'max_batch_size { value: 2 }');
      await using own = await runModelServer([
        '--model_name=m',
        `--model_base_path=${base}`,
        '--enable_batching',
        '--enable_per_model_batching_parameters',
      ]);
      expect(await predictRest(own.restPort, 'm', '{"instances":[1,2]}')).toMatchObject({ status: 200 });
      expect(await predictRest(own.restPort, 'm', '{"instances":[1,2,3]}')).toMatchObject({
        status: 400,
        body: expect.stringContaining('Task size 3 is larger than maximum input batch size 2') as string,
      });
    });

    test('more batches than the queue takes are refused with 503, and the others answered', async () => {
      const asked = Array.from({ length: 12 }, () => predictRest(server.restPort, 'slow', '{"instances":[3,3,3,3]}'));
      const answers = await Promise.all(asked);
      const refused = answers.filter(({ status }) => status === 503);
      expect(new Set(refused.map(({ body }) => (JSON.parse(body) as { error: string }).error))).toEqual(
        new Set([
          'The batch scheduling queue to which this task was submitted is full; currently 2 batches enqueued and max_enqueued_batches is 2',
        ]),
      );
      expect(answers.filter(({ status }) => status === 200).length + refused.length).toBe(12);
      expect(refused.length).toBeLessThan(12);
    });
  });
});
