import { Radio, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { LocalImage } from '../../../../shared/contract/placeChange.ts';
import type { Serving } from '../../../../shared/contract/serving.ts';
import { useText } from '../../../app/i18n.tsx';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { imageWords } from './placeDraft.ts';
import { useImages } from './useImages.ts';
import styles from './upgrade.module.css';

export interface ImageChoiceProps {
  readonly serving: Serving;
  readonly image: string;
  readonly connected: boolean;
  readonly onChange: (image: string) => void;
}

const another = '';

/** The images of this engine with their digests and sizes, and any other by its name. */
export function ImageChoice({ serving: { id, engine, plan }, image, connected, onChange }: ImageChoiceProps) {
  const { t } = useText();
  const { images, problem } = useImages(id, connected);
  const [typing, setTyping] = useState(false);
  const present = engine === 'docker' ? plan.image : null;
  const isHere = images?.some(({ reference }) => reference === image) === true;
  const isTyped = typing || (images !== null && !isHere);
  return (
    <>
      <Radio.Group
        label={t('plan.image')}
        value={isTyped ? another : image}
        onChange={(value) => {
          setTyping(value === another);
          if (value !== another) onChange(value);
        }}
      >
        <div className={styles['images']}>
          {images === null && problem === null ? <p className={styles['caption']}>{t('upgrade.looking')}</p> : null}
          {images?.map((one) => (
            <ImageRow key={one.reference} image={one} isPresent={one.reference === present} />
          ))}
          {images === null ? null : <Radio value={another} label={t('upgrade.another')} />}
        </div>
      </Radio.Group>
      <ErrorNote problem={problem} />
      {isTyped || images === null ? (
        <TextInput
          label={t('upgrade.reference')}
          description={t('upgrade.referenceHint')}
          className={styles['mono']}
          spellCheck={false}
          value={image}
          onChange={(event) => {
            setTyping(true);
            onChange(event.currentTarget.value);
          }}
        />
      ) : null}
    </>
  );
}

function ImageRow({ image, isPresent }: { readonly image: LocalImage; readonly isPresent: boolean }) {
  const text = useText();
  const { t, number } = text;
  const { reference, id, digest, sizeBytes } = image;
  return (
    <Radio
      value={reference}
      label={
        <>
          <code>{reference}</code> {isPresent ? <span className={styles['chip']}>{t('upgrade.present')}</span> : null}
        </>
      }
      description={<span title={digest ?? id}>{`${number.bytes(sizeBytes)} · ${imageWords(image, text)}`}</span>}
    />
  );
}
