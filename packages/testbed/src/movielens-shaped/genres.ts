/** A genre, how common it is, and the words that titles of its movies are made of. */
export interface Genre {
  /** As MovieLens writes it. */
  readonly name: string;
  /** Relative frequency among movies. */
  readonly weight: number;
  readonly adjectives: readonly string[];
  readonly nouns: readonly string[];
}

const genre = (name: string, weight: number, adjectives: string, nouns: string): Genre => ({
  name,
  weight,
  adjectives: adjectives.split(' '),
  nouns: nouns.split(' '),
});

/** Frequencies follow MovieLens roughly. Titles give a genre away now and then, as real ones do. */
export const genres: readonly Genre[] = [
  genre(
    'Drama',
    10,
    'Quiet Broken Distant Unspoken Fading Tender Last Empty',
    'Letters Winter Daughters House Promise Silence Shore Harvest',
  ),
  genre(
    'Comedy',
    9,
    'Clumsy Lucky Ridiculous Awkward Perfect Unlikely Cheerful Wrong',
    'Neighbors Weekend Wedding Cousin Vacation Waiter Landlord Reunion',
  ),
  genre(
    'Action',
    5,
    'Final Lethal Burning Relentless Steel Maximum Broken Rapid',
    'Pursuit Strike Convoy Vengeance Countdown Assault Outpost Impact',
  ),
  genre(
    'Thriller',
    5,
    'Silent Hidden Sleepless Cold Double Missing Wrong Narrow',
    'Witness Stranger Corridor Alibi Motive Signal Hour Passenger',
  ),
  genre(
    'Romance',
    5,
    'Tender Secret Endless Sweet Distant Golden Foolish First',
    'Kiss Summer Hearts Serenade Letters Dance Morning Promise',
  ),
  genre(
    'Adventure',
    4,
    'Lost Hidden Golden Forbidden Distant Wild Northern Endless',
    'Expedition River Island Compass Treasure Voyage Caravan Passage',
  ),
  genre('Crime', 4, 'Crooked Dirty Velvet Hollow Gray Broken Honest Loaded', 'Heist Syndicate Verdict Informer Ledger Alley Bribe Safe'),
  genre(
    'Sci-Fi',
    3,
    'Orbital Quantum Synthetic Parallel Last Frozen Electric Infinite',
    'Colony Station Horizon Machine Signal Planet Protocol Eclipse',
  ),
  genre(
    'Horror',
    3,
    'Hollow Cursed Bleeding Silent Rotten Pale Buried Midnight',
    'Cellar Orchard Whispers Mirror Asylum Doll Grave Howling',
  ),
  genre(
    'Fantasy',
    2,
    'Enchanted Silver Forgotten Crystal Whispering Crimson Ancient Winged',
    'Kingdom Dragon Sorcerer Forest Crown Amulet Tower Prophecy',
  ),
  genre('Children', 2, 'Little Brave Curious Tiny Magic Sleepy Happy Runaway', 'Puppy Balloon Penguin Garden Robot Kitten Pirate Snowman'),
  genre(
    'Mystery',
    2,
    'Hidden Vanishing Locked Unseen Forgotten Second Blind Silent',
    'Inheritance Clue Manor Portrait Puzzle Guest Clock Key',
  ),
];
