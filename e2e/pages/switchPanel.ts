import type { Locator, Page } from '@playwright/test';

/** What a running serving serves: its switch under way or its history, on the model's page as on the serving's. */
export interface SwitchPanel {
  /** The switch that is under way or was refused; `Switch v3 → v2`. */
  readonly current: Locator;
  readonly steps: Locator;
  readonly entries: Locator;
  readonly held: Locator;
  readonly problem: Locator;
  readonly stop: Locator;
  readonly rollBack: Locator;
  readonly historyButton: Locator;
  /** The entry of what is served now. */
  readonly present: Locator;
  returnTo(versions: string): Locator;
}

export function switchPanel(page: Page): SwitchPanel {
  const main = page.getByRole('main');
  const current = main.getByRole('region', { name: /^Switch .+ → / });
  const entries = main.getByRole('list', { name: 'History' }).getByRole('listitem');
  return {
    current,
    steps: main.getByRole('list', { name: 'Steps of the switch' }).getByRole('listitem'),
    entries,
    held: main.getByRole('status').filter({ hasText: /was tried and refused|would not serve|not complete/ }),
    problem: current.getByRole('alert'),
    stop: main.getByRole('button', { name: /^Stop here and keep/ }),
    rollBack: main.getByRole('button', { name: /^Roll back to/ }),
    historyButton: main.getByRole('button', { name: 'History' }),
    present: entries.filter({ hasText: /now$/ }),
    returnTo: (versions) => entries.getByRole('button', { name: `Return to ${versions} of` }).first(),
  };
}
