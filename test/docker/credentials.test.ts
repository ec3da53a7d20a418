import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { credentialsFor, registryOf } from '../../src/main/docker/credentials.ts';

let folder = '';
const path = process.env['PATH'];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-credentials-'));
});
afterEach(() => {
  process.env['PATH'] = path;
  rmSync(folder, { recursive: true, force: true });
});
const basic = (text: string): string => Buffer.from(text).toString('base64');
const configure = (config: object): void => writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
const ask = (reference: string, typed = new Map()) => credentialsFor(reference, { dockerFolder: folder, typed });

test('a reference’s registry is its first part where that can be one', () => {
  expect(
    ['tensorflow/serving:1', 'localhost/a', 'localhost:5000/a/b', 'gcr.io/x/y@sha256:0', 'docker.io/library/x', 'serving'].map(registryOf),
  ).toEqual(['', 'localhost', 'localhost:5000', 'gcr.io', '', '']);
});

test('Docker’s own logins are used, also identity tokens and passwords with colons', async () => {
  configure({
    auths: {
      'https://index.docker.io/v1/': { auth: basic('hub:a:b') },
      'r.example': { auth: basic('r:p') },
      'https://s.example': { auth: basic('s:p') },
      't.example': { identitytoken: 'secret' },
    },
  });
  const told = await Promise.all(['tensorflow/serving', 'r.example/a', 's.example/a', 't.example/a', 'u.example/a'].map((one) => ask(one)));
  expect(told.map((one) => (one === undefined ? null : [one.username, one.password, one.serverAddress]))).toEqual([
    ['hub', 'a:b', 'https://index.docker.io/v1/'],
    ['r', 'p', 'r.example'],
    ['s', 'p', 'https://s.example'],
    ['<token>', 'secret', 't.example'],
    null,
  ]);
});

test.skipIf(process.platform === 'win32')(
  'a credential helper is asked by Docker’s protocol; one that fails or is missing is none',
  async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const helper = (name: string, script: string): void => {
      writeFileSync(join(bin, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, `docker-credential-${name}`), 0o755);
    };
    helper(
      'good',
      'read server; [ "$1" = get ] && echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"u\\",\\"Secret\\":\\"for $server\\"}"',
    );
    helper('bad', 'echo "credentials not found in native keychain"; exit 1');
    process.env['PATH'] = `${bin}${delimiter}${path ?? ''}`;
    configure({
      credsStore: 'bad',
      credHelpers: { 'r.example': 'good', 'm.example': 'missing' },
      auths: { 's.example': { auth: basic('s:p') } },
    });
    expect(await ask('r.example/a')).toEqual({ username: 'u', password: 'for r.example', serverAddress: 'r.example' });
    expect([(await ask('s.example/a'))?.username, await ask('m.example/a'), await ask('tensorflow/serving')]).toEqual([
      's',
      undefined,
      undefined,
    ]);
  },
);

test('what was typed comes first, and a damaged configuration is no login', async () => {
  const typed = new Map(['r.example', 'docker.io'].map((one) => [one, { username: `typed ${one}`, password: 'p', serverAddress: one }]));
  writeFileSync(join(folder, 'config.json'), '{ not json');
  expect([
    (await ask('r.example/a', typed))?.username,
    (await ask('tensorflow/serving', typed))?.username,
    await ask('s.example/a', typed),
  ]).toEqual(['typed r.example', 'typed docker.io', undefined]);
});
