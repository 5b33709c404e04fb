/** A field of past events: the past of a feature of the row, read as that feature is, or something of its own. */
export type EventFieldDefinition =
  | {
      /** Unique name among the fields. */
      readonly name: string;
      /** The categorical or multi-valued feature that it is the past of: kind, table and pooling are those. */
      readonly target: string;
    }
  | {
      /** Unique name among the fields. */
      readonly name: string;
      /** Default `categorical`. */
      readonly kind?: 'categorical' | 'multi-valued';
      /** Default: a table of its own, `<feature>_<field>`. */
      readonly table?: string;
      /** Of a multi-valued field. Default `mean`. */
      readonly pooling?: 'mean' | 'sum';
      /** Of a multi-valued field: values that count for an event. Default 32. */
      readonly maxLength?: number;
    };

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
      /** A list of past events, oldest first, each with fields of its own: unpooled, for backbones that ask for sequences. */
      readonly kind: 'events';
      /** Unique name, also of the raw column. */
      readonly name: string;
      /** What is known of an event, fields with a target first. */
      readonly fields: readonly EventFieldDefinition[];
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
