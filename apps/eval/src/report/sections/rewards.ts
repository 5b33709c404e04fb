import type { Metrics } from '../../figures/metrics.js';
import { count } from '../format.js';
import { html, type Html } from '../html.js';
import { estimate, table } from './section.js';

/** Whether a reward goes with the quality of explanations; only for worlds whose truth is known. */
export function rewardTable({ rewardQuality }: Metrics): Html | null {
  const rows = Object.entries(rewardQuality).flatMap(([file, rewards]) =>
    Object.entries(rewards).map(
      ([reward, found]) =>
        html`<tr>
          <td class="model"><b dir="auto">${file}</b></td>
          <td>${reward}</td>
          <td class="number">${count(found.rows)}</td>
          ${estimate(found.spearman, found.spearmanInterval)}
          <td class="number">${count(found.prompts)}</td>
          ${estimate(found.withinPrompt, found.withinPromptInterval)}
        </tr>`,
    ),
  );
  if (rows.length === 0) return null;
  return html`<h3>Do rewards track quality?</h3>
    <p class="lead">
      Spearman’s rank correlation of each reward with the F1 of the explanation: over all of them, and, for rollouts, among the completions
      of a prompt, which is what policy optimization sees.
    </p>
    ${table(['Explanations', 'Reward', 'Rows', 'Over all', 'Prompts', 'Within a prompt'], rows)}`;
}

/** The probe for a reward that pins the verdict and not the reasons. */
export function priceTable({ rewardQuality }: Metrics): Html | null {
  const rows = Object.entries(rewardQuality).flatMap(([file, rewards]) =>
    Object.entries(rewards).map(
      ([reward, { byClaim: pay }]) =>
        pay &&
        html`<tr>
          <td class="model"><b dir="auto">${file}</b></td>
          <td>${reward}</td>
          ${estimate(pay.reasonToward, pay.reasonTowardInterval)}${estimate(pay.neutralToward, pay.neutralTowardInterval)}
          ${estimate(pay.reasonAway, pay.reasonAwayInterval)}${estimate(pay.neutralAway, pay.neutralAwayInterval)}
        </tr>`,
    ),
  );
  if (rows.every((row) => row === undefined)) return null;
  return html`<h3>What rewards pay for</h3>
    <p class="lead">
      What one more claim changes in the reward among completions of one prompt (least squares): true reasons and neutral attributes of the
      item, speaking for what the user did or against it. Where a neutral attribute in the right direction pays as much as a true reason,
      the reward pins the verdict and not the reasons.
    </p>
    ${table(['Explanations', 'Reward', 'True reason, right way', 'Neutral, right way', 'True reason, other way', 'Neutral, other way'], rows)}`;
}
