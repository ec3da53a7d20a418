import { IntlMessageFormat } from 'intl-messageformat';
import { createContext, useContext, useMemo, type ReactNode } from 'react';
import { fillPlaces, errorTable, type ErrorReport } from '../../shared/contract/errors.ts';
import type { Problem } from '../../shared/contract/savedModel.ts';
import { en } from '../i18n/en.ts';
import { errorsZh } from '../i18n/errorsZh.ts';
import { phraseZh } from '../i18n/phrasesZh.ts';
import { problemsZh } from '../i18n/problemsZh.ts';
import { zh } from '../i18n/zh.ts';
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
}

const catalogues: Readonly<Record<Language, Readonly<Record<TextKey, string>>>> = { en, zh };
const formats = new Map<string, IntlMessageFormat>();

function formatOf(language: Language, key: TextKey): IntlMessageFormat {
  const id = `${language} ${key}`;
  const made = formats.get(id) ?? new IntlMessageFormat(catalogues[language][key], language === 'zh' ? 'zh-CN' : 'en');
  formats.set(id, made);
  return made;
}

/** The texts of one language. */
export function textOf(language: Language): Text {
  return {
    language,
    t: (key, values = {}) => {
      const text = formatOf(language, key).format(values);
      return typeof text === 'string' ? text : String(text);
    },
    number: createNumbers(),
    time: createTimes(language),
    errorWords({ code, data, title, advice }) {
      if (language === 'en' || !(code in errorTable)) return { title, advice };
      const words = errorsZh[code];
      const inChinese = typeof data['detail'] === 'string' ? { ...data, detail: phraseZh(data['detail']) } : data;
      return { title: fillPlaces(words[0], inChinese), advice: fillPlaces(words[1], inChinese) };
    },
    phrase: language === 'zh' ? phraseZh : (text) => text,
    problemWords({ code, data = {}, message, advice }) {
      const words = language === 'zh' ? problemsZh[code] : undefined;
      return words === undefined ? { message, advice } : { message: fillPlaces(words[0], data), advice: fillPlaces(words[1], data) };
    },
  };
}

const TextContext = createContext<Text>(textOf('en'));

const systemLanguage = (): Language => (navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en');

/** Gives the words of the language in the settings, `system` being the browser's. */
export function TextProvider({ children }: { readonly children: ReactNode }) {
  const setting = useMirror((state) => state.settings.language);
  const language = setting === 'system' ? systemLanguage() : setting;
  const text = useMemo(() => textOf(language), [language]);
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  return <TextContext value={text}>{children}</TextContext>;
}

export const useText = (): Text => useContext(TextContext);
