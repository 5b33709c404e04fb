import * as tf from '@tensorflow/tfjs';
import type { GraphBuilder } from '../builder.js';
import { constantValue, rangeValue } from '../constants.js';
import { int, type Value } from '../graph.js';
import { lower } from './lowering.js';

/** Where images are read, as real numbers; the three broadcast to [images, rows, columns]. */
interface Places {
  /** Which image, as int32. */
  readonly image: Value;
  readonly y: Value;
  readonly x: Value;
}

/** What stands at places outside of an image: a number, or the nearest element of it. */
type Outside = { readonly fill: number } | 'nearest';

/** Arithmetic on graph values, as short as formulas are. */
function arithmetic(g: GraphBuilder) {
  const of = (x: Value | number): Value => (typeof x === 'number' ? g.scalar(x) : x);
  return {
    add: (a: Value | number, b: Value | number) => g.binary('Add', of(a), of(b)),
    sub: (a: Value | number, b: Value | number) => g.binary('Sub', of(a), of(b)),
    mul: (a: Value | number, b: Value | number) => g.binary('Mul', of(a), of(b)),
    div: (a: Value | number, b: Value | number) => g.binary('Div', of(a), of(b)),
    floor: (a: Value) => g.unary('Floor', a),
    trunc: (a: Value) => g.cast(g.cast(a, 'int32'), 'float32'),
    clamp: (a: Value, low: number, high: number) => g.op('Clip', [a, g.scalar(low), g.scalar(high)], a),
    less: (a: Value | number, b: Value | number) => g.binary('Less', of(a), of(b), 'bool'),
    choose: (condition: Value, yes: Value | number, no: Value | number) => g.where(condition, of(yes), of(no)),
  };
}

/** Whether real numbers lie in [0, size - 1]. */
function within(place: Value, size: number, g: GraphBuilder): Value {
  return g.binary(
    'And',
    g.binary('GreaterOrEqual', place, g.scalar(0), 'bool'),
    g.binary('LessOrEqual', place, g.scalar(size - 1), 'bool'),
    'bool',
  );
}

/** Reads whole pixels of images [n, height, width, channels] at whole places: [images, rows, columns, channels]. */
function read(images: Value, { image, y, x }: Places, outside: Outside, g: GraphBuilder): Value {
  const [count, height, width, channels] = images.shape as [number, number, number, number];
  const { clamp, mul, add } = arithmetic(g);
  const whole = (value: Value, size: number): Value => g.cast(clamp(value, 0, size - 1), 'int32');
  const row = g.binary('Add', g.binary('Mul', image, g.scalar(height, 'int32')), whole(y, height));
  const pixel = g.binary('Add', g.binary('Mul', row, g.scalar(width, 'int32')), whole(x, width)); // [images, rows, columns]
  const rows = g.reshape(images, [count * height * width, channels]);
  const taken = g.op('Gather', [rows, pixel], { shape: [...pixel.shape, channels], dtype: images.dtype }, { axis: int(0) });
  if (outside === 'nearest') return taken;
  const inside = g.binary('And', within(y, height, g), within(x, width, g), 'bool');
  // both coordinates count, whichever of them the condition's shape comes from
  const seen = g.expand(inside, add(mul(y, 0), mul(x, 0)).shape);
  return g.where(g.reshape(seen, [...seen.shape, 1]), taken, g.scalarLike(outside.fill, images));
}

/** Reads images between their pixels, blending the four around each place. */
function blend(images: Value, places: Places, outside: Outside, g: GraphBuilder): Value {
  const { add, sub, mul, floor } = arithmetic(g);
  const [top, left] = [floor(places.y), floor(places.x)];
  const [bottom, right] = [add(top, 1), add(left, 1)];
  const at = (y: Value, x: Value): Value => g.cast(read(images, { image: places.image, y, x }, outside, g), 'float32');
  const channelwise = (weight: Value): Value => g.reshape(weight, [...weight.shape, 1]);
  const across = channelwise(sub(places.x, left));
  const line = (y: Value): Value => {
    const first = at(y, left);
    return add(first, mul(sub(at(y, right), first), across));
  };
  const upper = line(top);
  return add(upper, mul(sub(line(bottom), upper), channelwise(sub(places.y, top))));
}

