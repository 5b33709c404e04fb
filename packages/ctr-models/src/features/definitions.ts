/** What {@link fitSchema} is asked to make of a raw column. Whatever is left out is fitted or has the default named. */
export type FeatureDefinition =
  | {
      /** One value of a table. */
      readonly kind: 'categorical';
      /** Unique name, also of the raw column. */
      readonly name: string;
      /** Default: a table of its own, of the same name. */
      readonly table?: string;
    }
  | {
      /** A set of values. */
      readonly kind: 'multi-valued';
      /** Unique name, also of the raw column. */
      readonly name: string;
      /** Default: a table of its own, of the same name. */
      readonly table?: string;
      /** Default `mean`. */
      readonly pooling?: 'mean' | 'sum';
      /** Default 32. */
      readonly maxLength?: number;
    }
  | {
      /** An ordered list, oldest first. */
      readonly kind: 'sequence';
      /** Unique name, also of the raw column. */
      readonly name: string;
      /** Default: a table of its own, of the same name. */
      readonly table?: string;
      /** Default 50. */
      readonly maxLength?: number;
    }
  | {
      /** A number. */
      readonly kind: 'numeric';
      /** Unique name, also of the raw column. */
      readonly name: string;
      /** Default `error`. */
      readonly missing?: 'mean' | 'error';
    }
  | {
      /** The logarithm of a value's count in the training rows; it has no column of its own. */
      readonly kind: 'frequency';
      /** Unique name. */
      readonly name: string;
      /** The categorical feature whose values are counted. */
      readonly of: string;
    }
  | {
      /** The logarithm of a list's length; it has no column of its own. */
      readonly kind: 'length';
      /** Unique name. */
      readonly name: string;
      /** The multi-valued or sequence feature whose entries are counted. */
      readonly of: string;
    }
  | {
      /** A vector. */
      readonly kind: 'dense';
      /** Unique name, also of the raw column. */
      readonly name: string;
    };
