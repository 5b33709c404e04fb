/** The dense feature that holds the vector of an explanation, as the trainer calls it. */
export const EXPLANATION_VECTOR = 'z';
