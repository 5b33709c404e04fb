import { jsonChecks } from '@expctr/app-kit/http';
import { RequestError } from './errors.js';

/** Looks at parts of a request; what is wrong is refused with `SERVE_REQUEST`. */
export const { flagIn, listIn, objectWith, textIn, wrongType } = jsonChecks(
  (what, details) => new RequestError('SERVE_REQUEST', what, details),
);
