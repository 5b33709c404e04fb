/**
 * The 256 characters that stand for bytes in a byte-level tokenizer: printable Latin-1 characters stand for themselves, the
 * others for the characters from U+0100 on. Index: byte. Source: GPT-2, `bytes_to_unicode`.
 */
export const byteAlphabet: readonly string[] = makeAlphabet();

function makeAlphabet(): string[] {
  const printable = (byte: number): boolean => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

const encoder = new TextEncoder();

/** A text with every byte of its UTF-8 form as a character of the alphabet. */
export function toByteCharacters(text: string): string {
  return Array.from(encoder.encode(text), (byte) => byteAlphabet[byte]!).join('');
}
