import { EncoderError } from '../errors.js';

/** @huggingface/transformers as it is imported. */
export type Library = typeof import('@huggingface/transformers');

/** Loads @huggingface/transformers on first use: it brings ONNX Runtime with it, which a bag of words does not need. @throws EncoderError `ENCODER_LIBRARY` */
export async function loadLibrary(load: () => Promise<Library> = () => import('@huggingface/transformers')): Promise<Library> {
  try {
    return await load();
  } catch (cause) {
    throw libraryError('@huggingface/transformers', cause);
  }
}

/** The error for a package whose part for this platform is not installed: which one it is stands in the message of the import. */
export function libraryError(name: string, cause: unknown): EncoderError {
  const what = cause instanceof Error ? cause.message : String(cause);
  const part = ['sharp', 'onnxruntime-node'].find((binary) => what.includes(binary)) ?? name;
  return new EncoderError('ENCODER_LIBRARY', `${name} could not be loaded (${what.trim().split('\n', 1)[0]})`, {
    where: part,
    expected: 'its part for this platform, which npm installs as an optional package',
    remedy: `install it: npm install --include=optional ${part}`,
    cause,
  });
}
