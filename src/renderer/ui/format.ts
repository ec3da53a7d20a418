/** Narrow no-break space: between thousands, and between a number and its unit. */
const thin = '\u202f';

/** Numbers as the visual language writes them. */
export interface Numbers {
  /** Thousands apart from 10 000 on. */
  readonly count: (value: number) => string;
  /** kB, MB, GB: decimal, three significant figures. */
  readonly bytes: (bytes: number) => string;
  /** `4.1 of 6.8 MB` as its two numbers: the part without its unit where the whole has the same. */
  readonly bytesOf: (part: number, whole: number) => { readonly part: string; readonly whole: string };
  /** Limits as Docker gives them: powers of 1024, named GB. */
  readonly binaryBytes: (bytes: number) => string;
  readonly ms: (ms: number) => string;
  readonly duration: (ms: number) => string;
  /** Of a number that is a percentage already. */
  readonly percent: (value: number) => string;
  /** Of a fraction, with two decimals. */
  readonly percentOf: (fraction: number) => string;
  readonly fixed: (value: number, decimals: number) => string;
}

const minus = (text: string): string => text.replace(/^-(?=.)/, '−');
const threeFigures = (value: number): string => (value >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3))));

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB'];

function scaled(value: number, base: number, units: readonly string[]): string {
  let [rest, unit] = [value, 0];
  while (rest >= base && unit < units.length - 1) {
    rest /= base;
    unit += 1;
  }
  return `${minus(unit === 0 ? String(Math.round(rest)) : threeFigures(rest))}${thin}${units[unit] ?? ''}`;
}

function bytesOf(part: number, whole: number): { readonly part: string; readonly whole: string } {
  const [some, all] = [part, whole].map((bytes) => scaled(bytes, 1000, byteUnits).split(thin));
  const [value = '', unit = ''] = some ?? [];
  return { part: unit === all?.[1] ? value : `${value}${thin}${unit}`, whole: (all ?? []).join(thin) };
}

function count(value: number): string {
  const text = minus(String(Math.round(value)));
  return Math.abs(value) < 10_000 ? text : text.replace(/\B(?=(\d{3})+$)/g, thin);
}

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds}${thin}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}${thin}min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}${thin}h ${minutes % 60}${thin}min` : `${Math.floor(hours / 24)}${thin}d`;
}

export function createNumbers(): Numbers {
  return {
    count,
    bytes: (bytes) => scaled(bytes, 1000, byteUnits),
    bytesOf,
    binaryBytes: (bytes) => scaled(bytes, 1024, ['B', 'KB', 'MB', 'GB', 'TB']),
    ms: (ms) => (ms < 1000 ? `${threeFigures(ms)}${thin}ms` : `${threeFigures(ms / 1000)}${thin}s`),
    duration,
    percent: (value) => `${threeFigures(value)}${thin}%`,
    percentOf: (fraction) => `${(fraction * 100).toFixed(2)}${thin}%`,
    fixed: (value, decimals) => minus(value.toFixed(decimals)),
  };
}

/** `20.10` of `20.10.24+dfsg1`, `2.21` of `2.21.0`; what is no version stays as it is. */
export const majorMinor = (version: string): string => /^\d+\.\d+/.exec(version)?.[0] ?? version;

/** Moments as the visual language writes them. */
export interface Times {
  /** `today 09:12`, `yesterday`, `19 Nov`. */
  readonly relative: (moment: string | number | Date) => string;
  /** In full, with its zone: for a hover. */
  readonly absolute: (moment: string | number | Date) => string;
  /** Of a moment, `14:02:11`. */
  readonly clock: (moment: string | number | Date) => string;
}

export function createTimes(language: 'en' | 'zh'): Times {
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB';
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'long' });
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  const minute = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
  const dayOfYear = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' });
  return {
    relative(moment) {
      const [then, now] = [new Date(moment), new Date()];
      const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
      if (then.getTime() >= midnight) return `${language === 'zh' ? '今天' : 'today'} ${minute.format(then)}`;
      if (then.getTime() >= midnight - 86_400_000) return language === 'zh' ? '昨天' : 'yesterday';
      return (then.getFullYear() === now.getFullYear() ? day : dayOfYear).format(then);
    },
    absolute: (moment) => full.format(new Date(moment)),
    clock: (moment) => clock.format(new Date(moment)),
  };
}
