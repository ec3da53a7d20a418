import { enDeploy } from './enDeploy.ts';
import { enServings } from './enServings.ts';
import { enLibrary } from './enLibrary.ts';
import { enModels } from './enModels.ts';
import { enTakeAway } from './enTakeAway.ts';

/** The English catalogue: every text of the window, in ICU message syntax. */
export const en = { ...enModels, ...enLibrary, ...enServings, ...enDeploy, ...enTakeAway } as const;
