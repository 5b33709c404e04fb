import type { Domain } from '../words.js';

/** Whatever a shop sells. */
export const products: Domain = {
  name: 'products',
  noun: 'product',
  plural: 'products',
  choose: 'buy',
  examples: {
    explanation: {
      liked: [
        { title: 'Cast Iron Skillet, 10 Inch', attributes: { categories: ['Kitchen', 'Cookware'] } },
        { title: 'Carbon Steel Wok', attributes: { categories: ['Kitchen', 'Cookware'] } },
      ],
      disliked: [{ title: 'Bluetooth Kitchen Scale', attributes: { categories: ['Kitchen', 'Smart Home'] } }],
      target: { title: 'Cast Iron Griddle with App-Controlled Heat', attributes: { categories: ['Cookware', 'Smart Home'] } },
      analysis:
        'First, they liked heavy cookware such as the skillet and the wok, and the griddle is cast iron, too. ' +
        'Second, they disliked a kitchen scale that needs a phone, and the heat of this griddle is set in an app.',
    },
    reading: [
      {
        title: 'Wool Hiking Socks, 3 Pairs',
        attributes: { categories: ['Outdoor', 'Clothing'] },
        explanation:
          'They gave their best marks to wool and to anything for long walks, such as the base layer and the trail hat, and this one is wool for long walks.',
        answer: 'yes',
      },
      {
        title: 'Scented Candle Set',
        attributes: { categories: ['Home', 'Fragrance'] },
        explanation:
          'They disliked the room spray and the perfumed soap, strong smells bother them, and this one is made to smell strongly.',
        answer: 'no',
      },
      {
        title: 'Plastic Garden Chair',
        attributes: { categories: ['Garden', 'Furniture'] },
        explanation:
          'Nearly everything they liked is made of wood, they complained about every plastic thing in their history, and this one is thin plastic.',
        answer: 'no',
      },
      {
        title: 'Fountain Pen, Fine Nib',
        attributes: { categories: ['Office', 'Writing'] },
        explanation:
          'They liked the ink bottles and the bound notebook, they keep coming back to good paper and pens, and this one writes a fine, even line.',
        answer: 'yes',
      },
    ],
  },
};
