import { expect, test } from './app.ts';
import { seriousFindings, settle } from './axe.ts';
import { ask, openPlayground } from './ask.ts';
import { answerPane } from './pages/answerPane.ts';

test.use({ launch: { models: ['transformer'] } });

test('a large answer is searched on the wire, with its headers, and only what is in sight is in the page', async ({ app }) => {
  const { page } = app;
  const { restPort } = await openPlayground(app, 'transformer');
  // 30 rows of 64 ids: some 2.5 MB of logits.
  const body = JSON.stringify({
    instances: Array.from({ length: 30 }, (_, row) => Array.from({ length: 64 }, (__, at) => (row + at * 7) % 100)),
  });
  await ask(app, body);
  const url = `http://127.0.0.1:${restPort}/v1/models/transformer:predict`;
  const answered = await (await fetch(url, { method: 'POST', body })).text();
  expect(answered.length).toBeGreaterThan(2_000_000);

  const pane = answerPane(page);
  await pane.tab('Raw').click();
  const response = pane.region.getByRole('region', { name: 'Response' });
  await expect(pane.region.getByRole('region', { name: 'Headers' })).toContainText('HTTP/1.1 200 OK');
  await expect(pane.region.getByRole('region', { name: 'Headers' })).toContainText(`content-length: ${answered.length}`);
  await expect(pane.region.getByText(/^[\d.]+\u202fMB in [\d\u202f]+ lines$/)).toBeVisible();
  expect(await response.locator('> div > div').count()).toBeLessThan(100);

  const find = pane.region.getByRole('textbox', { name: 'Find in the response' });
  const wanted = '"pooled"';
  const count = answered.split(wanted).length - 1;
  await find.fill(wanted);
  await expect(pane.region.getByText(`1 of ${count}`)).toBeVisible();
  await expect(response.locator('mark[data-current]').first()).toBeVisible();
  await find.press('Enter');
  await expect(pane.region.getByText(`2 of ${count}`)).toBeVisible();
  await pane.region.getByRole('button', { name: 'Previous match' }).click();
  await find.press('Shift+Enter');
  await expect(pane.region.getByText(`${count} of ${count}`)).toBeVisible();
  expect((await response.locator('mark[data-current]').allTextContents()).join('')).toBe(wanted);
  await find.fill('not in it');
  await expect(pane.region.getByText('not found')).toBeVisible();
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);

  // What was asked, to the byte.
  await pane.region.getByRole('radiogroup', { name: 'Request or response' }).getByText('Request').click();
  await expect(pane.region.getByRole('region', { name: 'Headers' })).toContainText('POST /v1/models/transformer:predict HTTP/1.1');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await pane.region.getByRole('button', { name: 'Copy request' }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(body);
});

test('over gRPC the bytes are shown as bytes, and the answer as JSON beside them', async ({ app }) => {
  const { page } = app;
  await openPlayground(app, 'transformer');
  await page.getByRole('main').getByText('gRPC', { exact: true }).click();
  await ask(app, { instances: [[5, 17, 3]] });
  const pane = answerPane(page);
  await pane.tab('Raw').click();
  const response = pane.region.getByRole('region', { name: 'Response' });
  await expect(response).toContainText(/00000000  [0-9a-f]{2} /);
  await expect(pane.region.getByRole('region', { name: 'Headers' })).toContainText('grpc-status: 0');
  await pane.region.getByText('As JSON', { exact: true }).click();
  await expect(response).toContainText('{"logits": [[[');
});
