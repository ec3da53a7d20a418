import type { Locator, Page } from '@playwright/test';

/** One output of an answer, or one input as it was sent. */
export interface OutputPart {
  readonly region: Locator;
  /** Chooses a view by its word. */
  readonly show: (view: string) => Promise<void>;
  /** The views that are offered, the best first. */
  readonly views: () => Promise<readonly string[]>;
}

/** The right half of the playground. */
export interface AnswerPane {
  readonly region: Locator;
  /** Among the answer's outputs; an input of the same name stands in `sent`. */
  output(name: string): OutputPart;
  readonly sent: Locator;
  sentInput(name: string): OutputPart;
  tab(name: string | RegExp): Locator;
}

export function answerPane(page: Page): AnswerPane {
  const region = page.getByRole('main').getByRole('region', { name: 'Answer', exact: true });
  const sent = region.locator('details');
  const part = (within: Locator): OutputPart => {
    const choice = within.getByRole('radiogroup').first();
    return {
      region: within,
      show: (view) => choice.getByText(view, { exact: true }).click(),
      views: () => choice.locator('label').allTextContents(),
    };
  };
  return {
    region,
    sent,
    output: (name) => part(region.getByRole('tabpanel').locator(`> section[aria-label="${name}"]`)),
    sentInput: (name) => part(sent.getByRole('region', { name, exact: true }).first()),
    tab: (name) => region.getByRole('tab', { name }),
  };
}
