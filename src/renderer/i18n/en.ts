import { enServings } from './enServings.ts';
import { enModels } from './enModels.ts';

/** The English catalogue: every text of the window, in ICU message syntax. */
export const en = { ...enModels, ...enServings } as const;
