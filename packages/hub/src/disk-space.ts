import { mkdir, statfs } from 'node:fs/promises';
import { HubError } from './errors.js';

/** @throws HubError `HUB_NO_SPACE` where `bytes` more do not fit beside what is in `folder` */
export async function checkSpace(folder: string, bytes: number, model: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (bytes <= free) return;
  throw new HubError('HUB_NO_SPACE', `the model needs ${megabytes(bytes)} more, and ${megabytes(free)} are free in ${folder}`, {
    where: model,
    remedy: 'make room, or keep models elsewhere (HF_HOME or HF_HUB_CACHE)',
  });
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