/** The coordinate of each of `count` samples between two edges given as shares of an axis of `size` elements: [boxes, count]. */
function samples(first: Value, last: Value, count: number, size: number, g: GraphBuilder): Value {
  const { add, sub, mul } = arithmetic(g);
  if (count === 1) return mul(add(first, last), 0.5 * (size - 1));
  const step = mul(sub(last, first), (size - 1) / (count - 1));
  return add(mul(first, size - 1), mul(step, g.cast(rangeValue(count), 'float32')));
}

function cropAndResize(image: Value, boxes: Value, boxInd: Value, attributes: tf.CropAndResizeAttrs, g: GraphBuilder): Value {
  const [batch, height, width, channels] = image.shape as [number, number, number, number];
  const [rows, columns] = attributes.cropSize;
  const count = boxes.shape[0]!;
  const edge = (index: number): Value => g.slice(boxes, [index], [index + 1], [1], [1]); // [boxes, 1]
  const y = g.reshape(samples(edge(0), edge(2), rows, height, g), [count, rows, 1]);
  const x = g.reshape(samples(edge(1), edge(3), columns, width, g), [count, 1, columns]);
  const indices = g.reshape(boxInd, [count, 1, 1]);
  const known = g.binary('Less', indices, g.scalar(batch, 'int32'), 'bool');
  const places = { image: g.where(known, indices, g.scalar(0, 'int32')), y, x };
  const pixels =
    attributes.method === 'bilinear'
      ? blend(image, places, 'nearest', g)
      : g.cast(read(image, { ...places, y: halfUp(y, g), x: halfUp(x, g) }, 'nearest', g), 'float32');
  const inside = g.expand(g.binary('And', within(y, height, g), within(x, width, g), 'bool'), [count, rows, columns]);
  const filled = g.where(g.reshape(inside, [count, rows, columns, 1]), pixels, g.scalar(attributes.extrapolationValue));
  const cropped = g.where(g.reshape(known, [count, 1, 1, 1]), filled, g.scalar(0));
  return g.expand(cropped, [count, rows, columns, channels]);
}

/** Rounds halves up, as JavaScript does. */
function halfUp(x: Value, g: GraphBuilder): Value {
  return g.unary('Floor', g.binary('Add', x, g.scalar(0.5)));
}

/** Brings a coordinate back into an axis of `size` elements, as TensorFlow does. */
function mapped(place: Value, size: number, mode: tf.TransformAttrs['fillMode'], g: GraphBuilder): Value {
  const { add, sub, mul, div, trunc, clamp, less, choose } = arithmetic(g);
  const last = size - 1;
  if (mode === 'constant') return place;
  if (mode === 'nearest' || size <= 1) return clamp(place, 0, last);
  const back = g.unary('Neg', place);
  if (mode === 'wrap') {
    const before = add(place, mul(add(trunc(div(back, last)), 1), size));
    const behind = sub(place, mul(trunc(div(place, last)), size));
    return clamp(choose(less(place, 0), before, choose(less(last, place), behind, place)), 0, last);
  }
  const twice = 2 * size;
  const before = add(place, mul(trunc(div(back, twice)), twice));
  const mirrored = choose(less(before, -size), add(before, twice), sub(g.unary('Neg', before), 1));
  const behind = sub(place, mul(trunc(div(place, twice)), twice));
  const folded = choose(less(behind, size), behind, sub(twice - 1, behind));
  return clamp(choose(less(place, 0), mirrored, choose(less(last, place), folded, place)), 0, last);
}

