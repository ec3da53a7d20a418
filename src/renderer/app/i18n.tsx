import { IntlMessageFormat } from 'intl-messageformat';
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';
import { again } from './again.ts';
import { fillPlaces, errorTable, type ErrorReport } from '../../shared/contract/errors.ts';
import type { VerdictReason } from '../../shared/contract/library.ts';
import type { Problem } from '../../shared/contract/savedModel.ts';
import { en } from '../i18n/en.ts';
import { createNumbers, createTimes, type Numbers, type Times } from '../ui/format.ts';
import { useMirror } from './store.ts';

/** A text of the catalogues; both languages have exactly these. */
export type TextKey = keyof typeof en;
export type Language = 'en' | 'zh';

/** Words and numbers in the person's language. */
export interface Text {
  readonly language: Language;
  readonly t: (key: TextKey, values?: Readonly<Record<string, string | number>>) => string;
  readonly number: Numbers;
  readonly time: Times;
  readonly errorWords: (report: ErrorReport) => { readonly title: string; readonly advice: string };
  /** A short English text of main in this language: a task's name, a reason. */
  readonly phrase: (text: string) => string;
  readonly problemWords: (problem: Problem) => { readonly message: string; readonly advice: string };
  readonly verdictWords: (reason: VerdictReason) => string;
}

type Chinese = (typeof import('../i18n/chinese.ts'))['chinese'];

const formats = new Map<string, IntlMessageFormat>();

function formatOf(language: Language, key: TextKey, text: string): IntlMessageFormat {
  const id = `${language} ${key}`;
  const made = formats.get(id) ?? new IntlMessageFormat(text, language === 'zh' ? 'zh-CN' : 'en');
  formats.set(id, made);
  return made;
}

/** The texts of one language; of English where there is no Chinese. */
function textOf(chinese: Chinese | null): Text {
  const language = chinese === null ? 'en' : 'zh';
  const catalogue: Readonly<Record<TextKey, string>> = chinese?.zh ?? en;
  return {
    language,
    t: (key, values = {}) => {
      const text = formatOf(language, key, catalogue[key]).format(values);
      return typeof text === 'string' ? text : String(text);
    },
    number: createNumbers(),
    time: createTimes(language),
    errorWords({ code, data, title, advice }) {
      if (chinese === null || !(code in errorTable)) return { title, advice };
      const words = chinese.errorsZh[code];
      const inChinese = typeof data['detail'] === 'string' ? { ...data, detail: chinese.phraseZh(data['detail']) } : data;
      return { title: fillPlaces(words[0], inChinese), advice: fillPlaces(words[1], inChinese) };
    },
    phrase: chinese === null ? (text) => text : chinese.phraseZh,
    problemWords({ code, data = {}, message, advice }) {
      const words = chinese?.problemsZh[code];
      return words === undefined ? { message, advice } : { message: fillPlaces(words[0], data), advice: fillPlaces(words[1], data) };
    },
    verdictWords: ({ code, data, message }) => (chinese === null ? message : fillPlaces(chinese.verdictsZh[code], data)),
  };
}

const TextContext = createContext<Text>(textOf(null));

const systemLanguage = (): Language => (navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en');

/** Gives the words of the language in the settings, `system` being the browser's; another language is shown once its words are here. */
export function TextProvider({ children }: { readonly children: ReactNode }) {
  const setting = useMirror((state) => state.settings.language);
  const language = setting === 'system' ? systemLanguage() : setting;
  const [text, setText] = useState<Text | null>(() => (language === 'en' ? textOf(null) : null));
  const shown = text?.language;
  useEffect(() => {
    if (shown === language) return undefined;
    let live = true;
    const show = (next: Text): void => {
      if (live) setText(next);
    };
    if (language === 'en') show(textOf(null));
    else void again(() => import('../i18n/chinese.ts')).then(({ chinese }) => show(textOf(chinese)));
    return () => {
      live = false;
    };
  }, [language, shown]);
  useEffect(() => {
    if (shown !== undefined) document.documentElement.lang = shown === 'zh' ? 'zh-CN' : 'en';
  }, [shown]);
  return text === null ? null : <TextContext value={text}>{children}</TextContext>;
}

export const useText = (): Text => useContext(TextContext);
