import type { en } from './en.ts';
import { zhJoin } from './zhJoin.ts';
import { zhLibrary } from './zhLibrary.ts';
import { zhModels } from './zhModels.ts';
import { zhSwitch } from './zhSwitch.ts';
import { zhDeploy } from './zhDeploy.ts';
import { zhServings } from './zhServings.ts';
import { zhTables } from './zhTables.ts';
import { zhHistory } from './zhHistory.ts';
import { zhTakeAway } from './zhTakeAway.ts';
import { zhUpgrade } from './zhUpgrade.ts';

/** 简体中文目录：键与英文目录一一对应。 */
export const zh: Readonly<Record<keyof typeof en, string>> = {
  ...zhModels,
  ...zhLibrary,
  ...zhSwitch,
  ...zhServings,
  ...zhDeploy,
  ...zhTakeAway,
  ...zhUpgrade,
  ...zhTables,
  ...zhJoin,
  ...zhHistory,
};