function transform(image: Value, transforms: Value, attributes: tf.TransformAttrs, g: GraphBuilder): Value {
  const [batch, height, width, channels] = image.shape as [number, number, number, number];
  const [rows, columns] = attributes.outputShape ?? [height, width];
  const { add, mul, div, choose } = arithmetic(g);
  const coefficient = (index: number): Value =>
    g.reshape(g.slice(transforms, [index], [index + 1], [1], [1]), [transforms.shape[0]!, 1, 1]);
  const [a0, a1, a2, b0, b1, b2, c0, c1] = Array.from({ length: 8 }, (_, i) => coefficient(i)) as [
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
  ];
  const outX = g.reshape(g.cast(rangeValue(columns), 'float32'), [1, 1, columns]);
  const outY = g.reshape(g.cast(rangeValue(rows), 'float32'), [1, rows, 1]);
  const line = (x: Value, y: Value, shift: Value | number): Value => add(add(mul(x, outX), mul(y, outY)), shift);
  const projection = line(c0, c1, 1);
  const finite = g.unary('Not', g.binary('Equal', projection, g.scalar(0), 'bool'));
  const divisor = choose(finite, projection, 1);
  const x = mapped(div(line(a0, a1, a2), divisor), width, attributes.fillMode, g);
  const y = mapped(div(line(b0, b1, b2), divisor), height, attributes.fillMode, g);
  const places = { image: g.reshape(rangeValue(batch), [batch, 1, 1]), y, x };
  const outside = { fill: attributes.fillValue };
  const pixels =
    attributes.interpolation === 'bilinear'
      ? g.cast(blend(image, places, outside, g), image.dtype)
      : read(image, { ...places, y: halfUp(y, g), x: halfUp(x, g) }, outside, g);
  const seen = g.reshape(finite, [...finite.shape, 1]);
  return g.expand(g.where(seen, pixels, g.scalarLike(attributes.fillValue, image)), [batch, rows, columns, channels]);
}

/** A rotation reads every pixel at a place known when the program is written. */
function rotate(image: Value, { radians, fillValue, center }: tf.RotateWithOffsetAttrs, g: GraphBuilder): Value {
  const [batch, height, width, channels] = image.shape as [number, number, number, number];
  const [centerX, centerY] = tf.backend_util.getImageCenter(center, height, width);
  const [sine, cosine] = [Math.sin(radians), Math.cos(radians)];
  const sources = Array.from({ length: height * width }, (_, pixel) => {
    const [x, y] = [(pixel % width) - centerX, Math.floor(pixel / width) - centerY];
    const [column, row] = [Math.round(x * cosine - y * sine + centerX), Math.round(x * sine + y * cosine + centerY)];
    return column >= 0 && column < width && row >= 0 && row < height ? row * width + column : -1;
  });
  const pixels = g.reshape(image, [batch, height * width, channels]);
  const places = constantValue(
    Int32Array.from(sources, (place) => Math.max(0, place)),
    [sources.length],
    'int32',
  );
  const taken = g.op('Gather', [pixels, places], pixels, { axis: int(1) });
  const inside = constantValue(
    Uint8Array.from(sources, (place) => Number(place >= 0)),
    [sources.length, 1],
    'bool',
  );
  const color = Array.from({ length: channels }, (_, channel) =>
    typeof fillValue === 'number' ? fillValue : channel === 3 ? 255 : fillValue[channel]!,
  );
  const fill = g.cast(constantValue(Float32Array.from(color), [channels], 'float32'), image.dtype);
  return g.reshape(g.where(inside, taken, fill), image.shape);
}

/** Kernels that read images [batch, height, width, channels] at other places than their own. */
export const sampling = {
  CropAndResize: lower<tf.CropAndResizeInputs, tf.CropAndResizeAttrs>(({ image, boxes, boxInd }, attributes, g) =>
    cropAndResize(image, boxes, boxInd, attributes, g),
  ),
  Transform: lower<tf.TransformInputs, tf.TransformAttrs>(({ image, transforms }, attributes, g) =>
    transform(image, transforms, attributes, g),
  ),
  RotateWithOffset: lower<tf.RotateWithOffsetInputs, tf.RotateWithOffsetAttrs>(({ image }, attributes, g) => rotate(image, attributes, g)),
  FlipLeftRight: lower<tf.FlipLeftRightInputs>(({ image }, _, g) => g.slice(image, [image.shape[2]! - 1], [-1], [2], [-1])),
};
