// Builds what has changed, then the site of guides and API pages in docs/api, and refuses dead links in it and in the Markdown files.
//
// usage: npm run docs
import { spawnSync } from 'node:child_process';
import { build } from '../build.js';
import { toolArguments } from '../common/arguments.js';

toolArguments({});
build();
for (const command of ['node_modules/typedoc/bin/typedoc', 'tools/docs/check-links.ts']) {
  const { status } = spawnSync(process.execPath, [...process.execArgv, command], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
