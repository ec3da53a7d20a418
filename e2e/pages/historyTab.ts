import type { Locator, Page } from '@playwright/test';
import { playgroundPage } from './playgroundPage.ts';

/** What was asked before, in the answer's pane. */
export interface HistoryTab {
  readonly requests: Locator;
  readonly search: Locator;
  open(): Promise<void>;
  request(text: string): Locator;
}

export function historyTab(page: Page): HistoryTab {
  const { answer } = playgroundPage(page);
  const requests = answer.getByRole('list', { name: 'Past requests' }).getByRole('listitem');
  return {
    requests,
    search: answer.getByRole('searchbox', { name: /^Search/ }),
    open: () => answer.getByRole('tab', { name: 'History' }).click(),
    request: (text) => requests.filter({ hasText: text }),
  };
}
