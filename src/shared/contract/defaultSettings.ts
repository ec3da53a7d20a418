import type { Settings } from './settings.ts';

/** What is set before the person sets anything. */
export const defaultSettings: Settings = {
  theme: 'system',
  language: 'system',
  image: 'tensorflow/serving:latest',
  mirror: '',
  engineEndpoint: '',
  logMaxSizeMb: 10,
  logMaxFiles: 3,
  askBeforeQuit: true,
  historyMaxMb: 200,
};
