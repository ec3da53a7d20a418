import { AppError } from '../../shared/contract/errors.ts';
import type { AudioStep } from '../../shared/contract/processing.ts';

/** Sound as it is in a file: −1 to 1, a channel after the other. */
export interface Sound {
  readonly rate: number;
  readonly channels: readonly Float64Array[];
  /** `PCM 16` */
  readonly coding: string;
}

export const looksLikeWav = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.subarray(0, 12))
    .toString('latin1')
    .replace(/^(RIFF|RF64)....WAVE$/s, 'wav') === 'wav';

const pcm: Readonly<Record<number, (bytes: Buffer, at: number) => number>> = {
  8: (bytes, at) => (bytes.readUInt8(at) - 128) / 128,
  16: (bytes, at) => bytes.readInt16LE(at) / 32_768,
  24: (bytes, at) => bytes.readIntLE(at, 3) / 8_388_608,
  32: (bytes, at) => bytes.readInt32LE(at) / 2_147_483_648,
};
const float: Readonly<Record<number, (bytes: Buffer, at: number) => number>> = {
  32: (bytes, at) => bytes.readFloatLE(at),
  64: (bytes, at) => bytes.readDoubleLE(at),
};

/**
 * A WAV file of PCM (8, 16, 24, 32 bits) or floats. FILE_UNREADABLE says what it is where it is another. Source: Microsoft's
 * "Multimedia Programming Interface and Data Specifications" and WAVEFORMATEXTENSIBLE, whose first two bytes of SubFormat are the tag.
 */
export function readWav(bytes: Buffer, path: string): Sound {
  const refuse = (detail: string): never => {
    throw new AppError('FILE_UNREADABLE', { path, detail });
  };
  if (!looksLikeWav(bytes)) refuse('It is no WAV file.');
  let format: { readonly tag: number; readonly channels: number; readonly rate: number; readonly bits: number } | null = null;
  for (let at = 12; at + 8 <= bytes.length;) {
    const kind = bytes.toString('latin1', at, at + 4);
    const told = bytes.readUInt32LE(at + 4);
    const start = at + 8;
    // A recorder that was cut off, or a stream, tells no length.
    const size = Math.min(told, bytes.length - start);
    if (kind === 'fmt ' && size >= 16) {
      const tag = bytes.readUInt16LE(start);
      format = {
        tag: tag === 0xfffe && size >= 26 ? bytes.readUInt16LE(start + 24) : tag,
        channels: bytes.readUInt16LE(start + 2),
        rate: bytes.readUInt32LE(start + 4),
        bits: bytes.readUInt16LE(start + 14),
      };
    } else if (kind === 'data') {
      if (format === null) return refuse('Its data stand before its format.');
      const { tag, channels, rate, bits } = format;
      const read = tag === 1 ? pcm[bits] : tag === 3 ? float[bits] : undefined;
      if (read === undefined || channels < 1 || channels > 64 || rate < 1)
        return refuse(`It is WAV of coding ${tag} with ${bits} bits: save it as PCM or float.`);
      const width = bits / 8;
      const samples = Math.floor(size / width / channels);
      return {
        rate,
        coding: `${tag === 1 ? 'PCM' : 'float'} ${bits}`,
        channels: Array.from({ length: channels }, (_, channel) =>
          Float64Array.from({ length: samples }, (_unused, index) => read(bytes, start + (index * channels + channel) * width)),
        ),
      };
    }
    at = start + told + (told % 2);
  }
  return refuse('It holds no sound.');
}

const zeroCrossings = 16;

/**
 * The same sound at another rate: windowed sinc (Hann, 16 zero crossings on each side), low-passed where the rate falls, as
 * band-limited resamplers do. Source: J. O. Smith, "Digital Audio Resampling Home Page".
 */
export function resample(samples: Float64Array, from: number, to: number): Float64Array {
  if (from === to) return samples;
  const made = new Float64Array(Math.max(1, Math.round((samples.length * to) / from)));
  const cutoff = Math.min(1, to / from);
  const reach = zeroCrossings / cutoff;
  for (let index = 0; index < made.length; index += 1) {
    const centre = (index * from) / to;
    const [first, last] = [Math.max(0, Math.ceil(centre - reach)), Math.min(samples.length - 1, Math.floor(centre + reach))];
    let [sum, weights] = [0, 0];
    for (let at = first; at <= last; at += 1) {
      const distance = at - centre;
      const x = Math.PI * distance * cutoff;
      const weight = (distance === 0 ? 1 : Math.sin(x) / x) * (0.5 + 0.5 * Math.cos((Math.PI * distance) / reach));
      sum += weight * (samples[at] ?? 0);
      weights += weight;
    }
    made[index] = weights === 0 ? 0 : sum / weights;
  }
  return made;
}

/** So many samples of it: cut, or filled up with silence on the other side. */
function windowed(
  samples: Float64Array,
  { samples: count, at }: { readonly samples: number; readonly at: 'start' | 'middle' | 'end' },
): Float64Array {
  const room = count - samples.length;
  const offset = at === 'start' ? 0 : at === 'end' ? room : Math.trunc(room / 2);
  if (room <= 0) return samples.subarray(-offset, -offset + count);
  const made = new Float64Array(count);
  made.set(samples, offset);
  return made;
}

/** The sound as a step wants it, a channel after the other, and what was done. `fixed` is the signature's number of samples, where it has one. */
export function processSound(
  sound: Sound,
  step: AudioStep,
  fixed: number | null,
): { readonly channels: readonly Float64Array[]; readonly rate: number; readonly note: string } {
  const rate = step.rate ?? sound.rate;
  const count = sound.channels.length;
  const mixed =
    step.mono && count > 1
      ? [Float64Array.from(sound.channels[0] ?? [], (_, index) => sound.channels.reduce((sum, one) => sum + (one[index] ?? 0), 0) / count)]
      : sound.channels;
  const window = step.window ?? (fixed === null ? null : { samples: fixed, at: 'start' as const });
  const channels = mixed.map((one) => {
    const resampled = resample(one, sound.rate, rate);
    const cut = window === null ? resampled : windowed(resampled, window);
    return step.scale === 'unit' ? cut : cut.map((value) => Math.max(-32_768, Math.min(32_767, Math.round(value * 32_768))));
  });
  const notes = [
    `${sound.coding}, ${count} × ${sound.channels[0]?.length ?? 0} samples at ${sound.rate} Hz`,
    ...(rate === sound.rate ? [] : [`resampled to ${rate} Hz`]),
    ...(mixed === sound.channels ? [] : ['mixed to mono']),
    ...(window === null ? [] : [`${window.samples} samples from the ${window.at}`]),
  ];
  return { channels, rate, note: notes.join(', ') };
}
