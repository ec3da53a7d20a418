import { describe, expect, it } from 'vitest';
import { AppError, errorTable, type ErrorCode } from '../../src/shared/contract/errors.ts';
import { serveRequest } from '../../src/shared/contract/serving.ts';
import { changesOf, draftOf, readDraft } from '../../src/renderer/features/servings/servingChanges.ts';
import { mendsOf } from '../../src/renderer/features/servings/servingMends.ts';
import { planOf, servingOf } from './plan.ts';

const failed = servingOf('digits', { kind: 'failed', step: 'check', problem: new AppError('INTERNAL').report() });

describe('the mends of a failed start', () => {
  it('offer the free port in place of the one that is taken', () => {
    const rest = new AppError('PORT_TAKEN', { port: 8501, owner: 'other', free: 8503 }).report();
    const grpc = new AppError('PORT_TAKEN', { port: 8500, owner: 'other', free: 8504 }).report();
    expect([mendsOf(rest, failed)[0], mendsOf(grpc, failed)[0]]).toEqual([
      { kind: 'usePort', port: 8503, changes: { restPort: 8503 } },
      { kind: 'usePort', port: 8504, changes: { grpcPort: 8504 } },
    ]);
  });

  it('double the memory after it ran out', () => {
    expect(mendsOf(new AppError('OUT_OF_MEMORY', { limit: '2 GB' }).report(), failed)[0]).toEqual({
      kind: 'moreMemory',
      bytes: 4 * 1024 ** 3,
    });
  });

  it('are never none, and never twice the same, for any failure of the table', () => {
    const bad = (Object.keys(errorTable) as ErrorCode[]).filter((code) => {
      const kinds = mendsOf(new AppError(code, { free: 9000, tags: 'serve, gpu' }).report(), failed).map(({ kind }) => kind);
      return kinds.length === 0 || new Set(kinds).size !== kinds.length;
    });
    expect(bad).toEqual([]);
  });
});

describe('a start again with changes', () => {
  it('begins with the whole plan, so that nothing falls back to a default', () => {
    const plan = planOf({
      versions: { kind: 'specific', versions: ['1', '3'] },
      extraFlags: ['--enable_batching=true'],
      env: { TF_CPP_MIN_LOG_LEVEL: '1' },
    });
    const request = serveRequest.parse({ modelId: plan.modelId, ...changesOf(plan) });
    const { servingId: _, mount: __, ...same } = plan;
    expect(request).toEqual(same);
  });

  it('reads a draft that was not edited as the plan it came from', () => {
    const plan = planOf({ versions: { kind: 'specific', versions: ['1', '3'] }, extraFlags: ['--a=1', '--b=2'], env: { A: 'x=y', B: '' } });
    expect(readDraft(draftOf(plan))).toEqual({
      wrong: null,
      changes: {
        through: 'direct',
        engine: 'docker',
        versions: plan.versions,
        restPort: 8501,
        grpcPort: 8500,
        extraFlags: plan.extraFlags,
        env: plan.env,
        image: plan.image,
        user: plan.user,
        memoryBytes: plan.memoryBytes,
      },
    });
  });

  it('names the field that cannot be read', () => {
    const draft = draftOf(planOf());
    const wrong = [
      { ...draft, versions: 'specific' as const, versionList: '1, two' },
      { ...draft, versions: 'specific' as const, versionList: ' ' },
      { ...draft, user: 'root' },
      { ...draft, env: 'A=1\nno equals sign' },
      { ...draft, env: '=value' },
    ].map((one) => readDraft(one).wrong);
    expect(wrong).toEqual(['versions', 'versions', 'user', 'env', 'env']);
  });

  it('leaves an emptied number to Slipway', () => {
    const { changes } = readDraft({ ...draftOf(planOf()), restPort: '', memoryMb: '' });
    expect([changes?.restPort, changes?.memoryBytes]).toEqual([0, undefined]);
  });
});
