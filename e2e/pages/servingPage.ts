import type { Locator, Page } from '@playwright/test';

/** One serving: its state, its start as steps, its addresses and its log. */
export interface ServingPage {
  readonly heading: Locator;
  /** One item a step: its name, `(done)` or another state, its detail. */
  readonly steps: Locator;
  readonly log: Locator;
  /** What runs or will run, as facts. */
  readonly plan: Locator;
  readonly restAddress: Locator;
  readonly pull: Locator;
  readonly failure: Locator;
  readonly stop: Locator;
  readonly stopStarting: Locator;
  readonly startAgain: Locator;
  readonly openPlayground: Locator;
  readonly remove: Locator;
  /** The word of the state beside the name: `Serving v2`. */
  state(word: string | RegExp): Locator;
  confirmRemove(): Promise<void>;
}

export function servingPage(page: Page): ServingPage {
  const main = page.getByRole('main');
  return {
    heading: main.getByRole('heading', { level: 1 }),
    steps: main.getByRole('region', { name: 'Steps' }).getByRole('listitem'),
    plan: main.getByRole('region', { name: /^What (will run|runs)/ }),
    restAddress: main.getByText(/^http:.*\/v1\/models\//).first(),
    log: main.getByRole('log'),
    pull: main.getByRole('progressbar', { name: /^Pull / }),
    failure: main.getByRole('alert'),
    stop: main.getByRole('button', { name: 'Stop', exact: true }),
    stopStarting: main.getByRole('button', { name: 'Stop starting' }),
    startAgain: main.getByRole('button', { name: 'Start again', exact: true }),
    openPlayground: main.getByRole('button', { name: 'Open playground' }),
    remove: main.getByRole('button', { name: 'Remove…' }),
    state: (word) => main.getByText(word).first(),
    confirmRemove: () => page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click(),
  };
}
