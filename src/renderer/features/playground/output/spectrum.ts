/** Samples a frame of a spectrogram. */
export const frameSamples = 512;

const bins = frameSamples / 2 + 1;
/** What lies further below the loudest is drawn as silence. */
const floorDb = -80;

/** In place, radix 2; the lengths are a power of two. Source: Cooley and Tukey 1965. */
export function fft(real: Float64Array, imaginary: Float64Array): void {
  const size = real.length;
  for (let index = 1, mirrored = 0; index < size; index += 1) {
    let bit = size >> 1;
    for (; (mirrored & bit) !== 0; bit >>= 1) mirrored ^= bit;
    mirrored ^= bit;
    if (index >= mirrored) continue;
    for (const values of [real, imaginary]) {
      const value = values[index] as number;
      values[index] = values[mirrored] as number;
      values[mirrored] = value;
    }
  }
  for (let length = 2; length <= size; length *= 2) {
    const angle = (-2 * Math.PI) / length;
    for (let step = 0; step < length / 2; step += 1) {
      const [cosine, sine] = [Math.cos(angle * step), Math.sin(angle * step)];
      for (let low = step; low < size; low += length) {
        const high = low + length / 2;
        const [a, b] = [real[high] as number, imaginary[high] as number];
        const [re, im] = [a * cosine - b * sine, a * sine + b * cosine];
        real[high] = (real[low] as number) - re;
        imaginary[high] = (imaginary[low] as number) - im;
        real[low] = (real[low] as number) + re;
        imaginary[low] = (imaginary[low] as number) + im;
      }
    }
  }
}

/**
 * Loudness by time and frequency in dB below the loudest: [bins, frames], the highest frequency in the first row. Frames of 512
 * samples under a Hann window, half over each other, further apart where there would be more than `mostFrames`.
 */
export function spectrogramOf(
  samples: ArrayLike<number>,
  mostFrames: number,
): { readonly values: Float32Array; readonly bins: number; readonly frames: number; readonly floorDb: number } {
  const hop = Math.max(frameSamples / 2, Math.ceil(samples.length / mostFrames));
  const frames = Math.max(1, Math.floor((samples.length - frameSamples) / hop) + 1);
  const values = new Float32Array(bins * frames);
  const [real, imaginary] = [new Float64Array(frameSamples), new Float64Array(frameSamples)];
  let loudest = Number.MIN_VALUE;
  for (let frame = 0; frame < frames; frame += 1) {
    imaginary.fill(0);
    for (let index = 0; index < frameSamples; index += 1) {
      const value = samples[frame * hop + index] ?? 0;
      real[index] = (Number.isFinite(value) ? value : 0) * (0.5 - 0.5 * Math.cos((2 * Math.PI * index) / frameSamples));
    }
    fft(real, imaginary);
    for (let bin = 0; bin < bins; bin += 1) {
      const power = (real[bin] as number) ** 2 + (imaginary[bin] as number) ** 2;
      loudest = Math.max(loudest, power);
      values[(bins - 1 - bin) * frames + frame] = power;
    }
  }
  for (let index = 0; index < values.length; index += 1)
    values[index] = Math.max(floorDb, 10 * Math.log10((values[index] as number) / loudest || Number.MIN_VALUE));
  return { values, bins, frames, floorDb };
}

/** Samples as a WAV file of 16 bits, one channel, the loudest at full scale where it is beyond it. Source: RIFF, Microsoft 1991. */
export function wavOf(samples: ArrayLike<number>, rate: number): Blob {
  const bytes = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const text = (at: number, value: string): void => new Uint8Array(bytes.buffer).set(new TextEncoder().encode(value), at);
  text(0, 'RIFF');
  bytes.setUint32(4, 36 + samples.length * 2, true);
  text(8, 'WAVEfmt ');
  bytes.setUint32(16, 16, true);
  bytes.setUint16(20, 1, true);
  bytes.setUint16(22, 1, true);
  bytes.setUint32(24, rate, true);
  bytes.setUint32(28, rate * 2, true);
  bytes.setUint16(32, 2, true);
  bytes.setUint16(34, 16, true);
  text(36, 'data');
  bytes.setUint32(40, samples.length * 2, true);
  let loudest = 1;
  for (let index = 0; index < samples.length; index += 1) {
    const size = Math.abs(samples[index] as number);
    if (Number.isFinite(size) && size > loudest) loudest = size;
  }
  for (let index = 0; index < samples.length; index += 1)
    bytes.setInt16(44 + index * 2, ((samples[index] as number) / loudest) * 32_767 || 0, true);
  return new Blob([bytes], { type: 'audio/wav' });
}
