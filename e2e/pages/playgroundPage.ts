import type { Locator, Page } from '@playwright/test';

/** Left asks, right answers. */
export interface PlaygroundPage {
  readonly body: Locator;
  readonly predict: Locator;
  readonly answer: Locator;
  readonly input: Locator;
  /** One tensor's field. */
  field(name: string): Locator;
  /** Chooses by the name of the shown: fields or JSON. */
  giveAs(way: 'Fields' | 'JSON'): Promise<void>;
  /** Chooses a signature. */
  choose(signature: string): Promise<void>;
  /** Replaces the request's JSON. */
  fill(text: string): Promise<void>;
  /** The answer's body as it came over the wire. */
  readRaw(): Promise<string>;
}

export function playgroundPage(page: Page): PlaygroundPage {
  const main = page.getByRole('main');
  const body = main.getByRole('textbox', { name: 'Request as JSON' });
  const answer = main.getByRole('region', { name: 'Answer' });
  const giveAs = async (way: 'Fields' | 'JSON'): Promise<void> => {
    await main.getByRole('radiogroup', { name: 'How the input is given' }).getByText(way, { exact: true }).click();
  };
  return {
    body,
    answer,
    giveAs,
    input: main.getByRole('region', { name: 'Input' }),
    predict: main.getByRole('button', { name: /^Predict/ }),
    field: (name) => main.getByRole('group', { name: new RegExp(`^${name}, `) }),
    async choose(signature) {
      await main.getByRole('button', { name: /^Signature/ }).click();
      await page.getByRole('menuitemradio', { name: signature, exact: true }).click();
    },
    async fill(text) {
      await giveAs('JSON');
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
