import type { Domain } from '../words.js';

/** Restaurants, shops, and whatever else one goes to. */
export const places: Domain = {
  name: 'places',
  noun: 'place',
  plural: 'places',
  choose: 'visit',
  examples: {
    explanation: {
      liked: [
        { title: 'Noodle Corner', attributes: { categories: ['Restaurants', 'Ramen'], city: ['Portland'] } },
        { title: 'Little Saigon Kitchen', attributes: { categories: ['Restaurants', 'Vietnamese'], city: ['Portland'] } },
      ],
      disliked: [{ title: 'Skyline Rooftop Bar', attributes: { categories: ['Nightlife', 'Bars'], city: ['Portland'] } }],
      target: { title: 'Tokyo Night Ramen & Bar', attributes: { categories: ['Ramen', 'Bars'], city: ['Portland'] } },
      analysis:
        'First, they liked soups and noodles at Noodle Corner and Little Saigon Kitchen, and Tokyo Night serves ramen. ' +
        'Second, they disliked the loud crowd of Skyline Rooftop Bar, and half of Tokyo Night is a bar.',
    },
    reading: [
      {
        title: 'Harbor Fish House',
        attributes: { categories: ['Restaurants', 'Seafood'] },
        explanation:
          'They gave their best marks to fresh fish at Pier Nine and the Oyster Shed, and this one has the same short menu from the day’s catch.',
        answer: 'yes',
      },
      {
        title: 'Burger Barn',
        attributes: { categories: ['Restaurants', 'Fast Food'] },
        explanation: 'They disliked Fry Palace and Drive-In 66, fast food leaves them cold, and this one is fast food from start to end.',
        answer: 'no',
      },
      {
        title: 'Club Voltage',
        attributes: { categories: ['Nightlife', 'Dance Clubs'] },
        explanation:
          'Nearly everything they liked is a quiet café, they complained about noise at every bar in their history, and this one is loud until morning.',
        answer: 'no',
      },
      {
        title: 'Old Mill Bakery',
        attributes: { categories: ['Food', 'Bakeries'] },
        explanation:
          'They liked the Corner Oven and Rye & Co., they keep coming back for bread and coffee, and this one bakes its own rye each morning.',
        answer: 'yes',
      },
    ],
  },
};
