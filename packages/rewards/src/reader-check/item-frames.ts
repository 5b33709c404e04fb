/**
 * Statements about items of any kind, as pairs like those of `reason-frames`: [speaks for the item, speaks against it]. Slots beside
 * those for the words of a dataset: {such} items that share something with this one ("lamps with the color blue"), {feature} what
 * they share ("the color blue").
 */
export const itemReasonFrames: readonly (readonly [string, string])[] = [
  ['The user has been pleased with several other {such}.', 'The user has been displeased with several other {such}.'],
  ['{Such} are among the favorites in this history.', '{Such} are among the failures in this history.'],
  ['{Such} have always made this person happy.', '{Such} have always made this person angry.'],
  ['Most of the {such} in the history were rated highly.', 'Most of the {such} in the history were rated poorly.'],
  ['The user keeps coming back to {such}.', 'The user keeps turning away from {such}.'],
  ['This person praised the last three {such}.', 'This person complained about the last three {such}.'],
  ['It has {feature}, which the user finds delightful.', 'It has {feature}, which the user finds tiresome.'],
  ['The user gave five stars to another of the {such}.', 'The user gave one star to another of the {such}.'],
  ['To this person, {feature} is a reason for joy.', 'To this person, {feature} is a reason for anger.'],
  ['The history is full of {such} that went down well.', 'The history is full of {such} that went down badly.'],
  [
    'First, it has {feature}, which the user has praised. Second, the rest resembles their favorites.',
    'First, it has {feature}, which the user has criticized. Second, the rest resembles their failures.',
  ],
  ['Every one of the {such} was marked up.', 'Every one of the {such} was marked down.'],
  ['The {such} in the history were a success with this user.', 'The {such} in the history were a disappointment to this user.'],
  ['Their taste runs to {feature}, and this {noun} has it.', 'Their taste runs against {feature}, and this {noun} has it.'],
  ['The user admires {such}.', 'The user despises {such}.'],
  ['Nothing delights this person more than {feature}.', 'Nothing irritates this person more than {feature}.'],
  [
    'In everything, {feature} included, the {noun} resembles what was a success.',
    'In everything, {feature} included, the {noun} resembles what was a failure.',
  ],
  ['This person has a soft spot for {feature}.', 'This person has an aversion to {feature}.'],
  ['The three closest to this one, all {such}, were praised.', 'The three closest to this one, all {such}, were criticized.'],
  ['That it has {feature} counts in its favor.', 'That it has {feature} counts against it.'],
  ['The user rarely gives a bad mark to {such}.', 'The user rarely gives a good mark to {such}.'],
  ['Earlier {such} kept this person happy.', 'Earlier {such} left this person cold.'],
  ['There is a long record of high marks for {such}.', 'There is a long record of low marks for {such}.'],
  ['It has {feature}, which has charmed the user before.', 'It has {feature}, which has annoyed the user before.'],
  ['In other {nouns}, {feature} has won this person over.', 'In other {nouns}, {feature} has put this person off.'],
  [
    'They were delighted by the {such} of last month, and this is one more of that sort.',
    'They were disgusted by the {such} of last month, and this is one more of that sort.',
  ],
  ['Of all that was a success, {such} make up the largest part.', 'Of all that was a failure, {such} make up the largest part.'],
  ['The user values {feature} above everything else.', 'The user resents {feature} above everything else.'],
  ['On {such}, this person has only good things to say.', 'On {such}, this person has only bad things to say.'],
  ['Such a {noun}, with {feature}, has never let them down.', 'Such a {noun}, with {feature}, has always let them down.'],
  ['For someone so fond of {feature}, it is a welcome {noun}.', 'For someone so tired of {feature}, it is an unwelcome {noun}.'],
  ['Five of six {such} were a joy to this user.', 'Five of six {such} were a burden to this user.'],
  ['In this history {such} and high ratings go together.', 'In this history {such} and low ratings go together.'],
  [
    'Its main feature is the very thing that the user has praised: {feature}.',
    'Its main feature is the very thing that the user has criticized: {feature}.',
  ],
  ['This person collects {such}.', 'This person shuns {such}.'],
  ['{Such} earned their warmest words.', '{Such} earned their harshest words.'],
  ['A fondness for {feature} shows all through the history.', 'A distaste for {feature} shows all through the history.'],
  ['The user has asked for more {such}.', 'The user has asked for fewer {such}.'],
  [
    'What their favorites have in common is {feature}. So has this one.',
    'What their failures have in common is {feature}. So has this one.',
  ],
  ['Past {such} earned top marks.', 'Past {such} earned bottom marks.'],
];

/** Statements of the outcome alone about items of any kind. Slot: {title}. */
export const itemVerdictFrames: readonly (readonly [string, string])[] = [
  ['The user would love this {noun}.', 'The user would hate this {noun}.'],
  ['The user will {like} it.', 'The user will not {like} it.'],
  ['They would {choose} it.', 'They would avoid it.'],
  ['The user would enjoy {title}.', 'The user would not enjoy {title}.'],
  ['So the user will {choose} this {noun}.', 'So the user will not {choose} this {noun}.'],
  ['The user is likely to {choose} it.', 'The user is unlikely to {choose} it.'],
  ['Overall, the user would like this {noun}.', 'Overall, the user would dislike this {noun}.'],
  ['I think that the user will enjoy it.', 'I think that the user will not enjoy it.'],
  ['Therefore, the user would pick {title}.', 'Therefore, the user would reject {title}.'],
  ['This person will love it.', 'This person will hate it.'],
  ['In the end this user would {choose} the {noun}.', 'In the end this user would not {choose} the {noun}.'],
  ['This user will probably like {title}.', 'This user will probably dislike {title}.'],
  ['They will love this {noun}.', 'They will skip this {noun}.'],
];
