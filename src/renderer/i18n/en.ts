import { enDeploy } from './enDeploy.ts';
import { enServings } from './enServings.ts';
import { enJoin } from './enJoin.ts';
import { enLibrary } from './enLibrary.ts';
import { enModels } from './enModels.ts';
import { enSwitch } from './enSwitch.ts';
import { enTables } from './enTables.ts';
import { enHistory } from './enHistory.ts';
import { enTakeAway } from './enTakeAway.ts';
import { enUpgrade } from './enUpgrade.ts';

/** The English catalogue: every text of the window, in ICU message syntax. */
export const en = {
  ...enModels,
  ...enLibrary,
  ...enSwitch,
  ...enServings,
  ...enDeploy,
  ...enTakeAway,
  ...enUpgrade,
  ...enJoin,
  ...enTables,
  ...enHistory,
} as const;
