import { IntlMessageFormat } from 'intl-messageformat';
import { describe, expect, it } from 'vitest';
import { enServings } from '../../src/renderer/i18n/enServings.ts';
import { zhServings } from '../../src/renderer/i18n/zhServings.ts';

/** The parser's number for plain text, which has a value but is no place. */
const plainText = new Set<number>([0]);

type Parts = ReturnType<IntlMessageFormat['getAst']>;

/** The names of a message's places, those inside plural and select arms included. */
function placesOf(parts: Parts): readonly string[] {
  return parts.flatMap((part) => [
    ...('value' in part && !plainText.has(part.type) ? [part.value] : []),
    ...('options' in part ? Object.values(part.options).flatMap(({ value }) => placesOf(value)) : []),
  ]);
}

function places(message: string, language: string): readonly string[] {
  return [...new Set(placesOf(new IntlMessageFormat(message, language).getAst()))].toSorted();
}

describe('the words of servings, playground, settings and log', () => {
  const keys = Object.keys(enServings) as (keyof typeof enServings)[];

  it('have the same keys in both languages', () => {
    expect(Object.keys(zhServings).toSorted()).toEqual([...keys].toSorted());
  });

  it('fill the same places in both languages, and every message parses', () => {
    const differing = keys.filter((key) => places(enServings[key], 'en').join() !== places(zhServings[key], 'zh').join());
    expect(differing).toEqual([]);
  });

  it('keep the voice: no exclamation mark, no please, no 您 or 请', () => {
    const wrong = keys.filter((key) => /[!！]|please|您|请(?!求)/i.test(`${enServings[key]} ${zhServings[key]}`));
    expect(wrong).toEqual([]);
  });
});
