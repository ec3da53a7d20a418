import { InferenceSession } from 'onnxruntime-web';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { OnnxSession } from '../../src/main/engine/onnx/session.ts';
import { readOpGoldens, runOp } from './opGoldens.ts';

beforeAll(() => void vi.stubEnv('SLIPWAY_ONNX', 'web'));
afterAll(() => vi.unstubAllEnvs());

describe('with sessions in WebAssembly', async () => {
  test('every session is one of WebAssembly’s, and no network is asked', async () => {
    const [requests, created] = [vi.spyOn(globalThis, 'fetch'), vi.spyOn(InferenceSession, 'create')];
    const opened: OnnxSession[] = [];
    const sessions = { threads: { intraOp: 0, interOp: 0 }, leastWork: 0, onSession: (session: OnnxSession) => void opened.push(session) };
    for (const one of readOpGoldens()
      .ops.get('BiasAdd')
      ?.filter(({ out }) => out !== undefined) ?? [])
      await runOp(one, { isConstant: (index) => index > 0, sessions });
    for (const session of opened) await session.release();
    expect([opened.length > 0, created.mock.calls.length, requests.mock.calls]).toEqual([true, opened.length, []]);
  });

  // What the native library is asked.
  await import('./corpus.test.ts');
  await import('./ops.test.ts');
});
