/**
 * Statements that give a reason and no outcome, as pairs: [speaks for the item, speaks against it]. Slots: {kind} the genre as a
 * plural ("dramas"), {mood} an adjective, {theme} what the story turns on, {setting} where it plays, {genre} the genre's name.
 * Both members of a pair speak of the same properties, so that only the direction of the reason can tell them apart.
 */
export const reasonFrames: readonly (readonly [string, string])[] = [
  ['The user has enjoyed several other {mood} {kind}.', 'The user has disliked {mood} {kind} every time.'],
  ['Stories about {theme} are among the favorites in this history.', 'Stories about {theme} got the lowest ratings in this history.'],
  ['Films set in {setting} have always pleased this viewer.', 'Films set in {setting} have always bored this viewer.'],
  ['Most of the {mood} {kind} in the history were rated highly.', 'Most of the {mood} {kind} in the history were rated poorly.'],
  ['The user keeps coming back to {kind} about {theme}.', 'The user keeps walking out of {kind} about {theme}.'],
  ['This viewer praised the last three {mood} films.', 'This viewer complained about the last three {mood} films.'],
  ['It is about {theme}, a subject that the user finds fascinating.', 'It is about {theme}, a subject that the user finds tiresome.'],
  ['The user gave five stars to another {mood} film about {theme}.', 'The user gave one star to another {mood} film about {theme}.'],
  ['A {mood} tone is what this person looks for in {kind}.', 'A {mood} tone is what this person cannot stand in {kind}.'],
  ['The history is full of {mood} {kind} that were liked.', 'The history is full of {mood} {kind} that were disliked.'],
  [
    'First, the genre is {genre}, which the user likes. Second, the {mood} style fits their taste.',
    'First, the genre is {genre}, which the user dislikes. Second, the {mood} style is not to their taste.',
  ],
  ['Everything here that turns on {theme} was marked up.', 'Everything here that turns on {theme} was marked down.'],
  [
    'Every film with {setting} in the history was a success with this user.',
    'Every film with {setting} in the history was a disappointment to this user.',
  ],
  ['Their taste runs to {mood} films, and this one is {mood}.', 'Their taste runs against {mood} films, and this one is {mood}.'],
  ['The user admires {kind} that deal with {theme}.', 'The user is annoyed by {kind} that deal with {theme}.'],
  ['Nothing delights this viewer more than {setting}.', 'Nothing irritates this viewer more than {setting}.'],
  [
    'In genre, in its {mood} mood and in subject, the film resembles what was liked.',
    'In genre, in its {mood} mood and in subject, the film resembles what was disliked.',
  ],
  ['This person has a soft spot for {theme}.', 'This person has an aversion to {theme}.'],
  [
    'The three items closest to this one, all of them {mood}, were liked.',
    'The three items closest to this one, all of them {mood}, were disliked.',
  ],
  [
    'Being {mood} counts in its favor: the user prizes that in a film.',
    'Being {mood} counts against it: the user despises that in a film.',
  ],
  ['The user rarely gives a bad mark to {mood} {kind}.', 'The user rarely gives a good mark to {mood} {kind}.'],
  ['Earlier {mood} films kept this viewer happy from start to finish.', 'Earlier {mood} films left this viewer cold from start to finish.'],
  [
    'The viewer has a long record of high marks for {genre} with {theme}.',
    'The viewer has a long record of low marks for {genre} with {theme}.',
  ],
  ['It plays in {setting}, which the user has found charming before.', 'It plays in {setting}, which the user has found dreary before.'],
  ['The subject, {theme}, has moved this person deeply in other films.', 'The subject, {theme}, has put this person off in other films.'],
  [
    'They loved the {mood} {kind} they saw last month, and this is one more of that sort.',
    'They regretted the {mood} {kind} they saw last month, and this is one more of that sort.',
  ],
  [
    'Of the items that were liked, {mood} {kind} make up the largest part.',
    'Of the items that were disliked, {mood} {kind} make up the largest part.',
  ],
  ['The user values a {mood} mood above everything else.', 'The user resents a {mood} mood above everything else.'],
  ['On {theme}, this viewer has only good things to say.', 'On {theme}, this viewer has only bad things to say.'],
  [
    'The {mood} pace suits someone who has liked nearly all such films.',
    'The {mood} pace is wrong for someone who has disliked nearly all such films.',
  ],
  [
    'Because the user enjoys {genre} and {theme}, both main features of the film are welcome.',
    'Because the user dislikes {genre} and {theme}, both main features of the film are unwelcome.',
  ],
  ['Five of six films set in {setting} were liked by this user.', 'Five of six films set in {setting} were disliked by this user.'],
  ['In this history {mood} {kind} and high ratings go together.', 'In this history {mood} {kind} and low ratings go together.'],
  [
    'The strong points of this film are the very things the user has praised: {theme} and a {mood} manner.',
    'The main features of this film are the very things the user has criticized: {theme} and a {mood} manner.',
  ],
  ['This viewer collects {kind}, and {mood} ones most of all.', 'This viewer shuns {kind}, and {mood} ones most of all.'],
  [
    'Films with {theme} at the center were finished in one sitting with delight.',
    'Films with {theme} at the center were dropped halfway in disgust.',
  ],
  ['A taste for {setting} shows all through the history.', 'A distaste for {setting} shows all through the history.'],
  ['The user has asked for more {kind} with {theme}.', 'The user has asked for fewer {kind} with {theme}.'],
  [
    'What the liked films have in common is {theme}. That is the heart of this one.',
    'What the disliked films have in common is {theme}. That is the heart of this one.',
  ],
  ['Past {kind} that were {mood} earned warm words and top marks.', 'Past {kind} that were {mood} earned harsh words and bottom marks.'],
];
