import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from './app.ts';
import { servingPage } from './pages/servingPage.ts';
import { startServing, untilServing } from './serve.ts';

test.use({ launch: { models: ['half_plus_two'] } });

test('a port that somebody took meanwhile is named, and one click starts it at a free one', async ({ app }) => {
  const serving = servingPage(app.page);
  await startServing(app, 'half_plus_two');
  await untilServing(app);
  const port = Number(/:(\d+)\/v1/.exec((await serving.restAddress.textContent()) ?? '')?.[1]);
  await serving.stop.click();
  await expect(serving.startAgain).toBeVisible();

  await using undo = new AsyncDisposableStack();
  const thief = createServer();
  thief.listen(port, '127.0.0.1');
  await once(thief, 'listening');
  undo.defer(async () => {
    thief.close();
    await once(thief, 'close');
  });

  await serving.startAgain.click();
  await expect(serving.failure).toContainText(`Port ${port} is in use`);
  await serving.failure.getByRole('button', { name: /^Use \d+ and start/ }).click();
  await untilServing(app);
  await expect(serving.restAddress).not.toContainText(`:${port}/`);
});
