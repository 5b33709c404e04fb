import type { Hub } from './options.js';

/** Where a file of a commit is. */
export function fileUrl({ endpoint }: Pick<Hub, 'endpoint'>, id: string, commit: string, name: string): string {
  return `${endpoint}/${id}/resolve/${commit}/${name.split('/').map(encodeURIComponent).join('/')}`;
}
