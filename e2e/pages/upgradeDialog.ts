import type { Locator, Page } from '@playwright/test';

/** From a choice of image or engine to what it means; opened from a serving's page. */
export interface UpgradeDialog {
  readonly dialog: Locator;
  /** One item a fact: what needs a new container, the image, the gap, memory. */
  readonly happens: Locator;
  readonly another: Locator;
  readonly reference: Locator;
  readonly begin: Locator;
  readonly failure: Locator;
  /** An engine, an image of this machine, or a way. */
  radio(name: string | RegExp): Locator;
  /** Opens it on the page of a serving. */
  open(): Promise<void>;
}

export function upgradeDialog(page: Page): UpgradeDialog {
  const dialog = page.getByRole('dialog');
  return {
    dialog,
    happens: dialog.getByRole('region', { name: 'What happens' }).getByRole('listitem'),
    another: dialog.getByRole('radio', { name: 'Another image or tag' }),
    reference: dialog.getByRole('textbox', { name: 'Name of the image' }),
    begin: dialog.getByRole('button', { name: 'Change', exact: true }),
    failure: dialog.getByRole('alert'),
    // From its beginning: another registry may have an image of the same name.
    radio: (name) => dialog.getByRole('radio', { name: typeof name === 'string' ? new RegExp(`^${name.replace(/[./]/g, '\\$&')}`) : name }),
    async open() {
      await page
        .getByRole('main')
        .getByRole('button', { name: /^More for / })
        .first()
        .click();
      await page.getByRole('menuitem', { name: 'Change image or engine…' }).click();
    },
  };
}

/** The change of what serves, on the serving's page: its steps, its end, and the way back. */
export interface ChangePanel {
  readonly panel: Locator;
  readonly steps: Locator;
  readonly stop: Locator;
  readonly failure: Locator;
  back(place: string): Locator;
}

export function changePanel(page: Page): ChangePanel {
  const panel = page.getByRole('main').getByRole('region', { name: 'Change of image or engine' });
  return {
    panel,
    steps: panel.getByRole('listitem'),
    stop: panel.getByRole('button', { name: 'Stop the change' }),
    failure: panel.getByRole('alert'),
    back: (place) => panel.getByRole('button', { name: `Go back to ${place}` }),
  };
}
