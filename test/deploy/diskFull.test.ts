import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildContext } from '../../src/main/deploy/buildContext.ts';
import { createDockerodeEngine } from '../../src/main/docker/dockerodeEngine.ts';
import { makeOwnDaemon, whyNoDaemon } from '../docker/ownDaemon.ts';

const why = whyNoDaemon();
const mib = 1 << 20;

describe.skipIf(why !== undefined)(why === undefined ? 'an engine with a small disk' : `an engine with a small disk [${why}]`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-full-'));
  const disk = mkdtempSync(join(folder, 'disk-'));
  const source = join(folder, 'weights');
  const before = process.env['TMPDIR'];
  let daemon: ReturnType<typeof makeOwnDaemon> | undefined;

  beforeAll(async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=60m', 'tmpfs', disk]);
    // The daemon makes its folders where temporary files go.
    process.env['TMPDIR'] = disk;
    daemon = makeOwnDaemon();
    await daemon.start();
  });
  afterAll(async () => {
    await daemon?.[Symbol.asyncDispose]();
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    execFileSync('umount', ['-l', disk]);
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    ['while it is sent', 300],
    ['while it is copied', 30],
  ])('says that it is full, %s', async (_, sizeMib) => {
    writeFileSync(source, Buffer.alloc(sizeMib * mib, 1));
    const context = buildContext({
      name: 'm',
      versions: [{ version: '1', files: [{ path: 'weights', source }] }],
      dockerfile: 'FROM scratch\nCOPY . /\n',
      extra: {},
      manifest: null,
      onSent: () => undefined,
    });
    const engine = createDockerodeEngine(daemon?.endpoint ?? '');
    const built = engine.build(context, { noCache: true, signal: AbortSignal.timeout(50_000), onEvent: () => undefined });
    await expect(built).rejects.toMatchObject({ code: 'DISK_FULL' });
  });
});
