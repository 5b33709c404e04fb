/** A movie that does not exist, with the words in which statements speak of it. */
export interface InventedItem {
  readonly title: string;
  /** As a catalogue lists them. */
  readonly genres: readonly string[];
  /** The first genre as a plural noun: "dramas". */
  readonly kind: string;
  /** An adjective for pace or tone. */
  readonly mood: string;
  /** What the story turns on. */
  readonly theme: string;
  /** Where it plays, as a plural that follows "set in". */
  readonly setting: string;
}

const kinds: Readonly<Record<string, string>> = {
  Action: 'action movies',
  Adventure: 'adventure stories',
  Animation: 'animated films',
  Comedy: 'comedies',
  Crime: 'crime films',
  Documentary: 'documentaries',
  Drama: 'dramas',
  Fantasy: 'fantasy films',
  Horror: 'horror movies',
  Musical: 'musicals',
  Mystery: 'mysteries',
  Romance: 'romances',
  'Sci-Fi': 'science fiction films',
  Thriller: 'thrillers',
  War: 'war films',
  Western: 'westerns',
};

// title | genres | mood | theme | setting
const catalogue = `
The Lantern Keeper (1994) | Drama, Romance | slow | grief and forgiveness | lonely lighthouses
Eleven Minutes to Harbor (2003) | Thriller, Action | tense | bombs and deadlines | crowded ports
My Cousin the Mayor (1998) | Comedy | silly | small-town politics | sleepy villages
Ashes over Tamarin (1987) | War, Drama | bleak | comrades and betrayal | ruined cities
The Clockmaker's Ghost (2011) | Mystery, Fantasy | eerie | old family secrets | dusty workshops
Paper Moons (1979) | Romance, Musical | tender | first love | seaside towns
Red Dust Verdict (1966) | Western | gritty | revenge | desert settlements
Starfall Station (2014) | Sci-Fi, Adventure | grand | first contact with strangers | distant space stations
The Butcher of Ninth Street (1991) | Horror, Crime | violent | a killer who is never caught | dark alleys
Otters of the Grey River (2008) | Documentary | gentle | animals and seasons | wild rivers
Two Left Shoes (2001) | Comedy, Romance | cheerful | mistaken identities | dance schools
The Glass Parliament (1999) | Drama, Thriller | talkative | power and blackmail | government offices
Pip and the Cloud Whale (2016) | Animation, Fantasy | playful | friendship with a strange creature | floating islands
Cold Ledger (2005) | Crime, Drama | quiet | money and guilt | grey bank towers
The Long Siege of Orrin (1983) | War, Action | loud | honor and sacrifice | mountain forts
Songs for a Broken Radio (1996) | Musical, Drama | melancholy | fading fame | smoky night clubs
The Hollow Beneath (2018) | Horror | frightening | something hidden in the cellar | abandoned farms
Map of the Salt Kings (1972) | Adventure | fast | treasure and rivals | endless salt plains
Whisper Code (2009) | Thriller, Sci-Fi | clever | machines that listen | underground laboratories
Grandmother's Parade (1990) | Comedy, Drama | warm | three generations under one roof | noisy family kitchens
The Last Ferry (2000) | Mystery | slow | a missing passenger | foggy islands
Hooves at Dawn (1958) | Western, Adventure | old-fashioned | cattle drives and loyalty | open prairies
Nine Kinds of Silence (2012) | Documentary, Drama | thoughtful | monks and their vows | mountain monasteries
The Queen of Sparrows (1985) | Fantasy, Romance | dreamy | a curse and a promise | enchanted forests
Overtime (2006) | Action, Comedy | fast | car chases and bad jokes | big cities
The Other Sister's Letters (1993) | Romance, Drama | sad | a love that came too late | country houses
Zero Gravity Heist (2017) | Sci-Fi, Crime | flashy | a robbery that goes wrong | orbiting casinos
Bramble and Thorn (2004) | Animation, Comedy | funny | two rivals who become friends | overgrown gardens
The Man with No Alibi (1951) | Crime, Mystery | dark | a false accusation | rainy streets
Feast of the Wolves (1989) | Horror, Fantasy | gory | werewolves and old curses | snowbound villages
Every Step Uphill (2010) | Documentary, Adventure | inspiring | climbers and their fears | high mountains
Candles in Cairo (1976) | Romance, Mystery | elegant | spies in love | grand old hotels
The Tin Orchestra (1997) | Musical, Comedy | lively | amateurs on a stage | provincial theaters
Orbit of Sorrow (2002) | Sci-Fi, Drama | philosophical | memory and loss | silent spaceships
A Season of Knives (1995) | Thriller | cruel | jealousy among friends | expensive villas
The Boy Who Sold Winter (2013) | Fantasy, Adventure | magical | a bargain with a spirit | frozen kingdoms
Trench Letters (1964) | War, Romance | moving | a marriage kept apart by war | muddy battlefields
Dead Man's Auction (1978) | Western, Crime | cynical | greed and double crossing | mining towns
Laughing Gas (1988) | Comedy | crude | pranks that go too far | college dormitories
The Quiet Arsonist (2007) | Drama, Crime | disturbing | a double life | ordinary suburbs`;

/** Forty movies, none of which exists. */
export const inventedItems: readonly InventedItem[] = catalogue
  .trim()
  .split('\n')
  .map((line) => {
    const [title = '', genreList = '', mood = '', theme = '', setting = ''] = line.split(' | ');
    const genres = genreList.split(', ');
    return { title, genres, kind: kinds[genres[0] ?? ''] ?? '', mood, theme, setting };
  });
