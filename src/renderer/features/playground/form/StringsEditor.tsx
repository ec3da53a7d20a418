import { Button, NativeSelect, Textarea } from '@mantine/core';
import { useRef, useState } from 'react';
import { base64Bytes, base64Text, utf8Bytes, utf8Text } from '../../../../shared/tensor/bytesText.ts';
import { base64Of, parseJson } from '../../../../shared/tensor/json.ts';
import type { Cells } from './cells.ts';
import { describedElsewhere } from './describedElsewhere.ts';
import { useFormWords } from './formWords.ts';
import styles from './form.module.css';

/** More strings are typed as JSON. */
export const mostStrings = 64;

const ways = ['text', 'hex', 'base64'] as const;
type Way = (typeof ways)[number];

const bytesOfElement = (text: string): Uint8Array => {
  const json = parseJson(text);
  const encoded = base64Of(json);
  if (encoded === undefined) return utf8Bytes(json.kind === 'string' ? json.value : text);
  try {
    return base64Bytes(encoded);
  } catch {
    return new Uint8Array();
  }
};

/** Text as a string, other bytes as their base64. */
const elementOfBytes = (bytes: Uint8Array): string => {
  const text = utf8Text(bytes);
  return text === null ? `{"b64": "${base64Text(bytes)}"}` : JSON.stringify(text);
};

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

/** Bytes as they are typed in one of the ways; null for what is none. */
function typedBytes(typed: string, way: Way): Uint8Array | null {
  if (way === 'text') return utf8Bytes(typed);
  const bare = typed.replace(/\s|0x/g, '');
  if (way === 'hex')
    return /^(?:[\da-fA-F]{2})*$/.test(bare) ? Uint8Array.from(bare.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)) : null;
  try {
    return base64Bytes(bare.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return null;
  }
}

export interface StringsEditorProps {
  readonly name: string;
  readonly cells: Cells;
  readonly onChange: (cells: Cells) => void;
  /** A file whose bytes are the only string. */
  readonly onFile: (file: File) => void;
  readonly describedBy: string | undefined;
}

/** A text area for each string, typed as text or as bytes in hex or base64; a file may give its bytes. */
export function StringsEditor({ name, cells, onChange, onFile, describedBy }: StringsEditorProps) {
  return (
    <div className={styles['strings']}>
      {cells.texts.map((text, index) => (
        <OneString
          // Rows have no other name than their place.
          key={index}
          label={cells.texts.length === 1 ? name : `${name} ${index}`}
          text={text}
          describedBy={describedBy}
          onFile={cells.texts.length === 1 ? onFile : null}
          onChange={(changed) => onChange({ ...cells, texts: cells.texts.map((one, at) => (at === index ? changed : one)) })}
        />
      ))}
    </div>
  );
}

function OneString({
  label,
  text,
  describedBy,
  onFile,
  onChange,
}: {
  readonly label: string;
  readonly text: string;
  readonly onFile: ((file: File) => void) | null;
  readonly describedBy: string | undefined;
  readonly onChange: (text: string) => void;
}) {
  const words = useFormWords();
  const [way, setWay] = useState<Way>(text.startsWith('{') ? 'base64' : 'text');
  const [typed, setTyped] = useState<string | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const bytes = bytesOfElement(text);
  const isBytes = utf8Text(bytes) === null;
  const shownWay = isBytes && way === 'text' ? 'base64' : way;
  const shown = typed ?? { text: utf8Text(bytes) ?? '', hex: hexOf(bytes), base64: base64Text(bytes) }[shownWay];
  return (
    <div className={styles['string']}>
      <Textarea
        aria-label={label}
        autosize
        minRows={1}
        maxRows={8}
        value={shown}
        error={typedBytes(shown, shownWay) === null ? words('notBytes', { way: shownWay }) : null}
        classNames={shownWay === 'text' ? {} : { input: styles['mono'] ?? '' }}
        {...(describedBy === undefined ? {} : describedElsewhere(describedBy))}
        onChange={(event) => {
          const value = event.currentTarget.value;
          setTyped(value);
          const read = typedBytes(value, shownWay);
          if (read !== null) onChange(shownWay === 'text' ? JSON.stringify(value) : elementOfBytes(read));
        }}
        onBlur={() => setTyped(null)}
      />
      <div className={styles['row']}>
        <NativeSelect
          size="xs"
          aria-label={words('writtenAs', { label })}
          value={shownWay}
          data={ways.map((value) => ({ value, label: words(`way.${value}`), disabled: value === 'text' && isBytes }))}
          onChange={(event) => {
            setTyped(null);
            setWay(event.currentTarget.value as Way);
          }}
        />
        <Button size="xs" variant="subtle" onClick={() => file.current?.click()}>
          {words('bytesOfFile')}
        </Button>
        <input
          ref={file}
          type="file"
          hidden
          aria-label={words('bytesOfFile')}
          onChange={(event) => {
            const [chosen] = event.currentTarget.files ?? [];
            event.currentTarget.value = '';
            if (chosen !== undefined && onFile !== null) onFile(chosen);
            else if (chosen !== undefined) void chosen.arrayBuffer().then((buffer) => onChange(elementOfBytes(new Uint8Array(buffer))));
          }}
        />
        <span className={styles['caption']}>{words('byteCount', { count: bytes.length })}</span>
      </div>
    </div>
  );
}
