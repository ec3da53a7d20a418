import { expect, test } from './app.ts';
import { frame } from './pages/frame.ts';

test.skip(({ shell }) => shell !== 'web', 'skipped: the desktop shell loads its parts from its own archive');

test('a page whose files are lost on their way is loaded all the same, with its styles', async ({ app }) => {
  const { page } = app;
  app.expectErrors(/net::ERR_FAILED/, /Failed to load resource/);
  const lost: string[] = [];
  // Each once: its script, what that imports, and its stylesheet.
  await page.route('**/assets/*', async (route) => {
    const url = route.request().url();
    if (lost.includes(url)) await route.continue();
    else {
      lost.push(url);
      await route.abort('failed');
    }
  });
  await frame(page).open('Servings');
  await expect(frame(page).heading).toHaveText('Servings');
  expect(lost.some((url) => url.endsWith('.js')) && lost.some((url) => url.endsWith('.css'))).toBe(true);
  const unstyled = await page.evaluate(
    () => [...document.querySelectorAll<HTMLLinkElement>('link[rel=stylesheet]')].filter((one) => one.sheet === null).length,
  );
  expect(unstyled).toBe(0);
});
