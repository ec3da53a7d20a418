import { Metadata, status } from '@grpc/grpc-js';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inspectFolder } from '../../src/main/savedmodel/inspectFolder.ts';
import { tryCanary } from '../../src/main/serving/canary.ts';
import { GrpcFailure, type ServingGrpc } from '../../src/main/tfserving/grpcClient.ts';
import { summarize } from '../../src/shared/contract/savedModel.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';

const signal = AbortSignal.timeout(60_000);
const answer = { path: '', request: new Uint8Array(), response: new Uint8Array(), encodeMs: 0, networkMs: 0 };

/** A server's gRPC that answers every prediction, or fails it so: what no server here can be brought to. */
function serverThat(fails?: {
  readonly code: status;
  readonly details: string;
}): Pick<ServingGrpc, 'predict'> & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    predict({ signature, inputs }) {
      asked.push(
        `${signature} ${Object.entries(inputs)
          .map(([name, { dtype, shape }]) => `${name} ${dtype} ${shape.join('×')}`)
          .join()}`,
      );
      const metadata = new Metadata();
      return fails === undefined ? Promise.resolve(answer) : Promise.reject(new GrpcFailure({ name: '', message: '', metadata, ...fails }));
    },
  };
}
async function canaryOf(model: string, grpc: Pick<ServingGrpc, 'predict'> = serverThat(), only?: string) {
  const { versions } = summarize(await inspectFolder(join(fixtures() ?? '', 'models', 'models', model), { signal }));
  const [version] = versions;
  if (version === undefined) throw new Error(`${model} has no version`);
  const metaGraphs = version.meta_graphs.map((graph) => {
    const kept = Object.entries(graph.signatures).filter(([name]) => only === undefined || name === only);
    return { ...graph, signatures: Object.fromEntries(kept) };
  });
  return tryCanary(grpc, { model: 'm', version: { ...version, meta_graphs: metaGraphs }, tags: ['serve'] }, { signal });
}

describe.skipIf(!fixtures())(fixtures() ? 'the canary' : `the canary [${whyNoFixtures}]`, () => {
  test.each([
    ['half_plus_two', 'answered'],
    ['digits_cnn', 'answered'],
    ['mobilenet', 'answered'],
    // Its first signature only reads its state.
    ['counter', 'answered'],
  ])('%s is tried with a small made-up input', async (model, kind) => {
    const grpc = serverThat();
    expect([(await canaryOf(model, grpc)).kind, grpc.asked.length]).toEqual([kind, 1]);
  });

  test.each([
    ['counter', 'changes the model’s state', 'add'],
    ['image_bytes', 'encoded data', undefined],
    ['example_classifier', 'encoded data', undefined],
    ['seq_lstm', 'dimensions that only you know', undefined],
    ['unet_tiny', 'dimensions that only you know', undefined],
  ])('%s is not tried, and why is said: %s', async (model, reason, only) => {
    const grpc = serverThat();
    expect([await canaryOf(model, grpc, only), grpc.asked]).toEqual([
      { kind: 'not-tried', reason: expect.stringContaining(reason) as string },
      [],
    ]);
  });

  test('only what no input could make answer fails: F13 by its op, F54 by what the server lacks; a refusal of made-up input is a note', async () => {
    const codeOf = async (code: status, details: string): Promise<string> =>
      canaryOf('half_plus_two', serverThat({ code, details })).then(
        ({ kind }) => kind,
        (error: { readonly code: string }) => error.code,
      );
    expect([
      await codeOf(status.NOT_FOUND, "Op type not registered 'MyOp' in binary running on x."),
      await codeOf(status.RESOURCE_EXHAUSTED, 'OOM when allocating tensor'),
      await codeOf(status.UNAVAILABLE, 'connection dropped'),
      await codeOf(status.INVALID_ARGUMENT, 'Matrix size-incompatible'),
      await codeOf(status.FAILED_PRECONDITION, 'Table not initialized'),
    ]).toEqual(['OP_UNKNOWN', 'CANARY_FAILED', 'CANARY_FAILED', 'refused', 'refused']);
  });
});
