import { NumberInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useAnswerWords } from './answerWords.ts';
import { Canvas } from './Canvas.tsx';
import { Scale } from './HeatmapView.tsx';
import { extentOf, numbersOf, part } from './numbersOf.ts';
import { envelopeOf, heatPixels } from './pixels.ts';
import { shorten } from './shorten.ts';
import { spectrogramOf, wavOf } from './spectrum.ts';
import { useBlobUrl } from './useBlobUrl.ts';
import { lineOf } from './viewsOf.ts';
import type { ViewProps } from './viewProps.ts';
import styles from './output.module.css';

export interface WaveViewProps extends ViewProps {
  readonly as: 'waveform' | 'spectrogram';
}

const usualRate = 16_000;
const columns = 480;
const waveHeight = 140;
const mostFrames = 700;
/** Longer ones are drawn but not played. */
const mostPlayed = 2_000_000;

/** Samples as sound: their envelope or their loudness by frequency, and a player. Of several channels the first. */
export function WaveView({ name, tensor, from, count, as }: WaveViewProps) {
  const words = useAnswerWords();
  const [rate, setRate] = useState<number | string>(usualRate);
  const { lines } = lineOf(tensor.shape);
  const samples = useMemo(() => {
    const whole = part(numbersOf(tensor), from, count);
    const scale = tensor.dtype === 'DT_INT16' ? 1 / 32_768 : 1;
    if (lines === 1 && scale === 1) return whole;
    return Float32Array.from({ length: whole.length / lines }, (_, index) => (whole[index * lines] as number) * scale);
  }, [tensor, from, count, lines]);
  const hertz = typeof rate === 'number' && rate >= 1 ? rate : usualRate;
  const sound = useMemo(() => (samples.length > mostPlayed ? null : wavOf(samples, Math.round(hertz))), [samples, hertz]);
  const url = useBlobUrl(sound);
  const seconds = shorten((samples.length / hertz).toPrecision(3));
  return (
    <div className={styles['plotted']}>
      {as === 'waveform' ? (
        <Envelope samples={samples} seconds={seconds} />
      ) : (
        <Spectrogram samples={samples} seconds={seconds} hertz={hertz} />
      )}
      <div className={styles['foot']}>
        {url === null ? null : <audio controls src={url} aria-label={words('wave.play', { name })} className={styles['sound']} />}
        <span className={styles['space']} />
        <NumberInput
          size="xs"
          label={words('wave.rate')}
          value={rate}
          onChange={setRate}
          min={1_000}
          max={384_000}
          step={1_000}
          allowDecimal={false}
          className={styles['rate'] ?? ''}
        />
      </div>
    </div>
  );
}

interface DrawnProps {
  readonly samples: ArrayLike<number>;
  readonly seconds: string;
}

function Envelope({ samples, seconds }: DrawnProps) {
  const words = useAnswerWords();
  const [least, largest] = useMemo(() => extentOf(samples), [samples]);
  const path = useMemo(() => {
    const parts = envelopeOf(samples, columns);
    const high = Math.max(Math.abs(least), Math.abs(largest)) || 1;
    const y = (value: number): string => ((1 - value / high) * (waveHeight / 2)).toFixed(1);
    const x = (at: number): string => ((at / Math.max(1, parts.length - 1)) * columns).toFixed(1);
    const above = parts.map(([, top], at) => `${x(at)} ${y(top)}`);
    const below = parts.map(([bottom], at) => `${x(at)} ${y(bottom)}`).toReversed();
    return `M${[...above, ...below].join('L')}Z`;
  }, [samples, least, largest]);
  const text = (value: number): string => shorten(String(Number(value.toPrecision(3))));
  return (
    <>
      <svg
        className={styles['wave']}
        viewBox={`0 0 ${columns} ${waveHeight}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={words('wave.label', { samples: samples.length, seconds, min: text(least), max: text(largest) })}
      >
        <line x1={0} x2={columns} y1={waveHeight / 2} y2={waveHeight / 2} />
        <path d={path} />
      </svg>
      <Axis seconds={seconds} />
    </>
  );
}

function Spectrogram({ samples, seconds, hertz }: DrawnProps & { readonly hertz: number }) {
  const words = useAnswerWords();
  const spectrum = useMemo(() => spectrogramOf(samples, mostFrames), [samples]);
  const pixels = useMemo(() => heatPixels(spectrum.values, [spectrum.bins, spectrum.frames], [spectrum.floorDb, 0], 1), [spectrum]);
  const top = shorten(String(Number((hertz / 2_000).toPrecision(3))));
  return (
    <>
      <div className={styles['spectrum']} role="img" aria-label={words('spectrum.label', { seconds, top })}>
        <Canvas pixels={pixels} style={{ width: '100%', height: '100%' }} />
        <span aria-hidden="true">{top} kHz</span>
        <span aria-hidden="true">0</span>
      </div>
      <Axis seconds={seconds} />
      <Scale min={shorten(String(spectrum.floorDb))} max="0" unit=" dB" />
    </>
  );
}

function Axis({ seconds }: { readonly seconds: string }) {
  const words = useAnswerWords();
  return (
    <div className={styles['axis']} aria-hidden="true">
      <span>0</span>
      <span>
        {seconds} {words('spectrum.time')}
      </span>
    </div>
  );
}
