import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { answerAppRequest } from '../../src/main/desktop/appProtocol.ts';
import { windowOptions } from '../../src/main/desktop/windowOptions.ts';

vi.mock('electron', () => ({ shell: {} }));

test('the window is sandboxed, isolated, and has no Node', () => {
  expect(windowOptions('/preload.cjs', { x: 1, y: 2, width: 900, height: 700 })).toEqual({
    x: 1,
    y: 2,
    width: 900,
    height: 700,
    minWidth: 720,
    minHeight: 480,
    show: false,
    title: 'Slipway',
    backgroundColor: '#F4F5F7',
    webPreferences: {
      preload: '/preload.cjs',
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  });
});

describe("the app's scheme", () => {
  let bundle = '';
  beforeAll(() => {
    bundle = mkdtempSync(join(tmpdir(), 'slipway-bundle-'));
    writeFileSync(join(bundle, 'index.desktop.html'), '<meta nonce="__CSP_NONCE__">');
    writeFileSync(join(bundle, 'secret.key'), 'x');
  });
  afterAll(() => rmSync(bundle, { recursive: true, force: true }));

  test('the page comes with its policy and a nonce of its own', async () => {
    const answer = await answerAppRequest({ method: 'GET', url: 'slipway://app/index.desktop.html' }, bundle);
    const policy = answer.headers.get('content-security-policy') ?? '';
    const nonce = /nonce="([\w-]+)"/.exec(await answer.text())?.[1] ?? '';
    expect([answer.status, policy.includes("default-src 'none'"), policy.includes(`'nonce-${nonce}'`)]).toEqual([200, true, true]);
  });

  test.each([
    ['POST', 'slipway://app/index.desktop.html', 405],
    ['GET', 'slipway://other/index.desktop.html', 404],
    ['GET', 'slipway://app/secret.key', 404],
    ['GET', 'slipway://app/..%2f..%2fetc%2fpasswd.html', 404],
    ['GET', 'slipway://app/%2e%2e/x.html', 404],
    ['GET', 'slipway://app/none.js', 404],
  ])('%s %s is answered %i', async (method, url, status) => {
    expect((await answerAppRequest({ method, url }, bundle)).status).toBe(status);
  });
});

describe('guards', () => {
  test('only listed https hosts open outside, written anew', async () => {
    const { externalLink } = await import('../../src/main/desktop/guards.ts');
    const asked = [
      'https://www.tensorflow.org/tfx',
      'http://www.tensorflow.org',
      'https://a@www.tensorflow.org/',
      'https://example.org',
      'file:///etc/passwd',
      'javascript:1',
      '',
    ];
    expect(asked.map(externalLink)).toEqual(['https://www.tensorflow.org/tfx', null, null, null, null, null, null]);
  });

  test('a page is granted writing the clipboard and nothing else', async () => {
    const { isGranted } = await import('../../src/main/desktop/guards.ts');
    expect(['clipboard-sanitized-write', 'clipboard-read', 'media', 'geolocation', 'notifications'].map(isGranted)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
