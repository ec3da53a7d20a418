import type { Locator, Page } from '@playwright/test';

export type Place = 'Models' | 'Servings' | 'Playground' | 'Settings';

/** The bar, the rail and the strip that are the same around every page. */
export interface Frame {
  readonly heading: Locator;
  readonly engine: Locator;
  readonly tasks: Locator;
  /** Says that the connection is lost and tried again. */
  readonly connectionStrip: Locator;
  open(place: Place): Promise<void>;
}

export function frame(page: Page): Frame {
  return {
    heading: page.getByRole('heading', { level: 1 }),
    engine: page.getByRole('banner').getByRole('button', { name: /Docker|engine/i }),
    tasks: page.getByRole('banner').getByRole('button', { name: /task/i }),
    connectionStrip: page.getByText(/Connection lost/),
    open: (place) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: place }).click(),
  };
}
