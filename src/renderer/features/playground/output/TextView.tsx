import { useMemo } from 'react';
import { utf8Text } from '../../../../shared/tensor/bytesText.ts';
import { isStrings } from '../../../../shared/tensor/tensorData.ts';
import { useText } from '../../../app/i18n.tsx';
import { useAnswerWords } from './answerWords.ts';
import { encodedPicture } from './encodedPicture.ts';
import { useBlobUrl } from './useBlobUrl.ts';
import type { ViewProps } from './viewProps.ts';
import styles from './output.module.css';

const mostShown = 100;
const mostHex = 2_048;

/** `00 ff 1b`: each byte as two digits, in groups of eight. */
const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes.subarray(0, mostHex), (byte, at) => `${at > 0 && at % 8 === 0 ? ' ' : ''}${byte.toString(16).padStart(2, '0')}`).join(
    ' ',
  );

/** Strings as they read; those that are not UTF-8 as their bytes, pictures as pictures. */
export function TextView({ name, tensor }: ViewProps) {
  const { number } = useText();
  const words = useAnswerWords();
  const strings = isStrings(tensor.data) ? tensor.data : [];
  return (
    <>
      <ol className={styles['texts']} aria-label={name}>
        {strings.slice(0, mostShown).map((bytes, index) => (
          <OneText key={index} bytes={bytes} name={name} />
        ))}
      </ol>
      {strings.length > mostShown ? (
        <p className={styles['caption']}>{words('text.more', { more: number.count(strings.length - mostShown) })}</p>
      ) : null}
    </>
  );
}

function OneText({ bytes, name }: { readonly bytes: Uint8Array; readonly name: string }) {
  const { number } = useText();
  const words = useAnswerWords();
  const text = utf8Text(bytes);
  const picture = useMemo(() => encodedPicture(bytes), [bytes]);
  if (picture !== null)
    return (
      <li>
        <Picture picture={picture} name={name} />
      </li>
    );
  if (bytes.length === 0) return <li className={styles['dim']}>{words('text.empty')}</li>;
  if (text !== null) return <li>{text}</li>;
  return (
    <li>
      <span className={styles['caption']}>{words('text.bytes', { bytes: number.count(bytes.length) })}</span>
      <code>
        {hexOf(bytes)}
        {bytes.length > mostHex ? ' …' : ''}
      </code>
    </li>
  );
}

function Picture({ picture, name }: { readonly picture: Blob; readonly name: string }) {
  const url = useBlobUrl(picture);
  return url === null ? null : <img src={url} alt={name} className={styles['picture']} />;
}
