import type { Locator, Page } from '@playwright/test';

/** Left asks, right answers. */
export interface PlaygroundPage {
  readonly body: Locator;
  readonly predict: Locator;
  readonly answer: Locator;
  /** Replaces the request's JSON. */
  fill(text: string): Promise<void>;
  /** The answer's body as it came over the wire. */
  readRaw(): Promise<string>;
}

export function playgroundPage(page: Page): PlaygroundPage {
  const main = page.getByRole('main');
  const body = main.getByRole('textbox', { name: 'Request as JSON' });
  const answer = main.getByRole('region', { name: 'Answer' });
  return {
    body,
    answer,
    predict: main.getByRole('button', { name: /^Predict/ }),
    async fill(text) {
      await body.click();
      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.insertText(text);
    },
    async readRaw() {
      await answer.getByRole('tab', { name: 'Raw' }).click();
      return (await answer.getByRole('region', { name: 'Response' }).textContent()) ?? '';
    },
  };
}
