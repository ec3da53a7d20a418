import { describe, expect, test } from 'vitest';
import { guard, type GuardVerdict, type RequestHead } from '../../src/main/web/guard.ts';

const rules = { port: 4711, allowHosts: ['gpu-box.lan', 'localhost:9000'] };
const head = (headers: Readonly<Record<string, string>>, more: Partial<RequestHead> = {}): RequestHead => ({
  method: 'GET',
  target: '/api/socket?ticket=x',
  rawHeaders: Object.entries(headers).flat(),
  ...more,
});
const outcome = (verdict: GuardVerdict): string => (verdict.kind === 'admitted' ? 'admitted' : `${verdict.status} ${verdict.reason}`);

const own = { Host: '127.0.0.1:4711' };
const link = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };

describe('the guard of the web shell', () => {
  test.each<[string, RequestHead, string]>([
    ['a plain request to our address', head(own), 'admitted'],
    ['localhost with our port, in any case', head({ host: 'LocalHost:4711' }), 'admitted'],
    ['our own page', head({ ...own, Origin: 'http://127.0.0.1:4711', 'Sec-Fetch-Site': 'same-origin' }), 'admitted'],
    ['an address typed by the person', head({ ...own, 'Sec-Fetch-Site': 'none' }, { target: '/' }), 'admitted'],
    ['an admitted name without a port', head({ Host: 'gpu-box.lan', Origin: 'https://gpu-box.lan' }), 'admitted'],
    ['an admitted name with our port', head({ Host: 'gpu-box.lan:4711' }), 'admitted'],
    ['an admitted name with its own port', head({ Host: 'localhost:9000', Origin: 'http://localhost:9000' }), 'admitted'],
    ['a link to the page on another site', head({ ...own, ...link }, { target: '/' }), 'admitted'],

    ['no Host', head({}), '403 host'],
    ['two Hosts', head(own, { rawHeaders: ['Host', '127.0.0.1:4711', 'Host', '127.0.0.1:4711'] }), '403 host'],
    ['our address without its port', head({ Host: '127.0.0.1' }), '403 host'],
    ['another port of this machine', head({ Host: '127.0.0.1:80' }), '403 host'],
    ['a rebound name', head({ Host: 'evil.example:4711' }), '403 host'],
    ['a rebound name that begins like ours', head({ Host: '127.0.0.1.evil.example:4711' }), '403 host'],
    ['an address that a resolver answers with ours', head({ Host: '127.0.0.1.nip.io:4711' }), '403 host'],
    ['another spelling of our address', head({ Host: '2130706433:4711' }), '403 host'],
    ['any address', head({ Host: '0.0.0.0:4711' }), '403 host'],
    ['an admitted name with another port', head({ Host: 'gpu-box.lan:4712' }), '403 host'],
    ['user and password before the host', head({ Host: 'a@127.0.0.1:4711' }), '403 host'],
    ['an absolute target', head(own, { target: 'http://evil.example/' }), '400 target'],
    ['a target of two slashes', head(own, { target: '//evil.example/' }), '400 target'],

    ['another origin', head({ ...own, Origin: 'http://evil.example' }), '403 origin'],
    ['an origin on another port', head({ ...own, Origin: 'http://127.0.0.1:8888' }), '403 origin'],
    ['the opaque origin', head({ ...own, Origin: 'null' }), '403 origin'],
    ['an empty origin', head({ ...own, Origin: '' }), '403 origin'],
    ['two origins', head(own, { rawHeaders: ['Host', '127.0.0.1:4711', 'Origin', 'http://127.0.0.1:4711', 'Origin', 'x'] }), '403 origin'],
    ['localhost asking 127.0.0.1', head({ ...own, Origin: 'http://localhost:4711' }), '403 origin'],
    ['https in front of our plain address', head({ ...own, Origin: 'https://127.0.0.1:4711' }), '403 origin'],

    ['a request from another site', head({ ...own, 'Sec-Fetch-Site': 'cross-site' }), '403 sec-fetch-site'],
    ['a request from another port', head({ ...own, 'Sec-Fetch-Site': 'same-site' }), '403 sec-fetch-site'],
    ['an unknown kind of site', head({ ...own, 'Sec-Fetch-Site': 'same-origin, none' }), '403 sec-fetch-site'],
    ['a link to anything but the page', head({ ...own, ...link }, { target: '/api/session' }), '403 sec-fetch-site'],
    ['a frame of another site', head({ ...own, ...link, 'Sec-Fetch-Dest': 'iframe' }, { target: '/' }), '403 sec-fetch-site'],
    ['a form of another site', head({ ...own, ...link }, { target: '/', method: 'POST' }), '403 sec-fetch-site'],

    [
      'Host is told before Origin',
      head({ Host: 'evil.example', Origin: 'http://evil.example', 'Sec-Fetch-Site': 'cross-site' }),
      '403 host',
    ],
    ['Origin is told before Sec-Fetch-Site', head({ ...own, Origin: 'http://evil.example', 'Sec-Fetch-Site': 'cross-site' }), '403 origin'],
  ])('%s', (_, request, expected) => {
    expect(outcome(guard(request, rules))).toBe(expected);
  });
});
