import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A wrong command line: what it is, its arguments, the exit status, and what the message has to say. */
export interface Mistake {
  readonly name: string;
  readonly program: 'expctr-train' | 'expctr-eval' | 'expctr-data';
  readonly arguments: readonly string[];
  readonly status: 1 | 2;
  readonly says: readonly string[];
}

/** Files that the mistakes are about. */
export async function makeMistaken(folder: string): Promise<void> {
  const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
  await write('config.json', '{"seed": 1,,}');
  await write('list.json', '[1]');
  await write('typo.json', '{"ppo": {"learningrate": 1}}');
  await write('template.json', '{"kind": "lc"}');
  await write('a-file', 'text');
  await mkdir(join(folder, 'empty'));
  await mkdir(join(folder, 'full'));
  await write('full/mine.txt', 'keep');
  await mkdir(join(folder, 'shop'));
  const rows = Array.from({ length: 40 }, (_, row) => `u${row % 4},lamp ${row % 10},${row % 2 === 0 ? '' : 'good'}`);
  await write('shop/shop.csv', ['who,what,stars', ...rows, ''].join('\n'));
}

/** Thirty mistakes, as strangers make them. @param folder that of {@link makeMistaken} */
export function mistakes(folder: string): readonly Mistake[] {
  const at = (...names: string[]): string => join(folder, ...names);
  const out = ['--out', at('run')];
  const demo = ['--preset', 'demo', ...out];
  const shop = ['prepare', '--dataset', 'table', '--data-dir', at('shop'), '--out', at('prepared')];
  const columns = ['--set', 'data.table.user=who', '--set', 'data.table.item=what'];
  const train = (name: string, args: readonly string[], ...says: string[]): Mistake => {
    return { name, program: 'expctr-train', arguments: args, status: 2, says };
  };
  const data = (name: string, args: readonly string[], status: 1 | 2, ...says: string[]): Mistake => {
    return { name, program: 'expctr-data', arguments: args, status, says };
  };
  return [
    train('a flag that is not there', ['--datset', 'movielens'], "unknown option '--datset'", '--dataset'),
    train('an argument without a flag', ['movielens'], 'unexpected argument "movielens"', '--help'),
    train('a preset that is not there', ['--preset', 'dmeo', ...out], 'there is no preset "dmeo"', '--preset demo'),
    train('a dataset that is not there', ['--dataset', 'movieLens', ...out], 'CONFIG_UNKNOWN_PART', 'nearest is movielens'),
    train('a dataset without its folder', ['--dataset', 'movielens', ...out], 'movielens needs the folder', '--data-dir'),
    train('a data folder that is not there', ['--dataset', 'movielens', '--data-dir', at('absent'), ...out], 'absent', 'no such folder'),
    train('a backbone that is not there', [...demo, '--backbone', 'deepfn'], '"deepfn"', 'nearest is deepfm'),
    train('an algorithm that is not there', [...demo, '--algorithm', 'ppo2'], '"ppo2"', 'nearest is ppo'),
    train('an encoder that is not there', [...demo, '--encoder', 'hashd:64'], 'hashd', 'hashed'),
    train('a seed that is no number', [...demo, '--seed', 'one'], '--seed', 'Expected a whole number'),
    train('a seed with decimals in --set', [...demo, '--set', 'seed=1.5'], 'seed', 'expected int'),
    train('an option that is not there', [...demo, '--set', 'ppo.learningrate=1'], 'write ppo.learningRate'),
    train('an option of another part', [...demo, '--set', 'ctr.backbone=fm', '--set', 'ctr.hidden=[8]'], 'deepfm', 'set ctr.backbone='),
    train('a list that is given as text', [...demo, '--set', 'ctr.history=din'], 'expected array', "as in 'ctr.history=["),
    train(
      'a hundred million completions of a prompt',
      [...demo, '--set', 'ppo.completionsPerPrompt=100000000'],
      'at most 1,024, for the completions of an update are in memory at once',
    ),
    train(
      'a hundred million completions in all',
      [...demo, '--set', 'ppo.stage1Updates=1000000', '--set', 'ppo.promptsPerUpdate=50'],
      'would sample 100,',
      'at most 10,000,000 in all',
    ),
    train('no reward at all', [...demo, '--set', 'rewards.stage1.lc=0'], 'rewards.stage1', 'no reward has a weight'),
    train('a reward that the stage cannot have', [...demo, '--set', 'rewards.stage1.ic=1'], 'rewards.stage1.ic', 'before stage 2'),
    train(
      'one completion where an algorithm compares several',
      [...demo, '--algorithm', 'grpo', '--set', 'ppo.completionsPerPrompt=1'],
      'ppo.completionsPerPrompt',
      'at least 2',
    ),
    train('an assignment without =', [...demo, '--set', 'seed'], '"seed" is no assignment', '--set ppo.learningRate=0.0001'),
    train('a configuration that is no JSON', ['--config', at('config.json'), ...out], 'config.json', 'is not JSON'),
    train('a configuration with a misspelled key', ['--config', at('typo.json'), ...out], 'ppo.learningRate'),
    train('a template with nothing in it', [...demo, '--set', `prompt.lc=${at('template.json')}`], 'template.json', 'template of kind'),
    train('a form that the template lacks', [...demo, '--set', 'reader.form=continuatoin'], 'reader.form=continuation'),
    train('a plug-in that is not there', [...demo, '--plugin', './absent.js'], 'absent.js', 'check the path'),
    train('an output folder with files in it', ['--preset', 'demo', '--out', at('full')], 'is not empty', '--resume'),
    train('an output folder below a file', ['--preset', 'demo', '--out', at('a-file', 'run')], 'a-file', 'choose another --out'),
    train('resuming what is no run', ['--resume', at('empty')], 'there is no run to resume'),
    { name: 'evaluating what is no run', program: 'expctr-eval', arguments: [at('absent')], status: 2, says: ['absent', 'no such folder'] },
    data('a column that the file lacks', [...shop, ...columns, '--set', 'data.table.rating=star'], 2, 'lacks the column star', 'stars'),
    data(
      'ratings of which none can be read',
      [...shop, ...columns, '--set', 'data.table.rating=stars', '--on-bad-row', 'skip'],
      1,
      '40 of 40 rows of shop.csv',
      "the rating is empty in the column 'stars' (20)",
      'shop.csv:2:',
    ),
    data('a file that is not there', ['inspect', at('absent.arrow')], 2, 'absent.arrow'),
  ];
}
