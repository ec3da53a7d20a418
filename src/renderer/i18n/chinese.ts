import { errorsZh } from './errorsZh.ts';
import { phraseZh } from './phrasesZh.ts';
import { problemsZh } from './problemsZh.ts';
import { verdictsZh } from './verdictsZh.ts';
import { zh } from './zh.ts';

/** 中文界面的全部文字，只在需要时加载。 */
export const chinese = { errorsZh, phraseZh, problemsZh, verdictsZh, zh };
