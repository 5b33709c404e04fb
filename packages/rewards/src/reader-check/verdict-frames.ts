/**
 * Statements of the outcome alone, as pairs: [would choose it, would not]. They are what `stripVerdict` has to remove; the reader
 * check shows how well a reader separates them beside how well it separates reasons. Slot: {title} the item's title without its year.
 */
export const verdictFrames: readonly (readonly [string, string])[] = [
  ['The user would love this film.', 'The user would hate this film.'],
  ['The user will like it.', 'The user will not like it.'],
  ['They would choose it.', 'They would avoid it.'],
  ['The user would enjoy {title}.', 'The user would not enjoy {title}.'],
  ['So the user will choose this movie.', 'So the user will not choose this movie.'],
  ['The user is likely to watch it.', 'The user is unlikely to watch it.'],
  ['Overall, the user would like this movie.', 'Overall, the user would dislike this movie.'],
  ['I think that the user will enjoy it.', 'I think that the user will not enjoy it.'],
  ['Therefore, the user would pick {title}.', 'Therefore, the user would reject {title}.'],
  ['The viewer will love it.', 'The viewer will hate it.'],
  ['In the end this user would choose the film.', 'In the end this user would not choose the film.'],
  ['This user will probably like {title}.', 'This user will probably dislike {title}.'],
  ['They will love this movie.', 'They will skip this movie.'],
];
