import { useEffect, useRef, type CSSProperties } from 'react';
import type { Pixels } from './pixels.ts';
import styles from './output.module.css';

export interface CanvasProps {
  readonly pixels: Pixels;
  /** A sentence of what is drawn; none where it lies upon another that has one. */
  readonly label?: string;
  readonly style?: CSSProperties;
}

/** Pixels as they are, scaled to the room there is; few ones stay sharp squares. */
export function Canvas({ pixels, label, style }: CanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height, data } = pixels;
  useEffect(() => {
    canvas.current?.getContext('2d')?.putImageData(new ImageData(data, width, height), 0, 0);
  }, [data, width, height]);
  return (
    <canvas
      ref={canvas}
      width={width}
      height={height}
      className={styles['canvas']}
      data-sharp={Math.max(width, height) < 160 || undefined}
      style={style}
      {...(label === undefined ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label })}
    />
  );
}

/** The sides of a picture in the room there is, at least so wide that its pixels can be told apart. */
export function pictureSize(width: number, height: number, room = 256): { readonly width: number; readonly height: number } {
  const scale = Math.min(room / width, room / height, Math.max(1, 160 / Math.min(width, height)) * 4);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
