import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';

/** What axe calls serious or critical on the page as it stands: rule and place. */
export async function seriousFindings(page: Page): Promise<readonly string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id} at ${target.join(' ')}`));
}

/** Nothing moves any more but what turns for as long as something is under way: half-faded text has no contrast of its own. */
export async function settle(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const moves = document
      .getAnimations()
      .some(({ playState, effect }) => playState === 'running' && effect?.getComputedTiming().iterations !== Infinity);
    // What has just been opened is there before it begins to fade in.
    const fades = [...document.querySelectorAll('[role=dialog], [role=menu]')].some((one) => getComputedStyle(one).opacity !== '1');
    return !moves && !fades;
  });
}
