import { defineConfig } from '@playwright/test';
import { chromiumOptions } from './test/chromium.ts';

export default defineConfig<{ readonly shell: 'web' | 'desktop' }>({
  testDir: 'e2e',
  testMatch: '*.spec.ts',
  outputDir: 'test-results/e2e',
  // One engine and its ports are shared by all specs.
  workers: 1,
  fullyParallel: false,
  // What passes at the second try has a defect: `npm test` names it at its end.
  retries: process.env['CI'] === undefined ? 0 : 1,
  forbidOnly: process.env['CI'] !== undefined,
  timeout: 180_000,
  expect: { timeout: 20_000 },
  reporter: 'list',
  use: {
    viewport: { width: 1280, height: 800 },
    locale: 'en-US',
    timezoneId: 'UTC',
    colorScheme: 'light',
    trace: 'retain-on-failure',
    launchOptions: chromiumOptions(),
  },
  projects: [
    { name: 'web', use: { shell: 'web' } },
    { name: 'desktop', use: { shell: 'desktop' } },
  ],
});
