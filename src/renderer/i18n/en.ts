import { enDeploy } from './enDeploy.ts';
import { enServings } from './enServings.ts';
import { enModels } from './enModels.ts';

/** The English catalogue: every text of the window, in ICU message syntax. */
export const en = { ...enModels, ...enServings, ...enDeploy } as const;
