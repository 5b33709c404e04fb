import type { DownloadProgress } from '@expctr/hub';
import type { Progress, ProgressTask } from './progress.js';

const MEGABYTE = 1e6;

/** Shows downloads of models in megabytes; what is smaller than one comes and goes unseen. */
export function downloadProgress(progress: Progress): (download: DownloadProgress) => void {
  let shown: { readonly model: string; readonly total: number; readonly task: ProgressTask } | null = null;
  return ({ model, file, bytes, total }) => {
    if (total < MEGABYTE || (bytes === total && shown === null)) return;
    if (shown?.model !== model || shown.total !== total) {
      shown = { model, total, task: progress.begin(`fetching ${model.split('/').at(-1)}`, Math.ceil(total / MEGABYTE), 'MB') };
    }
    if (bytes < total) return shown.task.update(Math.floor(bytes / MEGABYTE), file);
    shown.task.done();
    shown = null;
  };
}
