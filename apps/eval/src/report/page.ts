import type { Metrics } from '../figures/metrics.js';
import { FILES } from '../read/files.js';
import type { RunData } from '../read/run-data.js';
import { beginPage } from './charts.js';
import { html, trusted, type Content } from './html.js';
import { pickExplanations } from './pick-explanations.js';
import { ctrSection, learningSection } from './sections/curves.js';
import { qualitySection } from './sections/quality.js';
import { explanationsSection } from './sections/explanations.js';
import { overview } from './sections/overview.js';
import { differencesSection } from './sections/differences.js';
import { learningCurveSection } from './sections/learning-curve.js';
import { predictorsSection } from './sections/predictors.js';
import { reliabilitySection } from './sections/reliability.js';
import { auditSection, readerSection } from './sections/reader.js';
import { configurationSection, explanationFilesSection, timingSection } from './sections/run-details.js';
import { warningsSection } from './sections/warnings.js';
import { style } from './style.js';

/** The report of one run as one HTML file that needs nothing else. The same run gives the same bytes. */
export async function reportPage(run: RunData, metrics: Metrics): Promise<string> {
  beginPage();
  const { config, log, timing } = run;
  return page(`ExpCTR report`, [
    overview(metrics, config),
    warningsSection(metrics.warnings),
    predictorsSection(metrics),
    differencesSection(metrics),
    await reliabilitySection(metrics),
    await learningCurveSection(metrics),
    await qualitySection(metrics),
    await learningSection(log.updates, metrics),
    readerSection(metrics),
    await ctrSection(log.ctrEpochs, metrics),
    auditSection(metrics),
    explanationsSection(pickExplanations(run)),
    explanationFilesSection(metrics),
    configurationSection(config, metrics),
    timingSection(timing),
  ]);
}

/** A whole HTML document. The policy in its head forbids it to load or run anything. */
export function page(title: string, content: readonly Content[]): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>${title}</title>
        <style>
          ${trusted(style)}
        </style>
      </head>
      <body>
        <main>
          ${content}
          <footer>Figures are documented in the README of @expctr/eval and stand in full precision in ${FILES.metrics}.</footer>
        </main>
      </body>
    </html> `.text;
}
