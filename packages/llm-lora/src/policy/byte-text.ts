/**
 * Bytes as a string, a character for each: it can be searched, sorted, cut and kept in maps, and equals another where the bytes do.
 */
export type ByteText = string;

const utf8 = new TextEncoder();

/** Bytes as a {@link ByteText}. */
export function asBytes(bytes: Uint8Array): ByteText {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** The UTF-8 of a text as a {@link ByteText}. */
export function textBytes(text: string): ByteText {
  return asBytes(utf8.encode(text));
}

/** Whether these are texts of whole characters, none of them empty. */
export function isTexts(texts: unknown): texts is readonly string[] {
  return Array.isArray(texts) && texts.every((text) => typeof text === 'string' && text !== '' && !/\p{Surrogate}/u.test(text));
}
