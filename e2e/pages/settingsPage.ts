import type { Locator, Page } from '@playwright/test';
import { frame } from './frame.ts';

export interface SettingsPage {
  readonly image: Locator;
  open(): Promise<void>;
  theme(name: 'Light' | 'Dark'): Locator;
  language(name: 'English' | '简体中文'): Locator;
  /** Sets the image and leaves the field, which saves it. */
  setImage(reference: string): Promise<void>;
}

export function settingsPage(page: Page): SettingsPage {
  const image = page.getByRole('textbox', { name: 'TensorFlow Serving image' });
  return {
    image,
    open: () => frame(page).open('Settings'),
    theme: (name) => page.getByRole('radiogroup', { name: 'Theme' }).getByText(name),
    language: (name) => page.getByRole('radiogroup', { name: 'Language' }).getByText(name),
    async setImage(reference) {
      await image.fill(reference);
      await image.press('Enter');
    },
  };
}
