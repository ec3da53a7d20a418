import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { lineOf } from '../cli/runSlipway.ts';
import { testImage, whyNoEngine } from '../docker/engine.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { contractConfig, contractFlags, grpcContract, type ContractServer } from './grpcContract.ts';
import { firstOfStream, floats, predictMessage, rawGrpc, readPredictAnswer } from './rawGrpc.ts';
import { freePort } from '../freePort.ts';
import { runModelServer } from './runModelServer.ts';

const root = fixtures();
const models = join(root ?? '', 'reference', 'rest', 'models');
const folder = mkdtempSync(join(tmpdir(), 'slipway-grpc-'));
afterAll(() => rmSync(folder, { recursive: true }));

function writeConfig(name: string, underModels: string): string {
  const path = join(folder, name);
  writeFileSync(path, contractConfig(underModels), { mode: 0o644 });
  return path;
}

describe.skipIf(root === undefined)(`gRPC of the model server ${root === undefined ? whyNoFixtures : ''}`, () => {
  grpcContract(async () => {
    const server = await runModelServer([`--model_config_file=${writeConfig('ours.config', models)}`, ...contractFlags], {
      rest: false,
      grpc: true,
    });
    return { address: `127.0.0.1:${server.grpcPort}`, models, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  });

  test('answers are raw bytes where --enable_serialization_as_tensor_content says so, and health is told where it is wanted', async () => {
    await using server = await runModelServer(
      [
        '--model_name=half_plus_two',
        `--model_base_path=${models}/half_plus_two`,
        '--enable_serialization_as_tensor_content',
        '--enable_grpc_healthcheck_service',
      ],
      { rest: false, grpc: true },
    );
    const address = `127.0.0.1:${server.grpcPort}`;
    using grpc = rawGrpc(address);
    const outcome = await grpc.call('/tensorflow.serving.PredictionService/Predict', predictMessage('half_plus_two', { x: floats([1]) }));
    expect('bytes' in outcome ? readPredictAnswer(outcome.bytes).outputs : outcome).toEqual({
      y: { shape: [1], values: [2.5], fields: [4] },
    });
    expect(await grpc.call('/grpc.health.v1.Health/Check', new Uint8Array())).toEqual({ bytes: Buffer.of(8, 1) });
    expect(await grpc.call('/grpc.health.v1.Health/Check', Buffer.from('\n\u0001x'))).toMatchObject({ code: 5 });
    expect(await firstOfStream(address, '/grpc.health.v1.Health/Watch', new Uint8Array())).toEqual(Buffer.of(8, 1));
  });

  test('a UNIX socket is listened to beside the REST port', async () => {
    const socket = join(folder, 'grpc.sock');
    await using server = await runModelServer([
      '--model_name=half_plus_two',
      `--model_base_path=${models}/half_plus_two`,
      `--grpc_socket_path=${socket}`,
    ]);
    using grpc = rawGrpc(`unix:${socket}`);
    expect(
      await grpc.call('/tensorflow.serving.PredictionService/Predict', predictMessage('half_plus_two', { x: floats([1]) })),
    ).toHaveProperty('bytes');
    expect(server.restPort).toBeGreaterThan(0);
  });

  test('no bytes and no call that is given up keep it from answering others', async () => {
    await using server = await runModelServer(['--model_name=slow', `--model_base_path=${models}/slow`], { rest: false, grpc: true });
    const address = `127.0.0.1:${server.grpcPort}`;
    using grpc = rawGrpc(address);
    const predict = '/tensorflow.serving.PredictionService/Predict';
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 100 }),
        fc.constantFrom(
          'PredictionService/Predict',
          'PredictionService/Classify',
          'PredictionService/MultiInference',
          'ModelService/GetModelStatus',
        ),
        async (bytes, method) => {
          expect(await grpc.call(`/tensorflow.serving.${method}`, bytes)).not.toMatchObject({ code: 14 });
        },
      ),
      { numRuns: 200 },
    );
    expect(await grpc.call(predict, predictMessage('slow', { x: floats([1e6]) }), 300)).toMatchObject({ code: 4 });
    const outcome = await grpc.call(predict, predictMessage('slow', { x: floats([1]) }));
    expect('bytes' in outcome ? readPredictAnswer(outcome.bytes).outputs : outcome).toMatchObject({ y: { shape: [1] } });
  });

  test('with --ssl_config_file only TLS is spoken, and clients show who they are where that is wanted', async () => {
    const key = join(folder, 'key.pem');
    const certificate = join(folder, 'certificate.pem');
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=localhost',
        '-addext',
        'subjectAltName=DNS:localhost',
        '-keyout',
        key,
        '-out',
        certificate,
      ],
      { stdio: 'ignore' },
    );
    const text = (path: string): string => readFileSync(path, 'utf8').replaceAll('\n', '\\n');
    const config = join(folder, 'ssl.config');
    const secrets = (ca: string, verify: boolean): string =>
      `server_key: "${text(key)}"\nserver_cert: "${text(certificate)}"\ncustom_ca: "${ca}"\nclient_verify: ${verify}\n`;
    const flags = ['--model_name=half_plus_two', `--model_base_path=${models}/half_plus_two`, `--ssl_config_file=${config}`];
    const predict = '/tensorflow.serving.PredictionService/Predict';
    const message = predictMessage('half_plus_two', { x: floats([1]) });
    const [ca, pem] = [readFileSync(certificate), readFileSync(key)];
    writeFileSync(config, secrets('', false));
    await using server = await runModelServer(flags, { rest: false, grpc: true });
    using secure = rawGrpc(`localhost:${server.grpcPort}`, credentials.createSsl(ca));
    expect(await secure.call(predict, message)).toHaveProperty('bytes');
    using plain = rawGrpc(`localhost:${server.grpcPort}`);
    expect(await plain.call(predict, message)).toMatchObject({ code: 14 });

    writeFileSync(config, secrets(text(certificate), true));
    await using strict = await runModelServer(flags, { rest: false, grpc: true });
    using nobody = rawGrpc(`localhost:${strict.grpcPort}`, credentials.createSsl(ca));
    expect(await nobody.call(predict, message)).toMatchObject({ code: 14 });
    using known = rawGrpc(`localhost:${strict.grpcPort}`, credentials.createSsl(ca, pem, ca));
    expect(await known.call(predict, message)).toHaveProperty('bytes');
  });
});

/** Waits until the container's log says that it serves, or ends. */
async function untilServing(name: string): Promise<void> {
  const logs = spawn('docker', ['logs', '-f', name], { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    await lineOf(logs.stderr, /Running gRPC ModelServer/);
  } finally {
    logs.kill();
  }
}

const whyNot = whyNoEngine();

describe.skipIf(whyNot !== undefined)(`gRPC of the image, under the same contract ${whyNot ?? ''}`, () => {
  grpcContract(async (): Promise<ContractServer> => {
    const name = `slipway-contract-${process.pid}`;
    const port = await freePort();
    const config = writeConfig('image.config', '/models');
    execFileSync('docker', [
      'run',
      '-d',
      '--name',
      name,
      '-p',
      `127.0.0.1:${port}:8500`,
      '-v',
      `${models}:/models:ro`,
      '-v',
      `${config}:/models.config:ro`,
      testImage,
      '--model_config_file=/models.config',
      ...contractFlags,
    ]);
    await untilServing(name);
    return {
      address: `127.0.0.1:${port}`,
      models: '/models',
      [Symbol.asyncDispose]() {
        execFileSync('docker', ['rm', '-f', name], { stdio: 'ignore' });
        return Promise.resolve();
      },
    };
  });
});
