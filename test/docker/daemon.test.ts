import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEngineWatch, lookingStatus, type EngineWatch } from '../../src/main/docker/engineWatch.ts';
import { createStateHub, type StateHub } from '../../src/main/stateHub.ts';
import { defaultSettings } from '../../src/shared/contract/defaultSettings.ts';
import { makeOwnDaemon, whyNoDaemon, type OwnDaemon } from './ownDaemon.ts';

const why = whyNoDaemon();

describe.skipIf(why !== undefined)(why === undefined ? 'a daemon of our own' : `a daemon of our own [${why}]`, () => {
  let daemon: OwnDaemon;
  let watch: EngineWatch;
  let hub: StateHub;

  async function until(state: string): Promise<void> {
    const end = AbortSignal.timeout(60_000);
    for await (const event of hub.watch({ signal: end })) {
      if ((event.kind === 'snapshot' && event.state.engine.state === state) || (event.kind === 'engine' && event.engine.state === state))
        return;
    }
    throw new Error(`never ${state}`);
  }

  beforeAll(() => {
    const facts = {
      version: '',
      platform: '',
      home: '',
      capabilities: { dropIsLink: false, pickFolderDialog: false, folderTree: false, revealFolder: false },
    };
    daemon = makeOwnDaemon();
    hub = createStateHub({ models: [], servings: [], tasks: [], engine: lookingStatus, settings: defaultSettings }, facts);
    watch = createEngineWatch({
      hub,
      env: { DOCKER_HOST: daemon.endpoint, HOME: '/nonexistent' },
      getChosen: () => '',
      signal: new AbortController().signal,
    });
  });
  afterAll(async () => {
    await watch[Symbol.asyncDispose]();
    await daemon[Symbol.asyncDispose]();
  });

  test('is said to be away, is found when it comes, missed when it is killed, and found again by itself', async () => {
    await until('away');
    expect(hub.state.engine.problem?.code).toBe('DOCKER_NOT_RUNNING');
    await daemon.start();
    await until('connected');
    expect([hub.state.engine.origin, watch.engine().endpoint]).toEqual(['DOCKER_HOST', daemon.endpoint]);
    let lost = 0;
    watch.onLost(() => (lost += 1));
    await daemon.end('SIGKILL');
    await until('away');
    expect(() => watch.engine()).toThrow('Docker is not running');
    expect(lost).toBe(1);
    await daemon.start();
    await until('connected');
    expect(hub.state.engine.version).toMatch(/^\d+\./);
  });
});
