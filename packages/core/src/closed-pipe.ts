/** Lets a program go on when the reader of its output has seen enough, as `head` does: what is written then is lost. Other errors stay errors. */
export function tolerateClosedPipe(output: NodeJS.WritableStream): void {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
